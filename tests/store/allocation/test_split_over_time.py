"""An order keeps to the limits of its split while it waits, and when it is sourced again."""

import pytest

from functions.allocation import queue_allocate_orders, task_resource_order
from oms.allocation.sourcing.strategy import Rule, Split, Strategy
from oms.aws.tables import commit
from oms.wiring import Wiring
from tests.allocation_scene import START, assert_the_books_balance, batch, position, put_order, set_up
from tests.waiting_scene import buckets, found, sell, serve

NONE, ONE, TWO = Split(mode="none"), Split(max_locations=1), Split(max_locations=2)


def scene(wiring: Wiring, split: Split) -> None:
    set_up(wiring, position("CUP", "ber-1", 3), position("CUP", "lon-1", 3))
    sell(wiring)
    rule = Rule(name="only", split=split)
    strategy = Strategy(name="default", version=1, rules=(rule,), by="user:tester", at="2026-11-23T09:00:00Z")
    wiring.reference.put_setting("SOURCING", "default", strategy)


def works(wiring: Wiring) -> list[tuple[str, int]]:
    found_works = wiring.orders.tree("ord_1").fulfillment_orders
    return [(one.location, one.lines[0].quantity) for one in found_works if one.status != "cancelled"]


@pytest.mark.parametrize("split", [NONE, ONE])
def test_units_that_wait_come_from_where_the_order_ships_already(cloud_on_moto: Wiring, split: Split) -> None:
    scene(cloud_on_moto, split)
    queue_allocate_orders.handler(batch(put_order(cloud_on_moto, "ord_1", {"CUP": 5})), None)
    serve()
    assert (works(cloud_on_moto), buckets(cloud_on_moto, "ord_1")) == ([("ber-1", 3)], (0, 2, 3))
    found(cloud_on_moto, 1, "f1", "lon-1")
    serve()
    assert buckets(cloud_on_moto, "ord_1") == (0, 2, 3)
    found(cloud_on_moto, 2, "f2", "ber-1")
    serve()
    assert (works(cloud_on_moto), buckets(cloud_on_moto, "ord_1")) == ([("ber-1", 3), ("ber-1", 2)], (0, 0, 5))
    assert_the_books_balance(cloud_on_moto)


def test_with_room_for_another_location_it_joins(cloud_on_moto: Wiring) -> None:
    scene(cloud_on_moto, TWO)
    queue_allocate_orders.handler(batch(put_order(cloud_on_moto, "ord_1", {"CUP": 7})), None)
    found(cloud_on_moto, 1, "f1", "lon-1")
    serve()
    assert (sorted(works(cloud_on_moto)), buckets(cloud_on_moto, "ord_1")) == (
        [("ber-1", 3), ("lon-1", 1), ("lon-1", 3)], (0, 0, 7)
    )  # fmt: skip


def test_who_lost_the_work_leaves_its_room_to_another(cloud_on_moto: Wiring) -> None:
    scene(cloud_on_moto, NONE)
    queue_allocate_orders.handler(batch(put_order(cloud_on_moto, "ord_1", {"CUP": 3})), None)
    (work,) = cloud_on_moto.orders.tree("ord_1").fulfillment_orders
    commit(cloud_on_moto.orders.write(work.changed(at=START, by="system:test", what="Released", status="requested")))
    task_resource_order.handler({"order_id": "ord_1", "attempt": 1, "fulfillment_order_ids": [work.id]}, None)
    queue_allocate_orders.handler(batch(cloud_on_moto.orders.get("ord_1")), None)
    assert (works(cloud_on_moto), buckets(cloud_on_moto, "ord_1")) == ([("lon-1", 3)], (0, 0, 3))
    assert_the_books_balance(cloud_on_moto)
