"""The fallbacks of a rule in their turn, whatever the list and the stock."""

from collections import Counter
from collections.abc import Collection
from datetime import UTC, datetime
from decimal import Decimal
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from oms.allocation.bundled import plan_lines
from oms.allocation.fallbacks.chain import fall_back
from oms.allocation.fallbacks.model import FellBack
from oms.allocation.rules import Demand, SourcingPlan, shares_of
from oms.allocation.sourcing.desk import Sourcing
from oms.allocation.sourcing.strategy import Fallback, Filters, Rule, Strategy
from oms.inventory.model import Position, PositionKey
from oms.inventory.transfers.asking import asked_for
from oms.inventory.transfers.model import Transfer
from oms.orders.lines import replace_line
from oms.orders.model import Order
from oms.reference.model import Location
from tests.allocation_scene import confirmed_order, item_of, position

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def place(name: str, country: str, **more: object) -> Location:
    return Location.model_validate(
        {
            "id": name,
            "name": name,
            "country": country,
            "postal_code": "1",
            "latitude": Decimal(50),
            "longitude": Decimal(len(name)),
            "time_zone": "Europe/Berlin",
            **more,
        }
    )


PLACES = {
    one.id: one
    for one in (
        place("ber", "DE"),
        place("muc", "DE"),
        place("lon", "GB", transfer_days={"ber": 3, "muc": 1}),
        place("par", "FR", transfer_days={"*": 2}),
        place("rom", "IT"),
        place("acme", "DE", supplier="acme"),
    )
}

ITEMS = {
    "A": item_of("A").model_copy(update={"substitutes": ("B", "D")}),
    "B": item_of("B").model_copy(update={"substitutes": ("D",)}),
    "D": item_of("D"),
}


def fell(
    order: Order, stock: dict[PositionKey, int], fallbacks: tuple[Fallback, ...], *under_way: Transfer
) -> tuple[SourcingPlan, FellBack]:
    """Germany is shipped to from Germany."""
    rule = Rule(name="all", filters=Filters(countries=("DE",)), hard=("country",), fallbacks=fallbacks)
    strategy = Strategy(name="default", version=1, rules=(rule,), by="user:test", at="2026-11-23")
    sourcing = Sourcing(locations=PLACES, strategies={"default": strategy}, items=lambda _: ITEMS)
    there: dict[PositionKey, Position] = {key: position(*key, units) for key, units in stock.items()}
    own = {line.sku for line in order.lines}
    view = {key: one for key, one in there.items() if key[0] in own}
    wanted = [Demand(line.number, line.sku, line.open) for line in order.lines]
    plan, outcomes = plan_lines(order, wanted, view, sourcing, frozenset(), NOW)
    known = {one.id: one for one in under_way}

    def look(skus: Collection[str]) -> dict[PositionKey, Position]:
        assert own.isdisjoint(skus) or all(sku not in skus for sku, _ in view)  # what is known is not looked up
        return {key: one for key, one in there.items() if key[0] in skus}

    return plan, fall_back(order, outcomes, view, sourcing, known, NOW, look)


@given(
    units=st.dictionaries(st.sampled_from("ABC"), st.integers(1, 9), min_size=1),
    stock=st.dictionaries(st.tuples(st.sampled_from("ABCD"), st.sampled_from(sorted(PLACES))), st.integers(0, 9)),
    fallbacks=st.lists(st.sampled_from(get_args(Fallback)), max_size=7).map(tuple),
)
def test_every_unit_is_served_or_taken_by_one_fallback_and_nobody_gives_more_than_is_free(
    units: dict[str, int], stock: dict[PositionKey, int], fallbacks: tuple[Fallback, ...]
) -> None:
    order = confirmed_order("ord_1", units)
    plan, done = fell(order, stock, fallbacks)
    served, took, given_away = Counter[int](), Counter[int](), Counter[PositionKey]()
    for take in (*plan.takes, *done.takes):
        given_away[take.sku, take.location] += take.quantity
        assert PLACES[take.location].country == "DE"
    for take in plan.takes:
        served[take.number] += take.quantity
    for rows in done.tried:
        for row in rows:
            took.update(row.units)
    for wish in done.wishes:
        given_away[wish.sku, wish.source] += wish.units
        assert PLACES[wish.destination].country == "DE"
        assert (wish.sku, wish.destination) in stock
    assert {line.number: served[line.number] + took[line.number] for line in order.lines} == {
        line.number: line.quantity for line in order.lines
    }
    assert all(count <= stock[key] for key, count in given_away.items())
    whole = done.mended(plan)
    lines = {line.number: line for line in order.lines}
    for line in order.lines:  # served + waiting = ordered
        sent = sum(take.quantity for take in whole.takes if take.number == line.number)
        assert sent + whole.backordered.get(line.number, 0) == line.quantity
    for _, takes in shares_of(whole.takes):  # a fulfillment order has a line once
        numbers = [take.number for take in takes]
        assert sorted(set(numbers)) == sorted(numbers)
        assert all(sum(take.of_shelf(lines[take.number]).values()) == take.quantity for take in takes)


def test_all_units_of_a_line_go_where_most_of_them_can_come_together_then_soonest() -> None:
    order = confirmed_order("ord_1", {"A": 5})
    stock = {("A", "lon"): 2, ("A", "par"): 2, ("A", "rom"): 9, ("A", "ber"): 0, ("A", "muc"): 0}
    _, done = fell(order, stock, ("transfer",))
    assert [(wish.source, wish.destination, wish.units, wish.due_on) for wish in done.wishes] == [
        ("lon", "muc", 2, "2026-11-24"),
        ("par", "muc", 2, "2026-11-25"),
    ]
    assert done.waits_at == {1: "muc"}
    assert [(row.fallback, row.units, row.why_not) for row in done.tried[0]] == [
        ("transfer", {1: 4}, "line 1: no more of it is free"),
        ("customer_care", {1: 1}, ""),
    ]


def test_what_is_on_its_way_is_not_asked_for_again_unless_it_goes_where_nobody_may_ship() -> None:
    order = confirmed_order("ord_1", {"A": 3})
    stock = {("A", "lon"): 9, ("A", "ber"): 0}
    _, first = fell(order, stock, ("transfer",))
    (sent,) = (asked_for(wish, order_id="ord_1", version=1, at=NOW, by="system:test") for wish in first.wishes)
    waiting = order.model_copy(update={"lines": replace_line(order.lines, {1: {"transfers": (sent.id,)}})})
    _, again = fell(waiting, stock, ("transfer",), sent)
    assert (again.wishes, again.tried[0][0].units) == ((), {1: 3})
    elsewhere = sent.model_copy(update={"destination": "rom"})
    _, anew = fell(waiting, stock, ("transfer",), elsewhere)
    assert sum(wish.units for wish in anew.wishes) == 3


def test_no_more_than_eight_transfers_are_asked_for_at_once() -> None:
    skus = [f"S{number}" for number in range(10)]
    order = confirmed_order("ord_1", dict.fromkeys(skus, 1))
    stock = {(sku, name): units for sku in skus for name, units in (("lon", 1), ("ber", 0))}
    _, done = fell(order, stock, ("transfer", "backorder"))
    assert len(done.wishes) == 8
    assert [len(row.units) for row in done.tried[0]] == [8, 2]
    assert done.tried[0][0].why_not.endswith("line 10: more than 8 transfers at a time are not asked for")
