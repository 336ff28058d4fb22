"""Route x role x own or other object, cell by cell, through the real handlers on real tables (faults H2, H3, H5)."""

from collections.abc import Iterator

import pytest

from tests.access.cells import Operation, cells_of, operations, verdict
from tests.access.scene import MISSING, OTHER, Scene, scene

SECURED = [operation for operation in operations() if operation.told["security"]]


@pytest.fixture(scope="module")
def company() -> Iterator[Scene]:
    with scene() as made:
        yield made


@pytest.mark.parametrize("operation", SECURED, ids=lambda operation: operation.name)
def test_every_role_gets_its_own_and_nothing_else(company: Scene, operation: Operation) -> None:
    wrong = [found for cell in cells_of(operation) if (found := verdict(company, cell))]
    assert wrong == []


def test_every_kind_of_object_in_a_path_has_a_stranger_s_and_a_missing_one() -> None:
    named = {name for operation in SECURED for name in operation.takes("path")}
    assert named - set(OTHER) == set()
    assert named - set(MISSING) == set()
