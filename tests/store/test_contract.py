"""F14: the API keeps its published contract whatever is sent to it."""

from tests.reliability.contract import run


def test_f14_generated_calls_of_every_operation_find_nothing() -> None:
    outcome = run()
    assert outcome.findings == []
    assert outcome.cases > 800
    assert len(outcome.operations) >= 20
