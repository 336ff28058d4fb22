"""Transfers: units that one of our locations sends to another, and what people say of them on the way."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from oms.inventory.days import Day
from oms.inventory.model import LotMove
from oms.inventory.moving.model import Reason, Serials
from oms.inventory.supply.model import Place
from oms.kernel.identifiers import Reference, Sku
from oms.kernel.text import Remark
from oms.orders.model import Aggregate, Count, Value

MAX_LINES = 90  # of a transfer: to ready or to cancel it is one transaction of a write per line
PER_CALL = 30  # lines of one shipment or receipt: three writes per line, in one transaction
NAMES_AT_ONCE = 30  # lots and serials whose lines a receipt of everything brings at once: each is a write
MOST_NAMES = 80  # lots and serials of one line on their way at a time
MOST_WRITES = 94  # of a shipment or receipt, beside the transfer, its place in the list, and the journal
MAX_UNITS = 1_000_000
MAX_NOTES = 500  # shipments, and receipts, of one transfer
KEPT_LOG = 100
Status = Literal["draft", "ready_to_ship", "in_transit", "partially_received", "received", "cancelled"]
ENDED: tuple[Status, ...] = ("received", "cancelled")
Phase = Literal["open", "ended"]
Direction = Literal["outgoing", "incoming"]
Units = Annotated[int, Field(ge=1, le=MAX_UNITS)]
Some = Annotated[int, Field(ge=0, le=MAX_UNITS)]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class AskedUnits(_Asked):
    """Units of one SKU."""

    sku: Sku
    units: Units


class PutTransfer(_Asked):
    """A transfer as it is wanted. `due_on`, a date of the destination, may be left to whoever ships."""

    source: Place
    destination: Place
    lines: Annotated[list[AskedUnits], Field(min_length=1, max_length=MAX_LINES)]
    due_on: Day | None = None
    note: Remark | None = None


class ShippedUnits(AskedUnits):
    """Units of one SKU that leave. `serials`: their numbers, needed where those of too many units are known."""

    serials: Serials | None = None

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.serials is not None and (len(self.serials) != self.units or len(set(self.serials)) != self.units):
            raise ValueError("serials: name as many different ones as units")
        return self


class ShipTransfer(_Asked):
    """Units leave the source. Without `lines`: all that is committed. `shipment_id` is the sender's own."""

    shipment_id: Reference
    lines: Annotated[list[ShippedUnits], Field(min_length=1, max_length=PER_CALL)] | None = None
    due_on: Day | None = None


class ReceivedUnits(_Asked):
    """What was found of one SKU.

    `received` units are sound; `lost` ones will not come; `over` are more than were in transit. Whatever is not as it
    should be needs a `reason`. Where serials are on their way, `serials` are those that came (sound, damaged or over),
    `lost_serials` those that will not, to be named while others are still to come.
    """

    sku: Sku
    received: Some = 0
    damaged: Some = 0
    lost: Some = 0
    over: Some = 0
    reason: Reason | None = None
    serials: Serials | None = None
    lost_serials: Serials | None = None

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if not (self.received or self.damaged or self.lost or self.over):
            raise ValueError("says of no unit what became of it")
        if (self.damaged or self.lost or self.over) and self.reason is None:
            raise ValueError("reason: damaged, lost and over units need one")
        return self


class ReceiveTransfer(_Asked):
    """A receipt at the destination. Without `lines`: all that is in transit, and sound. It counts once by its id."""

    receipt_id: Reference
    lines: Annotated[list[ReceivedUnits], Field(min_length=1, max_length=PER_CALL)] | None = None


class CancelTransfer(_Asked):
    """Why what has not left is not to leave."""

    reason: Remark


class TransferLine(Value):
    """Units of one SKU. Once ready, each is committed, cancelled or shipped; each shipped one is in transit or ended.

    `received`, `damaged` and `lost` units are those shipped; `over` are units that nobody says to have shipped. What is
    in transit is to arrive on `due_on`; `stated_on` is the date first given for it: lateness is measured against that.
    `lots` and `serials` are those in transit whose number is known.
    """

    sku: str
    units: Annotated[int, Field(gt=0)]
    committed: Count = 0
    cancelled: Count = 0
    shipped: Count = 0
    received: Count = 0
    damaged: Count = 0
    lost: Count = 0
    over: Count = 0
    due_on: str | None = None
    stated_on: str | None = None
    lots: tuple[LotMove, ...] = ()
    serials: tuple[str, ...] = ()

    @property
    def in_transit(self) -> int:
        """Domain I10: shipped = received (sound or damaged) + in transit + recorded loss."""
        return self.shipped - self.received - self.damaged - self.lost


