"""Take work back: cancel what has not shipped, or open units again so that they are sourced elsewhere."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from oms.allocation.model import Cancellation, Change, PositionKey
from oms.allocation.store import StockStore
from oms.aws.tables import MAX_WRITES as ALL_WRITES
from oms.aws.tables import Write, commit
from oms.events.fulfillment import FulfillmentOrderWithdrawn
from oms.events.orders import OrderCancelled, OrderReallocationRequested
from oms.events.tracking import ParcelVoided
from oms.kernel.errors import ConflictError, StateError
from oms.kernel.time import to_text
from oms.orders.completion import completed
from oms.orders.lifecycle import (
    FULFILLMENT_ORDER,
    LIVE_FULFILLMENT_STATES,
    LIVE_ORDER_STATES,
    MAX_DWELL,
    ORDER,
    PARCEL,
    move,
)
from oms.orders.model import FulfillmentOrder, Line, Order, Parcel, replace_line
from oms.orders.ports import BookingsPort
from oms.orders.store import OrderStore, OrderTree

RECALLABLE = ("open", "booked", "requested", "accepted")
TOLD = ("requested", "accepted")  # the location knows of it and must be told to stop
TRIES = 5
MAX_WRITES = 95  # a transaction of 100, less the header and the credit (the order's row, three levels of account)

# Gives the account the exposure of cancelled units back, told the order before and after.
ReleaseWrites = Callable[[Order, Order], Sequence[Write]]


class _Recall(NamedTuple):
    """What one transaction takes back: the new values, what moves in the books, units by line."""

    works: tuple[FulfillmentOrder, ...]
    voided: tuple[tuple[Parcel, ...], ...]  # by work
    changes: Mapping[PositionKey, Change]
    recalled: Mapping[int, int]  # allocated units by line number
    waiting: tuple[Line, ...]  # lines whose open and backordered units are taken too

    @property
    def taken_back(self) -> list[tuple[FulfillmentOrder, tuple[Parcel, ...]]]:
        return list(zip(self.works, self.voided, strict=True))


def cancel_order(
    order_id: str,
    *,
    reason: str,
    note: str | None,
    by: str,
    orders: OrderStore,
    stock: StockStore,
    bookings: BookingsPort,
    release_writes: ReleaseWrites,
    now: datetime,
) -> Cancellation:
    """Cancel every unit that is not being picked and has not shipped; the stock and the credit are free again.

    Versions decide between this and a location that confirms at the same moment: one of the two wins, the other reads
    again. An order too large for one transaction is cancelled in steps; repeating goes on where it stopped, and
    repeating after the end answers the same.

    Raises:
        NotFoundError: no such order.
        StateError: nothing can be cancelled any more.
        ConflictError: lost the race five times.
    """
    lost = 0
    while True:
        tree = orders.tree(order_id)
        if not _can_cancel(tree):
            done = _complete_the_rest(tree, orders, at=now, by=by)
            if done is not None:
                commit(orders.write(done))
            return _answer(done or tree.order)
        recall = _recall(tree, orders, reason=reason, at=now, by=by, only=None)
        header = _cancelled(tree, recall, reason=reason, note=note, at=now, by=by)
        try:
            _commit(header, recall, orders, stock, bookings, *release_writes(tree.order, header))
        except ConflictError:
            lost += 1
            if lost == TRIES:
                raise


def request_reallocation(
    order_id: str,
    *,
    excluded: Iterable[str] = (),
    withdraw: Iterable[str] = (),
    attempt: int | None = None,
    by: str,
    orders: OrderStore,
    stock: StockStore,
    bookings: BookingsPort,
    now: datetime,
) -> Order:
    """Open an order's backordered units again, and those of fulfillment orders to `withdraw`, and ask for stock.

    The queue does the rest. With nothing to open, or when the order has got beyond `attempt`, nothing happens.

    Raises:
        NotFoundError: no such order.
        ConflictError: lost the race five times.
    """
    wanted = frozenset(withdraw)
    for lost in range(1, TRIES + 1):
        tree = orders.tree(order_id)
        order = tree.order
        if order.status not in ("confirmed", "in_fulfillment") or (attempt is not None and order.attempt > attempt):
            return order
        recall = _recall(tree, orders, reason="resourced", at=now, by=by, only=wanted)
        if not recall.works and not recall.waiting and not any(line.open for line in order.lines):
            return order
        silent = {work.location for work in recall.works}
        header = _reopened(order, recall, excluded=silent | set(excluded), at=now, by=by)
        try:
            _commit(header, recall, orders, stock, bookings)
        except ConflictError:
            if lost == TRIES:
                raise
        else:
            return header
    raise AssertionError("unreachable: the last try returns or raises")


def _can_cancel(tree: OrderTree) -> bool:
    """Whether there is something left to cancel; False when it has been cancelled already."""
    order, works = tree
    recallable = any(work.status in RECALLABLE for work in works)
    if order.status in LIVE_ORDER_STATES and (recallable or order.units_waiting):
        return True
    if any(line.cancelled for line in order.lines):
        return False
    busy = [work for work in works if work.status in LIVE_FULFILLMENT_STATES]
    if busy:
        places = ", ".join(sorted({work.location for work in busy}))
        raise StateError(
            f"the location is at work on all units ({places}); possible: wait for it to reject, or a return"
        )
    raise StateError(f"the order is {order.status}; possible: a return of what was delivered")


def _recall(
    tree: OrderTree, orders: OrderStore, *, reason: str, at: datetime, by: str, only: frozenset[str] | None
) -> _Recall:
    """As much as fits one transaction, fulfillment orders first. `only`: those ids; None: all, with all open units."""
    recallable = [work for work in tree.fulfillment_orders if work.status in RECALLABLE]
    wanted = [work for work in recallable if only is None or work.id in only]
    labelled = orders.parcels(parcel_id for work in wanted for parcel_id in work.parcel_ids)
    works: list[FulfillmentOrder] = []
    voided: list[tuple[Parcel, ...]] = []
    changes: dict[PositionKey, Change] = {}
    recalled: dict[int, int] = {}
    for work in wanted:
        own = [labelled[name] for name in work.parcel_ids if name in labelled]
        own = [parcel for parcel in own if parcel.status == "label_purchased"]
        keys = {(line.sku, work.location) for line in work.lines} | set(changes)
        labels = sum(map(len, voided))
        # A fulfillment order is two writes: itself, and the room that its parcels had.
        if works and 2 * (len(works) + 1) + labels + len(own) + len(keys) > MAX_WRITES:
            break
        works.append(_withdrawn(work, reason=reason, at=at, by=by))
        voided.append(tuple(_voided(parcel, reason=reason, at=at, by=by) for parcel in own))
        for line in work.lines:
            units = line.quantity - line.short - line.shipped
            _add(changes, (line.sku, work.location), Change(committed=-units))
            recalled[line.number] = recalled.get(line.number, 0) + units
    spare = MAX_WRITES - 2 * len(works) - sum(map(len, voided))
    waiting = [
        line
        for line in tree.order.lines
        if (line.backordered or (line.open and only is None)) and _leaves_the_queue(line, changes, spare)
    ]
    return _Recall(tuple(works), tuple(voided), changes, recalled, tuple(waiting))


def _leaves_the_queue(line: Line, changes: dict[PositionKey, Change], spare: int) -> bool:
    """Take a line's backordered units off the books where they wait; False: no room for one more position."""
    if not line.waits_at or not line.backordered:
        return True
    key = (line.sku, line.waits_at)
    if key not in changes and len(changes) >= spare:
        return False
    _add(changes, key, Change(backordered=-line.backordered))
    return True


