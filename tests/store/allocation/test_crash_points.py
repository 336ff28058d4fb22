"""Killed before or after any AWS call and delivered again: nothing is lost, nothing happens twice."""

from functions.allocation import api_cancel_orders, queue_allocate_orders, task_resource_order
from oms.wiring import Wiring
from tests.allocation_scene import assert_the_books_balance, batch, clock, position, put_order, set_up, trees
from tests.aws import moto_cloud
from tests.crash import calls_of, crash, crash_points, restart
from tests.lambda_events import api_event

EVENT = api_event("POST /v1/orders/{order_id}/cancel", path={"order_id": "ord_1"}, body={"reason": "other"})


def scene(wiring: Wiring) -> dict[str, object]:
    """Two orders want five cups of four; the event that asks for them."""
    set_up(
        wiring, position("CUP", "ber-1", 3, reorder_point=1), position("CUP", "lon-1", 1), position("PEN", "lon-1", 9)
    )
    return batch(put_order(wiring, "ord_1", {"CUP": 3, "PEN": 2}), put_order(wiring, "ord_2", {"CUP": 2}, minute=1))


def test_allocation_killed_anywhere_takes_stock_once() -> None:
    with moto_cloud(clock) as wiring:
        event = scene(wiring)
        calls = calls_of(lambda: queue_allocate_orders.handler(event, None))
    assert calls[-1] == "TransactWriteItems"
    for point in crash_points(calls):
        with moto_cloud(clock) as wiring:
            event = scene(wiring)
            crash(point, lambda event=event: queue_allocate_orders.handler(event, None))  # type: ignore[misc]
            again = restart(clock)
            assert queue_allocate_orders.handler(event, None) == {"batchItemFailures": []}
            first, second = trees(again)
            assert [(work.location, work.attempt) for work in first.fulfillment_orders] == [("ber-1", 1), ("lon-1", 1)]
            assert (first.order.units_allocated, first.order.version) == (5, 2), point
            assert (second.order.units_allocated, second.order.lines[0].backordered) == (1, 1), point
            assert_the_books_balance(again)


def test_a_cancellation_killed_anywhere_gives_back_once() -> None:
    with moto_cloud(clock) as wiring:
        queue_allocate_orders.handler(scene(wiring), None)
        calls = calls_of(lambda: api_cancel_orders.handler(EVENT, None))
    assert calls.count("TransactWriteItems") == 1
    for point in crash_points(calls):
        with moto_cloud(clock) as wiring:
            queue_allocate_orders.handler(scene(wiring), None)
            crash(point, lambda: api_cancel_orders.handler(EVENT, None))
            again = restart(clock)
            assert api_cancel_orders.handler(EVENT, None)["statusCode"] == 200
            order = again.orders.get("ord_1")
            assert (order.status, order.version) == ("cancelled", 3), point
            free = again.stock.available(["CUP", "PEN"])  # ord_2 waits for one
            assert free == {"CUP": {"ber-1": 2, "lon-1": 0}, "PEN": {"lon-1": 9}}
            assert_the_books_balance(again)


def test_a_request_for_other_stock_killed_anywhere_is_made_once() -> None:
    document = {"order_id": "ord_2", "attempt": 1}
    with moto_cloud(clock) as wiring:
        queue_allocate_orders.handler(scene(wiring), None)
        calls = calls_of(lambda: task_resource_order.handler(document, None))
    for point in crash_points(calls):
        with moto_cloud(clock) as wiring:
            queue_allocate_orders.handler(scene(wiring), None)
            crash(point, lambda: task_resource_order.handler(document, None))
            again = restart(clock)
            assert task_resource_order.handler(document, None)["attempt"] == 2, point
            order = again.orders.get("ord_2")
            assert (order.version, order.lines[0].open, order.lines[0].backordered) == (3, 0, 1), point
            assert_the_books_balance(again)
