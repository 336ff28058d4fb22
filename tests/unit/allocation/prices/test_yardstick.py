"""Prices pay: a small run of the simulation of tests/bench/yardstick.py, the same on every machine."""

import pytest

from tests.bench import etail
from tests.bench.yardstick import HEADING, MYOPIC, NEAREST, ONCE, SKU_BY_SKU, TEN, measure, picture, renewed, section


def test_nearest_costs_more_than_myopic_and_myopic_more_than_priced() -> None:
    rows = measure((NEAREST, MYOPIC, SKU_BY_SKU, ONCE, TEN), instances=2, sequences=1, periods=2_000)
    nearest, myopic, sku_by_sku, once, ten = (row.over_fluid for row in rows)
    assert nearest > myopic > once > ten >= 1
    assert sku_by_sku > once
    assert ten <= 1.025
    assert myopic - ten > 0.02
    # No policy is below what the sharper bound says, and that is not below the other.
    assert all(1 <= row.over_plans <= row.over_fluid for row in rows)


def test_our_own_forecast_is_as_good_as_knowing_the_rates() -> None:
    world = etail.world(0, 2_000)
    coming = etail.arrivals(world, 1)
    known, counted = (
        etail.run(world, coming, etail.exact, solves=5, forecast=forecast).cost
        for forecast in (etail.known_rates, etail.counted_before)
    )
    assert counted <= known * 1.01


def test_our_sourcing_engine_with_prices_decides_at_the_cost_of_the_enumeration() -> None:
    world = etail.world(0, 2_000)
    stock = dict(world.stock)
    prices = etail.prices_for(world, etail.known_rates(world, 0), stock)
    assert len(prices) > 20
    orders = [order for order in etail.arrivals(world, 5, 400) if order is not None]
    for order in orders:
        costs = []
        for policy in (etail.exact, etail.engine):
            plan = policy(world, order, stock, prices)
            worth = sum(prices.get(key, 0) for key in zip(world.types[order[0]], plan, strict=True))
            costs.append(etail._paid(world, order, plan, dict(stock)) + worth)
        assert costs[0] == pytest.approx(costs[1], abs=1e-3)


def test_a_plan_may_not_take_what_is_not_there() -> None:
    world = etail.world(0, 100)
    with pytest.raises(ValueError, match="there is no"):
        etail.run(
            world, etail.arrivals(world, 1) * 20, lambda of, order, _stock, _prices: ["oh"] * len(of.types[order[0]])
        )


def test_a_part_of_the_page_can_be_renewed_alone() -> None:
    rows = measure((NEAREST, MYOPIC), instances=1, sequences=1, periods=200)
    part = section(rows)
    assert renewed(f"before\n{HEADING}\nold\n\n## After\n", part) == f"before\n{part}\n## After\n"
    assert part.count("|") == 4 * 7
    assert picture(rows).count("<rect") == 1 + 2 * 2
    with pytest.raises(ValueError, match="no part"):
        renewed("nothing here", part)
