"""What an order waits for and what it gets; which locations are near."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from oms.allocation.geography import Point, centre_of, distance_km
from oms.orders.model import Destination
from oms.reference.model import Location


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