def _add(changes: dict[PositionKey, Change], key: PositionKey, change: Change) -> None:
    changes[key] = changes.get(key, Change()).plus(change)


def _withdrawn(work: FulfillmentOrder, *, reason: str, at: datetime, by: str) -> FulfillmentOrder:
    """Cancelled; the location is told if it knew."""
    facts = (
        [
            FulfillmentOrderWithdrawn(
                order_id=work.order_id, fulfillment_order_id=work.id, location=work.location, reason=reason
            )
        ]
        if work.status in TOLD
        else []
    )
    status = move(FULFILLMENT_ORDER, work.status, "cancel")
    return work.changed(
        *facts, at=at, by=by, why=reason, what=None if facts else "Cancelled", status=status, entered_at=to_text(at)
    )


def _voided(parcel: Parcel, *, reason: str, at: datetime, by: str) -> Parcel:
    fact = ParcelVoided(order_id=parcel.order_id, parcel_id=parcel.id, reason=reason)
    return parcel.changed(fact, at=at, by=by, why=reason, status=move(PARCEL, parcel.status, "void"))


def _cancelled(tree: OrderTree, recall: _Recall, *, reason: str, note: str | None, at: datetime, by: str) -> Order:
    """The header after one step: the order ends here when no unit is left."""
    order = tree.order
    waiting = {line.number for line in recall.waiting}
    changes: dict[int, dict[str, int | str | None]] = {}
    units = 0
    for line in order.lines:
        gone = recall.recalled.get(line.number, 0)
        also = line.open + line.backordered if line.number in waiting else 0
        if gone or also:
            units += gone + also
            changes[line.number] = {"allocated": line.allocated - gone, "cancelled": line.cancelled + gone + also}
            if also:
                changes[line.number] |= {"open": 0, "backordered": 0, "waits_at": None}
    lines = replace_line(order.lines, changes)
    status = order.status
    if all(line.cancelled == line.quantity for line in lines):
        status = move(ORDER, order.status, "cancel")
    elif order.status == "in_fulfillment":
        status = move(ORDER, order.status, "cancel_rest")
    return order.changed(
        OrderCancelled(order_id=order.id, reason=reason, units=units),
        at=at,
        by=by,
        why=f"{reason}: {note}" if note else reason,
        status=status,
        entered_at=order.entered_at if status == order.status else to_text(at),
        lines=lines,
    )


