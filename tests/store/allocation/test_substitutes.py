"""Units that nobody may ship are replaced by another article, at the price of the line, if rule and buyer allow it."""

from typing import Any

import pytest

from functions.allocation.queue_allocate_orders import handler as allocate
from oms.allocation.decisions.rules import words_of
from oms.allocation.recall import request_reallocation
from oms.allocation.sourcing.strategy import Fallback, Rule, Strategy
from oms.orders.views import order_view
from oms.wiring import Wiring
from tests.allocation_scene import assert_the_books_balance, batch, clock, item_of, position, put_order, set_up
from tests.waiting_scene import serve


def scene(wiring: Wiring, *fallbacks: Fallback, better: int = 1, other: int = 10, **more: Any) -> None:
    """A is short; B and then C may be sent instead."""
    set_up(wiring, position("A", "ber-1", 2), position("B", "ber-1", better), position("C", "lon-1", other))
    wiring.reference.put_item(item_of("A").model_copy(update={"substitutes": ("X", "B", "C")}))
    wiring.reference.put_item(item_of("B"))
    wiring.reference.put_item(item_of("C").model_copy(update=more))
    rule = Rule(name="all", fallbacks=fallbacks or ("substitute", "backorder"))
    made = Strategy(name="default", version=1, rules=(rule,), by="user:test", at="2026-11-23")
    wiring.reference.put_setting("SOURCING", "default", made)


@pytest.fixture
def wiring(cloud_on_moto: Wiring) -> Wiring:
    cloud_on_moto.clock = clock
    return cloud_on_moto


def test_units_are_sent_as_the_next_best_articles_and_the_line_stays_as_ordered(wiring: Wiring) -> None:
    scene(wiring)
    before = put_order(wiring, "ord_1", {"A": 5})
    allocate(batch(before), None)
    order, works = tree = wiring.orders.tree("ord_1")
    assert sorted((one.location, [(s.sku, s.quantity, s.instead_of) for s in one.lines]) for one in works) == [
        ("ber-1", [("A", 2, None)]),
        ("ber-1", [("B", 1, "A")]),
        ("lon-1", [("C", 2, "A")]),
    ]
    (line,) = order.lines
    assert (line.sku, line.allocated, line.backordered, line.unit_price_minor) == ("A", 5, 0, 100)
    assert order.total_minor == before.total_minor
    assert [fact.type for fact in order.facts] == ["OrderAllocated", "OrderSubstituted"]
    assert sorted(order.facts[-1].data["units"]) == [[1, "A", "B", 1], [1, "A", "C", 2]]
    (shown,) = order_view(tree, {}, token="t", base_url="u").lines
    assert (shown.sku, shown.sent_as) == ("A", {"B": 1, "C": 2})
    first, second, third = wiring.decisions.about("ord_1", order.decided_in)
    assert words_of(first)[-2] == (
        "substitute takes 3 unit(s) of line(s) 1: they are replaced: 1 B for line 1, 2 C for line 1."
    )
    assert [[row.sku for row in record.shipped] for record in (second, third)] == [["B"], ["C"]]
    assert words_of(second)[0] == "Decided again for substitute, among other places."
    assert_the_books_balance(wiring)


def test_who_takes_no_substitutes_waits(wiring: Wiring) -> None:
    scene(wiring)
    allocate(batch(put_order(wiring, "ord_1", {"A": 5}, accepts_substitutes=False)), None)
    order = wiring.orders.get("ord_1")
    (record,) = wiring.decisions.about("ord_1", order.decided_in)
    assert (record.tried[0].why_not, record.fallback) == ("the buyer takes no substitutes", "backorder")
    assert order.lines[0].backordered == 3


@pytest.mark.parametrize("unfit", [{"not_to": frozenset({"DE"})}, {"min_age": 18}, {"hazmat": "UN1950"}])
def test_what_may_not_be_sent_there_or_was_not_checked_replaces_nothing(wiring: Wiring, unfit: dict[str, Any]) -> None:
    scene(wiring, **unfit)
    allocate(batch(put_order(wiring, "ord_1", {"A": 5})), None)
    order, works = wiring.orders.tree("ord_1")
    assert order.lines[0].backordered == 2
    assert {line.sku for work in works for line in work.lines} == {"A", "B"}
    (record, _) = wiring.decisions.about("ord_1", order.decided_in)
    assert record.tried[0].why_not == "no more of B may be shipped"


def test_who_waits_for_the_other_article_is_not_robbed(wiring: Wiring) -> None:
    scene(wiring, better=0, other=0)
    allocate(batch(put_order(wiring, "ord_0", {"C": 4})), None)
    assert wiring.stock.receive("C", "lon-1", 5, receipt_id="r-1", by="user:tester")
    allocate(batch(put_order(wiring, "ord_1", {"A": 5}, minute=1)), None)
    assert wiring.orders.get("ord_1").lines[0].backordered == 2  # one of five is left when the first four are served
    assert_the_books_balance(wiring)


def test_units_that_come_back_are_sourced_as_ordered(wiring: Wiring) -> None:
    scene(wiring)
    allocate(batch(put_order(wiring, "ord_1", {"A": 5})), None)
    assert wiring.stock.receive("A", "ber-1", 9, receipt_id="r-1", by="user:tester")
    names = [work.id for work in wiring.orders.tree("ord_1").fulfillment_orders if work.location == "lon-1"]
    again = request_reallocation("ord_1", withdraw=names, by="user:tester", desk=wiring.taking_back, now=wiring.clock())
    allocate(batch(again), None)
    live = [work for work in wiring.orders.tree("ord_1").fulfillment_orders if work.status == "open"]
    assert sorted((line.sku, line.quantity) for work in live for line in work.lines) == [("A", 2), ("A", 2), ("B", 1)]
    assert_the_books_balance(wiring)


def test_who_waits_gets_a_substitute_that_comes_later_before_any_newer_order(wiring: Wiring) -> None:
    scene(wiring, better=0, other=0)
    allocate(batch(put_order(wiring, "ord_1", {"A": 5})), None)
    assert wiring.stock.receive("B", "ber-1", 2, receipt_id="r-1", by="user:tester")
    allocate(batch(put_order(wiring, "ord_2", {"A": 1}, minute=1)), None)
    assert [wiring.orders.get(name).lines[0].backordered for name in ("ord_1", "ord_2")] == [1, 1]
    assert wiring.stock.receive("C", "lon-1", 9, receipt_id="r-2", by="user:tester")
    serve("A")  # as the sweep has it looked at every hour
    assert [wiring.orders.get(name).lines[0].backordered for name in ("ord_1", "ord_2")] == [0, 0]
    assert wiring.stock.positions(["C"])["C", "lon-1"].available == 7
    assert_the_books_balance(wiring)
