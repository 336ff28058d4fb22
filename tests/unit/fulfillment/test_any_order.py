"""Confirmations in every order, any number of times: the same end or a coded refusal, and the sums always hold."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.fulfillment.case import Case
from oms.fulfillment.model import Confirmation
from oms.fulfillment.rules import apply_confirmation
from tests.fulfillment_builders import NOW, UNITS, Shelf, a_case, said, units_in

HAPPY = (
    said("accepted"),
    said("picked", {1: 1}, confirmation_id="c-first-pick"),
    said("picked"),
    said("packed"),
    said("shipped"),
)
WITH_A_SHORT_PICK = (said("accepted"), said("picked"), said("short_pick", {2: 1}), said("packed"), said("shipped"))
ANY_LINES = st.dictionaries(st.sampled_from([1, 2, 3]), st.integers(0, 4), min_size=1, max_size=3)


@st.composite
def confirmations(draw: st.DrawFn) -> Confirmation:
    kind = draw(st.sampled_from(["accepted", "picked", "packed", "shipped", "short_pick", "rejected"]))
    lines = draw(st.none() | ANY_LINES)
    if kind == "short_pick":
        lines = {**(lines or {}), 1: max(1, (lines or {}).get(1, 1))}
    parcels = draw(st.none() | st.just(["shp_ord_1_a"]) | st.just(["shp_ord_1_a", "shp_ord_1_b"]))
    return said(kind, lines, confirmation_id=draw(st.sampled_from("abcd")), parcel_ids=parcels)


def run(case: Case, sequence: tuple[Confirmation, ...]) -> tuple[Case, Shelf, list[str]]:
    """Apply all; assert after each step that no unit was lost, doubled or shipped without having been taken."""
    shelf = Shelf()
    outcomes: list[str] = []
    for one in sequence:
        decision = apply_confirmation(case, one, NOW)
        while decision.unfinished:
            shelf.apply(decision.effect)
            decision = apply_confirmation(decision.case, one, NOW)
        shelf.apply(decision.effect)
        if decision.outcome == "refused":
            assert decision.code is not None
        if decision.outcome != "applied":
            assert not decision.facts
        outcomes.append(decision.outcome)
        case = decision.case
        holds_together(case, shelf)
    return case, shelf, outcomes


def holds_together(case: Case, shelf: Shelf) -> None:
    work, order, parcels = case
    assert order is not None
    over = work.status in ("closed", "rejected")
    kept = {line.number: line.quantity - line.short for line in work.lines}
    if work.status == "rejected":
        kept = dict.fromkeys(kept, 0)
    for line in order.lines:
        assert line.open + line.allocated == line.quantity == UNITS[line.number][1]
        assert line.allocated == kept[line.number]
    for part in work.lines:
        assert 0 <= part.shipped <= part.packed <= part.picked <= part.quantity - part.short
        assert (part.shipped == kept[part.number]) == (work.status == "closed" or not kept[part.number])
    assert units_in(parcels) == {number: units for number, units in kept.items() if units}
    assert min(shelf.on_hand.values()) >= 0
    expected = {"MUG-RED": 0, "TEE-BLK-M": 0}
    for number, units in kept.items():
        expected[UNITS[number][0]] += 0 if over else units
    assert dict(shelf.committed) == expected
    assert order.status == ("in_fulfillment" if any(kept.values()) else "confirmed")


@pytest.mark.parametrize("sequence", [HAPPY])
def test_all_120_orders_of_five_good_confirmations_end_the_same(sequence: tuple[Confirmation, ...]) -> None:
    ends = set()
    for order in permutations(sequence):
        case, shelf, outcomes = run(a_case(), order)
        assert "refused" not in outcomes
        assert (shelf.on_hand["MUG-RED"], shelf.on_hand["TEE-BLK-M"]) == (7, 7)
        ends.add((case.work.model_dump_json(), case.parcels[0].status, case.parcels[1].status))
    assert len(ends) == 1


def test_all_120_orders_with_a_short_pick_end_short_or_refuse_it_after_the_shipment() -> None:
    ends = set()
    for order in permutations(WITH_A_SHORT_PICK):
        case, _, outcomes = run(a_case(), order)
        shipped_first = order.index(WITH_A_SHORT_PICK[4]) < order.index(WITH_A_SHORT_PICK[2])
        refused = [one.kind for one, outcome in zip(order, outcomes, strict=True) if outcome == "refused"]
        assert refused == (["short_pick"] if shipped_first else [])
        assert case.work.status == "closed"
        ends.add((shipped_first, tuple(line.shipped for line in case.work.lines)))
    assert ends == {(True, (2, 3, 1)), (False, (2, 2, 1))}


@given(st.permutations([*HAPPY, *HAPPY]))
def test_each_confirmation_twice_in_any_order_has_one_effect(sequence: list[Confirmation]) -> None:
    case, shelf, _ = run(a_case(), tuple(sequence))
    assert case.work.status == "closed"
    assert dict(shelf.committed) == {"MUG-RED": 0, "TEE-BLK-M": 0}


@given(st.lists(confirmations(), max_size=8), st.sampled_from(["requested", "accepted", "in_progress"]))
def test_whatever_a_location_says_no_unit_is_lost_or_doubled(said_all: list[Confirmation], status: str) -> None:
    run(a_case(status), tuple(said_all))


@given(st.lists(confirmations(), max_size=6))
def test_a_confirmation_that_was_applied_is_not_applied_again_at_once(said_all: list[Confirmation]) -> None:
    case, _, _ = run(a_case(), tuple(said_all))
    for one in said_all[-1:]:
        again = apply_confirmation(case, one, NOW)
        assert again.outcome != "applied"
        assert again.case == case
