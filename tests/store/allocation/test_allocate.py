"""Allocation of batches: never more than there is, one transaction, and no second effect."""

from typing import Any

from functions.allocation.queue_allocate_orders import handler
from oms.aws.tables import commit
from oms.kernel.ids import derive_id
from oms.orders.model import Hold, Order
from oms.wiring import Wiring
from tests.allocation_scene import CAUSE, assert_the_books_balance, batch, position, put_order, rows, set_up, trees
from tests.crash import calls_of

DONE: dict[str, Any] = {"batchItemFailures": []}


def buckets(order: Order) -> list[tuple[int, int, int, int]]:
    return [(line.open, line.backordered, line.allocated, line.cancelled) for line in order.lines]


def facts(order: Order) -> list[tuple[str, dict[str, Any]]]:
    return [(fact.type, fact.data) for fact in order.facts]


def test_an_order_gets_its_stock_and_one_fulfillment_order(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 5), position("PEN", "ber-1", 5), position("PEN", "lon-1", 5))
    order = put_order(cloud_on_moto, "ord_1", {"CUP": 2, "PEN": 1})
    assert handler(batch(order), None) == DONE
    header, (work,) = cloud_on_moto.orders.tree("ord_1")
    work_id = derive_id("ful", "ord_1", "1", "ber-1")
    assert header.status == "in_fulfillment"
    assert buckets(header) == [(0, 0, 2, 0), (0, 0, 1, 0)]
    assert facts(header) == [
        ("OrderAllocated", {"order_id": "ord_1", "attempt": 1, "fulfillment_order_ids": [work_id]})
    ]
    assert (work.id, work.location, work.status, work.version, work.facts) == (work_id, "ber-1", "open", 1, ())
    assert [(line.number, line.sku, line.quantity) for line in work.lines] == [(1, "CUP", 2), (2, "PEN", 1)]
    assert_the_books_balance(cloud_on_moto)


def test_ten_orders_cost_two_reads_of_their_own_and_one_transaction(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 50))
    orders = [put_order(cloud_on_moto, f"ord_{n}", {"CUP": 2}) for n in range(10)]
    cloud_on_moto.reference.locations()
    assert calls_of(lambda: handler(batch(*orders), None)) == [
        "BatchGetItem",
        "BatchGetItem",
        "BatchGetItem",  # of items, which are kept for five minutes
        "GetItem",  # whether there are newer prices, asked every five minutes
        "TransactWriteItems",
    ]
    assert cloud_on_moto.stock.available(["CUP"]) == {"CUP": {"ber-1": 30}}
    assert_the_books_balance(cloud_on_moto)


def test_who_came_first_is_served_first_and_the_rest_is_backordered(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 3))
    late = put_order(cloud_on_moto, "ord_a", {"CUP": 2}, minute=2)
    early = put_order(cloud_on_moto, "ord_b", {"CUP": 2}, minute=1)
    assert handler(batch(late, early), None) == DONE
    assert buckets(cloud_on_moto.orders.get("ord_b")) == [(0, 0, 2, 0)]
    second = cloud_on_moto.orders.get("ord_a")
    assert buckets(second) == [(0, 1, 1, 0)]
    assert [name for name, _ in facts(second)] == ["OrderAllocated", "OrderBackordered"]
    assert facts(second)[1][1] == {"order_id": "ord_a", "attempt": 1, "units": {"CUP": 1}}
    assert second.lines[0].waits_at == "ber-1"
    assert_the_books_balance(cloud_on_moto)


def test_an_order_that_gets_nothing_stays_confirmed_and_makes_no_fulfillment_order(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto)
    order = put_order(cloud_on_moto, "ord_1", {"CUP": 2})
    assert handler(batch(order), None) == DONE
    header, works = cloud_on_moto.orders.tree("ord_1")
    assert (header.status, works, buckets(header)) == ("confirmed", (), [(0, 2, 0, 0)])
    assert facts(header) == [("OrderBackordered", {"order_id": "ord_1", "attempt": 1, "units": {"CUP": 2}})]
    assert header.lines[0].waits_at is None


def test_the_same_message_again_changes_nothing(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 3))
    order = put_order(cloud_on_moto, "ord_1", {"CUP": 5})
    handler(batch(order), None)
    before = (rows(cloud_on_moto, "ORDERS_TABLE"), rows(cloud_on_moto, "INVENTORY_TABLE"))
    assert handler(batch(order, order), None) == DONE
    assert (rows(cloud_on_moto, "ORDERS_TABLE"), rows(cloud_on_moto, "INVENTORY_TABLE")) == before


def test_orders_that_are_over_or_held_are_left_alone(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 9))
    hold = Hold(id="h", reason="credit", blocks=("allocate",), opened_at="2026-11-23T09:00:00.000Z")
    orders = [
        put_order(cloud_on_moto, "ord_1", {"CUP": 1}, status="cancelled"),
        put_order(cloud_on_moto, "ord_2", {"CUP": 1}, status="validating"),
        put_order(cloud_on_moto, "ord_3", {"CUP": 1}, holds=(hold,)),
    ]
    assert handler(batch(*orders), None) == DONE
    assert cloud_on_moto.stock.available(["CUP"]) == {"CUP": {"ber-1": 9}}


