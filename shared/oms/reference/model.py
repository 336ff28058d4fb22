"""What the business is made of and changes seldom: items, locations, channels, clients, decisions with editions."""

from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator


class _Reference(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


Positive = Annotated[int, Field(gt=0)]
WaitKind = Literal["none", "backorder", "preorder"]
_ALL_PCT = 100
MOST_URGENT = 9  # of the priorities of orders; 0 is normal
MOST_DAYS_AHEAD = 10  # working days


class MayWait(_Reference):
    """Whether an order that is short of an item may wait for it, and how many units of all orders may at a time.

    `kind`: `backorder`, `preorder` (nothing is given out before `release_on`), or `none`; `channels` say otherwise for
    some. No `cap`: any number; `channel_caps` are how many of them may be of orders of a channel; `locations` have caps
    of their own. After `until` nobody joins. Who would be served later than `latest_days` after the order came in is
    asked whether that will do. Dates are in UTC.
    """

    kind: WaitKind = "backorder"
    cap: Annotated[int, Field(ge=0)] | None = None
    release_on: date | None = None
    until: date | None = None
    latest_days: Annotated[int, Field(ge=0)] | None = None
    channels: Mapping[str, WaitKind] = {}
    channel_caps: Mapping[str, Annotated[int, Field(ge=0)]] = {}
    locations: Mapping[str, Annotated[int, Field(ge=0)]] = {}

    @model_validator(mode="after")
    def _released_some_day(self) -> Self:
        if "preorder" in (self.kind, *self.channels.values()) and self.release_on is None:
            raise ValueError("release_on: a preorder needs it")
        return self

    def of(self, channel: str) -> WaitKind:
        return self.channels.get(channel, self.kind)

    def embargoed(self, channel: str, today: date) -> bool:
        """Whether nothing of it may be given out yet."""
        return self.of(channel) == "preorder" and self.release_on is not None and today < self.release_on


class Item(_Reference):
    """A SKU of the catalogue with what shipping needs to know, and what it may not be sold as.

    `hazmat` is the UN number or class of dangerous goods, `min_age` the age a buyer must have (0: any), `not_to` the
    countries it may not go to, `only_to` (if not empty) the only ones it may, `max_per_order` 0: any number.
    `components`: a bundle, with the units of each SKU in one of it; weight and size are those of the whole. `part_of`
    are the bundles that it is in. `lot_tracked`: whoever books units in or out says of which lot; they are not sold any
    more when fewer than `shelf_days` days are left until they expire, on channels of `channel_shelf_days` earlier yet.
    `serial_tracked`: by serial number. `waiting`: what happens to orders when it is short. `substitutes` are sent
    instead, one for one, the best first, where a sourcing rule says so.
    """

    sku: str
    name: str
    weight_g: Positive
    length_mm: Positive
    width_mm: Positive
    height_mm: Positive
    hazmat: Annotated[str, Field(min_length=1, max_length=20)] | None = None
    min_age: Annotated[int, Field(ge=0, le=99)] = 0
    not_to: frozenset[str] = frozenset()
    only_to: frozenset[str] = frozenset()
    max_per_order: Annotated[int, Field(ge=0)] = 0
    components: tuple[tuple[str, Positive], ...] = ()
    lot_tracked: bool = False
    serial_tracked: bool = False
    shelf_days: Annotated[int, Field(ge=0, le=3_650)] = 0
    channel_shelf_days: Mapping[str, Annotated[int, Field(ge=0, le=3_650)]] = {}
    part_of: frozenset[str] = frozenset()
    waiting: MayWait = MayWait()
    substitutes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _no_channel_takes_what_nobody_may(self) -> Self:
        if any(days < self.shelf_days for days in self.channel_shelf_days.values()):
            raise ValueError("channel_shelf_days: a channel may ask for more days than shelf_days, not for fewer")
        return self

    def shelf_days_of(self, channel: str) -> int:
        """How many days must be left for a buyer of a channel."""
        return self.channel_shelf_days.get(channel, self.shelf_days)


def bundles_among(items: Mapping[str, Item]) -> dict[str, tuple[tuple[str, int], ...]]:
    """What the bundles among these items are made of, by SKU."""
    return {sku: item.components for sku, item in items.items() if item.components}


class Edition(BaseModel):
    """What was decided under a name, by whom, when and why. `version` counts what was published under it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    version: int
    by: str
    at: str
    note: str | None = None


Degrees = Annotated[Decimal, Field(ge=-180, le=180)]


class Location(_Reference):
    """A place that ships. Cut-off and working days are in its own time zone; Monday is 0.

    `networks` and `capabilities` are names that sourcing strategies speak of. `handling_minor` is what a unit costs to
    pick and pack; `on_time_bp` how often it is ready in time, in hundredths of a per cent. `daily_orders`,
    `daily_lines` and `daily_units` are how much work it takes a day, 0: any number, and `days_ahead` on how many
    working days after the one at hand it may be given what that has no room for. `transfer_days` are the calendar days
    until what it is asked to send to another location is there, by location, `*` for all others; it sends nothing
    to the rest. `supplier`: it is the place of that supplier, who ships for us from there when a fallback says so; what
    lies there is not sold as ours.
    """

    id: str
    name: str
    country: str
    postal_code: str
    latitude: Degrees
    longitude: Degrees
    time_zone: str
    cutoff: time = time(15, 0)
    working_days: frozenset[int] = frozenset({0, 1, 2, 3, 4})
    holidays: frozenset[str] = frozenset()
    handling_days: Annotated[int, Field(ge=0)] = 1
    gln: str | None = None
    networks: frozenset[str] = frozenset()
    capabilities: frozenset[str] = frozenset()
    blocked: bool = False
    handling_minor: Annotated[int, Field(ge=0)] = 0
    on_time_bp: Annotated[int, Field(ge=0, le=10_000)] = 10_000
    daily_orders: Annotated[int, Field(ge=0)] = 0
    daily_lines: Annotated[int, Field(ge=0)] = 0
    daily_units: Annotated[int, Field(ge=0)] = 0
    days_ahead: Annotated[int, Field(ge=0, le=MOST_DAYS_AHEAD)] = 0
    supplier: str | None = None
    transfer_days: Mapping[str, Annotated[int, Field(ge=0, le=365)]] = {}

    def days_to(self, other: str) -> int | None:
        """Days until what it sends to another location is there; None: it sends nothing there."""
        return None if other == self.id else self.transfer_days.get(other, self.transfer_days.get("*"))


class WaitingPolicy(Edition):
    """What is decided about an item's waiting orders; `name` is its SKU."""

    terms: MayWait


class LocationLimits(Edition):
    """How much work a location takes a day, 0: any number; and how many working days ahead it may be given some.

    They take the place of those that the location itself says.
    """

    daily_orders: Annotated[int, Field(ge=0)] = 0
    daily_lines: Annotated[int, Field(ge=0)] = 0
    daily_units: Annotated[int, Field(ge=0)] = 0
    days_ahead: Annotated[int, Field(ge=0, le=MOST_DAYS_AHEAD)] = 0


LIMITS = ("daily_orders", "daily_lines", "daily_units", "days_ahead")


class Channel(_Reference):
    """A way in for orders. `kind` names the plug-in that reads its messages; `canonical` needs none.

    `options` are the plug-in's own settings (such as `base_url`, `notification_url`, `marketplace_id`), `mapping` the
    JMESPath expressions of a `generic` channel by field. `remorse_minutes` is how long the buyer may change their
    mind before work starts. `poll_minutes` 0: not polled. `silent_after_minutes` 0: may be silent for ever.

    Reservations of its carts last `reserve_minutes` without activity, `paying_minutes` while the buyer pays, and are
    extended to `longest_minutes` at the most.
    `push_minutes` 0: not told what it may sell. `most_priority`: how urgent its orders may be; 0: all are normal.
    """

    name: str
    kind: str
    currencies: frozenset[str]
    active: bool = True
    options: Mapping[str, str] = {}
    mapping: Mapping[str, str] = {}
    remorse_minutes: Annotated[int, Field(ge=0, le=7_200)] = 0
    poll_minutes: Annotated[int, Field(ge=0)] = 0
    push_minutes: Annotated[int, Field(ge=0)] = 0
    silent_after_minutes: Annotated[int, Field(ge=0)] = 0
    reserve_minutes: Annotated[int, Field(ge=1, le=240)] = 10
    paying_minutes: Annotated[int, Field(ge=1, le=240)] = 60
    longest_minutes: Annotated[int, Field(ge=1, le=1_440)] = 240
    most_priority: Annotated[int, Field(ge=0, le=MOST_URGENT)] = 0


class Fairness(_Reference):
    """Who is served first when a batch of orders wants more of a SKU than there is; by SKU, or `*` for all others.

    `first_come`: by the instant of submission. `priority`: by the orders' own priority, 9 before 0; equally urgent ones
    by `ranks` of the channels and `account_ranks` of customers on account, the better one, 1 before 2, unnamed ones
    last; within a rank by submission. `share`: each channel first gets up to its `shares_pct` of what is there, by
    submission; what a channel does not use goes to whoever comes next.
    """

    rule: Literal["first_come", "priority", "share"] = "first_come"
    ranks: Mapping[str, Positive] = {}
    account_ranks: Mapping[str, Positive] = {}
    shares_pct: Mapping[str, Annotated[int, Field(ge=0, le=100)]] = {}

    @field_validator("shares_pct")
    @classmethod
    def _no_more_than_all(cls, shares: Mapping[str, int]) -> Mapping[str, int]:
        if sum(shares.values()) > _ALL_PCT:
            raise ValueError("the shares are more than 100 %")
        return shares


class FairnessPolicy(Edition):
    """What is decided about who is served first; `name` is the SKU, or `*` for all that have none of their own."""

    terms: Fairness


class Limit(_Reference):
    """How often a caller may call: `burst` at once, and `per_minute` in the long run."""

    burst: Positive
    per_minute: Positive


class Client(_Reference):
    """A machine that calls the API with its own credentials: who it is for us, by its client id.

    None of `channels` or `locations` means all, except for a client that is nothing but a channel or a warehouse: it
    has only those named. `limit` None: that of its roles.
    """

    name: str
    roles: frozenset[str]
    channels: frozenset[str] | None = None
    locations: frozenset[str] | None = None
    limit: Limit | None = None
    active: bool = True
