"""What a person decides about a hold: let the order go on, or refuse it over this hold."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from oms.aws import tables
from oms.aws.tables import Write
from oms.events.orders import (
    OrderAllocated,
    OrderConfirmed,
    OrderHoldReleased,
    OrderReallocationRequested,
    OrderRejected,
)
from oms.kernel.errors import ConflictError, NotFoundError, StateError
from oms.kernel.time import Clock, to_text
from oms.orders.holding import HoldOutcome
from oms.orders.lifecycle import MAX_DWELL, ORDER, move
from oms.orders.model import Hold, Order
from oms.orders.store import OrderStore

_TRIES = 4
_WAITING = "validating"
_NOT_RELEASED = ("open", "booked")  # their workflow ended at the hold


class Exposure(Protocol):
    """What must be written when an order over the limit is let through."""

    def exposure_writes(self, order: Order) -> list[Write]: ...


def release_hold(
    order_id: str, hold_id: str, *, reason: str, by: str, orders: OrderStore, credit: Exposure, clock: Clock
) -> HoldOutcome:
    """A person lets the order go on, whatever the rule said; who and why is in the order's log.

    An order that waited for this hold alone is confirmed in the same write, and its exposure counted. Repeating it
    answers the same.

    Raises:
        NotFoundError: no such order, or it never had such a hold.
        StateError: the order was rejected over this hold.
    """
    for _ in range(_TRIES):
        order = orders.get(order_id)
        done = _outcome_of(order, hold_id)
        if done == "rejected":
            raise StateError("the order was rejected over this hold")
        if done is None:
            hold = _open_hold(order, hold_id)
            try:
                tables.commit(*_release_writes(order, hold, reason, by, clock(), orders, credit))
            except ConflictError:
                continue
        return HoldOutcome(order_id=order_id, hold_id=hold_id, outcome="released")
    raise ConflictError("the order keeps changing")


def reject_order(order_id: str, hold_id: str, *, reason: str, by: str, orders: OrderStore, clock: Clock) -> HoldOutcome:
    """A person refuses the order that waits for this hold. It held no exposure, so none goes back.

    Raises:
        NotFoundError: no such order, or it never had such a hold.
        StateError: the hold was released, or the order is past the point where it can be refused.
    """
    for _ in range(_TRIES):
        order = orders.get(order_id)
        done = _outcome_of(order, hold_id)
        if done == "released":
            raise StateError("the hold was released")
        if done is None:
            hold = _open_hold(order, hold_id)
            try:
                tables.commit(orders.write(_rejected(order, hold, reason, by, clock())))
            except ConflictError:
                continue
        return HoldOutcome(order_id=order_id, hold_id=hold_id, outcome="rejected")
    raise ConflictError("the order keeps changing")


def _open_hold(order: Order, hold_id: str) -> Hold:
    hold = next((hold for hold in order.holds if hold.id == hold_id), None)
    if hold is None:
        raise NotFoundError(f"order {order.id} has no hold {hold_id}")
    return hold


def _outcome_of(order: Order, hold_id: str) -> str | None:
    """What became of the hold, from the log: its rows say `<hold id> <reason>`. None while it is open (again)."""
    if any(hold.id == hold_id for hold in order.holds):
        return None
    for row in order.log:
        if row.why and row.why.startswith(f"{hold_id} "):
            return "rejected" if row.what == OrderRejected.__name__ else "released"
    return None


def _release_writes(
    order: Order, hold: Hold, reason: str, by: str, at: datetime, orders: OrderStore, credit: Exposure
) -> list[Write]:
    rest = tuple(other for other in order.holds if other.id != hold.id)
    released = OrderHoldReleased(order_id=order.id, hold_id=hold.id, reason=hold.reason)
    why = f"{hold.id} {reason}"
    if order.status != _WAITING:
        works = orders.tree(order.id).fulfillment_orders if "release" in hold.blocks else ()
        stopped = [work.id for work in works if work.status in _NOT_RELEASED]
        return [orders.write(_resumed(order, released, hold, rest, stopped, why, by, at))]
    if any("confirm" in other.blocks for other in rest):
        return [orders.write(order.changed(released, at=at, by=by, why=why, holds=rest))]
    status = move(ORDER, order.status, "confirm")
    confirmed = order.changed(
        released,
        OrderConfirmed(order_id=order.id, attempt=order.attempt),
        at=at,
        by=by,
        why=why,
        holds=rest,
        status=status,
        entered_at=to_text(at),
        watch_at=to_text(at + MAX_DWELL[f"order.{status}"]),
    )
    return [orders.write(confirmed), *credit.exposure_writes(confirmed)]


def _resumed(
    order: Order,
    released: OrderHoldReleased,
    hold: Hold,
    rest: tuple[Hold, ...],
    stopped: Sequence[str],
    why: str,
    by: str,
    at: datetime,
) -> Order:
    """Work goes on where the hold stopped it: in `stopped` fulfillment orders, or in sourcing."""
    now = to_text(at)
    if "release" in hold.blocks and not any("release" in other.blocks for other in rest) and stopped:
        # The same allocation is said again: the workflow starts again, and what it did before stays done.
        again_said = OrderAllocated(order_id=order.id, attempt=order.attempt, fulfillment_order_ids=list(stopped))
        look_at = to_text(at + MAX_DWELL["fulfillment_order.open"])
        return order.changed(released, again_said, at=at, by=by, why=why, holds=rest, watch_at=look_at)
    may_allocate = "allocate" in hold.blocks and not any("allocate" in other.blocks for other in rest)
    if not may_allocate or not any(line.open for line in order.lines):
        return order.changed(released, at=at, by=by, why=why, holds=rest, watch_at=now)
    attempt = order.attempt + 1
    again = OrderReallocationRequested(order_id=order.id, attempt=attempt, excluded_locations=[])
    return order.changed(released, again, at=at, by=by, why=why, holds=rest, attempt=attempt, watch_at=now)


def _rejected(order: Order, hold: Hold, reason: str, by: str, at: datetime) -> Order:
    return order.changed(
        OrderRejected(order_id=order.id, reason=hold.reason),
        at=at,
        by=by,
        why=f"{hold.id} {reason}",
        status=move(ORDER, order.status, "reject"),
        holds=(),
        entered_at=to_text(at),
    )
