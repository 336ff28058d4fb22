"""The e-tail fulfilment problem of the literature, to see what prices of stock are worth.

One horizon, stock that is not replenished, orders of one to five SKUs one after the other, each decided for good when
it comes. Instances as Jasin and Sinha (2015) make them and Ma (2023) made them again: 20 SKUs, five order types of each
size with random shares, regions by population, each location stocks a SKU with probability 0.75, stock of mean plus
half a standard deviation of the demand of the regions for which it is the nearest; a parcel costs 8.759, a unit
0.423 + 0.000541 per mile, and what nobody ships costs twice a parcel and twice the dearest unit. Money is in cents.
"""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import asin, cos, inf, radians, sin, sqrt
from typing import NamedTuple

from oms.allocation.prices.forecast import expected_demand
from oms.allocation.prices.model import Basket, Lane, Market, Program
from oms.allocation.prices.rules import price_market, with_waiting
from oms.allocation.prices.solver import solve
from oms.allocation.sourcing import exact as sourcing
from oms.allocation.sourcing.network import MICRO, Network, Option, Piece, Source, Tariff

# Five places near the hubs of parcel carriers, and the ten largest cities of the United States by the census of 2020.
PLACES = {"oh": (40.0, -83.0), "tx": (32.8, -96.8), "nv": (39.5, -119.8), "ga": (33.7, -84.4), "pa": (40.2, -76.0)}
CITIES = {
    "new-york": (40.7, -74.0, 8_804_190), "los-angeles": (34.1, -118.2, 3_898_747), "chicago": (41.9, -87.6, 2_746_388),
    "houston": (29.8, -95.4, 2_304_580), "phoenix": (33.4, -112.1, 1_608_139),
    "philadelphia": (40.0, -75.2, 1_603_797), "san-antonio": (29.4, -98.5, 1_434_625),
    "san-diego": (32.7, -117.2, 1_386_932), "dallas": (32.8, -96.8, 1_304_379), "san-jose": (37.3, -121.9, 1_013_240),
}  # fmt: skip
SKUS = [f"sku{number:02}" for number in range(20)]
SIZES, TYPES_OF_SIZE, CARRIED, SAFETY = (1, 2, 3, 4, 5), 5, 0.75, 0.5
PARCEL, UNIT, PER_MILE = 875.9, 42.3, 0.0541
_KILO = 1000  # every unit weighs a kilogram, so that a lane's price per kilogram is one per unit
_EARTH_MILES = 3958.8
_DAYS, _PAST_DAYS = 14, 28
_PATIENCE_S = 600.0

Stock = dict[tuple[str, str], int]
Order = tuple[int, str]  # (type, city)
Prices = Mapping[tuple[str, str], int]
Plan = list[str]  # a place for each SKU of the type; "" is nobody
Policy = Callable[["World", Order, Stock, Prices], Plan]


def _miles(one: Sequence[float], two: Sequence[float]) -> float:
    north, north_there = radians(one[0]), radians(two[0])
    half_east = sin(radians(two[1] - one[1]) / 2)
    angle = sin((north_there - north) / 2) ** 2 + cos(north) * cos(north_there) * half_east**2
    return 2 * _EARTH_MILES * asin(sqrt(angle))


DISTANCE = {(place, city): _miles(at, there) for place, at in PLACES.items() for city, there in CITIES.items()}
LANES = with_waiting({key: Lane(PARCEL, UNIT + PER_MILE * miles) for key, miles in DISTANCE.items()})
PLACES_AND_NOBODY = (*PLACES, "")
# Sets of places by what their parcels cost. Nobody's parcel is dearer, so a set with it comes later than one without.
_SETS = sorted(
    (sum(LANES[place, "dallas"].parcel_minor for place in places), places)
    for size in range(1, len(PLACES) + 2)
    for places in combinations(PLACES_AND_NOBODY, size)
)
_UNIT = {city: {place: LANES[place, city].kilo_minor for place in PLACES_AND_NOBODY} for city in CITIES}


@dataclass(frozen=True)
class World:
    """One instance: order types, their rates by city, and the stock at the beginning of a horizon of `periods`."""

    types: list[list[str]]
    rates: dict[Order, float]
    stock: Stock
    periods: int


