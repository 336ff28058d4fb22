"""Take work back: cancel what has not shipped, or open units again so that they are sourced elsewhere."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from oms.allocation.model import Cancellation
from oms.allocation.takeback import Recall, TakingBack, Wanted, take_as_much_as_fits
from oms.aws.tables import commit
from oms.events.orders import OrderCancelled
from oms.inventory.waiting.rules import stands
from oms.kernel.errors import ConflictError, StateError
from oms.kernel.time import to_text
from oms.orders.amounts import without_cancelled
from oms.orders.completion import completed
from oms.orders.lifecycle import LIVE_FULFILLMENT_STATES, ORDER, move
from oms.orders.lines import replace_line
from oms.orders.model import Line, Order, Parcel
from oms.orders.ports import ExposurePort
from oms.orders.reach import is_live, recallable
from oms.orders.resourcing import asked_again
from oms.orders.store import OrderTree
from oms.orders.whynot import not_cancelled

TRIES = 5
LineChanges = dict[int, dict[str, int | str | None]]


def cancel_order(
    order_id: str,
    *,
    reason: str,
    note: str | None,
    by: str,
    desk: TakingBack,
    exposure: ExposurePort,
    now: datetime,
    while_held: str | None = None,
) -> Cancellation:
    """Cancel every unit that is not being picked and has not shipped; the stock and the credit are free again.

    What a location at work gives back later is cancelled too. Versions decide between this and a location that
    confirms at the same moment: one of the two wins, the other reads again. An order too large for one transaction is
    cancelled in steps; repeating goes on where it stopped, and repeating after the end answers the same.

    `while_held` is the id of the hold that is the reason: somebody who lets it go at the same moment saves the order.

    Raises:
        NotFoundError: no such order.
        StateError: nothing can be cancelled any more.
        ConflictError: lost the race five times, or the hold that is the reason is gone.
    """
    lost = 0
    while True:
        tree = desk.orders.tree(order_id)
        parcels = desk.parcels_of(tree.fulfillment_orders)
        if not _can_cancel(tree, parcels):
            return settle(tree, parcels, desk, at=now, by=by)
        if while_held is not None and all(hold.id != while_held for hold in tree.order.holds):
            raise ConflictError(f"order {order_id}: the hold {while_held} was let go")
        works = recallable(tree, parcels)
        queued = [(line, line.backordered) for line in tree.order.lines if line.open or line.backordered]
        recall = take_as_much_as_fits(Wanted(works, queued, parcels, reason, by, now))
        header = _cancelled(tree.order, recall, reason=reason, note=note, at=now, by=by)
        try:
            desk.commit(tree.order, header, recall, *exposure.moved_writes(tree.order, header))
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
    desk: TakingBack,
    now: datetime,
) -> Order:
    """Open units of fulfillment orders to `withdraw` again, and ask for stock; units that wait keep their place.

    The queue does the rest. With nothing to open, or when the order has got beyond `attempt`, nothing happens.

    Raises:
        NotFoundError: no such order.
        ConflictError: lost the race five times.
    """
    wanted = frozenset(withdraw)
    for lost in range(1, TRIES + 1):
        tree = desk.orders.tree(order_id)
        order = tree.order
        if order.status not in ("confirmed", "in_fulfillment") or (attempt is not None and order.attempt > attempt):
            return order
        parcels = desk.parcels_of(work for work in tree.fulfillment_orders if work.id in wanted)
        works = [work for work in recallable(tree, parcels) if work.id in wanted]
        queued = [(line, line.backordered) for line in order.lines if line.backordered and not stands(line)]
        recall = take_as_much_as_fits(Wanted(works, queued, parcels, "resourced", by, now))
        if not recall.works and not any(line.open or line.backordered for line in order.lines):
            return order
        silent = {work.location for work in recall.works}
        header = _reopened(order, recall, excluded=silent | set(excluded), at=now, by=by)
        try:
            desk.commit(order, header, recall)
        except ConflictError:
            if lost == TRIES:
                raise
        else:
            return header
    raise AssertionError("unreachable: the last try returns or raises")


def _can_cancel(tree: OrderTree, parcels: Mapping[str, Parcel]) -> bool:
    """Whether there is something left to cancel; False when it has been cancelled already."""
    order = tree.order
    if is_live(order) and (order.units_waiting or recallable(tree, parcels)):
        return True
    if order.cancelling or order.status == "cancelled":
        return False
    why = not_cancelled(tree, parcels)
    if why:
        raise StateError.because(why)
    return True


def _cancelled(order: Order, recall: Recall, *, reason: str, note: str | None, at: datetime, by: str) -> Order:
    """The header after one step: the order ends here when no unit is left."""
    changes: LineChanges = {}
    units = 0
    for line in order.lines:
        gone = recall.recalled.get(line.number, 0)
        waits = line.number in recall.queued
        also = line.open + line.backordered if waits else 0
        if gone or also:
            units += gone + also
            changes[line.number] = {"allocated": line.allocated - gone, "cancelled": line.cancelled + gone + also}
            if also:
                changes[line.number] |= {"open": 0, "backordered": 0, "waits_at": None, "supply_on": None}
    lines, amounts = without_cancelled(order, replace_line(order.lines, changes))
    status = status_after_cancel(order, lines)
    return order.changed(
        OrderCancelled(order_id=order.id, reason=reason, units=units),
        at=at,
        by=by,
        why=f"{reason}: {note}" if note else reason,
        status=status,
        entered_at=order.entered_at if status == order.status else to_text(at),
        lines=lines,
        holds=() if status == "cancelled" else order.holds,
        cancelling=reason,
        **amounts._asdict(),
    )


def status_after_cancel(order: Order, lines: tuple[Line, ...]) -> str:
    """Cancelled when nothing is left; confirmed again when no location has anything of it."""
    if all(line.cancelled == line.quantity for line in lines):
        return move(ORDER, order.status, "cancel")
    if order.status != "in_fulfillment":
        return order.status
    return move(ORDER, order.status, "cancel_rest" if any(line.allocated for line in lines) else "unallocate")


def settle(tree: OrderTree, parcels: Mapping[str, Parcel], desk: TakingBack, *, at: datetime, by: str) -> Cancellation:
    """The answer. With the rest cancelled, an order whose other parcels have all been delivered is complete."""
    order, works = tree
    if order.status == "in_fulfillment" and not any(work.status in LIVE_FULFILLMENT_STATES for work in works):
        done = completed(tree, parcels.values(), at=at, by=by)
        if done is not None:
            commit(desk.orders.write(done))
            order = done
    return Cancellation(
        order_id=order.id,
        status=order.status,
        cancelled_units=sum(line.cancelled for line in order.lines),
        remaining_units=sum(line.quantity - line.cancelled for line in order.lines),
    )


def _reopened(order: Order, recall: Recall, *, excluded: Iterable[str], at: datetime, by: str) -> Order:
    """The header with units open again under the next attempt."""
    changes: LineChanges = {}
    for line in order.lines:
        gone = recall.recalled.get(line.number, 0)
        if gone or line.number in recall.queued:
            again = recall.queued.get(line.number, 0)
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
    fact, asked = asked_again(order, at, excluded)
    return order.changed(
        fact,
        at=at,
        by=by,
        status=status,
        entered_at=order.entered_at if status == order.status else to_text(at),
        lines=lines,
        **asked,
    )
