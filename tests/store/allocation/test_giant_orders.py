"""Orders too large for one transaction: reserved step by step, told to locations at the end, taken back whole."""

from typing import Any

import pytest

from functions.allocation import api_cancel_orders, queue_allocate_orders
from oms.allocation.decision import AT_A_TIME
from oms.allocation.partial import Asked, cancel_units
from oms.aws.tables import commit
from oms.inventory.model import Change, Movement
from oms.kernel.ids import derive_id
from oms.orders.model import Order, Reserving
from oms.wiring import Wiring
from tests.allocation_scene import (
    CAUSE,
    START,
    assert_the_books_balance,
    batch,
    clock,
    position,
    put_order,
    set_up,
    trees,
)
from tests.aws import moto_cloud
from tests.crash import CrashPoint, around_writes, calls_of, crash, restart
from tests.lambda_events import api_event

DONE: dict[str, Any] = {"batchItemFailures": []}
LINES = 200  # a hundred in Berlin, sixty in London, forty nowhere
STEPS = 4  # 88; 12 and 60, and the first of those that wait; 30 others that wait; the rest of them
CANCEL = api_event("POST /v1/orders/{order_id}/cancel", path={"order_id": "ord_1"}, body={"reason": "other"})


def scene(wiring: Wiring) -> dict[str, Any]:
    """Two hundred lines of one unit each, and the event that asks for stock."""
    names = [f"S{n:04}" for n in range(LINES)]
    set_up(wiring)
    places = [("ber-1", 1)] * 100 + [("lon-1", 1)] * 60 + [("lon-1", 0)] * 40
    opened = {
        (sku, place): Movement("opened", (sku, place), Change(on_hand=units))
        for sku, (place, units) in zip(names, places, strict=True)
    }
    for start in range(0, LINES, 90):  # as a receipt of many would
        some = dict(list(opened.items())[start : start + 90])
        before = {(sku, place): position(sku, place, 0) for sku, place in some}
        commit(*wiring.stock.writes(some.values(), before, CAUSE))
    return batch(put_order(wiring, "ord_1", dict.fromkeys(names, 1)))


def allocate(event: dict[str, Any]) -> None:
    assert queue_allocate_orders.handler(event, None) == DONE


def said(order: Order) -> list[tuple[str, Any]]:
    return [(fact.type, fact.data) for fact in order.facts]


def transaction(calls: list[str], number: int) -> int:
    """The place of the `number`-th transaction among the calls."""
    return [place for place, name in enumerate(calls) if name == "TransactWriteItems"][number]


def test_locations_are_told_when_the_last_step_is_done_and_not_before(cloud_on_moto: Wiring) -> None:
    event = scene(cloud_on_moto)
    calls = calls_of(lambda: allocate(event))
    order, works = cloud_on_moto.orders.tree("ord_1")
    assert calls.count("TransactWriteItems") == STEPS
    assert [(work.location, len(work.lines), work.status) for work in works] == [
        ("ber-1", 88, "open"),
        ("ber-1", 12, "open"),
        ("lon-1", 60, "open"),
    ]
    assert {work.id for work in works} == {
        derive_id("ful", "ord_1", "1", "ber-1"),
        derive_id("ful", "ord_1", "1", "ber-1", "1"),
        derive_id("ful", "ord_1", "1", "lon-1"),
    }
    assert [row.what for row in order.log[1:]] == ["Reserving"] * 3 + ["OrderAllocated+OrderBackordered"]
    assert [row.why for row in order.log[1:4]] == ["1 of 4", "2 of 4", "3 of 4"]
    allocated, backordered = said(order)
    assert sorted(allocated[1]["fulfillment_order_ids"]) == sorted(work.id for work in works)
    assert backordered[1]["units"] == {f"S{n:04}": 1 for n in range(160, LINES)}
    assert (order.reserving, order.attempt, order.units_allocated, order.units_waiting) == (None, 1, 160, 40)
    assert_the_books_balance(cloud_on_moto)


def test_killed_anywhere_it_goes_on_where_it_was_and_reserves_once() -> None:
    """B4: before and after every step."""
    with moto_cloud(clock) as wiring:
        event = scene(wiring)
        points = around_writes(calls_of(lambda: allocate(event)))
    for point in points:
        with moto_cloud(clock) as wiring:
            event = scene(wiring)
            crash(point, lambda event=event: queue_allocate_orders.handler(event, None))  # type: ignore[misc]
            half = wiring.orders.get("ord_1")
            if half.units_waiting > 40 or half.reserving:
                assert "OrderAllocated" not in [fact.type for fact in half.facts], point
            again = restart(clock)
            allocate(event)
            order, works = again.orders.tree("ord_1")
            assert (order.reserving, order.units_allocated, order.units_waiting) == (None, 160, 40), point
            assert order.version == 1 + STEPS
            ids = [
                key for kind, data in said(order) if kind == "OrderAllocated" for key in data["fulfillment_order_ids"]
            ]
            assert sorted(ids) == sorted(work.id for work in works), point
            assert len(works) == 3
            assert_the_books_balance(again)


