"""What a unit is worth: worked by hand, and the law of shadow prices."""

from hypothesis import given, settings
from hypothesis import strategies as st

from oms.allocation.prices.model import WAITING, Basket, Lane, Market
from oms.allocation.prices.rules import is_scarce, merged_prices, price_market, with_waiting
from oms.allocation.prices.solver import solve
from oms.inventory.model import PositionKey

NEAR, FAR = "US-1", "US-9"
LANES = with_waiting(
    {
        ("ny", NEAR): Lane(100, 0),
        ("la", NEAR): Lane(300, 0),
        ("ny", FAR): Lane(150, 0),
        ("la", FAR): Lane(200, 0),
    }
)


def basket(region: str, **units: int) -> Basket:
    return Basket(tuple(sorted(units.items())), region, len(units))


def priced(market: Market) -> tuple[float, dict[PositionKey, int]]:
    prices = price_market(market, lambda program: solve(program, 10))
    assert prices is not None
    return prices.cost, prices.by_position


def test_a_unit_is_worth_what_it_saves_the_last_region_that_gets_it() -> None:
    demand = {basket(NEAR, mug=1): 10.0, basket(FAR, mug=1): 10.0}
    market = Market(demand, {("mug", "ny"): 12, ("mug", "la"): 20}, LANES, {"mug": 300})
    assert priced(market) == (10 * 100 + 2 * 150 + 8 * 200, {("mug", "ny"): 50})


def test_what_is_left_over_is_worth_nothing() -> None:
    demand = {basket(NEAR, mug=1): 10.0}
    assert priced(Market(demand, {("mug", "ny"): 11, ("mug", "la"): 5}, LANES, {"mug": 300})) == (1000, {})


def test_with_too_little_everywhere_a_unit_is_worth_the_waiting_that_it_saves() -> None:
    demand = {basket(NEAR, mug=1): 10.0}
    cost, prices = priced(Market(demand, {("mug", "ny"): 3, ("mug", "la"): 4}, LANES, {"mug": 300}))
    assert LANES[WAITING, NEAR] == Lane(600, 0)
    assert (cost, prices) == (300 + 1200 + 3 * 600, {("mug", "ny"): 500, ("mug", "la"): 300})


def test_a_unit_that_saves_a_second_parcel_is_worth_the_parcel() -> None:
    lanes = with_waiting({("ny", NEAR): Lane(100, 0), ("la", NEAR): Lane(110, 0)})
    demand = {basket(NEAR, cup=1, mug=1): 10.0, basket(NEAR, mug=1): 10.0}
    supply = {("cup", "ny"): 99, ("mug", "ny"): 9, ("mug", "la"): 99}
    assert priced(Market(demand, supply, lanes, {"cup": 1, "mug": 1}))[1] == {("mug", "ny"): 110}
    supply["mug", "ny"] = 15  # enough for all pairs: the next one goes alone, from ten cents nearer
    assert priced(Market(demand, supply, lanes, {"cup": 1, "mug": 1}))[1] == {("mug", "ny"): 10}


def test_weight_and_quantity_count_by_the_unit() -> None:
    lanes = with_waiting({("ny", NEAR): Lane(100, 10), ("la", NEAR): Lane(100, 50)})
    demand = {basket(NEAR, anvil=3): 4.0}
    market = Market(demand, {("anvil", "ny"): 7, ("anvil", "la"): 50}, lanes, {"anvil": 2_000})
    cost, prices = priced(market)
    # On average: seven thirds of the orders from one place, five thirds from the other.
    assert round(cost) == 7 * 20 + 5 * 100 + 4 * 100
    assert prices == {("anvil", "ny"): 80}


def test_part_of_a_basket_bears_its_part_of_the_parcel() -> None:
    demand = {Basket((("mug", 1),), NEAR, 4): 10.0}
    assert priced(Market(demand, {("mug", "ny"): 20}, LANES, {"mug": 1}))[0] == 250


def test_a_region_that_nobody_ships_to_makes_nothing_scarce() -> None:
    demand = {basket("AQ-", mug=1): 10.0}
    assert priced(Market(demand, {("mug", "ny"): 1}, LANES, {"mug": 1})) == (0, {})


def test_stock_is_scarce_where_it_could_run_out() -> None:
    demand = {basket(NEAR, mug=2): 10.0}
    assert not is_scarce(Market(demand, {("mug", "ny"): 20, ("mug", "la"): 0}, LANES, {}))
    assert is_scarce(Market(demand, {("mug", "ny"): 19}, LANES, {}))


def test_only_what_was_not_solved_keeps_its_former_price() -> None:
    former = {("mug", "ny"): 40, ("cup", "ny"): 30, ("jug", "ny"): 20}
    assert merged_prices({("mug", "ny"): 50}, former, ["cup"]) == {("mug", "ny"): 50, ("cup", "ny"): 30}


SKUS, PLACES, REGIONS = ("cup", "jug", "mug"), ("la", "ny"), (NEAR, FAR)
BASKETS = st.builds(
    lambda skus, quantity, region: Basket(tuple((sku, quantity) for sku in sorted(skus)), region, len(skus)),
    st.sets(st.sampled_from(SKUS), min_size=1),
    st.integers(1, 3),
    st.sampled_from(REGIONS),
)
MARKETS = st.builds(
    lambda demand, supply, costs: Market(
        demand,
        dict(zip(((sku, place) for sku in SKUS for place in PLACES), supply, strict=True)),
        with_waiting(dict(zip(((p, r) for p in PLACES for r in REGIONS), costs, strict=True))),
        dict.fromkeys(SKUS, 500),
    ),
    st.dictionaries(BASKETS, st.integers(1, 20).map(float), min_size=1, max_size=6),
    st.lists(st.integers(1, 30), min_size=6, max_size=6),
    st.lists(st.builds(Lane, st.integers(100, 900), st.integers(0, 300)), min_size=4, max_size=4),
)


@settings(max_examples=60, deadline=None)
@given(MARKETS, st.sampled_from([(sku, place) for sku in SKUS for place in PLACES]))
def test_a_price_lies_between_what_a_unit_more_saves_and_a_unit_less_costs(market: Market, key: PositionKey) -> None:
    cost, prices = priced(market)
    price, rounding = prices.get(key, 0), 0.5 + 1e-6
    more, _ = priced(market._replace(supply={**market.supply, key: market.supply[key] + 1}))
    less, _ = priced(market._replace(supply={**market.supply, key: market.supply[key] - 1}))
    assert cost - more <= price + rounding
    if market.supply[key] > 1:
        assert less - cost >= price - rounding
