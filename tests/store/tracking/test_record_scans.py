"""Carrier scans on moto: parcels move, orders complete, once."""

import json
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from functions.tracking.queue_record_scans import handler
from oms.aws import tables
from oms.orders.model import FulfillmentOrder, Order, Parcel
from oms.wiring import Wiring, wire
from tests.aws import moto_cloud
from tests.crash import CrashPoint, calls_of, crash, crash_points, restart
from tests.lambda_events import sqs_event
from tests.order_builders import MONDAY, line, one_parcel_order, order, parcel, scan, store_all, work

SAMPLE = Path(__file__).parents[3] / "events/samples/tracking/queue_record_scans.json"
DELIVERED = scan("delivered", "2026-11-26T14:00:00Z", place="Berlin")


@pytest.fixture
def cloud() -> Iterator[Wiring]:
    with moto_cloud(lambda: MONDAY) as wiring:
        yield wiring


def deliver(*batches: list[dict[str, Any]]) -> list[str]:
    """The ids of the messages that failed."""
    answer = handler(sqs_event([{"scans": scans} for scans in batches]), None)
    return [row["itemIdentifier"] for row in answer["batchItemFailures"]]


def stored(parcel_id: str) -> Parcel:
    return wire().orders.parcels([parcel_id])[parcel_id]


def test_a_real_message_moves_the_parcel_and_completes_the_order(cloud: Wiring) -> None:
    header, share, box = one_parcel_order()
    store_all(cloud.orders, header, share, box)
    assert handler(json.loads(SAMPLE.read_text()), None) == {"batchItemFailures": []}
    after = stored(box.id)
    assert (after.status, after.tracking_status, after.version) == ("closed", "delivered", 2)
    assert [fact.type for fact in after.facts] == ["ParcelMoved", "ParcelDelivered"]
    done = cloud.orders.get(header.id)
    assert (done.status, done.version, done.parcels_delivered, done.parcels_total) == ("completed", 2, 1, 1)
    assert [fact.data for fact in done.facts] == [
        {"order_id": header.id, "delivered_units": 2, "on_time": True, "account_id": None}
    ]


def test_the_same_scans_again_write_nothing(cloud: Wiring) -> None:
    header, share, box = one_parcel_order()
    store_all(cloud.orders, header, share, box)
    deliver([scan("in_transit"), DELIVERED])
    assert calls_of(lambda: deliver([scan("in_transit")])) == ["BatchGetItem", "Query"]
    assert calls_of(lambda: deliver([scan("in_transit"), DELIVERED, DELIVERED])) == ["BatchGetItem", "Query"]
    assert (stored(box.id).version, cloud.orders.get(header.id).version) == (2, 2)


def test_a_late_scan_of_a_delivered_parcel_is_history_only(cloud: Wiring) -> None:
    header, share, box = one_parcel_order()
    store_all(cloud.orders, header, share, box)
    deliver([DELIVERED])
    deliver([scan("in_transit", "2026-11-25T10:00:00Z"), scan("on_hold", "2026-11-27T10:00:00Z")])
    after = stored(box.id)
    assert (after.tracking_status, len(after.scans), after.facts) == ("delivered", 3, ())
    assert cloud.orders.get(header.id).version == 2


def test_a_batch_costs_one_read_and_one_write_per_parcel(cloud: Wiring) -> None:
    for name in ("1", "2", "3"):
        store_all(cloud.orders, *one_parcel_order(name, f"TR{name}"))
    batch = [[scan("picked_up", "2026-11-24T08:00:00Z", f"TR{name}"), scan("in_transit", tracking_number=f"TR{name}")]
             for name in ("1", "2", "3")]  # fmt: skip
    assert calls_of(lambda: deliver(*batch)) == ["BatchGetItem", "PutItem", "PutItem", "PutItem"]


def test_a_parcels_life_scan_by_scan_needs_about_two_calls_each(cloud: Wiring) -> None:
    store_all(cloud.orders, *one_parcel_order())
    calls = []
    for hour, status in enumerate(("picked_up", "in_transit", "out_for_delivery", "delivered")):
        calls += calls_of(lambda s=status, h=hour: deliver([scan(s, f"2026-11-24T1{h}:00:00Z")]))  # type: ignore[misc]
    assert calls == ["BatchGetItem", "PutItem"] * 3 + ["BatchGetItem", "Query", "TransactWriteItems"]


def test_a_scan_of_an_unknown_parcel_comes_again_and_the_others_are_recorded(cloud: Wiring) -> None:
    header, share, box = one_parcel_order()
    store_all(cloud.orders, header, share, box)
    assert deliver([scan("in_transit"), scan("in_transit", tracking_number="NOPE")], [scan("picked_up")]) == ["m0"]
    assert stored(box.id).tracking_status == "in_transit"


