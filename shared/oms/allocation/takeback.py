"""Take fulfillment orders back from their locations, and units out of the queue for stock: one transaction's worth."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from oms.allocation.steps import in_line_writes
from oms.aws.tables import MAX_WRITES as ALL_WRITES
from oms.aws.tables import Write, commit
from oms.events.fulfillment import FulfillmentOrderWithdrawn
from oms.events.tracking import ParcelVoided
from oms.inventory.model import Cause, Change, Movement, PositionKey
from oms.inventory.store import JOURNAL_WRITES, StockStore
from oms.inventory.transfers.asking import WRITES_EACH, given_up
from oms.inventory.transfers.model import Transfer
from oms.inventory.transfers.store import TransferStore
from oms.inventory.waiting.rules import stands
from oms.inventory.waiting.store import WaitingStore
from oms.kernel.errors import TooLargeError
from oms.kernel.time import from_text, to_text
from oms.orders.bundles import on_the_shelf, shelf_skus
from oms.orders.lifecycle import FULFILLMENT_ORDER, PARCEL, move
from oms.orders.model import FulfillmentOrder, Line, Order, Parcel
from oms.orders.ports import BookingsPort
from oms.orders.store import OrderStore

MAX_WRITES = 91  # a transaction of 100, less header, journal, change set, person, message and credit of three levels

_PER_WORK = 3


class Recall(NamedTuple):
    """What one transaction takes back: the new values, what moves in the books, units by line."""

    works: tuple[FulfillmentOrder, ...]
    voided: tuple[tuple[Parcel, ...], ...]  # by work
    changes: Mapping[PositionKey, Change]
    recalled: Mapping[int, int]  # allocated units by line number
    queued: Mapping[int, int]  # backordered units by line number that leave the queue

    @property
    def taken_back(self) -> list[tuple[FulfillmentOrder, tuple[Parcel, ...]]]:
        return list(zip(self.works, self.voided, strict=True))


class Wanted(NamedTuple):
    """What to take back, and in whose name. `queued`: lines with how many of their backordered units."""

    works: Sequence[FulfillmentOrder]
    queued: Sequence[tuple[Line, int]]
    parcels: Mapping[str, Parcel]
    reason: str
    by: str
    at: datetime


def take_as_much_as_fits(wanted: Wanted) -> Recall:
    """Fulfillment orders first, at least one; then as many lines of the queue as there is room for."""
    works: list[FulfillmentOrder] = []
    voided: list[tuple[Parcel, ...]] = []
    changes: dict[PositionKey, Change] = {}
    recalled: dict[int, int] = {}
    for work in wanted.works:
        own = [wanted.parcels[name] for name in work.parcel_ids if name in wanted.parcels]
        own = [parcel for parcel in own if parcel.status == "label_purchased"]
        keys = {(sku, work.location) for sku in shelf_skus(work.lines)} | set(changes)
        labels = sum(map(len, voided))
        # A fulfillment order is three writes: itself, the room that its parcels had, and what it took of a day.
        if works and _PER_WORK * (len(works) + 1) + labels + len(own) + len(keys) > MAX_WRITES:
            break
        works.append(_withdrawn(work, wanted))
        voided.append(tuple(_voided(parcel, wanted) for parcel in own))
        for line in work.lines:
            units = line.quantity - line.short - line.shipped
            for sku, parts in on_the_shelf(line, units).items():
                _add(changes, (sku, work.location), Change(committed=-parts))
            recalled[line.number] = recalled.get(line.number, 0) + units
    spare = MAX_WRITES - _PER_WORK * len(works) - sum(map(len, voided))
    queued: dict[int, int] = {}
    for waiting, units in wanted.queued:
        in_line = _writes_in_line(waiting, units)
        if _leaves_the_queue(waiting, units, changes, spare, in_line):
            queued[waiting.number] = units
            spare -= in_line
    return Recall(tuple(works), tuple(voided), changes, recalled, queued)


def take_all(wanted: Wanted) -> Recall:
    """All of it at once.

    Raises:
        TooLargeError: it does not fit one transaction.
    """
    recall = take_as_much_as_fits(wanted)
    in_line = sum(_writes_in_line(line, units) for line, units in wanted.queued)
    writes = _PER_WORK * len(recall.works) + sum(map(len, recall.voided)) + len(recall.changes) + in_line
    if len(recall.works) < len(wanted.works) or len(recall.queued) < len(wanted.queued) or writes > MAX_WRITES:
        raise TooLargeError("the change takes back more than fits one transaction; make it in several steps")
    return recall


def _writes_in_line(line: Line, units: int) -> int:
    """Places of a line that waits and the heads of their lines, besides the positions."""
    return in_line_writes(on_the_shelf(line, 1), bool(line.components)) if units and stands(line) else 0


def _leaves_the_queue(line: Line, units: int, changes: dict[PositionKey, Change], spare: int, in_line: int) -> bool:
    """Take backordered units off the books where they wait, if they do in any; False: no room for their writes."""
    shelf = on_the_shelf(line, units) if line.waits_at and units else {}
    parts = {(sku, line.waits_at or ""): each for sku, each in shelf.items()}
    positions = len(changes.keys() | parts.keys())
    if (in_line or positions > len(changes)) and positions + in_line > spare:
        return False
    for key, each in parts.items():
        _add(changes, key, Change(backordered=-each))
    return True


def _add(changes: dict[PositionKey, Change], key: PositionKey, change: Change) -> None:
    changes[key] = changes.get(key, Change()).plus(change)


def _withdrawn(work: FulfillmentOrder, wanted: Wanted) -> FulfillmentOrder:
    """Cancelled; the location is told if it knew."""
    ids = {"order_id": work.order_id, "fulfillment_order_id": work.id, "location": work.location}
    facts = (
        [FulfillmentOrderWithdrawn.model_validate({**ids, "reason": wanted.reason})]
        if work.status in ("requested", "accepted")
        else []
    )
    return work.changed(
        *facts,
        at=wanted.at,
        by=wanted.by,
        why=wanted.reason,
        what=None if facts else "Cancelled",
        status=move(FULFILLMENT_ORDER, work.status, "cancel"),
        entered_at=to_text(wanted.at),
    )


def _voided(parcel: Parcel, wanted: Wanted) -> Parcel:
    fact = ParcelVoided(order_id=parcel.order_id, parcel_id=parcel.id, reason=wanted.reason)
    status = move(PARCEL, parcel.status, "void")
    return parcel.changed(fact, at=wanted.at, by=wanted.by, why=wanted.reason, status=status)


@dataclass(frozen=True)
class TakingBack:
    """The stores that a recall touches: orders, stock, and what bookings hold."""

    orders: OrderStore
    stock: StockStore
    bookings: BookingsPort
    lines: WaitingStore
    transfers: TransferStore

    def parcels_of(self, works: Iterable[FulfillmentOrder]) -> dict[str, Parcel]:
        ids = [parcel_id for work in works for parcel_id in work.parcel_ids]
        return self.orders.parcels(ids) if ids else {}

    def take(
        self,
        works: Sequence[FulfillmentOrder],
        queued: Sequence[tuple[Line, int]],
        parcels: Mapping[str, Parcel],
        *,
        reason: str,
        by: str,
        at: datetime,
    ) -> Recall:
        """All of it in one transaction (port of the context amending).

        Raises:
            TooLargeError: it does not fit.
        """
        return take_all(Wanted(works, queued, parcels, reason, by, at))

    def commit(self, before: Order, header: Order, recall: Recall, *more: Write) -> None:
        """One transaction, then the carriers are told. Parcels beyond its limit are voided before it and stay so.

        `before` is the order as `header` was made from it: what no longer waits leaves the line.

        Raises:
            ConflictError: somebody else wrote first.
        """
        last = header.log[-1]
        movements = [
            Movement("released" if change.committed else "backordered", key, change, ref=header.id)
            for key, change in recall.changes.items()
        ]
        writes = [
            self.orders.write(header),
            *(self.orders.write(work) for work in recall.works),
            *self.lines.writes([(before, header)]),
            *self.bookings.give_back_writes(recall.taken_back),
            *more,
        ]
        labels = [self.orders.write(parcel) for parcels in recall.voided for parcel in parcels]
        taken = len(writes) + len(labels) + len(recall.changes) + JOURNAL_WRITES
        gone = self._given_up(before, header, (ALL_WRITES - taken) // WRITES_EACH)
        for transfer, after, freed in gone:
            writes += self.transfers.writes(after, transfer, after.lines)
            movements += freed
        seen = self.stock.positions_at({one.key for one in movements})
        writes += self.stock.writes(movements, seen, Cause(last.by, last.at, last.why))
        room = ALL_WRITES - len(writes)
        for label in labels[room:]:
            commit(label)
        commit(*writes, *labels[:room])
        self.bookings.tell_carriers(recall.taken_back)

    def _given_up(self, before: Order, header: Order, room: int) -> list[tuple[Transfer, Transfer, list[Movement]]]:
        """Transfers that nobody waits for any more and that have not left, before and after, with what is free again.

        Those that have left, and those for which there is no room, become stock at their destination.
        """
        still = {line.number for line in header.lines if line.open or line.backordered}
        ids = {name for line in before.lines if line.number not in still for name in line.transfers}
        last = header.log[-1]
        gone: list[tuple[Transfer, Transfer, list[Movement]]] = []
        for transfer in self.transfers.find_many(ids).values() if ids else ():
            if transfer.status == "ready_to_ship" and len(gone) < room:
                made = given_up(transfer, at=from_text(last.at), by=last.by, why=f"{header.id} waits no more")
                gone.append((transfer, *made))
        return gone
