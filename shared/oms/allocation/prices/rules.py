"""Which plans the demand to come is served by at the least cost, and the prices that follow. Pure.

A plan of a basket says for each SKU which location it comes from; a parcel is paid once for all that comes from one
location. The program mixes plans so that nothing is taken that is not there; its duals are the prices. It has far too
many plans to list, so they are found one by one (Dantzig and Wolfe 1960; Gilmore and Gomory 1961): solve over the plans
known so far, then ask for each basket whether another plan is cheaper at these prices.

The fluid program of Jasin and Sinha (2015) lets a basket be served half from here and half from there for half a parcel
each; its bound is up to 3.5 % lower than this one and its prices are worse (docs/performance.md, "Prices of stock").
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations
from math import inf
from typing import NamedTuple

from oms.allocation.prices.model import WAITING, Basket, Lane, Lanes, Market, Plan, Prices, Program, Solution
from oms.inventory.model import PositionKey

# What a unit costs that nobody ships now, against the dearest lane there is (Jasin and Sinha 2015: twice).
WAITING_FACTOR = 2
# Sets of places looked at for one basket: all of them for 5 SKUs at 8 places, those of up to 2 for any SKUs at 70.
MAX_SETS = 2_500
# Six were enough in the bench. More would change a price by less than a minor unit.
MAX_ROUNDS = 30
_EPSILON = 1e-6

Solve = Callable[[Program], Solution | None]


def with_waiting(lanes: Lanes) -> dict[tuple[str, str], Lane]:
    """The lanes, and one from nowhere to each region for what has to wait."""
    full = dict(lanes)
    by_region: dict[str, list[Lane]] = {}
    for (_, region), lane in lanes.items():
        by_region.setdefault(region, []).append(lane)
    for region, here in by_region.items():
        full[WAITING, region] = Lane(
            WAITING_FACTOR * max(lane.parcel_minor for lane in here),
            WAITING_FACTOR * max(lane.kilo_minor for lane in here),
        )
    return full


class Choices:
    """Where a basket's SKUs can come from: parcels by place, units by SKU and place (infinite where there is none)."""

    def __init__(self, basket: Basket, market: Market, places: Iterable[str]) -> None:
        self.basket = basket
        skus = [sku for sku, _ in basket.units]
        self.places = [
            place for place in places if place == WAITING or any(market.supply.get((sku, place), 0) > 0 for sku in skus)
        ]
        lanes = [market.lanes[place, basket.region] for place in self.places]
        share = len(basket.units) / basket.lines
        self.parcels = [lane.parcel_minor * share for lane in lanes]
        self.units = [
            [
                quantity * lane.unit_minor(market.weights_g[sku])
                if place == WAITING or market.supply.get((sku, place), 0) > 0
                else inf
                for place, lane in zip(self.places, lanes, strict=True)
            ]
            for sku, quantity in basket.units
        ]
        self.keys = [[(sku, place) for place in self.places] for sku in skus]

    def cheapest(self, prices: Mapping[PositionKey, float]) -> tuple[float, tuple[int, ...]]:
        """The least cost at these prices, and the place of each SKU. Sets of places in order of size, with a bound.

        Exact unless more than `MAX_SETS` sets would have to be looked at.
        """
        costs = [
            [cost + quantity * prices.get(key, 0.0) for cost, key in zip(row, keys, strict=True)]
            for row, keys, (_, quantity) in zip(self.units, self.keys, self.basket.units, strict=True)
        ]
        low = sum(map(min, costs))
        cheapest_parcel = min(self.parcels)
        best, left = inf, MAX_SETS
        chosen: tuple[int, ...] = (0,)
        for size in range(1, min(len(costs), len(self.places)) + 1):
            if size * cheapest_parcel + low >= best or left <= 0:
                break
            for places in combinations(range(len(self.places)), size):
                left -= 1
                total = sum([self.parcels[place] for place in places])
                if total + low >= best:
                    continue
                for row in costs:
                    total += min([row[place] for place in places])
                if total < best:
                    best, chosen = total, places
                if left <= 0:
                    break
        return best, tuple(min(chosen, key=row.__getitem__) for row in costs)

    def plan(self, picks: tuple[int, ...]) -> Plan:
        """The plan with each SKU from the place of that number."""
        cost = sum(self.parcels[place] for place in sorted(set(picks)))
        cost += sum(row[place] for row, place in zip(self.units, picks, strict=True))
        return Plan(cost, tuple(self.places[place] for place in picks))


