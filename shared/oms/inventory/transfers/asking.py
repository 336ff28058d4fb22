"""Transfers that an order asks for, and gives up: units that it waits for, committed at the source from the beginning.

Pure: who decides about the order writes them in the order's own transaction.
"""

from datetime import datetime
from typing import NamedTuple

from oms.events.supplies import SupplyConfirmed
from oms.events.transfers import TransferCancelled, TransferDrafted, TransferReadied
from oms.inventory.model import Change, Movement
from oms.inventory.transfers.model import Transfer, TransferLine
from oms.inventory.transfers.rules import cancelled, status_of, supplies_of, supply_news
from oms.kernel.ids import derive_id
from oms.kernel.time import to_text

ROWS_EACH = 3  # writes of a transfer that is asked for: itself, its place in the list, what is to come
WRITES_EACH = ROWS_EACH + 1  # and the position that it takes from


class Wish(NamedTuple):
    """Units of an order line that are to be sent from a source to a destination, which has them on `due_on`."""

    number: int
    sku: str
    source: str
    destination: str
    units: int
    due_on: str


def asked_for(wish: Wish, *, order_id: str, version: int, at: datetime, by: str) -> Transfer:
    """The transfer of a wish, ready to ship. Its id follows from the order's version, the line and both ends."""
    ends = {"from_location": wish.source, "to_location": wish.destination}
    made = Transfer(
        id=derive_id("trf", order_id, str(version), str(wish.number), wish.source, wish.destination),
        source=wish.source,
        destination=wish.destination,
        status="ready_to_ship",
        lines=(
            TransferLine(
                sku=wish.sku, units=wish.units, committed=wish.units, due_on=wish.due_on, stated_on=wish.due_on
            ),
        ),
        created_at=to_text(at),
        due_on=wish.due_on,
        for_order_id=order_id,
    )
    ids = {"transfer_id": made.id, **ends, "units": ((wish.sku, wish.units),)}
    (supply,) = supplies_of(made, made.lines)
    said = {name: getattr(supply, name) for name in ("sku", "location", "supplier", "units", "due_on")}
    return made.changed(
        TransferDrafted.model_validate(ids),
        TransferReadied.model_validate(ids),
        SupplyConfirmed.model_validate({"supply_id": supply.id, **said}),
        at=at,
        by=by,
        why=f"for line {wish.number} of {order_id}",
    )


def taken_by(transfer: Transfer) -> list[Movement]:
    """What a transfer that is asked for commits at its source."""
    return [
        Movement("committed", (line.sku, transfer.source), Change(committed=line.committed), ref=transfer.ref)
        for line in transfer.lines
    ]


def given_up(transfer: Transfer, *, at: datetime, by: str, why: str) -> tuple[Transfer, list[Movement]]:
    """The transfer without what has not left, and what is free again at its source."""
    stepped = cancelled(transfer)
    after = transfer.model_copy(update={"lines": stepped.lines})
    freed = tuple((line.sku, line.committed) for line in transfer.lines if line.committed)
    ids = {"transfer_id": transfer.id, "from_location": transfer.source, "to_location": transfer.destination}
    gone = transfer.changed(
        TransferCancelled.model_validate({**ids, "units": freed}),
        *supply_news(transfer, after),
        at=at,
        by=by,
        why=why,
        lines=stepped.lines,
        status=status_of(stepped.lines),
    )
    return gone, stepped.movements
