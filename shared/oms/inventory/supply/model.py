"""What is to come in: lines of purchase orders and transfers, what came of them, and how late a supplier is."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from oms.inventory.days import Day
from oms.inventory.moving.model import Serials
from oms.inventory.tracing.model import ArrivedLots, Named, check_sums
from oms.kernel.identifiers import Reference, Sku
from oms.orders.model import Aggregate, Count, Value
from oms.reference.model import WaitKind

MOST_UNITS = 1_000_000
KEPT = 64  # receipts of a supplier that its lateness is measured on, the last ones
_LONGEST_WAIT = 1_095  # days


Units = Annotated[int, Field(ge=0, le=MOST_UNITS)]
Place = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
Kind = Literal["purchase_order", "transfer"]
Status = Literal["open", "received"]


class PutSupply(BaseModel):
    """One line that is to come in, as it is now known. `due_on` is the date stated, in the location's time zone.

    Only a `confirmed` line is promised from. To cancel what is still to come, set `units` to what was received.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    kind: Kind
    reference: Reference
    supplier: Reference
    sku: Sku
    location: Place
    units: Units
    due_on: Day
    confirmed: bool


class ReceiveSupply(BaseModel):
    """Goods of the line are here. `receipt_id` is the sender's own: the same receipt counts once.

    Of an article that is kept by lots `lots` say of which the units are, of one that is kept by serial number `serials`
    name them, 50 a receipt at the most.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    receipt_id: Reference
    units: Annotated[int, Field(ge=1, le=MOST_UNITS)]
    lots: ArrivedLots | None = None
    serials: Serials | None = None

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        check_sums(self.named, self.units)
        return self

    @property
    def named(self) -> Named:
        return Named(self.lots, self.serials)


class Supply(Aggregate):
    """One line that is to come in. `stated_on` is the date first confirmed: lateness is measured against it.

    What has come is `received`; more than was to come is taken in all the same.
    """

    id: str
    kind: Kind
    reference: str
    supplier: str
    sku: str
    location: str
    units: Count
    received: Count = 0
    due_on: str
    stated_on: str | None = None
    confirmed: bool = False
    status: Status = "open"

    @property
    def subject(self) -> str:
        return self.id

    @property
    def of_order(self) -> None:
        return None

    @property
    def to_come(self) -> int:
        return max(self.units - self.received, 0) if self.status == "open" else 0


class SupplyView(Value):
    """A line that is to come in. `usable_on`: when its units can be promised, the supplier's lateness reckoned in."""

    id: str
    kind: Kind
    reference: str
    supplier: str
    sku: str
    location: str
    units: int
    received: int
    to_come: int
    due_on: str
    confirmed: bool
    status: Status
    usable_on: str | None
    version: int


class Lateness(Value):
    """A supplier's last receipts: by how many days each came later than first stated (early: below zero)."""

    supplier: str
    days: tuple[int, ...] = ()
    version: int = 0


class SupplyTerms(Value):
    """How far a stated date is trusted (setting `SUPPLY#terms`).

    A date is shifted by the `quantile_pct` quantile of the supplier's lateness, drawn towards `prior_days` as if
    `prior_weight` receipts had been so late; goods are usable after `processing_days` working days of the location.
    """

    quantile_pct: Annotated[int, Field(ge=1, le=99)] = 90
    prior_days: Annotated[int, Field(ge=0, le=365)] = 2
    prior_weight: Annotated[int, Field(ge=0, le=1_000)] = 5
    processing_days: Annotated[int, Field(ge=0, le=30)] = 1


class ChannelSafety(Value):
    """Units of each SKU that a channel is not told of, per location (setting `SAFETY#<channel>`); `skus` differ."""

    units: Count = 0
    skus: Mapping[str, Count] = {}

    def of(self, sku: str) -> int:
        return self.skus.get(sku, self.units)


class Due(NamedTuple):
    """Units that come in or are owed on a date."""

    on: date
    units: int


class ByDate(Value):
    """Units that can be promised from a date on, nobody's older promise touched."""

    on: str
    units: Count


class WaitingAnswer(Value):
    """Whether so many units may wait on the channel, and from which day stock would be promised to them.

    `why_not`: `not_backorderable`, `closed`, `cap_reached`. `room`: units that may still wait; none: any number.
    """

    kind: WaitKind
    allowed: bool
    why_not: str | None = None
    room: int | None = None
    stock_on: str | None = None


class SkuAvailability(Value):
    """What can be promised of a SKU. `promisable_on`: the first date for the quantity asked; none: no supply covers it.

    `now` is what can be taken today; of a preorder nothing, before its day. `waiting`: whether an order of the quantity
    may wait for what is not there.
    """

    sku: str
    quantity: int
    now: Count
    promisable_on: str | None
    by_date: tuple[ByDate, ...]
    waiting: WaitingAnswer


class Window(Value):
    """When the buyer would have it, in dates of the destination; empty when nothing goes there, or comes."""

    earliest_on: str | None = None
    latest_on: str | None = None


class Availability(Value):
    """An answer for shops: it may be a few seconds old, and is never below zero."""

    channel: str
    country: str
    skus: tuple[SkuAvailability, ...]
    delivery: Window
