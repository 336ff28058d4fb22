"""What a location is asked and what it answers; what the workflows carry; what this context needs of others."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from oms.inventory.model import Cause
from oms.inventory.moving.model import LotId, SerialNumber
from oms.kernel.identifiers import WithoutCard
from oms.kernel.time import from_text
from oms.orders.model import FulfillmentOrder, Parcel

Id = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9_.:-]+$"), WithoutCard]
Kind = Literal["accepted", "picked", "packed", "shipped", "short_pick", "rejected"]
Outcome = Literal["applied", "repeated", "late", "refused"]
MAX_CONFIRMATIONS = 25
MAX_LINES = 1_000
MAX_PARCELS = 100


class _Inbound(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class PickedLot(_Inbound):
    """Units of one lot that were taken."""

    lot_id: LotId
    units: Annotated[int, Field(ge=1, le=1_000_000)]


class ConfirmedLine(_Inbound):
    """Units of one line of the fulfillment order, with the lots or serial numbers that were taken.

    `picked`, `packed` and `shipped` say how many units in all so far; `short_pick` says how many are missing.
    """

    number: Annotated[int, Field(ge=0, le=1_000_000)]
    quantity: Annotated[int, Field(ge=0, le=1_000_000)]
    serials: Annotated[list[SerialNumber], Field(min_length=1, max_length=50)] | None = None
    lots: Annotated[list[PickedLot], Field(min_length=1, max_length=20)] | None = None

    @model_validator(mode="after")
    def _names_all_or_none(self) -> Self:
        if self.lots is not None and sum(lot.units for lot in self.lots) != self.quantity:
            raise ValueError("lots: must be of all units of the line")
        if self.serials is not None and len(set(self.serials)) != self.quantity:
            raise ValueError("serials: name as many different ones as units")
        if self.lots is not None and len({lot.lot_id for lot in self.lots}) != len(self.lots):
            raise ValueError("lots: one stands twice")
        return self


class Confirmation(_Inbound):
    """What a location did with one fulfillment order. Without `lines`: all units that are not missing."""

    confirmation_id: Id
    fulfillment_order_id: Id
    order_id: Id
    kind: Kind
    at: Annotated[str, Field(max_length=40)] | None = None
    lines: Annotated[list[ConfirmedLine], Field(min_length=1, max_length=MAX_LINES)] | None = None
    reason: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z][a-z0-9_]*$")] | None = None
    parcel_ids: Annotated[list[Id], Field(min_length=1, max_length=MAX_PARCELS)] | None = None

    @field_validator("at")
    @classmethod
    def _is_an_instant(cls, at: str | None) -> str | None:
        if at is not None:
            from_text(at)
        return at

    @model_validator(mode="after")
    def _says_what_it_must(self) -> Self:
        numbers = [line.number for line in self.lines or ()]
        if len(numbers) != len(set(numbers)):
            raise ValueError("lines: a number stands twice")
        if self.kind == "short_pick" and not any(line.quantity for line in self.lines or ()):
            raise ValueError("lines: a short pick names them and how many units are missing")
        if self.kind == "rejected" and self.reason is None:
            raise ValueError("reason: a rejection gives one")
        return self

    @property
    def quantities(self) -> dict[int, int]:
        """Units by line number."""
        return {line.number: line.quantity for line in self.lines or ()}

    @property
    def serials(self) -> dict[int, tuple[str, ...]]:
        """Serials by line number, of the lines that name them."""
        return {line.number: tuple(line.serials) for line in self.lines or () if line.serials}

    @property
    def lots(self) -> dict[int, tuple[tuple[str, int], ...]]:
        """Lots by line number, of the lines that name them."""
        named = ((line.number, line.lots) for line in self.lines or () if line.lots)
        return {number: tuple((lot.lot_id, lot.units) for lot in lots) for number, lots in named}


class Confirmations(_Inbound):
    """Up to 25 confirmations; those of one fulfillment order are applied in the order given."""

    confirmations: Annotated[list[Confirmation], Field(min_length=1, max_length=MAX_CONFIRMATIONS)]


class ConfirmationResult(BaseModel):
    """What became of one confirmation.

    applied: it changed something. repeated: already known. late: something later is already known.
    refused: it contradicts what is known; `code` says how, and nothing was changed by it.
    """

    confirmation_id: str
    outcome: Outcome
    code: str | None = None
    message: str | None = None


class ConfirmationResults(BaseModel):
    """One result per confirmation, in the order of the request."""

    results: list[ConfirmationResult]


class PackingListLink(BaseModel):
    """Where the packing list can be fetched, without a token, until `expires_at`."""

    url: str
    expires_at: str


class FulfillmentTask(BaseModel):
    """What the tasks of `fulfill_order` need of the document they are given."""

    model_config = ConfigDict(frozen=True)
    order_id: str
    fulfillment_order_id: str
    failed_step: str = "unknown_step"
    error: Mapping[str, Any] | None = None
    undo_error: Mapping[str, Any] | None = None


class TaskOutcome(BaseModel):
    """What a task of `fulfill_order` adds."""

    outcome: str


class ExceptionTask(BaseModel):
    """The document of `resolve_exception`: which clock ran out (`state` of `subject`, since `entered_at`), and why.

    `round` counts what was done about it; `fulfillment_order_ids` are those that ResourceOrder takes back.
    """

    model_config = ConfigDict(frozen=True)
    order_id: str
    state: str
    subject: str
    reason: str
    round: Annotated[int, Field(ge=0)] = 0
    wait_s: Annotated[int, Field(gt=0)] = 3_600
    entered_at: str
    attempt: int | None = None
    fulfillment_order_id: str | None = None
    fulfillment_order_ids: list[str] = []
    outcome: str | None = None
    error: Mapping[str, Any] | None = None


class WatchReport(BaseModel):
    """What one run of the watchdog did.

    `expired`: the time of a hold or a change set was up. `contended`: changed by somebody else meanwhile, seen again
    next time. `unreadable`: logged, for a person to mend.
    """

    looked_at: int = 0
    rearmed: int = 0
    started: int = 0
    expired: int = 0
    contended: int = 0
    unreadable: int = 0
    unfinished: bool = False


class Stock(Protocol):
    """The stock of the locations (`oms.inventory`). Each answers writes to be committed with the decision."""

    def refuse_blocked(self, work: FulfillmentOrder) -> None:
        """Refuse work that names a blocked lot."""

    def ship_writes(self, work: FulfillmentOrder, cause: Cause) -> list[Any]:
        """Units that left the building: off the books."""

    def give_back_writes(
        self,
        work: FulfillmentOrder,
        units: Mapping[str, int],
        cause: Cause,
        *,
        restock: bool,
        apart: Mapping[str, int] = {},
    ) -> list[Any]:
        """Committed units that will not ship: back on the shelf, or off the books because they are not there.

        Those `apart` may be there: they are kept from sale until somebody has counted.
        """


class DeadlinesPort(Protocol):
    """The deadlines that holds and change sets put on an order (context amending)."""

    def keep(self, order_id: str) -> int:
        """Do what is due now; how much it was."""


class ExceptionWorkflow(Protocol):
    """Starts `resolve_exception` once per name."""

    def start(self, name: str, document: ExceptionTask) -> None: ...


class PackingLists(Protocol):
    """The written packing lists."""

    def link(self, parcel: Parcel, *, expires_s: int) -> str | None:
        """A link that anybody may follow for so long; None when there is no packing list."""
