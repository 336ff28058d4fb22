"""What is said of a step that is not possible: what must happen first."""

import pytest

from oms.kernel.errors import StateError
from oms.orders.lifecycle import FULFILLMENT_ORDER, ORDER, move


@pytest.mark.parametrize(
    ("state", "event", "message", "possible"),
    [
        (
            "open",
            "pick",
            (
                "'pick' is not possible while it is 'open', "
                "only while it is requested or accepted or in_progress or incomplete"
            ),
            "wait until its parcels are booked and it is released to the location: it is `requested` then",
        ),
        (
            "booked",
            "accept",
            "'accept' is not possible while it is 'booked', only while it is requested",
            "wait until it is released to the location: it is `requested` then",
        ),
        (
            "in_progress",
            "reject",
            "'reject' is not possible while it is 'in_progress', only while it is requested or accepted or incomplete",
            "now: pack, pick, ship, short",
        ),
    ],
)
def test_a_refused_step_says_what_makes_it_possible(state: str, event: str, message: str, possible: str) -> None:
    with pytest.raises(StateError) as refused:
        move(FULFILLMENT_ORDER, state, event)
    (why,) = refused.value.why
    assert (refused.value.code, why.code, why.message, why.possible) == (
        "wrong_state",
        f"not_{event}",
        message,
        possible,
    )
    assert str(refused.value) == f"{message}; possible: {possible}"


def test_what_has_ended_allows_nothing() -> None:
    with pytest.raises(StateError, match="possible: nothing: it has ended"):
        move(ORDER, "completed", "confirm")