def world(seed: int, periods: int) -> World:
    """An instance, the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311  a simulation, not a secret
    types = [sorted(chance.sample(SKUS, size)) for size in SIZES for _ in range(TYPES_OF_SIZE)]
    weights = [chance.random() for _ in range(len(SIZES) + 1)]  # the first is that of no order at all
    shares: list[float] = []
    for place in range(len(SIZES)):
        parts = [chance.random() for _ in range(TYPES_OF_SIZE)]
        shares += [weights[place + 1] / sum(weights) * part / sum(parts) for part in parts]
    people = sum(city[2] for city in CITIES.values())
    rates = {(number, city): share * CITIES[city][2] / people for number, share in enumerate(shares) for city in CITIES}
    rate: dict[tuple[str, str], float] = {}
    for sku in SKUS:
        stocked = [place for place in PLACES if chance.random() < CARRIED]
        for (number, city), often in rates.items():
            if stocked and sku in types[number]:
                nearest = min(stocked, key=lambda place: DISTANCE[place, city])
                rate[sku, nearest] = rate.get((sku, nearest), 0.0) + often
    stock = {key: round(periods * mean + SAFETY * sqrt(periods * mean * (1 - mean))) for key, mean in rate.items()}
    return World(types, rates, stock, periods)


def arrivals(of: World, seed: int, periods: int | None = None) -> list[Order | None]:
    """What comes in each period: an order, or none."""
    chance = random.Random(seed)  # noqa: S311  see `world`
    kinds = [*of.rates, None]
    weights = [*of.rates.values(), 1 - sum(of.rates.values())]
    return chance.choices(kinds, weights, k=of.periods if periods is None else periods)


def market(of: World, demand: Mapping[Order, float], stock: Stock) -> Market:
    """The instance as pricing sees it."""
    wanted: dict[Basket, float] = {}
    for (number, city), orders in demand.items():
        basket = basket_of(of, (number, city))
        wanted[basket] = wanted.get(basket, 0.0) + orders
    return Market(wanted, stock, LANES, dict.fromkeys(SKUS, _KILO))


def basket_of(of: World, order: Order) -> Basket:
    skus = of.types[order[0]]
    return Basket(tuple((sku, 1) for sku in skus), order[1], len(skus))


def nearest(of: World, order: Order, stock: Stock, _prices: Prices) -> Plan:
    """Every SKU from the nearest place that has it."""
    number, city = order
    plan = []
    for sku in of.types[number]:
        places = [place for place in PLACES if stock.get((sku, place), 0) > 0]
        plan.append(min(places, key=lambda place: DISTANCE[place, city]) if places else "")
    return plan


def exact(of: World, order: Order, stock: Stock, prices: Prices) -> Plan:
    """The cheapest plan of the order at these prices, by all sets of places; without prices it is the myopic one."""
    number, city = order
    units = _UNIT[city]
    rows = [
        [
            units[place] + prices.get((sku, place), 0) if not place or stock.get((sku, place), 0) > 0 else inf
            for place in PLACES_AND_NOBODY
        ]
        for sku in of.types[number]
    ]
    low = sum(map(min, rows))
    best, chosen = inf, _INDICES[-1][1]
    for parcels, places in _INDICES:
        if parcels + low >= best:
            break
        total = parcels
        for row in rows:
            total += min([row[place] for place in places])
        if total < best:
            best, chosen = total, places
    return [PLACES_AND_NOBODY[min(chosen, key=row.__getitem__)] for row in rows]


_INDICES = [(parcels, tuple(PLACES_AND_NOBODY.index(place) for place in places)) for parcels, places in _SETS]


def engine(of: World, order: Order, stock: Stock, prices: Prices) -> Plan:
    """The same decision by our own sourcing engine: nobody is a source as well, with its own price of a parcel."""
    number, city = order
    units = _UNIT[city]
    pieces = []
    for sku in of.types[number]:
        options = tuple(
            Option(source, round((units[place] + prices.get((sku, place), 0)) * MICRO), 1)
            for source, place in enumerate(PLACES_AND_NOBODY)
            if not place or stock.get((sku, place), 0) > 0
        )
        pieces.append(Piece(1, 1, _NEVER, options))
    answer = sourcing.solve(Network(tuple(pieces), _SOURCES))
    return [PLACES_AND_NOBODY[takes[0][0]] for takes in answer.takes]


_NEVER = 10**6 * MICRO  # to wait without being written down as nobody's
_FREE = Tariff((1_000,), (0,))
_SOURCES = tuple(
    Source(place, round(LANES[place, "dallas"].parcel_minor * MICRO), _FREE) for place in PLACES_AND_NOBODY
)


class Outcome(NamedTuple):
    """What one horizon cost, and the CPU time of the decisions and of the programs."""

    cost: float
    orders: int
    deciding_s: float
    solving_s: float


Forecast = Callable[[World, int], Mapping[Basket, float]]  # of the orders from a period to the end


def known_rates(of: World, period: int) -> dict[Basket, float]:
    """The literature's: the rates are known, only the luck is not."""
    left = of.periods - period
    return dict(market(of, {order: rate * left for order, rate in of.rates.items()}, {}).demand)


def known_rates_sku_by_sku(of: World, period: int) -> dict[Basket, float]:
    """The same, but nobody knows what is ordered together: each SKU bears its part of a parcel."""
    singles: dict[Basket, float] = {}
    for basket, orders in known_rates(of, period).items():
        for unit in basket.units:
            single = Basket((unit,), basket.region, basket.lines)
            singles[single] = singles.get(single, 0.0) + orders
    return singles