def test_a_bad_message_and_an_unknown_order_do_not_hold_up_the_others(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 9))
    good = put_order(cloud_on_moto, "ord_1", {"CUP": 1})
    ghost = good.model_copy(update={"id": "ord_2", "facts": (good.facts[0].model_copy(update={"order_id": "ord_2"}),)})
    event = batch(good, ghost)
    event["Records"].append({"messageId": "m-odd", "body": '{"facts":[{"type":"Nonsense"}]}'})
    event["Records"].append({"messageId": "m-broken", "body": "{"})
    assert handler(event, None) == {
        "batchItemFailures": [{"itemIdentifier": name} for name in ("m-broken", "m-odd", "m-ord_2")]
    }
    assert cloud_on_moto.orders.get("ord_1").status == "in_fulfillment"


def refuse(wiring: Wiring, order_id: str) -> Order:
    """What the fulfillment context does when a location says no."""
    order, works = wiring.orders.tree(order_id)
    work = next(work for work in works if work.status == "open")
    lines = tuple(
        line.model_copy(update={"open": line.allocated, "allocated": 0}) if line.allocated else line
        for line in order.lines
    )
    from datetime import UTC, datetime  # noqa: PLC0415

    from oms.events.fulfillment import FulfillmentOrderRejected  # noqa: PLC0415

    at = datetime(2026, 11, 23, 10, tzinfo=UTC)
    said = FulfillmentOrderRejected(
        order_id=order_id, fulfillment_order_id=work.id, location=work.location, reason="closed", attempt=2
    )
    rejected = work.changed(said, at=at, by=f"location:{work.location}", status="rejected")
    header = order.changed(at=at, by="system:test", what="Reopened", lines=lines, status="confirmed")
    units = {line.sku: line.quantity for line in work.lines}
    commit(
        wiring.orders.write(header),
        wiring.orders.write(rejected),
        *wiring.stock.give_back_writes(work, units, CAUSE, restock=True),
    )
    return header.model_copy(update={"facts": rejected.facts})


def test_what_a_location_refuses_is_sourced_elsewhere_and_not_asked_of_it_again(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 9), position("CUP", "lon-1", 9))
    handler(batch(put_order(cloud_on_moto, "ord_1", {"CUP": 2})), None)
    refused = refuse(cloud_on_moto, "ord_1")
    assert handler(batch(refused), None) == DONE
    header, works = cloud_on_moto.orders.tree("ord_1")
    assert [(work.attempt, work.location, work.status) for work in works] == [
        (1, "ber-1", "rejected"),
        (2, "lon-1", "open"),
    ]
    assert (header.attempt, header.status) == (2, "in_fulfillment")
    handler(batch(refuse(cloud_on_moto, "ord_1")), None)
    header, works = cloud_on_moto.orders.tree("ord_1")
    assert len(works) == 2
    assert buckets(header) == [(0, 2, 0, 0)]
    assert cloud_on_moto.stock.available(["CUP"]) == {"CUP": {"ber-1": 9, "lon-1": 9}}
    assert_the_books_balance(cloud_on_moto)


def test_an_order_too_large_for_one_transaction_is_served_in_steps(cloud_on_moto: Wiring) -> None:
    units = {f"S{n:03}": 1 for n in range(110)}
    set_up(cloud_on_moto, *(position(sku, "ber-1", 1) for sku in units))
    order = put_order(cloud_on_moto, "ord_1", units)
    assert handler(batch(order), None) == DONE
    header, works = cloud_on_moto.orders.tree("ord_1")
    assert (header.units_allocated, header.units_waiting) == (110, 0)
    assert [len(work.lines) for work in works] == [88, 22]
    assert [work.attempt for work in works] == [1, 1]
    assert_the_books_balance(cloud_on_moto)


def test_a_batch_of_many_skus_is_split_over_transactions(cloud_on_moto: Wiring) -> None:
    skus = [f"S{n:03}" for n in range(60)]
    set_up(cloud_on_moto, *(position(sku, "ber-1", 10) for sku in skus))
    orders = [
        put_order(cloud_on_moto, f"ord_{n}", dict.fromkeys(skus[n * 6 : n * 6 + 6], 1), minute=n) for n in range(10)
    ]
    cloud_on_moto.reference.locations()
    calls = calls_of(lambda: handler(batch(*orders), None))
    assert calls.count("TransactWriteItems") == 1  # 10 headers, 10 fulfillment orders, 60 positions
    more = [put_order(cloud_on_moto, f"big_{n}", dict.fromkeys(skus[:49], 1), minute=n) for n in range(3)]
    calls = calls_of(lambda: handler(batch(*more), None))
    assert calls.count("TransactWriteItems") == 1  # 49 positions are shared
    assert all(tree.order.units_waiting == 0 for tree in trees(cloud_on_moto))
    assert_the_books_balance(cloud_on_moto)
