"""Reservations: units that a cart or an order keeps for a while, and what shops ask and are told about them."""

from typing import Annotated, Literal, NamedTuple, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from oms.inventory.model import PositionKey
from oms.kernel.identifiers import Reference, Sku
from oms.kernel.text import Clean
from oms.orders.bundles import Components
from oms.orders.model import Destination, Value

MAX_LINES = 50
MAX_MINUTES = 240  # as Salesforce Omnichannel Inventory has it: `expirationSeconds` <= 14400
PREFIX = "rsv_"
LIVE = ("created", "updated")

Status = Literal["created", "updated", "committed", "released", "expired"]
Reason = Literal["abandoned", "payment_failed", "order_cancelled", "order_rejected", "other"]


class Wanted(Value):
    """Units of one SKU that the owner asked for; of a bundle with its components as they were then."""

    sku: str
    quantity: int
    components: Components = ()

    @property
    def parts(self) -> Components:
        """What one unit is on the shelf."""
        return self.components or ((self.sku, 1),)


class Kept(Value):
    """Units of one SKU that are kept at one location; `of` is the bundle that they are a part of."""

    sku: str
    location: str
    units: int
    of: str | None = None

    @property
    def key(self) -> PositionKey:
        return self.sku, self.location


class Terms(NamedTuple):
    """How long a channel's reservations last, in minutes: normally, while the buyer pays, and extended at the most."""

    normal: int
    frozen: int
    longest: int


class Reservation(Value):
    """One owner's reservation. Its id follows from channel and owner, so an owner never has two.

    `until` is the instant from which it counts for nothing, always a whole minute; what a reader is shown is
    `rules.as_of(reservation, now)`. `since` is when this life of it began: an owner who comes back after it ended
    begins another. `frozen`: the buyer is paying; the clock is set to when that must be over, and no activity moves
    it. `look_at` is when the sweep looks, at the latest.
    """

    id: str
    channel: str
    owner: str
    status: Status
    lines: tuple[Wanted, ...]
    kept: tuple[Kept, ...]
    until: str
    look_at: str
    since: str
    changed_at: str
    minutes: int
    destination: Destination | None = None
    on_account: bool = False
    allow_partial: bool = False
    frozen: bool = False
    reason: str | None = None
    order_id: str | None = None
    version: int = 0

    @property
    def live(self) -> bool:
        return self.status in LIVE

    def places(self, line: Wanted) -> dict[str, int]:
        """Units of a line as it is sold that are kept, by location."""
        sku, each = line.parts[0]
        of = line.sku if line.components else None
        return {one.location: one.units // each for one in self.kept if (one.sku, one.of) == (sku, of)}


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _no_id(owner: str) -> str:
    if owner.startswith(PREFIX):
        raise ValueError(f"must not begin with {PREFIX}: ids of reservations do")
    return owner


Owner = Annotated[Reference, AfterValidator(_no_id)]


class AskedLine(_Asked):
    """Units of one SKU to keep."""

    sku: Sku
    quantity: Annotated[int, Field(ge=1, le=1_000_000)]


class ChangedLine(_Asked):
    """Units of one SKU to keep from now on; 0: none any more."""

    sku: Sku
    quantity: Annotated[int, Field(ge=0, le=1_000_000)]


class ShipsTo(_Asked):
    """Where the goods would go, as far as the cart knows: units are kept near there."""

    country: Annotated[str, Field(pattern="^[A-Z]{2}$")]
    postal_area: Annotated[str, Field(max_length=3), Clean] | None = None


_Lines = TypeVar("_Lines", list[AskedLine], list[ChangedLine])


def _each_sku_once(lines: _Lines) -> _Lines:
    if len({line.sku for line in lines}) < len(lines):
        raise ValueError("a SKU is named twice")
    return lines


class AskReservation(_Asked):
    """What a cart or order wants to be kept. (channel, owner) names the reservation: asked again, it is updated.

    All or nothing, unless `allow_partial`. `minutes` is how long it lasts without activity; without it, as long as
    the channel's reservations do. Of a cart that says where it goes (`ships_to`; `on_account`: a business buys) units
    are kept only where the strategy in force lets an order ship from; how many locations may share it is not looked at.
    """

    channel: Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,40}$")]
    owner: Owner
    lines: Annotated[list[AskedLine], Field(min_length=1, max_length=MAX_LINES)]
    ships_to: ShipsTo | None = None
    on_account: bool = False
    allow_partial: bool = False
    minutes: Annotated[int, Field(ge=1, le=MAX_MINUTES)] | None = None

    _once = field_validator("lines")(_each_sku_once)


class ChangeReservation(_Asked):
    """New quantities of some lines; the others stay."""

    lines: Annotated[list[ChangedLine], Field(min_length=1, max_length=MAX_LINES)]

    _once = field_validator("lines")(_each_sku_once)


class ReleaseReservation(_Asked):
    """Why it is not needed any more."""

    reason: Reason = "abandoned"


class KeptAt(BaseModel):
    """Units kept at one location."""

    location: str
    units: int


class ReservedLine(BaseModel):
    """Units of one SKU: asked for, and kept where."""

    sku: str
    quantity: int
    reserved: int
    locations: list[KeptAt]


class ReservationView(BaseModel):
    """A reservation as it is now. From `expires_at` on it counts for nothing."""

    reservation_id: str
    channel: str
    owner: str
    status: Status
    frozen: bool
    expires_at: str
    lines: list[ReservedLine]
    reason: str | None = None
    order_id: str | None = None
    version: int


class SweepReport(BaseModel):
    """What a run of the sweep wrote: ended reservations, those to look at later, and lost races."""

    expired: int = 0
    later: int = 0
    lost: int = 0


def view_of(reservation: Reservation) -> ReservationView:
    """What its owner is shown. What has ended keeps nothing."""
    places = {line.sku: reservation.places(line) if reservation.live else {} for line in reservation.lines}
    return ReservationView(
        reservation_id=reservation.id,
        channel=reservation.channel,
        owner=reservation.owner,
        status=reservation.status,
        frozen=reservation.frozen,
        expires_at=reservation.until,
        lines=[
            ReservedLine(
                sku=line.sku,
                quantity=line.quantity,
                reserved=sum(places[line.sku].values()),
                locations=[KeptAt(location=name, units=units) for name, units in sorted(places[line.sku].items())],
            )
            for line in reservation.lines
        ],
        reason=reservation.reason,
        order_id=reservation.order_id,
        version=reservation.version,
    )
