"""From counted orders to the demand of a horizon. Pure.

What matters is which SKUs are ordered together and whereto; that is taken as it was counted. How much of a SKU there
will be is its SBA or exponentially smoothed rate: the whole spread between a one-line method and the winner of the M5
competition is 4 % at the level of SKU and store, so accuracy beyond SBA buys little.
"""

from collections.abc import Iterable, Mapping, Sequence

from oms.allocation.prices.model import Basket
from oms.orders.bundles import on_the_shelf
from oms.orders.model import Destination, Order

ALPHA = 0.1  # the usual smoothing of intermittent demand: 0.05 to 0.2 (Syntetos and Boylan 2005)
INTERMITTENT = 1.32  # mean days between days with demand, from which SBA is better (Syntetos, Boylan, Croston 2005)

Counted = Mapping[Basket, int]


def region_of(destination: Destination) -> str:
    """Country and first character of the postal code: `US-9`, `DE-1`; `HK-` where there is none."""
    return f"{destination.country}-{destination.postal_area[:1].upper()}"


def destination_of(region: str) -> tuple[str, str]:
    """The inverse, as far as it goes: country and postal area."""
    country, _, area = region.partition("-")
    return country, area


def basket_of(order: Order) -> Basket:
    """What was asked for, as it lies on shelves, whatever became of it: demand is not what could be served."""
    units: dict[str, int] = {}
    for line in order.lines:
        for sku, quantity in on_the_shelf(line, line.quantity).items():
            units[sku] = units.get(sku, 0) + quantity
    return Basket(tuple(sorted(units.items())), region_of(order.destination), len(units))


def counted(orders: Iterable[Order]) -> dict[Basket, int]:
    """Orders by basket."""
    baskets: dict[Basket, int] = {}
    for order in orders:
        basket = basket_of(order)
        baskets[basket] = baskets.get(basket, 0) + 1
    return baskets


def smoothed_rate(series: Sequence[int]) -> float:
    """Units a day to be expected, from the units of each day, oldest first. No demand at all: 0.

    Intermittent demand by Croston's method with the correction of Syntetos and Boylan (SBA: times 1 - alpha / 2);
    other demand by simple exponential smoothing, begun with the mean.
    """
    days = [day for day, units in enumerate(series) if units]
    if not days:
        return 0.0
    if len(series) / len(days) < INTERMITTENT:
        level = sum(series) / len(series)
        for units in series:
            level += ALPHA * (units - level)
        return level
    size = sum(series) / len(days)
    interval = len(series) / len(days)
    before = -1
    for day in days:
        size += ALPHA * (series[day] - size)
        interval += ALPHA * (day - before - interval)
        before = day
    # Silence that lasts longer than the mean interval says something too: a SKU that died is not expected for ever.
    return (1 - ALPHA / 2) * size / max(interval, len(series) - 1 - before)


def expected_demand(days: Sequence[Counted], horizon_days: int) -> dict[Basket, float]:
    """Orders by basket over the next `horizon_days`, from the counted ones of past days, oldest first."""
    if not days:
        return {}
    totals: dict[Basket, int] = {}
    series: dict[str, list[int]] = {}
    for number, day in enumerate(days):
        for basket, orders in day.items():
            totals[basket] = totals.get(basket, 0) + orders
            for sku, quantity in basket.units:
                series.setdefault(sku, [0] * len(days))[number] += orders * quantity
    trend = {sku: smoothed_rate(units) * len(days) / sum(units) for sku, units in series.items()}
    return {
        basket: orders * horizon_days / len(days) * sum(trend[sku] for sku, _ in basket.units) / len(basket.units)
        for basket, orders in totals.items()
    }
