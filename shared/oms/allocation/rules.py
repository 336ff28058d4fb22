"""Which locations ship what: as much as there is, from as few places as possible, and of those the nearest."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import combinations
from math import comb
from typing import NamedTuple

from oms.allocation.geography import Point, centre_of, distance_km
from oms.orders.model import Destination
from oms.reference.model import Location

# Ceiling of an exact search, as Salesforce Order Management has it: beyond, a greedy cover answers.
MAX_COMBINATIONS = 10_000


class Demand(NamedTuple):
    """Units that one order line still needs."""

    number: int
    sku: str
    quantity: int


class Take(NamedTuple):
    """Units of one line from one location."""

    number: int
    sku: str
    location: str
    quantity: int


class SourcingPlan(NamedTuple):
    """What to take where; units by line that nobody has; and how the plan was found."""

    takes: tuple[Take, ...]
    backordered: Mapping[int, int]
    reason: str

    @property
    def locations(self) -> tuple[str, ...]:
        return tuple(sorted({take.location for take in self.takes}))


Stock = Mapping[str, Mapping[str, int]]  # SKU -> location -> units that may be taken


def plan_sourcing(
    lines: Sequence[Demand],
    stock: Stock,
    locations: Mapping[str, Location],
    destination: Destination,
    excluded: AbstractSet[str] = frozenset(),
) -> SourcingPlan:
    """Cover the most units, from the smallest set of locations; ties by total distance, then by location id.

    Exact while the sets to try are at most `MAX_COMBINATIONS`. Inside the set a SKU comes whole from the nearest
    location that has all of it, else from the nearest onwards. Earlier lines are served first.
    """
    ranked = rank(locations, destination, excluded)
    needed = _needed(lines, stock, ranked)
    chosen, reason = _smallest_cover(needed, stock, ranked)
    takes = tuple(_takes(lines, _shares(needed, stock, chosen)))
    taken: dict[int, int] = {}
    for take in takes:
        taken[take.number] = taken.get(take.number, 0) + take.quantity
    waiting = {line.number: line.quantity - taken.get(line.number, 0) for line in lines}
    return SourcingPlan(takes, {number: units for number, units in waiting.items() if units}, reason)


def rank(
    locations: Mapping[str, Location], destination: Destination, excluded: AbstractSet[str] = frozenset()
) -> dict[str, int]:
    """Distance in km by location, nearest first, ties by id. An unknown country is equally far from everywhere."""
    there = centre_of(destination.country, destination.postal_area)
    distances = {
        name: distance_km(Point(float(place.latitude), float(place.longitude)), there) if there else 0
        for name, place in locations.items()
        if name not in excluded
    }
    return dict(sorted(distances.items(), key=lambda pair: (pair[1], pair[0])))


def _needed(lines: Sequence[Demand], stock: Stock, ranked: Iterable[str]) -> dict[str, int]:
    """Units by SKU that can be covered at all."""
    wanted: dict[str, int] = {}
    for line in lines:
        wanted[line.sku] = wanted.get(line.sku, 0) + line.quantity
    places = list(ranked)
    had = {sku: sum(_at(stock, sku, place) for place in places) for sku in wanted}
    return {sku: min(units, had[sku]) for sku, units in wanted.items() if min(units, had[sku])}


def _at(stock: Stock, sku: str, place: str) -> int:
    return max(stock.get(sku, {}).get(place, 0), 0)


def _smallest_cover(needed: Mapping[str, int], stock: Stock, ranked: Mapping[str, int]) -> tuple[tuple[str, ...], str]:
    """The chosen locations, nearest first, and how they were found."""
    if not needed:
        return (), "nothing in stock"
    useful = [place for place in ranked if any(_at(stock, sku, place) for sku in needed)]
    tried = 0
    for size in range(1, len(useful) + 1):
        tried += comb(len(useful), size)
        if tried > MAX_COMBINATIONS:
            return _greedy_cover(needed, stock, ranked, useful), f"greedy: more than {MAX_COMBINATIONS} sets to try"
        covers = [places for places in combinations(useful, size) if _covers(places, needed, stock)]
        if covers:
            best = min(covers, key=lambda places: (sum(ranked[place] for place in places), sorted(places)))
            return best, f"exact: {size} of {len(useful)} locations"
    raise AssertionError("unreachable: all useful locations together cover what is needed")


def _covers(places: Sequence[str], needed: Mapping[str, int], stock: Stock) -> bool:
    return all(sum(_at(stock, sku, place) for place in places) >= units for sku, units in needed.items())


def _greedy_cover(
    needed: Mapping[str, int], stock: Stock, ranked: Mapping[str, int], useful: Sequence[str]
) -> tuple[str, ...]:
    """Again and again the location that covers most of what is left, ties to the nearest; then drop what is spare."""
    left = dict(needed)
    chosen: list[str] = []
    while any(left.values()):
        best = max(
            (place for place in useful if place not in chosen),
            key=lambda place: (sum(min(_at(stock, sku, place), units) for sku, units in left.items()), -ranked[place]),
        )
        chosen.append(best)
        left = {sku: max(units - _at(stock, sku, best), 0) for sku, units in left.items()}
    for place in sorted(chosen, key=lambda name: -ranked[name]):
        rest = [name for name in chosen if name != place]
        if _covers(rest, needed, stock):
            chosen = rest
    return tuple(sorted(chosen, key=lambda name: (ranked[name], name)))


def _shares(needed: Mapping[str, int], stock: Stock, chosen: Sequence[str]) -> dict[str, list[tuple[str, int]]]:
    """For each SKU: (location, units) in the order in which they are handed to the lines."""
    return {sku: _share(units, {place: _at(stock, sku, place) for place in chosen}) for sku, units in needed.items()}


def _share(units: int, had: Mapping[str, int]) -> list[tuple[str, int]]:
    whole = next((place for place, there in had.items() if there >= units), None)
    if whole is not None:
        return [(whole, units)]
    parts: list[tuple[str, int]] = []
    for place, there in had.items():
        part = min(units, there)
        if part:
            parts.append((place, part))
            units -= part
    return parts


def _takes(lines: Sequence[Demand], shares: dict[str, list[tuple[str, int]]]) -> Iterator[Take]:
    """Hand the shares to the lines, in line order."""
    for line in sorted(lines):
        left = line.quantity
        while left and shares.get(line.sku):
            place, there = shares[line.sku].pop(0)
            part = min(left, there)
            yield Take(line.number, line.sku, place, part)
            left -= part
            if there > part:
                shares[line.sku].insert(0, (place, there - part))
