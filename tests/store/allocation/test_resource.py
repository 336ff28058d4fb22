"""Sourcing again: what waits keeps its place and is asked for anew, and silent locations lose the work."""

from functions.allocation import queue_allocate_orders, task_resource_order
from oms.aws.tables import commit
from oms.wiring import Wiring
from tests.allocation_scene import START, assert_the_books_balance, batch, position, put_order, rows, set_up


def test_backordered_units_are_allocated_when_stock_has_come(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 1, incoming=9))
    queue_allocate_orders.handler(batch(put_order(cloud_on_moto, "ord_1", {"CUP": 3})), None)
    cloud_on_moto.stock.receive("CUP", "ber-1", 9, receipt_id="r", by="location:ber-1")
    document = {"order_id": "ord_1", "reason": "too_long", "state": "in_fulfillment", "attempt": 1}
    assert task_resource_order.handler(document, None) == {**document, "outcome": "resourced", "attempt": 2}
    header = cloud_on_moto.orders.get("ord_1")
    assert (header.attempt, header.lines[0].open, header.lines[0].backordered, header.lines[0].waits_at) == (
        2,
        0,
        2,
        "ber-1",
    )
    assert [(fact.type, fact.data) for fact in header.facts] == [
        ("OrderReallocationRequested", {"order_id": "ord_1", "attempt": 2, "excluded_locations": []})
    ]
    assert queue_allocate_orders.handler(batch(header), None) == {"batchItemFailures": []}
    header, works = cloud_on_moto.orders.tree("ord_1")
    assert [(work.attempt, work.lines[0].quantity) for work in works] == [(1, 1), (2, 2)]
    assert (header.status, header.units_waiting) == ("in_fulfillment", 0)
    assert_the_books_balance(cloud_on_moto)


def test_the_same_request_again_does_nothing(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 0))
    queue_allocate_orders.handler(batch(put_order(cloud_on_moto, "ord_1", {"CUP": 3})), None)
    task_resource_order.handler({"order_id": "ord_1", "attempt": 1}, None)
    before = rows(cloud_on_moto, "ORDERS_TABLE")
    answer = task_resource_order.handler({"order_id": "ord_1", "attempt": 1}, None)
    assert answer == {"order_id": "ord_1", "attempt": 2, "outcome": "resourced"}
    assert rows(cloud_on_moto, "ORDERS_TABLE") == before


def test_a_silent_location_loses_the_work_and_is_not_asked_again(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 5, reorder_point=3), position("CUP", "lon-1", 5))
    queue_allocate_orders.handler(batch(put_order(cloud_on_moto, "ord_1", {"CUP": 3})), None)
    (work,) = cloud_on_moto.orders.tree("ord_1").fulfillment_orders
    asked = work.changed(at=START, by="system:test", what="Released", status="requested")
    commit(cloud_on_moto.orders.write(asked))
    task_resource_order.handler({"order_id": "ord_1", "attempt": 1, "fulfillment_order_ids": [work.id]}, None)
    header, (stopped,) = cloud_on_moto.orders.tree("ord_1")
    assert (header.status, header.lines[0].open) == ("confirmed", 3)
    assert (stopped.status, stopped.facts[0].type) == ("cancelled", "FulfillmentOrderWithdrawn")
    assert cloud_on_moto.stock.available(["CUP"]) == {"CUP": {"ber-1": 5, "lon-1": 5}}
    assert_the_books_balance(cloud_on_moto)
    queue_allocate_orders.handler(batch(header), None)
    assert [work.location for work in cloud_on_moto.orders.tree("ord_1").fulfillment_orders] == ["ber-1", "lon-1"]
    assert_the_books_balance(cloud_on_moto)


def test_an_order_that_waits_for_nothing_is_left_alone(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 5))
    queue_allocate_orders.handler(batch(put_order(cloud_on_moto, "ord_1", {"CUP": 3})), None)
    put_order(cloud_on_moto, "ord_2", {"CUP": 1}, status="cancelled")
    before = rows(cloud_on_moto, "ORDERS_TABLE")
    task_resource_order.handler({"order_id": "ord_1"}, None)
    task_resource_order.handler({"order_id": "ord_2"}, None)
    assert rows(cloud_on_moto, "ORDERS_TABLE") == before