def price_market(market: Market, solve: Solve) -> Prices | None:
    """The prices of all positions that have one; None if a program was not solved.

    Demand of a region that no lane leads to is left out: no location can save a unit for it.
    """
    places: dict[str, list[str]] = {}
    for place, region in sorted(market.lanes):
        places.setdefault(region, []).append(place)
    served = sorted(key for key, orders in market.demand.items() if orders > 0 and key.region in places)
    choices = [Choices(basket, market, places[basket.region]) for basket in served]
    # Waiting is always possible, so the program always has a solution.
    known = [{choice.plan(choice.cheapest({})[1]), _wait(choice)} for choice in choices]
    solved = _solved(market, served, known, solve)
    for _ in range(MAX_ROUNDS):
        if solved is None or not _grow(choices, known, solved):
            break
        solved = _solved(market, served, known, solve)
    if solved is None:
        return None
    return Prices(solved.cost, {key: round(price) for key, price in solved.prices.items() if round(price) > 0})


class _Solved(NamedTuple):
    """The optimum over the plans known so far: what a basket pays for an order, and what a unit is worth."""

    cost: float
    paid: Sequence[float]
    prices: Mapping[PositionKey, float]


def _solved(market: Market, baskets: Sequence[Basket], known: Iterable[Iterable[Plan]], solve: Solve) -> _Solved | None:
    program = program_of(market, baskets, known)
    solution = solve(program)
    if solution is None:
        return None
    prices = {key: max(-solution.duals[row], 0.0) for key, row in program.supply_rows.items()}
    return _Solved(solution.objective, solution.duals[: len(baskets)], prices)


def _wait(choices: Choices) -> Plan:
    return choices.plan((choices.places.index(WAITING),) * len(choices.basket.units))


def _grow(choices: Iterable[Choices], known: Iterable[set[Plan]], solved: _Solved) -> bool:
    """Add each basket's plan that is cheaper at these prices than what it pays now; whether there was any."""
    grown = False
    for choice, plans, paid in zip(choices, known, solved.paid, strict=True):
        cost, picks = choice.cheapest(solved.prices)
        if cost < paid - _EPSILON:
            before = len(plans)
            plans.add(choice.plan(picks))
            grown = grown or len(plans) > before
    return grown


def program_of(market: Market, baskets: Iterable[Basket], plans: Iterable[Iterable[Plan]]) -> Program:
    """A row for each basket (so many orders, by some plan), then one for each position that a plan takes from."""
    program = Program([], [], [], [0], [], [], {})
    taken: dict[PositionKey, list[tuple[int, float]]] = {}
    for basket, its in zip(baskets, plans, strict=True):
        columns: list[tuple[int, float]] = []
        for plan in sorted(its):
            column = len(program.costs)
            program.costs.append(plan.cost)
            columns.append((column, 1.0))
            for (sku, quantity), place in zip(basket.units, plan.places, strict=True):
                if place != WAITING:
                    # units as the coefficients of a linear program, whose solver reckons in floats; no money is in them
                    taken.setdefault((sku, place), []).append((column, float(quantity)))
        orders = market.demand[basket]
        _row(program, orders, orders, columns)
    for key, entries in sorted(taken.items()):
        program.supply_rows[key] = len(program.lower)
        _row(program, -inf, float(market.supply[key]), entries)
    return program


def _row(program: Program, lower: float, upper: float, entries: Iterable[tuple[int, float]]) -> None:
    for column, value in entries:
        program.columns.append(column)
        program.values.append(value)
    program.lower.append(lower)
    program.upper.append(upper)
    program.starts.append(len(program.columns))


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
