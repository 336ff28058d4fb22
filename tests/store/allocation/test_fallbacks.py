"""What becomes of units that nobody may ship: the fallbacks of the rule in their turn."""

from datetime import date

import pytest

from functions.allocation.queue_allocate_orders import handler as allocate
from oms.allocation.decisions.model import DecisionRecord, TriedFallback
from oms.allocation.decisions.rules import words_of
from oms.allocation.sourcing.strategy import Fallback, Rule, Strategy
from oms.orders.model import Order
from oms.reference.model import MayWait
from oms.wiring import Wiring
from tests.allocation_scene import assert_the_books_balance, batch, clock, item_of, position, put_order, set_up


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
        "3 unit(s) of line(s) 1 nobody may ship; transfer: line 1: no location that may not ship has any of it free; "
        "drop_ship: no supplier ships for us"
    )
    assert [fact.type for fact in order.facts] == ["OrderAllocated", "OrderBackordered", "OrderHeld"]
    assert [fact.id for fact in order.facts] == [f"ord_1.{order.version}.{n}" for n in range(3)]
    assert order.log[-1].what == "OrderAllocated+OrderBackordered+OrderHeld"
    assert (record.fallback, record.passed_over) == ("customer_care", ("transfer", "drop_ship"))
    assert words_of(record)[-2] == "customer_care takes 3 unit(s) of line(s) 1: a person is to decide."
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


def test_a_rule_whose_fallbacks_take_nothing_leaves_the_units_to_a_person(wiring: Wiring) -> None:
    scene(wiring, "preorder")
    order, record = decided(wiring, 3)
    assert [hold.reason for hold in order.holds] == ["unsourced"]
    assert (record.fallback, record.passed_over) == ("customer_care", ("preorder",))


def test_a_rule_that_lists_nothing_lets_units_wait(wiring: Wiring) -> None:
    scene(wiring)
    order, record = decided(wiring, 3)
    assert (order.holds, record.fallback, record.passed_over) == ((), "backorder", ())


def test_a_backorder_of_a_preorder_says_its_day_of_release(wiring: Wiring) -> None:
    scene(wiring, "backorder")
    policy = MayWait(kind="preorder", release_on=date(2026, 12, 24))
    wiring.reference.put_item(item_of("P").model_copy(update={"waiting": policy}))
    assert wiring.stock.open_position(position("P", "ber-1", 9))
    allocate(batch(put_order(wiring, "ord_1", {"P": 2, "A": 3})), None)
    (record,) = wiring.decisions.about("ord_1", wiring.orders.get("ord_1").decided_in)
    assert (
        "backorder takes 3 unit(s) of line(s) 1, 2: they wait for stock; those of line(s) 1 are not served before the "
        "day of release, 2026-12-24." in words_of(record)
    )


def test_only_items_that_are_not_given_out_yet_wait_as_preorders(wiring: Wiring) -> None:
    scene(wiring, "preorder", "customer_care")
    policy = MayWait(kind="preorder", release_on=date(2026, 12, 24))
    wiring.reference.put_item(item_of("P").model_copy(update={"waiting": policy}))
    assert wiring.stock.open_position(position("P", "ber-1", 9))
    allocate(batch(put_order(wiring, "ord_1", {"P": 2, "A": 3})), None)
    order = wiring.orders.get("ord_1")
    (record,) = wiring.decisions.about("ord_1", order.decided_in)
    assert record.tried == (
        TriedFallback(
            fallback="preorder",
            units={1: 2},
            in_all=2,
            how="they wait for the day of release, 2026-12-24",
            why_not="no day of release is ahead",
        ),
        TriedFallback(fallback="customer_care", units={2: 1}, in_all=1, how="a person is to decide"),
    )
    assert [(line.backordered, line.supply_on) for line in order.lines] == [(2, "2026-12-24"), (1, "unknown")]
    assert order.holds[0].note == "1 unit(s) of line(s) 2 nobody may ship; preorder: no day of release is ahead"
    assert words_of(record)[-5:-1] == (
        "3 unit(s) of line(s) 1, 2 nobody may ship now.",
        "preorder takes 2 unit(s) of line(s) 1: they wait for the day of release, 2026-12-24.",
        "preorder takes no more: no day of release is ahead.",
        "customer_care takes 1 unit(s) of line(s) 2: a person is to decide.",
    )
    assert_the_books_balance(wiring)