class Note(Value):
    """A shipment or receipt that counted: by its id, with a digest of what it said."""

    id: str
    digest: str
    at: str


class Transfer(Aggregate):
    """Units on their way from a source to a destination. Its id is its maker's own.

    `under_way` is a shipment or receipt of everything that has counted for a part of the lines only, by its digest:
    sent again, it goes on. `for_order_id` is the order that waits for it: it is ready from the beginning, and promised
    from as a supply before it has left.
    """

    id: str
    source: str
    destination: str
    status: Status
    lines: tuple[TransferLine, ...]
    created_at: str
    due_on: str | None = None
    note: str | None = None
    shipments: tuple[Note, ...] = ()
    receipts: tuple[Note, ...] = ()
    under_way: str | None = None
    for_order_id: str | None = None

    @property
    def subject(self) -> str:
        return self.id

    @property
    def of_order(self) -> None:
        """It is about stock, not about an order."""
        return

    @property
    def phase(self) -> Phase:
        return "ended" if self.status in ENDED else "open"

    @property
    def lane(self) -> str:
        """Whose lateness it is, as a supplier's."""
        return f"transfer:{self.source}>{self.destination}"

    @property
    def ref(self) -> str:
        """What its movements are for."""
        return ref_of(self.id)

    @property
    def in_transit(self) -> int:
        return sum(line.in_transit for line in self.lines)

    @property
    def committed(self) -> int:
        return sum(line.committed for line in self.lines)

    def to_come(self, line: TransferLine) -> int:
        """Units of a line of which it is known when they arrive: those in transit, and what an order waits for."""
        return line.in_transit + (line.committed if self.for_order_id else 0)


_REF = "transfer:"


def ref_of(transfer_id: str) -> str:
    """What the movements of a transfer are for."""
    return f"{_REF}{transfer_id}"


def transfer_id_of(ref: str) -> str | None:
    """The transfer that a movement was for; None: it was for something else."""
    return ref.removeprefix(_REF) if ref.startswith(_REF) else None


class TransferLineView(Value):
    """A line with all its units, wherever they are; `serials` are on their way."""

    sku: str
    units: int
    committed: int
    cancelled: int
    shipped: int
    in_transit: int
    received: int
    damaged: int
    lost: int
    over: int
    due_on: str | None
    serials: tuple[str, ...] | None = None


class TransferView(Value):
    """A transfer as the API shows it; `shipments` and `receipts` are the ids of those that counted.

    `for_order_id`: the order that waits for it.
    """

    transfer_id: str
    source: str
    destination: str
    status: Status
    lines: tuple[TransferLineView, ...]
    in_transit: int
    created_at: str
    due_on: str | None
    note: str | None
    shipments: tuple[str, ...]
    receipts: tuple[str, ...]
    version: int
    for_order_id: str | None = None


class TransferPage(Value):
    """Transfers, the newest first by location; `next_cursor` is absent on the last page."""

    transfers: tuple[TransferView, ...]
    next_cursor: str | None = None


def view_of(transfer: Transfer) -> TransferView:
    names = set(TransferLineView.model_fields) - {"serials"}
    return TransferView(
        transfer_id=transfer.id,
        source=transfer.source,
        destination=transfer.destination,
        status=transfer.status,
        lines=tuple(
            TransferLineView(**{name: getattr(line, name) for name in names}, serials=line.serials or None)
            for line in transfer.lines
        ),
        in_transit=transfer.in_transit,
        created_at=transfer.created_at,
        due_on=transfer.due_on,
        note=transfer.note,
        shipments=tuple(one.id for one in transfer.shipments),
        receipts=tuple(one.id for one in transfer.receipts),
        version=transfer.version,
        for_order_id=transfer.for_order_id,
    )
