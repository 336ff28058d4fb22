"""The machines of these tests: deployed once to the local cloud of the run."""

import pytest

from tests.cloud import Cloud
from tests.workflow.machines import Machines


@pytest.fixture(scope="session")
def machines(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Machines:
    return Machines(cloud, tmp_path_factory.mktemp("faults"))