def counted_before(of: World, period: int, *, seed: int = 7) -> dict[Basket, float]:
    """What our own forecast expects from the four weeks before, if a horizon is two weeks."""
    past = arrivals(of, seed, periods=of.periods * _PAST_DAYS // _DAYS)
    a_day = of.periods // _DAYS
    days: list[dict[Basket, int]] = []
    for start in range(0, a_day * _PAST_DAYS, a_day):
        day: dict[Basket, int] = {}
        for order in past[start : start + a_day]:
            if order is not None:
                basket = basket_of(of, order)
                day[basket] = day.get(basket, 0) + 1
        days.append(day)
    left = (of.periods - period) / of.periods
    return {basket: orders * left for basket, orders in expected_demand(days, _DAYS).items()}


def run(
    of: World,
    coming: Sequence[Order | None],
    policy: Policy,
    *,
    solves: int = 0,
    forecast: Forecast = known_rates,
) -> Outcome:
    """One horizon under a policy, with prices solved so many times, evenly."""
    stock, prices = dict(of.stock), dict[tuple[str, str], int]()
    when = {round(of.periods * number / solves) for number in range(solves)}
    cost = deciding = solving = 0.0
    count = 0
    for period, order in enumerate(coming):
        if period in when:
            began = time.process_time()
            prices = prices_for(of, forecast(of, period), stock)
            solving += time.process_time() - began
        if order is None:
            continue
        began = time.process_time()
        plan = policy(of, order, stock, prices)
        deciding += time.process_time() - began
        count += 1
        cost += _paid(of, order, plan, stock)
    return Outcome(cost, count, deciding, solving)


def prices_for(of: World, demand: Mapping[Basket, float], stock: Stock) -> dict[tuple[str, str], int]:
    priced = price_market(market(of, {}, stock)._replace(demand=demand), lambda program: solve(program, _PATIENCE_S))
    if priced is None:
        raise RuntimeError("the program was not solved")
    return priced.by_position


def _paid(of: World, order: Order, plan: Plan, stock: Stock) -> float:
    """Take the plan's units, and say what it costs.

    Raises:
        ValueError: the plan takes what is not there.
    """
    number, city = order
    for sku, place in zip(of.types[number], plan, strict=True):
        if place:
            if stock.get((sku, place), 0) <= 0:
                raise ValueError(f"there is no {sku} at {place}")
            stock[sku, place] -= 1
    parcels = sum(LANES[place, city].parcel_minor for place in set(plan))
    return parcels + sum(_UNIT[city][place] for place in plan)


def came(coming: Sequence[Order | None]) -> dict[Order, float]:
    """How often each order came."""
    counts: dict[Order, float] = {}
    for order in coming:
        if order is not None:
            counts[order] = counts.get(order, 0.0) + 1
    return counts


def fluid_bound(of: World, demand: Mapping[Order, float]) -> float:
    """The literature's bound: the program in which half an order may come from here for half a parcel."""
    build = _Fluid()
    for (number, city), orders in demand.items():
        parcels = {place: build.column(LANES[place, city].parcel_minor) for place in PLACES_AND_NOBODY}
        for sku in of.types[number]:
            places = [place for place in PLACES_AND_NOBODY if not place or of.stock.get((sku, place), 0) > 0]
            units = {place: build.column(_UNIT[city][place]) for place in places}
            for place in places:
                build.row(0.0, inf, [(parcels[place], 1.0), (units[place], -1.0)])
                build.taken.setdefault((sku, place), []).append((units[place], 1.0))
            build.row(orders, orders, [(column, 1.0) for column in units.values()])
    for key, entries in build.taken.items():
        if key[1]:
            build.row(-inf, of.stock[key], entries)
    solution = solve(build.program, _PATIENCE_S)
    if solution is None:
        raise RuntimeError("the program was not solved")
    return solution.objective


def plan_bound(of: World, demand: Mapping[Order, float]) -> float:
    """The sharper bound: whole plans are mixed, so a parcel that is used is paid."""
    priced = price_market(market(of, demand, of.stock), lambda program: solve(program, _PATIENCE_S))
    if priced is None:
        raise RuntimeError("the program was not solved")
    return priced.cost


@dataclass
class _Fluid:
    program: Program = field(default_factory=lambda: Program([], [], [], [0], [], [], {}))
    taken: dict[tuple[str, str], list[tuple[int, float]]] = field(default_factory=dict)

    def column(self, cost: float) -> int:
        self.program.costs.append(cost)
        return len(self.program.costs) - 1

    def row(self, lower: float, upper: float, entries: Sequence[tuple[int, float]]) -> None:
        self.program.columns.extend(column for column, _ in entries)
        self.program.values.extend(value for _, value in entries)
        self.program.lower.append(lower)
        self.program.upper.append(upper)
        self.program.starts.append(len(self.program.columns))
