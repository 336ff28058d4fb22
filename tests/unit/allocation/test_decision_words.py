"""What a decision says about its proof."""

import pytest

from oms.allocation.decisions.model import DecisionRecord, Scored
from oms.allocation.decisions.rules import words_of

NOT_PROVEN = "no cheaper plan was found within the steps of a decision (not proven: {})."


@pytest.mark.parametrize(
    ("cost", "bound", "proof"),
    [
        (1_000_000, 1_000_000, "no allowed plan costs less."),
        (1_031_001, 1_000_000, NOT_PROVEN.format("it is at most 3.2 % above the cheapest")),
        (5, -7, NOT_PROVEN.format("how far it is from the cheapest is not known")),
    ],
)
def test_a_plan_that_is_not_proven_says_how_far_it_may_be_from_the_cheapest(cost: int, bound: int, proof: str) -> None:
    record = DecisionRecord(
        order_id="ord_1",
        attempt=1,
        at="2026-11-23T09:00:00Z",
        strategy="default",
        version=1,
        rule="only",
        inputs="0" * 32,
        scores=(Scored(location="ber-1", parts={"shipping": cost}),),
        cost=cost,
        bound=bound,
    )
    assert words_of(record)[1] == f"One location is enough, and {proof}"
