"""Many orders for few units: how many a write serves, who gets the last ones, and what a lost race changes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from functions.allocation.queue_allocate_orders import handler
from oms.allocation.run import GIVE_UP
from oms.aws import clients
from oms.aws.tables import commit
from oms.inventory.model import Cause, Change, Movement
from oms.orders.model import Destination, Order
from oms.reference.model import Fairness, FairnessPolicy
from oms.wiring import Wiring
from tests.allocation_scene import CAUSE, assert_the_books_balance, batch, entry, position, put_order, set_up, trees
from tests.crash import calls_of

DONE: dict[str, Any] = {"batchItemFailures": []}
FULL = 48  # orders of one line in a transaction: 48 headers, 48 fulfillment orders, position, journal, decisions


def packed(orders: list[Order], together: int = 20) -> dict[str, Any]:
    """Messages as the bus packs them."""
    return {
        "Records": [
            {"messageId": f"m-{start}", "body": str(entry(*facts)).replace("'", '"').replace("None", "null")}
            for start in range(0, len(orders), together)
            for facts in [[fact for order in orders[start : start + together] for fact in order.facts]]
        ]
    }


def crowd(wiring: Wiring, count: int, sku: str = "CUP", **more: Any) -> list[Order]:
    return [put_order(wiring, f"ord_{sku}_{n:03}", {sku: 1}, minute=n % 60, **more) for n in range(count)]


@contextmanager
def between(number: int, act: Callable[[], None]) -> Iterator[None]:
    """Somebody else acts just before the `number`-th transaction of what runs here."""
    seen = [0]

    def before(**event: Any) -> None:
        if event["model"].name == "TransactWriteItems":
            seen[0] += 1
            if seen[0] == number:
                act()

    session = clients.session()
    session.register("before-call.dynamodb", before, unique_id="between")
    clients._client.cache_clear()
    try:
        yield
    finally:
        session.unregister("before-call.dynamodb", unique_id="between")
        clients._client.cache_clear()
    assert seen[0] >= number


def move(wiring: Wiring, key: tuple[str, str], change: Change) -> Callable[[], None]:
    """Goods come in, or go, at a position."""

    def act() -> None:
        before = wiring.stock.positions_at([key])
        commit(*wiring.stock.writes([Movement("adjusted", key, change)], before, Cause("user:tester", CAUSE.at)))

    return act


def test_forty_eight_orders_share_one_write_of_the_hot_position(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 500))
    orders = crowd(cloud_on_moto, 2 * FULL)
    cloud_on_moto.reference.locations()
    calls = calls_of(lambda: handler(packed(orders), None))
    assert calls.count("TransactWriteItems") == 2
    (hot,) = cloud_on_moto.stock.positions_of("CUP")
    assert (hot.committed, hot.version) == (96, 3)
    assert_the_books_balance(cloud_on_moto)


def test_the_last_units_are_all_given_and_not_one_more(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 60), position("CUP", "lon-1", 5))
    orders = crowd(cloud_on_moto, 100)
    assert handler(packed(orders), None) == DONE
    lines = [cloud_on_moto.orders.get(order.id).lines[0] for order in orders]
    assert (sum(line.allocated for line in lines), sum(line.backordered for line in lines)) == (65, 35)
    assert_the_books_balance(cloud_on_moto)


def test_the_rule_of_a_sku_is_data_and_holds_for_the_whole_batch(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 60))
    rule = Fairness(rule="share", shares_pct={"shopify_eu": 50, "store": 25})
    policy = FairnessPolicy(name="CUP", version=1, by="user:ann", at="2026-11-23T12:00:00Z", terms=rule)
    cloud_on_moto.reference.put_setting("FAIRNESS", "CUP", policy)
    early = crowd(cloud_on_moto, 80)
    late = [put_order(cloud_on_moto, f"sto_{n}", {"CUP": 1}, minute=90 + n, channel="store") for n in range(20)]
    assert handler(packed([*early, *late]), None) == DONE
    got = [sum(cloud_on_moto.orders.get(order.id).units_allocated for order in some) for some in (early, late)]
    assert got == [45, 15]
    assert_the_books_balance(cloud_on_moto)


def test_a_lost_race_for_the_position_keeps_the_orders_together(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 50))
    orders = crowd(cloud_on_moto, FULL + 10)
    with between(1, move(cloud_on_moto, ("CUP", "ber-1"), Change(on_hand=5))):
        calls = calls_of(lambda: handler(packed(orders), None))
    # The first transaction was lost, the other one not even tried; the orders were not read again.
    assert calls.count("TransactWriteItems") - 1 == 3
    assert sum(tree.order.units_allocated for tree in trees(cloud_on_moto)) == 55
    assert_the_books_balance(cloud_on_moto)


def test_what_a_lost_group_would_have_taken_is_there_for_the_next(cloud_on_moto: Wiring) -> None:
    """An order of the first group is cancelled meanwhile: its unit goes to the fiftieth, who would have waited."""
    set_up(cloud_on_moto, position("CUP", "ber-1", FULL))
    orders = crowd(cloud_on_moto, FULL + 1)

    def cancelled() -> None:
        order = cloud_on_moto.orders.get(orders[0].id)
        lines = tuple(line.model_copy(update={"open": 0, "cancelled": 1}) for line in order.lines)
        gone = order.changed(at=cloud_on_moto.clock(), by="user:tester", what="x", status="cancelled", lines=lines)
        commit(cloud_on_moto.orders.write(gone))

    with between(1, cancelled):
        assert handler(packed(orders), None) == DONE
    assert sum(tree.order.units_allocated for tree in trees(cloud_on_moto)) == FULL
    assert all(tree.order.units_waiting == 0 for tree in trees(cloud_on_moto))
    assert_the_books_balance(cloud_on_moto)


def test_who_always_loses_gives_the_messages_back_and_took_nothing(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 9), position("PEN", "ber-1", 9))
    cups, pens = crowd(cloud_on_moto, 3), crowd(cloud_on_moto, 3, "PEN")
    other = move(cloud_on_moto, ("CUP", "ber-1"), Change(on_hand=1))
    meddling = [False]
    lost = [0]

    def before(**event: Any) -> None:
        if event["model"].name == "TransactWriteItems" and not meddling[0] and b"STOCK#CUP" in event["params"]["body"]:
            meddling[0] = True
            other()
            lost[0] += 1
            meddling[0] = False

    session = clients.session()
    session.register("before-call.dynamodb", before, unique_id="meddler")
    clients._client.cache_clear()
    try:
        answer = handler(batch(*cups, *pens), None)
    finally:
        session.unregister("before-call.dynamodb", unique_id="meddler")
        clients._client.cache_clear()
    failed = [row["itemIdentifier"] for row in answer["batchItemFailures"]]
    assert lost == [GIVE_UP]
    assert failed == [f"m-{order.id}" for order in cups]
    assert [cloud_on_moto.orders.get(order.id).units_allocated for order in (*cups, *pens)] == [0, 0, 0, 1, 1, 1]
    assert handler(batch(*cups, *pens), None) == DONE
    assert all(tree.order.units_allocated == 1 for tree in trees(cloud_on_moto))
    assert_the_books_balance(cloud_on_moto)


def test_orders_of_a_batch_leave_near_units_to_who_has_no_other_near(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 1), position("CUP", "lon-1", 1))
    zurich = Destination(country="CH", postal_area="80")
    first = put_order(cloud_on_moto, "ord_1", {"CUP": 1}, minute=0, destination=zurich)
    second = put_order(cloud_on_moto, "ord_2", {"CUP": 1}, minute=1)
    assert handler(batch(first, second), None) == DONE
    assert {tree.order.id: [work.location for work in tree.fulfillment_orders] for tree in trees(cloud_on_moto)} == {
        "ord_1": ["lon-1"],
        "ord_2": ["ber-1"],
    }
    assert_the_books_balance(cloud_on_moto)


def test_who_came_first_keeps_the_only_unit_though_another_is_nearer(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 1), position("MUG", "ber-1", 1), position("MUG", "lon-1", 1))
    zurich = Destination(country="CH", postal_area="80")
    first = put_order(cloud_on_moto, "ord_1", {"CUP": 1, "MUG": 1}, minute=0, destination=zurich)
    second = put_order(cloud_on_moto, "ord_2", {"CUP": 1, "MUG": 1}, minute=1)
    assert handler(batch(first, second), None) == DONE
    allocated = {tree.order.id: [line.allocated for line in tree.order.lines] for tree in trees(cloud_on_moto)}
    assert allocated == {"ord_1": [1, 1], "ord_2": [0, 1]}
    assert_the_books_balance(cloud_on_moto)
