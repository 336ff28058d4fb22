"""The simplest model of stock there is: numbers in dictionaries. Written from the domain, not from ours."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

Place = tuple[str, str]  # SKU, location


BUNDLE = "SET"
PARTS = {BUNDLE: {"CUP": 1, "PEN": 2}}  # what one is made of; nothing of it lies on a shelf as such


def parts_of(sku: str, units: int) -> Counter[str]:
    """What so many units of a SKU are on the shelf."""
    return Counter({part: each * units for part, each in PARTS.get(sku, {sku: 1}).items()})


@dataclass
class Shelf:
    """One SKU at one location."""

    on_hand: int
    safety: int
    damaged: int = 0
    quality: int = 0
    incoming: int = 0


@dataclass
class Hold:
    """What a cart keeps, until when."""

    until: datetime
    units: dict[Place, int]
    frozen: bool = False
    ended: str | None = None  # released, committed


@dataclass
class Work:
    """What a location has to ship for an order: as it was sold, and as it lies on the shelf."""

    order: str
    location: str
    sold: dict[str, int]
    state: str = "open"  # open, shipped, given_back, cancelled

    @property
    def units(self) -> Counter[str]:
        return sum((parts_of(sku, units) for sku, units in self.sold.items()), Counter())


@dataclass
class Trip:
    """What one location sends another: units committed at the source, and on their way."""

    source: str
    destination: str
    committed: dict[str, int]
    on_way: dict[str, int] = field(default_factory=dict)


@dataclass
class Books:
    """All of it."""

    now: datetime
    shelves: dict[Place, Shelf] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)
    works: dict[str, Work] = field(default_factory=dict)
    trips: dict[str, Trip] = field(default_factory=dict)
    waiting: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))  # by order and SKU sold
    shipped: Counter[Place] = field(default_factory=Counter)

    def live(self, cart: str) -> bool:
        hold = self.holds.get(cart)
        return hold is not None and hold.ended is None and hold.until > self.now

    def status(self, cart: str) -> str:
        hold = self.holds[cart]
        return hold.ended or ("live" if hold.until > self.now else "expired")

    def reserved(self, place: Place) -> int:
        return sum(hold.units.get(place, 0) for cart, hold in self.holds.items() if self.live(cart))

    def committed(self, place: Place) -> int:
        sku, location = place
        works = (work for work in self.works.values() if work.state == "open" and work.location == location)
        trips = (trip for trip in self.trips.values() if trip.source == location)
        return sum(work.units[sku] for work in works) + sum(trip.committed.get(sku, 0) for trip in trips)

    def available(self, place: Place) -> int:
        """I6, word for word."""
        shelf = self.shelves[place]
        taken = self.committed(place) + self.reserved(place) + shelf.safety + shelf.damaged + shelf.quality
        return shelf.on_hand - taken

    def waited_for(self, sku: str) -> int:
        """Units on the shelf that orders wait for, wherever, as such or in a bundle."""
        return sum(parts_of(name, count)[sku] for units in self.waiting.values() for name, count in units.items())

    def whole(self, sku: str, free: Mapping[Place, int]) -> dict[str, int]:
        """How many of a SKU each place can give of what is free on its shelves: of a bundle what its parts allow."""
        parts = parts_of(sku, 1)
        places = {place for _, place in self.shelves}
        return {place: max(min(free[part, place] // each for part, each in parts.items()), 0) for place in places}

    def common(self, sku: str) -> int:
        """What is there that nobody keeps, at all places."""
        return sum(max(self.available(place), 0) for place in self.shelves if place[0] == sku)

    def free(self, sku: str, cart: str | None) -> dict[Place, int]:
        """What the owner of a cart may take, by place: its own units are not in its way."""
        own = self.holds[cart].units if cart is not None and self.live(cart) else {}
        return {place: max(self.available(place), 0) + own.get(place, 0) for place in self.shelves if place[0] == sku}
