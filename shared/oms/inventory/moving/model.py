"""Movements that people and warehouse systems post, the levels that they set, and what they are told."""

from typing import Annotated, Literal, NamedTuple, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from oms.inventory.days import Day
from oms.inventory.model import StockLevel
from oms.kernel.identifiers import Reference, WithoutCard
from oms.kernel.text import Remark
from oms.orders.model import Value

MAX_UNITS = 1_000_000_000
PostedKind = Literal[
    "received", "expected", "found", "lost", "adjusted", "damaged", "repaired", "quarantined", "cleared"
]
ApartBucket = Literal["damaged", "quality_control"]
Reason = Literal["miscounted", "broken", "spoiled", "stolen", "misplaced", "sample", "supplier_error", "booking_error"]
LOT_KINDS = tuple(kind for kind in get_args(PostedKind) if kind != "expected")
SerialNumber = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,39}$"), WithoutCard]
Serials = Annotated[list[SerialNumber], Field(min_length=1, max_length=50)]
LotId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,39}$"), WithoutCard]
Units = Annotated[int, Field(ge=-MAX_UNITS, le=MAX_UNITS)]
Level = Annotated[int, Field(ge=0, le=MAX_UNITS)]
SIGNED = ("adjusted", "expected")
REASONED = ("lost", "adjusted", "damaged")


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Expected(_Asked):
    """What the caller believes of a position, by bucket: those named must be so, or nothing moves."""

    on_hand: Units | None = None
    available: Units | None = None
    incoming: Units | None = None
    damaged: Units | None = None
    quality_control: Units | None = None


class LotRef(_Asked):
    """A lot by its maker's number. `expires_on` is its last good day; needed when the location has none of it."""

    id: LotId
    expires_on: Day | None = None


class NewMovement(_Asked):
    """One movement. `units` are more than none; of an adjustment, and of what is expected, they may be fewer.

    `out_of` says that lost units were set apart before.
    `lot` must be said of articles that are kept by lots, `serials` of those
    that are kept by serial number. `reason` is needed where stock is written off or set apart.
    """

    kind: PostedKind
    units: Units
    reason: Reason | None = None
    note: Remark | None = None
    ref: Reference | None = None
    out_of: ApartBucket | None = None
    expected: Expected | None = None
    lot: LotRef | None = None
    serials: Serials | None = None

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.units == 0 or (self.units < 0 and self.kind not in SIGNED):
            raise ValueError("units: must be more than 0" if self.kind not in SIGNED else "units: must not be 0")
        if self.kind in REASONED and self.reason is None:
            raise ValueError(f"reason: {self.kind} needs one")
        if self.serials is not None and len(set(self.serials)) != abs(self.units):
            raise ValueError("serials: name as many different ones as units")
        if self.out_of is not None and self.kind != "lost":
            raise ValueError("out_of: is for lost units")
        return self


class PositionLevels(_Asked):
    """What is kept back and when to buy.

    `channels` are own units of single channels: of what is free, the last so many are for that channel, and the others
    leave them alone. 0, or leaving a channel out, gives them up.
    """

    safety_stock: Level = 0
    reorder_point: Annotated[int, Field(ge=-MAX_UNITS, le=MAX_UNITS)] = 0
    order_up_to: Level = 0
    channels: Annotated[
        dict[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")], Level], Field(max_length=50)
    ] = {}

    @model_validator(mode="after")
    def _fills_up(self) -> Self:
        if 0 < self.order_up_to < self.reorder_point:
            raise ValueError("order_up_to: must not be below reorder_point")
        return self


class Moved(Value):
    """A movement as it was booked, and the position since. `movement_id` is its entry in the journal."""

    movement_id: str
    kind: str
    units: int
    position: StockLevel


class Seen(NamedTuple):
    """What the caller has seen of a position: the version of `If-Match`, if any."""

    if_match: str | None
    expected: Expected | None = None


class MovementView(Value):
    """One movement of a position: who moved what, when, why and what for. `version` is the one that it made."""

    movement_id: str
    at: str
    kind: str
    version: int
    by: str
    units: dict[str, int]
    levels: dict[str, int] = Field(default_factory=dict)
    why: str | None = None
    ref: str | None = None


class MovementPage(Value):
    """Movements of a position, newest first; `next_cursor` is absent on the last page."""

    movements: tuple[MovementView, ...]
    next_cursor: str | None = None
