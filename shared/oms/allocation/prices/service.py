"""Price stock: forecast, solve, publish. Safe to repeat: a list is dated and never changed, the latest is in force."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from oms.allocation.prices.counting import counted_days
from oms.allocation.prices.forecast import expected_demand
from oms.allocation.prices.grouping import divided
from oms.allocation.prices.model import Demand, Lanes, Market, Prices, PricingReport, Program, Solution
from oms.allocation.prices.rules import is_scarce, merged_prices, price_market, with_waiting
from oms.allocation.prices.store import PriceStore
from oms.inventory.model import Position, PositionKey
from oms.kernel.time import Clock

# Two weeks: about what stock is ordered for. Refreshed every six hours, that is 56 times a horizon.
HORIZON_DAYS = 14
ONE_GROUP_S = 60.0
ALL_GROUPS_S = 200.0  # of the 300 s of the function; what is left over keeps its former prices, and an alarm says so


@dataclass(frozen=True)
class PricingDesk:
    """What pricing needs. `solve` gives up after so many seconds; `timer` counts seconds of this machine."""

    store: PriceStore
    positions: Callable[[Iterable[str]], Mapping[PositionKey, Position]]
    lanes: Callable[[Iterable[str]], Lanes]
    weights_g: Callable[[Iterable[str]], Mapping[str, int]]
    solve: Callable[[Program, float], Solution | None]
    clock: Clock
    timer: Callable[[], float] = time.perf_counter


def price_stock(desk: PricingDesk) -> PricingReport:
    """Publish the prices that follow from the demand to come; nothing is published before anything was counted.

    A group of SKUs whose program is not solved in time keeps its former prices as long as they are good, and counts as
    `failed`. Whatever raises leaves the list in force as it is.

    Raises:
        TransientError: DynamoDB was not there.
    """
    now = desk.clock()
    days = counted_days(desk.store, now)
    if not days:
        return PricingReport()
    markets = [market for market in divided(_market(desk, expected_demand(days, HORIZON_DAYS))) if is_scarce(market)]
    fresh: dict[PositionKey, int] = {}
    failed: list[Market] = []
    took: list[float] = []
    began = desk.timer()
    for market in markets:
        started = desk.timer()
        priced = _priced(desk, market, give_up_at=min(started + ONE_GROUP_S, began + ALL_GROUPS_S))
        took.append(desk.timer() - started)
        if priced is None:
            failed.append(market)
        else:
            fresh |= priced.by_position
    prices = merged_prices(fresh, _former(desk) if failed else {}, {sku for one in failed for sku in _skus(one.demand)})
    made = desk.store.publish(prices, as_of=now, until=now + timedelta(days=HORIZON_DAYS))
    return PricingReport(
        version=made.version,
        days=len(days),
        baskets=sum(len(market.demand) for market in markets),
        groups=len(markets),
        priced=len(prices),
        failed=len(failed),
        slowest_ms=round(max(took, default=0.0) * 1000),
        solving_ms=round(sum(took) * 1000),
    )


def _priced(desk: PricingDesk, market: Market, *, give_up_at: float) -> Prices | None:
    def solve(program: Program) -> Solution | None:
        left = give_up_at - desk.timer()
        return desk.solve(program, left) if left > 0 else None

    return price_market(market, solve) if desk.timer() < give_up_at else None


def _market(desk: PricingDesk, demand: Demand) -> Market:
    """Stock and lanes of the demand. A SKU that is no item has no weight and no price."""
    weights = desk.weights_g(_skus(demand))
    known = {basket: orders for basket, orders in demand.items() if all(sku in weights for sku, _ in basket.units)}
    positions = desk.positions(_skus(known))
    supply = {key: max(position.available, 0) + position.incoming for key, position in positions.items()}
    lanes = with_waiting(desk.lanes({basket.region for basket in known}))
    return Market(known, supply, lanes, weights)


def _skus(demand: Demand) -> set[str]:
    return {sku for basket in demand for sku, _ in basket.units}


def _former(desk: PricingDesk) -> dict[PositionKey, int]:
    made = desk.store.in_force(desk.clock())
    return desk.store.prices_of(made) if made else {}
