"""What one confirmation does, with exact values."""

import pytest

from oms.fulfillment.case import Case
from oms.fulfillment.model import Confirmation
from oms.fulfillment.rules import Decision, apply_confirmation
from tests.fulfillment_builders import NOW, a_case, a_work, said, units_in


def after(case: Case, *kinds: Confirmation) -> Decision:
    decision = Decision("applied", case)
    for one in kinds:
        decision = apply_confirmation(decision.case, one, NOW)
    return decision


def test_an_acceptance_starts_the_clock_of_the_location() -> None:
    decision = after(a_case(), said("accepted"))
    assert decision.outcome == "applied"
    assert decision.case.work.status == "accepted"
    assert [type(fact).__name__ for fact in decision.facts] == ["FulfillmentOrderAccepted"]
    assert decision.effect is None


@pytest.mark.parametrize("kind", ["accepted", "picked", "packed", "shipped"])
def test_saying_it_twice_changes_nothing(kind: str) -> None:
    once = after(a_case(), said(kind))
    twice = apply_confirmation(once.case, said(kind), NOW)
    assert (twice.outcome, twice.case, twice.facts, twice.effect) == ("repeated", once.case, (), None)


@pytest.mark.parametrize(
    ("later", "earlier"), [("picked", "accepted"), ("packed", "accepted"), ("packed", "picked"), ("shipped", "picked")]
)
def test_what_arrives_after_a_later_step_is_late(later: str, earlier: str) -> None:
    once = after(a_case(), said(later))
    decision = apply_confirmation(once.case, said(earlier), NOW)
    assert (decision.outcome, decision.case, decision.facts) == ("late", once.case, ())


def test_shipped_first_means_picked_and_packed() -> None:
    decision = after(a_case(), said("shipped"))
    assert decision.outcome == "applied"
    assert decision.case.work.status == "closed"
    assert [(line.picked, line.packed, line.shipped) for line in decision.case.work.lines] == [
        (2, 2, 2),
        (3, 3, 3),
        (1, 1, 1),
    ]
    assert [parcel.status for parcel in decision.case.parcels] == ["handed_over", "handed_over"]
    assert decision.effect is not None
    assert (decision.effect.kind, decision.effect.units) == ("shipped", {"MUG-RED": 3, "TEE-BLK-M": 3})
    assert decision.facts[0].model_dump()["units"] == 6


def test_picks_are_totals_and_only_what_is_new_is_told() -> None:
    first = after(a_case(), said("picked", {1: 1, 2: 2}))
    assert [line.picked for line in first.case.work.lines] == [1, 2, 0]
    second = apply_confirmation(first.case, said("picked", {1: 2, 2: 1}), NOW)
    assert [line.picked for line in second.case.work.lines] == [2, 2, 0]
    assert second.facts[0].model_dump()["units"] == 1


@pytest.mark.parametrize(
    ("confirmation", "code"),
    [
        (said("shipped", {1: 3}), "over_ship"),
        (said("picked", {2: 4}), "over_pick"),
        (said("packed", {3: 2}), "over_pack"),
        (said("short_pick", {1: 3}), "over_short"),
        (said("picked", {9: 1}), "unknown_line"),
        (said("shipped", parcel_ids=["shp_other"]), "unknown_parcel"),
        (said("shipped", {1: 0}), "nothing_shipped"),
    ],
)
def test_what_cannot_be_true_is_refused_and_changes_nothing(confirmation: Confirmation, code: str) -> None:
    case = a_case("accepted")
    decision = apply_confirmation(case, confirmation, NOW)
    assert (decision.outcome, decision.code, decision.case, decision.facts) == ("refused", code, case, ())


@pytest.mark.parametrize("status", ["open", "booked"])
@pytest.mark.parametrize("kind", ["accepted", "picked", "packed", "shipped", "rejected"])
def test_work_that_was_not_released_cannot_be_confirmed(status: str, kind: str) -> None:
    decision = apply_confirmation(a_case(status), said(kind), NOW)
    assert (decision.outcome, decision.code) == ("refused", "wrong_state")
    assert "released to the location" in (decision.message or "")


def test_a_short_pick_gives_the_units_back_to_the_order_and_takes_them_out_of_the_parcels() -> None:
    decision = after(a_case("accepted"), said("short_pick", {2: 2}))
    work, order, parcels = decision.case
    assert work.status == "incomplete"
    assert [line.short for line in work.lines] == [0, 2, 0]
    assert order is not None
    assert [(line.allocated, line.open) for line in order.lines] == [(2, 0), (1, 2), (1, 0)]
    assert (order.status, order.attempt, order.watch_at) == ("in_fulfillment", 2, "2026-11-23T09:30:00.000Z")
    assert units_in(parcels) == {1: 2, 2: 1, 3: 1}
    assert decision.effect is not None
    assert (decision.effect.kind, decision.effect.units) == ("missing", {"TEE-BLK-M": 2})
    assert decision.facts[0].model_dump()["missing"] == {"TEE-BLK-M": 2}


