"""Sourcing an order: constraints, splits, the two passes, and what is said about it."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oms.allocation.sourcing.engine import source
from oms.allocation.sourcing.filters import candidates
from oms.allocation.sourcing.model import Case, Offer, Part, Place, Wanted, Worth
from oms.allocation.sourcing.network import MICRO, Tariff
from oms.allocation.sourcing.strategy import (
    BUILT_IN,
    Filters,
    Rule,
    Scope,
    Split,
    Strategy,
    Traits,
    Weights,
    refuse_unusable,
    rule_for,
)
from oms.kernel.errors import RejectedError
from oms.orders.workload.model import Load

PARCEL = Offer("table/std", Tariff((2_000, 10_000), (400, 600)), date(2026, 11, 26))
FAST = Offer("table/express", Tariff((2_000, 10_000), (900, 1_200)), date(2026, 11, 24))
PLACES = (
    Place("ber-1", "DE", km=10, offers=(PARCEL,)),
    Place("ham-1", "DE", km=250, offers=(PARCEL,)),
    Place("lon-1", "GB", km=900, offers=(Offer("table/abroad", Tariff((10_000,), (1_500,)), date(2026, 11, 30)),)),
)
SKUS = ("A", "B", "C")


def strategy(**rule: object) -> Strategy:
    made = Rule(name="only", **rule)  # type: ignore[arg-type]
    return Strategy(name="default", version=3, rules=(made,), by="user:tester", at="2026-11-23T09:00:00Z")


def case(lines: dict[str, int], stock: dict[str, dict[str, int]], **more: object) -> Case:
    wanted = tuple(Wanted(number, sku, units, 500) for number, (sku, units) in enumerate(lines.items(), 1))
    base = {"country": "DE", "area": "10", "channel": "shop", "order_class": "consumer", "places": PLACES}
    return Case(lines=wanted, stock=stock, **{**base, **more})  # type: ignore[arg-type]


stocks = st.fixed_dictionaries(
    {sku: st.dictionaries(st.sampled_from([place.name for place in PLACES]), st.integers(-1, 6)) for sku in SKUS}
)
orders = st.dictionaries(st.sampled_from(SKUS), st.integers(1, 6), min_size=1)
rules = st.builds(
    lambda mode, most, complete, soft, km: strategy(
        split=Split(mode=mode, max_locations=most, ship_complete=complete),
        filters=Filters(max_km=km, countries=("DE",)),
        hard=() if soft else ("distance", "country"),
        soft=("country", "distance") if soft else (),
    ),
    st.sampled_from(["none", "whole_lines", "by_quantity"]),
    st.sampled_from([None, 1, 2]),
    st.booleans(),
    st.booleans(),
    st.sampled_from([None, 100, 500]),
)


@settings(max_examples=150, deadline=None)
@given(orders, stocks, rules)
def test_a_chosen_location_keeps_every_constraint_that_was_not_relaxed(
    lines: dict[str, int], stock: dict[str, dict[str, int]], wanted: Strategy
) -> None:
    problem = case(lines, stock)
    outcome = source(problem, wanted)
    rule = wanted.rules[0]
    assert set(outcome.relaxed) <= set(rule.soft)
    fitting = {place.name for place in candidates(problem, rule, outcome.relaxed).places}
    assert set(outcome.locations) <= fitting
    assert {refusal.location for refusal in outcome.refusals if refusal.number is None}.isdisjoint(outcome.locations)


@settings(max_examples=150, deadline=None)
@given(orders, stocks, rules)
def test_every_unit_is_taken_from_stock_or_waits(
    lines: dict[str, int], stock: dict[str, dict[str, int]], wanted: Strategy
) -> None:
    problem = case(lines, stock)
    outcome = source(problem, wanted)
    for sku in lines:
        for place in PLACES:
            taken = sum(part.units for part in outcome.parts if (part.sku, part.location) == (sku, place.name))
            assert taken <= max(0, stock[sku].get(place.name, 0))
    for line in problem.lines:
        taken = sum(part.units for part in outcome.parts if part.number == line.number)
        assert taken + outcome.waiting.get(line.number, 0) == line.units
    if wanted.rules[0].split.ship_complete:
        assert not (outcome.parts and outcome.waiting)


@settings(max_examples=100, deadline=None)
@given(orders, stocks, rules)
def test_the_same_inputs_in_any_order_give_the_same_decision(
    lines: dict[str, int], stock: dict[str, dict[str, int]], wanted: Strategy
) -> None:
    problem = case(lines, stock)
    mirrored = Case(
        lines=tuple(reversed(problem.lines)),
        country="DE",
        area="10",
        channel="shop",
        order_class="consumer",
        stock={sku: dict(reversed(row.items())) for sku, row in reversed(stock.items())},
        places=tuple(reversed(PLACES)),
    )
    assert source(mirrored, wanted) == source(problem, wanted)


def test_one_parcel_from_further_away_beats_two_from_near() -> None:
    outcome = source(case({"A": 1, "B": 1}, {"A": {"ber-1": 1, "ham-1": 1}, "B": {"ham-1": 1}}), BUILT_IN)
    assert outcome.locations == ("ham-1",)
    assert outcome.cost == outcome.bound == (400 + 200) * MICRO + 250 * MICRO // 1_000
    assert outcome.rivals[0]._asdict() == {
        "location": "ber-1", "km": 10, "instead_of": None, "more": 0, "lacks": 1,
    }  # fmt: skip


def test_the_nearer_of_two_equal_locations_ships() -> None:
    outcome = source(case({"A": 1}, {"A": {"ber-1": 1, "ham-1": 1}}), BUILT_IN)
    assert outcome.parts == (Part(1, "A", "ber-1", 1),)
    assert outcome.rivals == (("ham-1", 250, "ber-1", 240 * MICRO // 1_000, 0),)


def test_the_last_unit_near_is_kept_when_it_is_worth_more_than_the_way() -> None:
    worth = {("A", "ber-1"): Worth(shadow=50)}
    outcome = source(case({"A": 1}, {"A": {"ber-1": 1, "ham-1": 9}}, worth=worth), BUILT_IN)
    assert outcome.locations == ("ham-1",)


def test_lateness_is_paid_for() -> None:
    places = (Place("ber-1", "DE", km=10, offers=(PARCEL, FAST)),)
    promised = case({"A": 1}, {"A": {"ber-1": 1}}, places=places, promised_on=date(2026, 11, 24))
    assert dict(source(promised, BUILT_IN).scores[0].parts)["shipping"] == 900 * MICRO
    cheap = strategy(weights=Weights(late_day_minor=10))
    assert dict(source(promised, cheap).scores[0].parts)["lateness"] == 20 * MICRO


def test_a_soft_constraint_is_dropped_only_when_units_would_wait() -> None:
    near = strategy(filters=Filters(max_km=100), soft=("distance",))
    enough = source(case({"A": 1}, {"A": {"ber-1": 1, "ham-1": 1}}), near)
    assert (enough.locations, enough.relaxed) == (("ber-1",), ())
    assert [refusal[:2] for refusal in enough.refusals] == [("ham-1", "distance"), ("lon-1", "stock")]
    short = source(case({"A": 1}, {"A": {"ham-1": 1}}), near)
    assert (short.locations, short.relaxed) == (("ham-1",), ("distance",))
    hard = source(case({"A": 1}, {"A": {"ham-1": 1}}), strategy(filters=Filters(max_km=100), hard=("distance",)))
    assert (hard.parts, hard.waiting) == ((), {1: 1})


def test_a_full_location_takes_nothing_and_a_nearly_full_one_what_fits() -> None:
    full = Place("ber-1", "DE", km=10, capacity=Load(orders=5), used=Load(orders=5), offers=(PARCEL,))
    stock = {"A": {"ber-1": 9, "ham-1": 9}}
    assert source(case({"A": 4}, stock, places=(full, PLACES[1])), BUILT_IN).locations == ("ham-1",)
    tight = Place("ber-1", "DE", km=10, capacity=Load(units=10), used=Load(units=7), offers=(PARCEL,))
    assert source(case({"A": 3}, stock, places=(tight,)), BUILT_IN).locations == ("ber-1",)
    relaxed = source(case({"A": 4}, stock, places=(tight,)), BUILT_IN)
    assert (relaxed.locations, relaxed.relaxed) == (("ber-1",), ("capacity",))


def test_a_hazardous_line_goes_only_where_it_may() -> None:
    places = (PLACES[0], Place("ham-1", "DE", km=250, capabilities=frozenset({"dangerous_goods"}), offers=(PARCEL,)))
    rule = strategy(filters=Filters(capabilities={"hazmat": "dangerous_goods"}), hard=("capability",), soft=())
    lines = (Wanted(1, "A", 1, 500, frozenset({"hazmat"})), Wanted(2, "B", 1, 500))
    stock = {"A": {"ber-1": 1, "ham-1": 1}, "B": {"ber-1": 1}}
    problem = Case(lines, "DE", "10", "shop", "consumer", stock, places)
    outcome = source(problem, rule)
    assert outcome.parts == (Part(1, "A", "ham-1", 1), Part(2, "B", "ber-1", 1))
    assert outcome.refusals == (("ber-1", "capability", "lacks dangerous_goods", 1),)


def test_a_group_stays_together() -> None:
    lines = (Wanted(1, "A", 1, 500, group="set"), Wanted(2, "B", 1, 500, group="set"))
    stock = {"A": {"ber-1": 1, "lon-1": 1}, "B": {"ham-1": 1, "lon-1": 1}}
    together = Case(lines, "DE", "10", "shop", "consumer", stock, PLACES)
    assert source(together, BUILT_IN).locations == ("lon-1",)
    apart = strategy(split=Split(keep_groups=False), weights=Weights(split_minor=0))
    assert source(together, apart).locations == ("ber-1", "ham-1")


def test_two_lines_of_one_sku_share_its_stock() -> None:
    lines = (Wanted(1, "A", 2, 500), Wanted(2, "A", 2, 500))
    problem = Case(lines, "DE", "10", "shop", "consumer", {"A": {"ber-1": 3}}, PLACES)
    assert source(problem, BUILT_IN).waiting == {2: 1}
    assert source(problem, strategy(split=Split(mode="whole_lines"))).waiting in ({1: 2}, {2: 2})


@pytest.mark.parametrize(
    ("scopes", "chosen"),
    [
        ([Scope(), Scope(region="DE")], 1),
        ([Scope(region="DE"), Scope(region="DE-10"), Scope(region="FR")], 1),
        ([Scope(region="DE-10"), Scope(item_class="hazmat")], 1),
        ([Scope(sku="A"), Scope(item_class="hazmat", region="DE")], 0),
        ([Scope(sku="A"), Scope(order_class="consumer")], 1),
        ([Scope(order_class="consumer", sku="A", region="DE-10"), Scope(channel="shop")], 1),
        ([Scope(channel="market"), Scope(channel="shop", region="FR"), Scope()], 2),
    ],
)
def test_the_most_specific_rule_decides(scopes: list[Scope], chosen: int) -> None:
    made = tuple(Rule(name=f"rule_{place}", scope=scope) for place, scope in enumerate(scopes))
    several = Strategy(name="default", version=1, rules=made, by="user:tester", at="2026-11-23T09:00:00Z")
    traits = Traits("shop", "consumer", {"A"}, {"hazmat"}, "DE-101")
    assert rule_for(several, traits) is made[chosen]


def test_two_rules_of_one_scope_are_refused() -> None:
    with pytest.raises(RejectedError) as refused:
        refuse_unusable([Rule(name="one"), Rule(name="one")])
    assert [fault.field for fault in refused.value.faults] == ["rules.1.name", "rules.1.scope"]
