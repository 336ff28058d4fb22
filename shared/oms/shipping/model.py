"""What carriers offer, as dated data, and what a selection decides. Integers only: grams, millimetres, minor units.

A percentage is in basis points (1 % = 100). Days of the week count from Monday = 0. A place is written as in the zone
table of a service: `DE` for a country, `US-90` for the postal codes of a country that begin with `90`; the most
specific one that fits counts.
"""

from collections.abc import Mapping, Sequence
from datetime import date, time
from typing import Annotated, NamedTuple, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Positive = Annotated[int, Field(gt=0)]
Count = Annotated[int, Field(ge=0)]
MONDAY_TO_FRIDAY = frozenset({0, 1, 2, 3, 4})


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Dimensional(_Data):
    """How a carrier turns volume into weight: each side rounded up to a whole unit, then volume / divisor.

    Metric is the default: cm, 5000 cm³ per kg, billed by the gram. `IMPERIAL` is inches, 139 in³ per lb, whole pounds.
    """

    side_um: Positive = 10_000
    divisor: Positive = 5_000
    weight_mg: Positive = 1_000_000
    step_mg: Positive = 1_000
    above_units: Count = 0


METRIC = Dimensional()
IMPERIAL = Dimensional(side_um=25_400, divisor=139, weight_mg=453_592, step_mg=453_592)


class Break(_Data):
    """The price of a parcel whose billable weight is not above `up_to_g`."""

    up_to_g: Positive
    price_minor: Count


class ZoneRate(_Data):
    """One zone: its prices and how many transit days it takes."""

    breaks: tuple[Break, ...] = Field(min_length=1)
    transit_days_min: Count
    transit_days_max: Count

    @model_validator(mode="after")
    def _orderly(self) -> Self:
        weights = [step.up_to_g for step in self.breaks]
        prices = [step.price_minor for step in self.breaks]
        if weights != sorted(set(weights)) or prices != sorted(prices):
            raise ValueError("weight breaks must rise, and prices must not fall")
        if self.transit_days_min > self.transit_days_max:
            raise ValueError("the shortest transit is longer than the longest")
        return self


class Surcharges(_Data):
    """What comes on top. Fuel is a share of the base price alone, rounded half up to the minor unit."""

    fuel_bp: Count = 0
    residential_minor: Count = 0
    remote_areas: frozenset[str] = frozenset()
    remote_minor: Count = 0
    oversize_mm: Positive | None = None
    oversize_g: Positive | None = None
    oversize_minor: Count = 0


class Service(_Data):
    """One carrier service of a rate card. `zones` leads from a place to the name of a rate in `rates`."""

    code: str
    name: str
    zones: Mapping[str, str]
    rates: Mapping[str, ZoneRate]
    dimensional: Dimensional = METRIC
    surcharges: Surcharges = Surcharges()
    max_weight_g: Positive
    max_side_mm: Positive
    pickup_cutoff: time = time(16, 0)
    pickup_days: frozenset[int] = MONDAY_TO_FRIDAY
    transit_days: frozenset[int] = MONDAY_TO_FRIDAY
    delivery_days: frozenset[int] = MONDAY_TO_FRIDAY
    daily_capacity: Positive | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        unknown = sorted(set(self.zones.values()) - set(self.rates))
        if unknown:
            raise ValueError(f"zones without a rate: {', '.join(unknown)}")
        if not (self.pickup_days and self.transit_days and self.delivery_days):
            raise ValueError("a service needs at least one pickup, transit and delivery day a week")
        return self


class RateCard(_Data):
    """Prices and times of one carrier from some countries, valid on ship dates from `valid_from` to `valid_until`.

    `plugin` names the carrier plug-in that books; `holidays` are days on which nothing is delivered, by country.
    """

    carrier: str
    region: str
    valid_from: date
    valid_until: date | None = None
    currency: str
    origins: frozenset[str]
    services: tuple[Service, ...]
    holidays: Mapping[str, frozenset[str]] = {}
    plugin: str = "table_rate"
    number_prefix: str = Field(pattern=r"^[A-Z]{2}$")

    @property
    def key(self) -> str:
        """The name of the setting that holds this card; dated versions stand side by side."""
        return f"{self.carrier}.{self.region}.{self.valid_from.isoformat()}"

    def valid_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)


class Shipper(_Data):
    """Who ships. 952 is the prefix that GS1 keeps for examples: a business sets its own."""

    gs1_prefix: str = Field(default="9521234", pattern=r"^\d{7,10}$")


class Size(_Data):
    """Outer dimensions and weight of one parcel."""

    weight_g: Positive
    length_mm: Positive
    width_mm: Positive
    height_mm: Positive

    @property
    def longest_mm(self) -> int:
        return max(self.length_mm, self.width_mm, self.height_mm)


class Lane(NamedTuple):
    """Where to. `residential` is a doorstep rather than a business."""

    country: str
    postal_area: str
    residential: bool = True


class Quote(NamedTuple):
    """The price of one parcel, part by part: (`base`, `fuel`, `residential`, `remote`, `oversize`)."""

    parts: tuple[tuple[str, int], ...]

    @property
    def total_minor(self) -> int:
        return sum(amount for _, amount in self.parts)


class Window(NamedTuple):
    """Handed to the carrier on `ship_on`, with the customer between the two dates."""

    ship_on: date
    earliest_on: date
    latest_on: date


class Choice(_Data):
    """The carrier service of one parcel, and why: `decision` has one row for each service that lost."""

    carrier: str
    service: str
    ship_on: date
    deliver_on: date
    cost_minor: Count
    currency: str
    decision: tuple[str, ...] = ()


class Selection(NamedTuple):
    """`outcome` is `in_time`, `late` (the fastest, for nothing meets the promise) or `none` (nobody carries it)."""

    outcome: str
    choices: tuple[Choice, ...]
    decision: tuple[str, ...]


class Numbers(Protocol):
    """Serials: each number is given once."""

    def next(self, kind: str) -> int: ...


class Label(NamedTuple):
    """What a carrier gives for one parcel."""

    label_number: str
    tracking_number: str


class Carrier(Protocol):
    """A carrier plug-in: `oms/shipping/carriers/<name>.py` ending in `PLUGIN = ...`."""

    def quote(self, service: Service, rate: ZoneRate, size: Size, lane: Lane) -> Quote:
        """The price of one parcel, the same for the same input."""
        ...

    def book(self, card: RateCard, service: str, numbers: Numbers) -> Label:
        """Buy one label.

        Called before the transaction that records it: a label whose record failed is never used, so a carrier that
        charges for it needs `void`.
        """
        ...

    def void(self, tracking_numbers: Sequence[str]) -> None:
        """Give labels back; twice is as good as once."""
        ...
