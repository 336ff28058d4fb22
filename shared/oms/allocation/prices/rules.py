"""The linear program over the demand to come, and the prices that its duals are. Pure.

Orders of one basket are served from locations as a fluid: `x` units of a SKU from a location, `y` parcels of the basket
from it (the deterministic program of Jasin and Sinha 2015). A basket's parcel costs once for all its SKUs: priced SKU
by SKU, without the parcel they share, nine tenths of the gain is lost (docs/performance.md, "Prices of stock").
"""

from collections.abc import Iterable, Mapping
from math import inf

from oms.allocation.prices.model import WAITING, Basket, Lane, Lanes, Market, Program, Solution
from oms.inventory.model import PositionKey

# What a unit costs that nobody ships now, against the dearest lane there is (Jasin and Sinha 2015: twice).
WAITING_FACTOR = 2


def with_waiting(lanes: Lanes) -> dict[tuple[str, str], Lane]:
    """The lanes, and one from nowhere to each region for what has to wait."""
    full = dict(lanes)
    for region in {region for _, region in lanes}:
        here = [lane for (_, to), lane in lanes.items() if to == region]
        full[WAITING, region] = Lane(
            WAITING_FACTOR * max(lane.parcel_minor for lane in here),
            WAITING_FACTOR * max(lane.kilo_minor for lane in here),
        )
    return full


class _Builder:
    """Rows and columns, as they come."""

    def __init__(self) -> None:
        self.program = Program([], [], [], [0], [], [], {})

    def column(self, cost: float) -> int:
        self.program.costs.append(cost)
        return len(self.program.costs) - 1

    def row(self, lower: float, upper: float, entries: Iterable[tuple[int, float]]) -> int:
        program = self.program
        for column, value in entries:
            program.columns.append(column)
            program.values.append(value)
        program.lower.append(lower)
        program.upper.append(upper)
        program.starts.append(len(program.columns))
        return len(program.lower) - 1


def program_of(market: Market) -> Program:
    """The program whose optimum is the cost of the demand to come, with a supply row for each position that has stock.

    Demand of a region that no lane leads to is left out: no location can save a unit for it.
    """
    build = _Builder()
    taken: dict[PositionKey, list[int]] = {}
    places = _places_by_region(market.lanes)
    for basket, orders in sorted(market.demand.items()):
        if orders > 0 and basket.region in places:
            _serve(build, basket, orders, market, places[basket.region], taken)
    for key, columns in sorted(taken.items()):
        row = build.row(-inf, float(market.supply[key]), ((column, 1.0) for column in columns))
        build.program.supply_rows[key] = row
    return build.program


def _places_by_region(lanes: Lanes) -> dict[str, list[str]]:
    places: dict[str, list[str]] = {}
    for place, region in sorted(lanes):
        places.setdefault(region, []).append(place)
    return places


def _serve(
    build: _Builder,
    basket: Basket,
    orders: float,
    market: Market,
    places: Iterable[str],
    taken: dict[PositionKey, list[int]],
) -> None:
    """Every unit from somewhere; no more units of a SKU from a place than parcels from it carry."""
    share = len(basket.units) / basket.lines
    parcels: dict[str, int] = {}
    for sku, quantity in basket.units:
        served: list[tuple[int, float]] = []
        for place in places:
            if place != WAITING and market.supply.get((sku, place), 0) <= 0:
                continue
            lane = market.lanes[place, basket.region]
            if place not in parcels:
                parcels[place] = build.column(lane.parcel_minor * share)
            units = build.column(lane.unit_minor(market.weights_g[sku]))
            build.row(0.0, inf, ((parcels[place], float(quantity)), (units, -1.0)))
            served.append((units, 1.0))
            if place != WAITING:
                taken.setdefault((sku, place), []).append(units)
        if served:
            build.row(orders * quantity, orders * quantity, served)


def prices_of(program: Program, solution: Solution) -> dict[PositionKey, int]:
    """The price of each position that has one: what a unit more would save, in whole minor units."""
    prices = {key: round(-solution.duals[row]) for key, row in program.supply_rows.items()}
    return {key: price for key, price in prices.items() if price > 0}


def is_scarce(market: Market) -> bool:
    """Whether some position could run out: with less than all the demand for its SKU. Otherwise all prices are zero."""
    wanted: dict[str, float] = {}
    for basket, orders in market.demand.items():
        for sku, quantity in basket.units:
            wanted[sku] = wanted.get(sku, 0.0) + orders * quantity
    return any(0 < units < wanted.get(sku, 0.0) for (sku, _), units in market.supply.items())


def merged_prices(
    fresh: Mapping[PositionKey, int], former: Mapping[PositionKey, int], kept_skus: Iterable[str]
) -> dict[PositionKey, int]:
    """Fresh prices, and the former ones of SKUs whose group could not be solved."""
    keep = frozenset(kept_skus)
    return {**{key: price for key, price in former.items() if key[0] in keep}, **fresh}