@pytest.mark.parametrize(
    "document",
    [{}, [], {"scans": []}, {"scans": "all"}, {"scans": [scan("in_transit", "yesterday")]}, {"scans": [{}] * 101}],
)
def test_a_message_that_is_no_scan_fails_alone(cloud: Wiring, document: Any) -> None:
    header, share, box = one_parcel_order()
    store_all(cloud.orders, header, share, box)
    answer = handler(sqs_event([document, {"scans": [scan("in_transit")]}]), None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
    assert stored(box.id).tracking_status == "in_transit"


def two_parcels() -> tuple[Order, FulfillmentOrder, FulfillmentOrder, Parcel, Parcel]:
    header = order(lines=(line(quantity=3, sku="A"), line(2, 1, "B", cancelled=1)))
    lines = work(header).lines
    first = work(header, lines=(lines[0].model_copy(update={"quantity": 1}),))
    second = work(header, "lon-1", lines=(lines[0].model_copy(update={"quantity": 2}),))
    one, two = parcel(first, "TR1"), parcel(second, "TR2")
    return (
        header,
        first.model_copy(update={"parcel_ids": (one.id,)}),
        second.model_copy(update={"parcel_ids": (two.id,)}),
        one,
        two,
    )


def test_an_order_completes_with_its_last_parcel(cloud: Wiring) -> None:
    header, *rest = two_parcels()
    store_all(cloud.orders, header, *rest)
    deliver([DELIVERED])
    counted = cloud.orders.get(header.id)
    assert (counted.status, counted.parcels_delivered, counted.facts) == ("in_fulfillment", 1, ())
    deliver([scan("delivered", "2026-11-30T10:00:00Z", "TR2")])
    done = cloud.orders.get(header.id)
    assert (done.status, done.parcels_delivered) == ("completed", 2)
    assert done.facts[0].data == {"order_id": header.id, "delivered_units": 3, "on_time": False, "account_id": None}


def test_two_parcels_in_one_message_complete_it_in_one_transaction(cloud: Wiring) -> None:
    header, *rest = two_parcels()
    store_all(cloud.orders, header, *rest)
    calls = calls_of(lambda: deliver([DELIVERED, scan("delivered", tracking_number="TR2")]))
    assert calls == ["BatchGetItem", "Query", "TransactWriteItems"]
    assert cloud.orders.get(header.id).status == "completed"


@pytest.mark.parametrize("change", ["backordered", "at work", "voided", "cancelled"])
def test_an_order_that_is_not_done_does_not_complete(cloud: Wiring, change: str) -> None:
    header, share, box = one_parcel_order()
    if change == "backordered":
        header = header.model_copy(update={"lines": (*header.lines, line(2, 1, backordered=1))})
    if change == "at work":
        share = share.model_copy(update={"status": "in_progress"})
    if change == "voided":
        box = box.model_copy(update={"status": "voided"})
    if change == "cancelled":
        header = header.model_copy(update={"status": "cancelled"})
    store_all(cloud.orders, header, share, box)
    assert deliver([DELIVERED]) == []
    assert stored(box.id).tracking_status == "delivered"
    assert cloud.orders.get(header.id).status == header.status
    delivered = [fact.type for fact in stored(box.id).facts]
    assert delivered == (["ParcelMoved"] if change == "voided" else ["ParcelMoved", "ParcelDelivered"])


def test_a_repeated_delivery_completes_an_order_whose_location_confirmed_late(cloud: Wiring) -> None:
    header, share, box = one_parcel_order()
    store_all(cloud.orders, header, share.model_copy(update={"status": "in_progress"}), box)
    deliver([DELIVERED])
    late = cloud.orders.get_fulfillment_order(header.id, share.id)
    tables.commit(cloud.orders.write(late.changed(at=MONDAY, by="location:ber-1", what="Shipped", status="closed")))
    deliver([DELIVERED])
    assert cloud.orders.get(header.id).status == "completed"


def test_a_lost_race_is_decided_again(cloud: Wiring) -> None:
    header, share, box = one_parcel_order()
    store_all(cloud.orders, header, share, box)
    first = cloud.orders.parcels
    raced: list[str] = []

    def parcels(ids: Any) -> dict[str, Parcel]:
        found = first(ids)
        if not raced:
            raced.append("lost")
            other = found[box.id].changed(at=MONDAY, by="system:other", what="Touched", service="express")
            tables.commit(cloud.orders.write(other))
        return found

    cloud.orders.parcels = parcels  # type: ignore[assignment, method-assign]
    assert deliver([DELIVERED]) == []
    after = stored(box.id)
    assert (after.service, after.tracking_status, after.version) == ("express", "delivered", 3)
    assert cloud.orders.get(header.id).status == "completed"


def test_all_arrival_orders_end_in_the_same_parcel() -> None:
    ends: set[Any] = set()
    life = [scan(status, f"2026-11-24T1{hour}:00:00Z") for hour, status in
            enumerate(("picked_up", "in_transit", "out_for_delivery", "delivered"))]  # fmt: skip
    with moto_cloud(lambda: MONDAY) as cloud:
        for place, arrival in enumerate(permutations(life)):
            name = f"TR{place}"
            header, share, box = one_parcel_order(name, name)
            store_all(cloud.orders, header, share, box)
            for each in arrival:
                deliver([{**each, "tracking_number": name}])
            after = stored(box.id)
            ends.add((after.tracking_status, tuple((s.status, s.at) for s in after.scans)))
            ends.add(cloud.orders.get(header.id).status)
    assert len(ends) == 2


def _points() -> list[CrashPoint]:
    return crash_points(["BatchGetItem", "Query", "TransactWriteItems"])


@pytest.mark.parametrize("point", _points(), ids=str)
def test_a_crash_at_any_call_then_redelivery_ends_the_same(point: CrashPoint) -> None:
    batch = [scan("in_transit"), DELIVERED]
    with moto_cloud(lambda: MONDAY) as cloud:
        header, share, box = one_parcel_order()
        store_all(cloud.orders, header, share, box)
        crash(point, lambda: deliver(batch))
        orders = restart(lambda: MONDAY).orders
        assert deliver(batch) == []
        assert deliver(batch) == []
        after, done = stored(box.id), orders.get(header.id)
        assert (after.version, after.tracking_status, len(after.scans)) == (2, "delivered", 2)
        assert (done.version, done.status, done.parcels_delivered) == (2, "completed", 1)
