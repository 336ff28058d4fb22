"""Booking and its undo on real tables (moto): once, whole, and safe to repeat."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest

from functions.fulfillment import task_plan_parcels
from functions.shipping import task_book_parcels, task_select_carrier, task_void_parcels
from oms.aws import tables
from oms.kernel.errors import RejectedError
from oms.kernel.ids import check_digit_mod10, derive_id
from oms.orders.model import (
    Destination,
    FulfillmentLine,
    FulfillmentOrder,
    Hold,
    Line,
    Order,
    Parcel,
    Promise,
)
from oms.shipping.store import BLOCK
from oms.wiring import Wiring
from tests.aws import moto_cloud
from tests.crash import CrashPoint, calls_of, crash, crash_points, restart
from tests.shipping_builders import CARDS, EXPRESS, MONDAY_NOON, card, item, location

ORDER, WORK = "ord_1", "ful_1"
START = {"order_id": ORDER, "fulfillment_order_id": WORK, "attempt": 1}


def clock() -> Any:
    return MONDAY_NOON


def an_order(**changes: Any) -> Order:
    line = Line(number=1, sku="MUG-1", quantity=3, unit_price_minor=900, allocated=3)
    values: dict[str, Any] = {
        "id": ORDER,
        "channel": "shop",
        "external_order_id": "1001",
        "status": "in_fulfillment",
        "currency": "EUR",
        "lines": (line,),
        "shipping_minor": 0,
        "total_minor": 2_700,
        "person_id": "per_1",
        "destination": Destination(country="DE", postal_area="101"),
        "promise": Promise(earliest_on="2026-11-25", latest_on="2026-11-27"),
        "submitted_at": "2026-11-23T10:00:00.000Z",
        "entered_at": "2026-11-23T10:00:00.000Z",
        "watch_at": "2026-11-23T11:00:00.000Z",
        "body_hash": "0",
    }
    return Order.model_validate({**values, **changes}).changed(at=MONDAY_NOON, by="system:test", what="made")


def some_work(status: str = "open", **changes: Any) -> FulfillmentOrder:
    values: dict[str, Any] = {
        "id": WORK,
        "order_id": ORDER,
        "location": "ber-1",
        "attempt": 1,
        "status": status,
        "lines": (FulfillmentLine(number=1, sku="MUG-1", quantity=3),),
        "currency": "EUR",
        "entered_at": "2026-11-23T10:00:00.000Z",
    }
    return FulfillmentOrder.model_validate({**values, **changes}).changed(
        at=MONDAY_NOON, by="system:test", what="allocated"
    )


def seed(wiring: Wiring, order: Order | None = None, work: FulfillmentOrder | None = None, cards: Any = CARDS) -> None:
    for one in cards:
        wiring.reference.put_setting("CARRIER", one.key, one)
    wiring.reference.put_setting("LOCATION", "ber-1", location())
    wiring.reference.put_item(item())
    tables.commit(wiring.orders.write(order or an_order()), wiring.orders.write(work or some_work()))


@contextmanager
def world(**seeds: Any) -> Iterator[Wiring]:
    with moto_cloud(clock) as wiring:
        seed(wiring, **seeds)
        yield wiring


def planned() -> dict[str, Any]:
    return task_plan_parcels.handler(dict(START), None)


def selected() -> dict[str, Any]:
    return task_select_carrier.handler(planned(), None)


def work_in(wiring: Wiring) -> FulfillmentOrder:
    return wiring.orders.get_fulfillment_order(ORDER, WORK)


def all_parcels(wiring: Wiring) -> list[Parcel]:
    from oms.aws import clients  # noqa: PLC0415  the table as it is, not as a store sees it

    rows = clients.dynamodb().scan(TableName=wiring.orders.table)["Items"]
    items = [tables.from_wire(row) for row in rows]
    return [wiring.orders.parcel_from(row) for row in items if row["sk"] == "PARCEL"]


def test_the_plan_carries_what_the_next_steps_need_and_nothing_personal() -> None:
    with world():
        assert planned() == {
            **START,
            "outcome": "planned",
            "location": "ber-1",
            "destination": {"country": "DE", "postal_area": "101"},
            "residential": True,
            "promised_on": "2026-11-27",
            "currency": "EUR",
            "parcels": [
                {
                    "contents": [{"number": 1, "sku": "MUG-1", "quantity": 3}],
                    "weight_g": 1_350,
                    "length_mm": 300,
                    "width_mm": 220,
                    "height_mm": 150,
                }
            ],
        }


@pytest.mark.parametrize("status", ["requested", "accepted", "in_progress", "incomplete", "closed", "rejected"])
def test_a_repeat_after_the_release_is_done(status: str) -> None:
    with world(work=some_work(status)):
        assert planned() == {**START, "outcome": "done"}


def test_a_hold_on_the_release_and_a_cancelled_fulfillment_order_stop_the_way() -> None:
    hold = Hold(id="h1", reason="incorrect_address", blocks=("release",), opened_at="2026-11-23T10:00:00.000Z")
    with world(order=an_order(holds=(hold,))):
        assert planned() == {**START, "outcome": "held"}
    with world(work=some_work("cancelled")):
        assert planned() == {**START, "outcome": "held"}


def test_an_item_that_left_the_catalogue_cannot_be_planned() -> None:
    stranger = some_work(lines=(FulfillmentLine(number=1, sku="GONE-1", quantity=1),))
    with world(work=stranger), pytest.raises(RejectedError, match="GONE-1"):
        planned()


def test_the_way_from_plan_to_booking() -> None:
    with world() as wiring:
        document = task_book_parcels.handler(selected(), None)
        assert document["outcome"] == "booked"
        assert document["choices"][0] == {
            "carrier": "swift_post",
            "service": "standard",
            "ship_on": "2026-11-24",
            "deliver_on": "2026-11-26",
            "cost_minor": 600,
            "currency": "EUR",
            "decision": [
                "swift_post/standard chosen:600",
                "meridian_express/express cost:2090",
                "swift_post/economy too_late:2026-12-01",
            ],
        }
        (parcel,) = all_parcels(wiring)
        assert parcel.tracking_number == "SP" + "0000000001" + check_digit_mod10("0000000001")
        assert parcel.label_number == "SPL" + "0000000001" + check_digit_mod10("0000000001")
        assert parcel.id == derive_id("shp", "swift_post", parcel.tracking_number) == document["parcel_ids"][0]
        assert parcel.sscc[:8] == "19521234"
        assert check_digit_mod10(parcel.sscc[:-1]) == parcel.sscc[-1]
        assert (parcel.status, parcel.promised_on, parcel.cost_minor) == ("label_purchased", "2026-11-27", 600)
        assert parcel.decision[0] == "swift_post/standard chosen:600"
        work = work_in(wiring)
        assert (work.status, work.parcel_ids, work.cost_minor) == ("booked", (parcel.id,), 600)
        assert (work.carrier, work.service, work.ship_by) == ("swift_post", "standard", "2026-11-24")
        assert [fact.type for fact in work.facts] == ["FulfillmentOrderBooked"]
        assert work.facts[0].data["parcel_ids"] == [parcel.id]


def test_booking_twice_buys_once() -> None:
    with world() as wiring:
        document = selected()
        first = task_book_parcels.handler(document, None)
        assert task_book_parcels.handler(document, None) == first
        assert len(all_parcels(wiring)) == 1
        assert work_in(wiring).version == 2


def test_a_fulfillment_order_cancelled_meanwhile_is_not_booked() -> None:
    with world(work=some_work("cancelled")) as wiring:
        document = {
            **START,
            "location": "ber-1",
            "destination": {"country": "DE", "postal_area": "101"},
            "parcels": [
                {
                    "contents": [{"number": 1, "sku": "MUG-1", "quantity": 3}],
                    "weight_g": 1_350,
                    "length_mm": 300,
                    "width_mm": 220,
                    "height_mm": 150,
                }
            ],
        }
        document = task_select_carrier.handler(document, None)
        assert task_book_parcels.handler(document, None)["outcome"] == "held"
        assert all_parcels(wiring) == []


def test_nobody_carries_it_is_said_with_the_reasons_and_nothing_is_written() -> None:
    abroad = an_order(destination=Destination(country="US", postal_area="100"))
    with world(order=abroad) as wiring:
        with pytest.raises(RejectedError, match="express zone_not_served") as refused:
            selected()
        assert refused.value.code == "no_carrier_service"
        assert work_in(wiring).version == 1


def only_express_in_time(wiring: Wiring) -> dict[str, Any]:
    document = planned()
    document["promised_on"] = "2026-11-25"
    document = task_select_carrier.handler(document, None)
    assert document["choices"][0]["service"] == "express"
    assert used(wiring) == 0
    return document


def used(wiring: Wiring) -> int:
    return wiring.shipping.capacity_used("ber-1", "meridian_express", "express", "2026-11-24")


def fill_express(wiring: Wiring, parcels: int) -> None:
    for _ in range(parcels):
        tables.commit(
            wiring.shipping.take_capacity("ber-1", "meridian_express", "express", "2026-11-24", parcels=1, limit=2)
        )


def test_capacity_is_taken_with_the_booking_and_given_back_with_its_undo() -> None:
    with world() as wiring:
        document = task_book_parcels.handler(only_express_in_time(wiring), None)
        assert used(wiring) == 1
        assert work_in(wiring).service == "express"
        assert task_void_parcels.handler(document, None)["outcome"] == "voided"
        assert used(wiring) == 0
        assert task_void_parcels.handler(document, None)["outcome"] == "voided"
        assert used(wiring) == 0


@pytest.mark.parametrize("cards_gone", [False, True])
def test_work_that_is_taken_back_gives_its_capacity_back_even_when_its_card_was_withdrawn(*, cards_gone: bool) -> None:
    with world() as wiring:
        task_book_parcels.handler(only_express_in_time(wiring), None)
        work = work_in(wiring)
        parcels = list(wiring.orders.parcels(work.parcel_ids).values())
        if cards_gone:
            wiring.rate_cards = dict  # type: ignore[method-assign]
        tables.commit(*wiring.bookings.give_back_writes([(work, parcels)]))
        assert used(wiring) == 0
        wiring.bookings.tell_carriers([(work, parcels)])


def test_two_works_of_one_capacity_give_their_room_back_in_one_write() -> None:
    with world() as wiring:
        task_book_parcels.handler(only_express_in_time(wiring), None)
        fill_express(wiring, 1)
        work = work_in(wiring)
        parcels = list(wiring.orders.parcels(work.parcel_ids).values())
        (write,) = wiring.bookings.give_back_writes([(work, parcels), (work, parcels)])
        tables.commit(write)
        assert used(wiring) == 0


def test_when_the_last_place_goes_meanwhile_the_next_best_service_is_booked() -> None:
    with world() as wiring:
        document = only_express_in_time(wiring)
        fill_express(wiring, 2)
        answer = task_book_parcels.handler(document, None)
        assert answer["choices"][0]["service"] == "standard"
        assert used(wiring) == 2
        (parcel,) = all_parcels(wiring)
        assert parcel.service == "standard"
        assert parcel.decision == (
            "swift_post/standard chosen_late:600",
            "meridian_express/express capacity:2026-11-24",
            "swift_post/economy too_late:2026-12-01",
        )


def test_when_the_only_carrier_is_full_nothing_is_booked() -> None:
    with world(cards=(card("meridian_express", EXPRESS),)) as wiring:
        document = only_express_in_time(wiring)
        fill_express(wiring, 2)
        with pytest.raises(RejectedError, match="capacity:2026-11-24"):
            task_book_parcels.handler(document, None)
        assert all_parcels(wiring) == []
        assert (work_in(wiring).status, used(wiring)) == ("open", 2)


def test_the_undo_voids_the_labels_and_opens_the_fulfillment_order_again() -> None:
    with world() as wiring:
        document = task_book_parcels.handler(selected(), None)
        task_void_parcels.handler(document, None)
        (parcel,) = all_parcels(wiring)
        assert parcel.status == "voided"
        assert [fact.type for fact in parcel.facts] == ["ParcelVoided"]
        work = work_in(wiring)
        assert (work.status, work.parcel_ids, work.carrier, work.cost_minor) == ("open", (), None, 0)
        assert work.facts == ()
        again = task_book_parcels.handler(document, None)
        assert again["parcel_ids"] != document["parcel_ids"]


@pytest.mark.parametrize("status", ["open", "requested", "cancelled"])
def test_undo_without_a_booking_changes_nothing(status: str) -> None:
    with world(work=some_work(status)) as wiring:
        assert task_void_parcels.handler(dict(START), None)["outcome"] == "voided"
        assert (work_in(wiring).status, work_in(wiring).version) == (status, 1)


def test_serials_are_leased_a_block_at_a_time_and_never_given_twice() -> None:
    with world() as wiring:
        first = [wiring.shipping.next("parcel") for _ in range(BLOCK + 1)]
        other = restart(clock).shipping
        second = [other.next("parcel") for _ in range(2)]
        assert first == list(range(1, BLOCK + 2))
        assert second == [2 * BLOCK + 1, 2 * BLOCK + 2]
        calls = calls_of(lambda: [other.next("parcel") for _ in range(BLOCK - 2)])
        assert calls == []


def test_a_booking_costs_one_read_and_one_transaction() -> None:
    with world() as wiring:
        document = selected()
        wiring.shipping.next("parcel")
        wiring.shipping.next("sscc")
        assert calls_of(lambda: task_book_parcels.handler(document, None)) == ["GetItem", "TransactWriteItems"]
        assert calls_of(lambda: task_select_carrier.handler(document, None)) == []
        assert calls_of(planned) == ["Query"]


def points_of(booked: bool) -> list[CrashPoint]:
    with world() as wiring:
        document = only_express_in_time(wiring)
        if booked:
            document = task_book_parcels.handler(document, None)
            return crash_points(calls_of(lambda: task_void_parcels.handler(document, None)))
        restart(clock)
        return crash_points(calls_of(lambda: task_book_parcels.handler(document, None)))


def test_a_crash_anywhere_in_the_booking_leaves_one_label_after_the_redelivery() -> None:
    points = points_of(booked=False)
    assert len(points) >= 8
    for point in points:
        with world() as wiring:
            document = only_express_in_time(wiring)
            restart(clock)
            crash(point, lambda document=document: task_book_parcels.handler(document, None))  # type: ignore[misc]
            after = restart(clock)
            answer = task_book_parcels.handler(document, None)
            (parcel,) = all_parcels(after)
            assert answer["parcel_ids"] == [parcel.id], point
            assert (work_in(after).version, used(after)) == (2, 1), point


def test_a_crash_anywhere_in_the_undo_leaves_nothing_booked_after_the_redelivery() -> None:
    points = points_of(booked=True)
    assert len(points) >= 6
    for point in points:
        with world() as wiring:
            document = task_book_parcels.handler(only_express_in_time(wiring), None)
            crash(point, lambda document=document: task_void_parcels.handler(document, None))  # type: ignore[misc]
            after = restart(clock)
            task_void_parcels.handler(document, None)
            assert [parcel.status for parcel in all_parcels(after)] == ["voided"], point
            assert (work_in(after).status, work_in(after).version, used(after)) == ("open", 3, 0), point


def test_the_promise_of_the_wiring_uses_the_stored_cards() -> None:
    with world() as wiring:
        found = wiring.promise(
            Destination(country="DE", postal_area="101"), {"MUG-1": 1}, {"MUG-1": {"ber-1": 1}}, MONDAY_NOON
        )
        assert found.latest_on == date(2026, 12, 1).isoformat()
        assert wiring.served_countries() == {"DE", "FR"}
