"""One synthesis per stage and run: production with cdk-nag and CloudFormation's own checks, and the local cloud."""

import pytest

from infra.local import assembly
from infra.local.paths import ASSEMBLY
from tests.infra.assembly import Assembly, synthesize


@pytest.fixture(scope="session")
def production(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """The templates of `prod`. Synthesis fails on any finding of cdk-nag without a written reason."""
    return synthesize(tmp_path_factory.mktemp("prod"), "stage=prod", "nag=true")


@pytest.fixture(scope="session")
def local() -> Assembly:
    """The templates that the local cloud of this run is deployed from, made anew if a source changed."""
    assembly.synthesize()
    return Assembly(ASSEMBLY)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep what shares a synthesis in one process when the run is spread over several."""
    for item in items:
        if {"production", "local"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.xdist_group("synthesis"))
