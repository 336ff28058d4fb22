"""What becomes of units that nobody may ship: the first fallback of the rule that is done by itself."""

import pytest

from functions.allocation.queue_allocate_orders import handler as allocate
from oms.allocation.decisions.model import DecisionRecord
from oms.allocation.decisions.rules import words_of
from oms.allocation.sourcing.strategy import Fallback, Rule, Strategy, fallback_of
from oms.orders.model import Order
from oms.wiring import Wiring
from tests.allocation_scene import assert_the_books_balance, batch, clock, position, put_order, set_up
from tests.aws import moto_cloud
from tests.crash import calls_of, crash, crash_points, restart


def scene(wiring: Wiring, *fallbacks: Fallback) -> None:
    set_up(wiring, position("A", "ber-1", 2))
    rule = Rule(name="all", fallbacks=fallbacks)
    made = Strategy(name="default", version=1, rules=(rule,), by="user:test", at="2026-11-23")
    wiring.reference.put_setting("SOURCING", "default", made)


@pytest.fixture
def wiring(cloud_on_moto: Wiring) -> Wiring:
    cloud_on_moto.clock = clock
    return cloud_on_moto


def decided(wiring: Wiring, units: int) -> tuple[Order, DecisionRecord]:
    allocate(batch(put_order(wiring, "ord_1", {"A": units})), None)
    order = wiring.orders.get("ord_1")
    return order, wiring.decisions.about("ord_1", order.decided_in)[-1]


def test_customer_care_holds_the_order_with_what_waits_and_what_was_passed_over(wiring: Wiring) -> None:
    scene(wiring, "transfer", "drop_ship", "customer_care", "backorder")
    order, record = decided(wiring, 5)
    (hold,) = order.holds
    assert (hold.reason, hold.blocks, hold.release_by) == ("unsourced", ("allocate",), ("operator", "sales"))
    assert hold.note == (
        "3 unit(s) of line(s) 1 nobody may ship; passed over: transfer (transfers are not asked for by themselves), "
        "drop_ship (ordering from a supplier is not done by itself)"
    )
    assert [fact.type for fact in order.facts] == ["OrderAllocated", "OrderBackordered", "OrderHeld"]
    assert [fact.id for fact in order.facts] == [f"ord_1.{order.version}.{n}" for n in range(3)]
    assert order.log[-1].what == "OrderAllocated+OrderBackordered+OrderHeld"
    assert (record.fallback, record.passed_over) == ("customer_care", ("transfer", "drop_ship"))
    assert any(words.endswith("a person is to decide.") for words in words_of(record))
    assert any(words.startswith("Before that, passed over: transfer (") for words in words_of(record))
    assert order.units_allocated == 2  # what there is ships
    assert_the_books_balance(wiring)


def test_units_that_may_wait_for_stock_hold_nothing(wiring: Wiring) -> None:
    scene(wiring, "substitute", "backorder", "customer_care")
    order, record = decided(wiring, 5)
    assert (order.holds, record.fallback, record.passed_over) == ((), "backorder", ("substitute",))


def test_what_is_served_whole_is_not_held(wiring: Wiring) -> None:
    scene(wiring, "customer_care")
    order, record = decided(wiring, 2)
    assert (order.holds, record.fallback, record.passed_over) == ((), None, ())


@pytest.mark.parametrize(
    ("listed", "taken"),
    [
        ((), ("backorder", ())),
        (("backorder", "customer_care"), ("backorder", ())),
        (("cancel_by_date",), ("customer_care", ("cancel_by_date",))),
        (("preorder", "customer_care", "backorder"), ("customer_care", ("preorder",))),
    ],
)
def test_where_nothing_listed_is_done_by_itself_a_person_decides(
    listed: tuple[Fallback, ...], taken: tuple[Fallback, tuple[Fallback, ...]]
) -> None:
    assert fallback_of(listed) == taken


def test_killed_anywhere_the_order_is_held_once() -> None:
    def seeded(wiring: Wiring) -> dict[str, object]:
        scene(wiring, "customer_care")
        return batch(put_order(wiring, "ord_1", {"A": 5}))

    with moto_cloud(clock) as wiring:
        event = seeded(wiring)
        calls = calls_of(lambda: allocate(event, None))
    for point in crash_points(calls):
        with moto_cloud(clock) as wiring:
            event = seeded(wiring)
            crash(point, lambda event=event: allocate(event, None))  # type: ignore[misc]
            again = restart(clock)
            allocate(event, None)
            order = again.orders.get("ord_1")
            assert (order.version, len(order.holds), order.units_allocated) == (2, 1, 2), point
            assert_the_books_balance(again)