def _complete_the_rest(tree: OrderTree, orders: OrderStore, *, at: datetime, by: str) -> Order | None:
    """With the rest cancelled, an order whose other parcels have all been delivered is complete."""
    order, works = tree
    if order.status != "in_fulfillment" or any(work.status in LIVE_FULFILLMENT_STATES for work in works):
        return None
    parcels = orders.parcels(parcel_id for work in works for parcel_id in work.parcel_ids)
    return completed(tree, parcels.values(), at=at, by=by)


def _reopened(order: Order, recall: _Recall, *, excluded: Iterable[str], at: datetime, by: str) -> Order:
    """The header with units open again under the next attempt."""
    waiting = {line.number for line in recall.waiting}
    changes: dict[int, dict[str, int | str | None]] = {}
    for line in order.lines:
        gone = recall.recalled.get(line.number, 0)
        if gone or line.number in waiting:
            again = line.backordered if line.number in waiting else 0
            changes[line.number] = {
                "allocated": line.allocated - gone,
                "backordered": line.backordered - again,
                "open": line.open + gone + again,
                "waits_at": None if again else line.waits_at,
            }
    lines = replace_line(order.lines, changes)
    status = order.status
    if status == "in_fulfillment" and not any(line.allocated for line in lines):
        status = move(ORDER, status, "unallocate")
    fact = OrderReallocationRequested(order_id=order.id, attempt=order.attempt + 1, excluded_locations=sorted(excluded))
    return order.changed(
        fact,
        at=at,
        by=by,
        status=status,
        entered_at=order.entered_at if status == order.status else to_text(at),
        watch_at=to_text(at + MAX_DWELL["order.confirmed"]),
        attempt=order.attempt + 1,
        lines=lines,
    )


def _commit(
    header: Order, recall: _Recall, orders: OrderStore, stock: StockStore, bookings: BookingsPort, *more: Write
) -> None:
    """One transaction, then the carriers are told. Parcels beyond its limit are voided before it and stay so."""
    before = stock.positions_at(recall.changes)
    writes = [
        orders.write(header),
        *(orders.write(work) for work in recall.works),
        *(stock.change_write(change, before[key]) for key, change in recall.changes.items()),
        *bookings.give_back_writes(recall.taken_back),
        *more,
    ]
    labels = [orders.write(parcel) for parcels in recall.voided for parcel in parcels]
    room = ALL_WRITES - len(writes)
    for label in labels[room:]:
        commit(label)
    commit(*writes, *labels[:room])
    bookings.tell_carriers(recall.taken_back)


def _answer(order: Order) -> Cancellation:
    return Cancellation(
        order_id=order.id,
        status=order.status,
        cancelled_units=sum(line.cancelled for line in order.lines),
        remaining_units=sum(line.quantity - line.cancelled for line in order.lines),
    )
