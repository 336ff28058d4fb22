"""What the sourcing of one order is decided from, and what comes out. Pure; weights in grams, money in minor units."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from oms.allocation.sourcing.network import Tariff
from oms.orders.workload.model import Load


class Wanted(NamedTuple):
    """Units that one order line needs. `weight_g` is what one unit is billed for; lines of a `group` stay together."""

    number: int
    sku: str
    units: int
    weight_g: int = 1
    classes: frozenset[str] = frozenset()
    group: str | None = None


class Offer(NamedTuple):
    """One way to send a parcel from a location: prices by weight in minor units, and the latest day of delivery."""

    label: str
    tariff: Tariff
    latest_on: date | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A location as it is on the day on which it would work on one order. `used` of `capacity` is given out for it.

    `on` is that day where days are counted, `later` by how many days it is after the one at hand.
    """

    name: str
    country: str
    km: int = 0
    networks: frozenset[str] = frozenset()
    capabilities: frozenset[str] = frozenset()
    blocked: bool = False
    open: bool = True
    capacity: Load = field(default_factory=Load)
    used: Load = field(default_factory=Load)
    on_time_bp: int = 10_000
    handling_minor: int = 0
    offers: tuple[Offer, ...] = ()
    on: str | None = None
    later: int = 0


class Worth(NamedTuple):
    """What taking one unit of a SKU from a location gives up or saves, beyond its handling, in minor units.

    `shadow` is what the unit is worth to later orders there, `risk` what a stock-out would cost, `markdown` what is
    saved when the unit goes before it is marked down.
    """

    shadow: int = 0
    risk: int = 0
    markdown: int = 0


NO_WORTH = Worth()
Stock = Mapping[str, Mapping[str, int]]  # SKU -> location -> units that may be taken
NO_OTHERS: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())


@dataclass(frozen=True, slots=True)
class Case:
    """One order to be sourced. `ships`: locations that ship other units of it, with their parcels as far as known.

    `others` are SKUs and item classes of its other lines: the rule that speaks for an order speaks for it to its end.
    """

    lines: tuple[Wanted, ...]
    country: str
    area: str
    channel: str
    order_class: str
    stock: Stock
    places: tuple[Place, ...]
    promised_on: date | None = None
    worth: Mapping[tuple[str, str], Worth] = field(default_factory=dict)
    excluded: frozenset[str] = frozenset()
    ships: Mapping[str, int] = field(default_factory=dict)
    others: tuple[frozenset[str], frozenset[str]] = NO_OTHERS


class Part(NamedTuple):
    """Units of one line from one location."""

    number: int
    sku: str
    location: str
    units: int


class Refusal(NamedTuple):
    """Why a location was out, for the whole order or (`number`) for one line."""

    location: str
    constraint: str
    why: str
    number: int | None = None


class Score(NamedTuple):
    """What a location costs, part by part in millionths of the minor unit, if it ships so many grams of the order."""

    location: str
    weight_g: int
    parts: tuple[tuple[str, int], ...]

    @property
    def total(self) -> int:
        return sum(amount for _, amount in self.parts)


class Rival(NamedTuple):
    """A location that might have shipped and does not.

    `more` (millionths) is what it had cost with it instead of the one that it could have replaced at the least;
    `lacks` how many units it has too few to replace any.
    """

    location: str
    km: int
    instead_of: str | None
    more: int
    lacks: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was decided, and everything that it takes to explain it. `cost` and `bound` in millionths.

    Of the waiting units no location has `nowhere`, and `split_units` wait only because of what the rule says of splits,
    such as that no more than `most_locations` may ship the order.
    """

    parts: tuple[Part, ...]
    waiting: Mapping[int, int]
    strategy: str
    version: int
    rule: str
    relaxed: tuple[str, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    scores: tuple[Score, ...] = ()
    rivals: tuple[Rival, ...] = ()
    cost: int = 0
    bound: int = 0
    steps: int = 0
    nowhere: int = 0
    split_units: int = 0
    split: str = ""
    most_locations: int | None = None
    speaks_for: str = ""

    @property
    def locations(self) -> tuple[str, ...]:
        return tuple(sorted({part.location for part in self.parts}))
