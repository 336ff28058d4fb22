"""What an order waits for and what it gets; which locations are near."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from oms.orders.bundles import on_the_shelf
from oms.orders.model import Destination, Line
from oms.reference.geography import centre_of, km_between
from oms.reference.model import Location


class Demand(NamedTuple):
    """Units that one order line still needs."""

    number: int
    sku: str
    quantity: int


class Take(NamedTuple):
    """Units of one line from one location; of another SKU than the line's: a substitute for it."""

    number: int
    sku: str
    location: str
    quantity: int

    def of_shelf(self, line: Line) -> dict[str, int]:
        """What is taken off the shelf for the line, by SKU."""
        return on_the_shelf(line, self.quantity) if self.sku == line.sku else {self.sku: self.quantity}


class SourcingPlan(NamedTuple):
    """What to take where; units by line that nobody has; and how the plan was found."""

    takes: tuple[Take, ...]
    backordered: Mapping[int, int]
    reason: str

    @property
    def locations(self) -> tuple[str, ...]:
        return tuple(sorted({take.location for take in self.takes}))


def shares_of(takes: Iterable[Take]) -> list[tuple[str, list[Take]]]:
    """What each location does, by location; a line that it serves twice (by a substitute) is in a share of its own."""
    shares: dict[tuple[str, int], list[Take]] = {}
    for take in takes:
        place = 0
        while any(other.number == take.number for other in shares.get((take.location, place), ())):
            place += 1
        shares.setdefault((take.location, place), []).append(take)
    return [(location, shares[location, place]) for location, place in sorted(shares)]


def rank(
    locations: Mapping[str, Location], destination: Destination, excluded: AbstractSet[str] = frozenset()
) -> dict[str, int]:
    """Distance in km by location, nearest first, ties by id. An unknown country is equally far from everywhere."""
    there = centre_of(destination.country, destination.postal_area)
    distances = {name: km_between(place, there) for name, place in locations.items() if name not in excluded}
    return dict(sorted(distances.items(), key=lambda pair: (pair[1], pair[0])))