def test_the_same_short_pick_counts_once_and_another_one_counts_again() -> None:
    once = after(a_case("accepted"), said("short_pick", {2: 1}))
    again = apply_confirmation(once.case, said("short_pick", {2: 1}), NOW)
    assert (again.outcome, again.case) == ("repeated", once.case)
    other = apply_confirmation(once.case, said("short_pick", {2: 1}, confirmation_id="c-other"), NOW)
    assert [line.short for line in other.case.work.lines] == [0, 2, 0]


def test_when_nothing_was_found_the_work_is_rejected_and_its_labels_are_void() -> None:
    decision = after(a_case(), said("short_pick", {1: 2, 2: 3, 3: 1}))
    work, order, parcels = decision.case
    assert work.status == "rejected"
    assert [parcel.status for parcel in parcels] == ["voided", "voided"]
    assert order is not None
    assert (order.status, order.units_waiting, order.units_allocated) == ("confirmed", 6, 0)


def test_a_parcel_that_ends_up_empty_is_voided_and_the_other_one_ships() -> None:
    short = after(a_case("accepted"), said("short_pick", {2: 2, 3: 1}))
    assert [parcel.status for parcel in short.case.parcels] == ["label_purchased", "voided"]
    shipped = apply_confirmation(short.case, said("shipped"), NOW)
    assert [parcel.status for parcel in shipped.case.parcels] == ["handed_over", "voided"]
    assert shipped.facts[0].model_dump()["parcel_ids"] == ["shp_ord_1_a"]
    assert shipped.effect is not None
    assert shipped.effect.units == {"MUG-RED": 2, "TEE-BLK-M": 1}


def test_shipping_less_than_asked_is_a_short_pick_first_and_a_shipment_then() -> None:
    part = after(a_case("in_progress"), said("shipped", {1: 2, 2: 3}))
    assert part.unfinished
    assert part.case.work.status == "incomplete"
    assert part.effect is not None
    assert (part.effect.kind, part.effect.units) == ("missing", {"MUG-RED": 1})
    rest = apply_confirmation(part.case, said("shipped", {1: 2, 2: 3}), NOW)
    assert not rest.unfinished
    assert [line.shipped for line in rest.case.work.lines] == [2, 3, 0]
    assert units_in(rest.case.parcels) == {1: 2, 2: 3}
    assert apply_confirmation(rest.case, said("shipped", {1: 2, 2: 3}), NOW).outcome == "repeated"


def test_shipping_one_of_two_parcels_leaves_the_other_one_behind_void() -> None:
    wanted = said("shipped", parcel_ids=["shp_ord_1_b"])
    part = after(a_case("in_progress"), wanted)
    rest = apply_confirmation(part.case, wanted, NOW)
    assert [parcel.status for parcel in rest.case.parcels] == ["voided", "handed_over"]
    assert [line.shipped for line in rest.case.work.lines] == [0, 2, 1]
    assert rest.case.order is not None
    assert [line.open for line in rest.case.order.lines] == [2, 1, 0]


def test_a_rejection_puts_the_units_back_on_the_shelf_and_the_order_back_to_sourcing() -> None:
    decision = after(a_case(), said("rejected"))
    work, order, parcels = decision.case
    assert work.status == "rejected"
    assert order is not None
    assert (order.status, order.attempt, order.units_allocated, order.units_waiting) == ("confirmed", 2, 0, 6)
    assert [parcel.status for parcel in parcels] == ["voided", "voided"]
    assert decision.effect is not None
    assert (decision.effect.kind, decision.effect.units) == ("returned", {"MUG-RED": 3, "TEE-BLK-M": 3})
    assert decision.facts[0].model_dump()["reason"] == "closed_today"


def test_work_in_progress_cannot_be_rejected_as_a_whole() -> None:
    decision = after(a_case(), said("picked"), said("rejected"))
    assert (decision.outcome, decision.code) == ("refused", "wrong_state")


@pytest.mark.parametrize("kind", ["accepted", "picked", "packed", "shipped", "short_pick", "rejected"])
def test_a_location_that_answers_after_its_work_was_withdrawn_is_refused(kind: str) -> None:
    gone = a_case("cancelled")
    decision = apply_confirmation(gone, said(kind, {1: 1} if kind == "short_pick" else None), NOW)
    assert (decision.outcome, decision.code, decision.case) == ("refused", "wrong_state", gone)


def test_a_parcel_that_was_delivered_before_its_location_said_so_is_at_its_end() -> None:
    case = a_case("in_progress")
    first = case.parcels[0].model_copy(update={"tracking_status": "delivered"})
    decision = after(case._replace(parcels=(first, case.parcels[1])), said("shipped"))
    assert [parcel.status for parcel in decision.case.parcels] == ["closed", "handed_over"]


def test_a_refused_shipment_needs_parcels_that_hold_what_is_left() -> None:
    work = a_work("accepted")
    decision = apply_confirmation(Case(work, None, ()), said("shipped"), NOW)
    assert (decision.outcome, decision.code) == ("refused", "parcels_differ")
