"""Cutting a market into programs of bounded size."""

from hypothesis import given
from hypothesis import strategies as st

from oms.allocation.prices.grouping import divided
from oms.allocation.prices.model import Basket, Demand, Market
from oms.allocation.prices.rules import price_market
from oms.allocation.prices.solver import solve
from oms.inventory.model import PositionKey
from tests.unit.allocation.prices.test_rules import LANES, NEAR, basket

SKUS = [f"s{number}" for number in range(12)]


def market_of(demand: Demand) -> Market:
    supply = {(sku, place): 5 + number for number, sku in enumerate(SKUS) for place in ("la", "ny")}
    return Market(demand, supply, LANES, dict.fromkeys(SKUS, 100))


def lines_of(market: Market) -> int:
    return sum(len(one.units) for one in market.demand)


def units_of(demand: Demand) -> dict[tuple[str, str], float]:
    units: dict[tuple[str, str], float] = {}
    for one, orders in demand.items():
        for sku, quantity in one.units:
            units[sku, one.region] = units.get((sku, one.region), 0.0) + orders * quantity
    return units


def prices(markets: list[Market]) -> dict[PositionKey, int]:
    found: dict[PositionKey, int] = {}
    for market in markets:
        priced = price_market(market, lambda program: solve(program, 10))
        assert priced is not None
        found |= priced.by_position
    return found


def test_skus_that_are_never_ordered_together_are_priced_apart_and_alike() -> None:
    whole = market_of({basket(NEAR, s0=1, s1=1): 30.0, basket(NEAR, s2=1): 30.0, basket(NEAR, s1=1, s3=1): 9.0})
    parts = divided(whole)
    assert [sorted({key[0] for key in part.supply}) for part in parts] == [["s0", "s1", "s3"], ["s2"]]
    assert prices(parts) == prices([whole])
    assert {key[0] for key in prices(parts)} == {"s1", "s2"}


def test_the_strongest_ties_hold_where_there_is_no_room_for_all() -> None:
    tied = {basket(NEAR, s0=1, s1=1): 50.0, basket(NEAR, s1=1, s2=1): 5.0, basket(NEAR, s2=1, s3=1): 40.0}
    parts = divided(market_of(tied), max_lines=4)
    assert [sorted({key[0] for key in part.supply}) for part in parts] == [["s0", "s1"], ["s2", "s3"]]
    assert parts[0].demand == {basket(NEAR, s0=1, s1=1): 50.0, Basket((("s1", 1),), NEAR, 2): 5.0}


BASKETS = st.builds(
    lambda skus, quantity, region: Basket(tuple((sku, quantity) for sku in sorted(skus)), region, len(skus)),
    st.sets(st.sampled_from(SKUS), min_size=1, max_size=5),
    st.integers(1, 2),
    st.sampled_from(("US-1", "US-9")),
)


@given(st.dictionaries(BASKETS, st.integers(1, 50).map(float), min_size=1, max_size=40), st.integers(1, 100))
def test_every_unit_is_in_one_program_and_every_sku_in_one_group(demand: dict[Basket, float], size: int) -> None:
    parts = divided(market_of(demand), max_lines=size)
    skus = [{sku for one in part.demand for sku, _ in one.units} for part in parts]
    assert sum(map(len, skus)) == len(set().union(*skus))
    together: dict[Basket, float] = {}
    for part in parts:
        for one, orders in part.demand.items():
            together[one] = together.get(one, 0.0) + orders
    assert units_of(together) == units_of(demand)
    # A SKU alone: one or two of it, to two regions, of an order of up to five lines. No program grows beyond that.
    assert all(lines_of(part) <= max(size, 2 * 2 * 5) for part in parts)


def test_a_sku_of_many_baskets_keeps_the_most_frequent_whole() -> None:
    demand = {basket(NEAR, s0=1, **{f"s{number}": 1}): float(number) for number in range(1, 12)}
    parts = divided(market_of(demand), max_lines=14)
    assert max(map(lines_of, parts)) <= 14
    whole = {one for part in parts for one in part.demand if len(one.units) == 2}
    assert basket(NEAR, s0=1, s11=1) in whole
    assert basket(NEAR, s0=1, s1=1) not in whole