@pytest.mark.parametrize("steps", range(STEPS))
def test_cancelled_half_way_it_gives_back_everything_and_is_not_gone_on_with(steps: int) -> None:
    with moto_cloud(clock) as wiring:
        event = scene(wiring)
        calls = calls_of(lambda: allocate(event))
    with moto_cloud(clock) as wiring:
        event = scene(wiring)
        point = CrashPoint(transaction(calls, steps), "after", "TransactWriteItems")
        crash(point, lambda: queue_allocate_orders.handler(event, None))
        again = restart(clock)
        answer = api_cancel_orders.handler(CANCEL, None)
        assert answer["statusCode"] == 200
        allocate(event)
        order, works = again.orders.tree("ord_1")
        assert (order.status, {work.status for work in works}) == ("cancelled", {"cancelled"})
        skus = [f"S{n:04}" for n in range(LINES)]
        assert {one.committed for one in again.stock.positions(skus).values()} == {0}
        assert_the_books_balance(again)


def test_a_cancellation_of_a_half_reserved_order_killed_anywhere_is_finished_by_the_next() -> None:
    def half_way(wiring: Wiring) -> dict[str, Any]:
        event = scene(wiring)
        place = transaction(calls, 1)
        crash(CrashPoint(place, "after", "TransactWriteItems"), lambda: queue_allocate_orders.handler(event, None))
        return event

    with moto_cloud(clock) as wiring:
        event = scene(wiring)
        calls = calls_of(lambda: allocate(event))
    with moto_cloud(clock) as wiring:
        half_way(wiring)
        restart(clock)
        points = around_writes(calls_of(lambda: api_cancel_orders.handler(CANCEL, None)))
    for point in points:
        with moto_cloud(clock) as wiring:
            event = half_way(wiring)
            restart(clock)
            crash(point, lambda: api_cancel_orders.handler(CANCEL, None))
            again = restart(clock)
            allocate(event)  # the allocation comes again in between: no location is told of what is being cancelled
            between = again.orders.get("ord_1")
            if between.cancelling:
                assert "OrderAllocated" not in [row.what for row in between.log], point
            assert api_cancel_orders.handler(CANCEL, None)["statusCode"] == 200
            order, works = again.orders.tree("ord_1")
            assert (order.status, {work.status for work in works}) == ("cancelled", {"cancelled"}), point
            assert_the_books_balance(again)


def test_units_cancelled_half_way_are_not_reserved_and_the_rest_is_told() -> None:
    with moto_cloud(clock) as wiring:
        event = scene(wiring)
        calls = calls_of(lambda: allocate(event))
    with moto_cloud(clock) as wiring:
        event = scene(wiring)
        point = CrashPoint(transaction(calls, 0), "after", "TransactWriteItems")
        crash(point, lambda: queue_allocate_orders.handler(event, None))
        again = restart(clock)
        order = again.orders.get("ord_1")
        assert order.reserving == Reserving(attempt=1, done=1, of=4)
        units = {line.number: line.open for line in order.lines if line.open}
        asked = Asked(units, "key", "customer_request", None, "user:desk")
        cancel_units("ord_1", asked, desk=again.taking_back, exposure=again.credit, now=again.clock())
        allocate(event)
        order, (work,) = again.orders.tree("ord_1")
        assert (order.reserving, order.units_allocated, order.units_waiting) == (None, 88, 0)
        assert [(kind, data["fulfillment_order_ids"]) for kind, data in said(order)] == [("OrderAllocated", [work.id])]
        assert_the_books_balance(again)


def test_a_large_order_beside_small_ones_takes_what_is_fair_and_holds_nobody_up(cloud_on_moto: Wiring) -> None:
    scene(cloud_on_moto)
    giant = cloud_on_moto.orders.get("ord_1")
    small = [put_order(cloud_on_moto, f"sml_{n}", {f"S{n:04}": 1}, minute=5 + n) for n in range(20)]
    early = put_order(cloud_on_moto, "erl", {"S0100": 1}, minute=-5)
    allocate(batch(*small, giant, early))
    by_id = {tree.order.id: tree.order for tree in trees(cloud_on_moto)}
    assert (by_id["ord_1"].units_allocated, by_id["erl"].units_allocated) == (159, 1)
    assert [by_id[order.id].units_waiting for order in small] == [1] * 20
    assert_the_books_balance(cloud_on_moto)


def test_a_fact_names_no_more_fulfillment_orders_than_the_workflow_does_at_a_time(cloud_on_moto: Wiring) -> None:
    """A made-up giant: a hundred and one fulfillment orders that are open, and nothing left to reserve."""
    set_up(cloud_on_moto)
    order = put_order(
        cloud_on_moto, "ord_1", {"CUP": 1}, reserving=Reserving(attempt=1, done=3, of=4), status="in_fulfillment"
    )
    lines = tuple(line.model_copy(update={"open": 0, "allocated": 1}) for line in order.lines)
    order = order.changed(at=START, by="user:tester", what="x", lines=lines)
    commit(cloud_on_moto.orders.write(order))
    from oms.orders.model import FulfillmentLine, FulfillmentOrder  # noqa: PLC0415

    for n in range(2 * AT_A_TIME + 21):
        work = FulfillmentOrder(
            id=f"ful_{n:03}",
            order_id="ord_1",
            location="ber-1",
            attempt=1,
            status="open",
            lines=(FulfillmentLine(number=1, sku="CUP", quantity=1),),
            currency="EUR",
            entered_at=order.entered_at,
        ).changed(at=START, by="user:tester", what="Opened")
        commit(cloud_on_moto.orders.write(work))
    event = batch(put_order(cloud_on_moto, "ord_2", {"PEN": 1}).model_copy(update={"id": "ord_1"}))
    event["Records"][0]["body"] = event["Records"][0]["body"].replace("ord_2", "ord_1")
    allocate(event)
    facts = said(cloud_on_moto.orders.get("ord_1"))
    assert [len(data["fulfillment_order_ids"]) for _, data in facts] == [40, 40, 21]
