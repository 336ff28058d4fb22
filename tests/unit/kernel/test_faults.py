"""What models say is wrong, as callers read it: with the field, and without words that are not ours."""

import pytest

from oms.kernel.errors import Fault, fault_of


@pytest.mark.parametrize(
    ("path", "message", "fault"),
    [
        (("lines", 0, "units"), "Input should be an integer", ("lines.0.units", "Input should be an integer")),
        (("due_on",), "Value error, must be a date", ("due_on", "must be a date")),
        ((), "Value error, release_on: a preorder needs it", ("release_on", "a preorder needs it")),
        (("movements", 3), "Value error, reason: lost needs one", ("movements.3.reason", "lost needs one")),
        ((), "Value error, that is too much: of everything", ("body", "that is too much: of everything")),
        ((), "Input should be a valid dictionary", ("body", "Input should be a valid dictionary")),
    ],
)  # fmt: skip
def test_a_fault_names_its_field(path: tuple[str | int, ...], message: str, fault: tuple[str, str]) -> None:
    assert fault_of(path, message) == Fault(*fault)
