"""Holds on an order: put by a person, released, refused over, and what happens when their time is up."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from oms.aws import tables
from oms.aws.tables import Write
from oms.events.fact import FactData
from oms.events.orders import (
    OrderAllocated,
    OrderChanged,
    OrderConfirmed,
    OrderHoldOverdue,
    OrderHoldReleased,
    OrderReallocationRequested,
    OrderRejected,
)
from oms.kernel.cards import redact
from oms.kernel.errors import ConflictError, Fault, ForbiddenError, NotFoundError, RejectedError, StateError, Why
from oms.kernel.time import Clock, from_text, to_text
from oms.orders.holding import HoldOutcome, HoldSpec, NewHold, hold_id_of, with_holds
from oms.orders.lifecycle import MAX_DWELL, ORDER, move
from oms.orders.model import Hold, LogRow, Order
from oms.orders.ports import CreditAnswer
from oms.orders.store import OrderStore
from oms.orders.whynot import not_held, not_let_go, not_rejected

_TRIES = 4
_WAITING = "validating"
_NOT_RELEASED = ("open", "booked")  # their workflow ended at the hold
_OF_CREDIT = ("credit_limit", "overdue_invoices")  # who releases one of these overrides the limit


class Exposure(Protocol):
    """What a customer owes when an order is confirmed at last."""

    def exposure_writes(self, order: Order) -> list[Write]:
        """Let in whatever the limit says: a person has decided."""
        ...

    def reassess(self, before: Order, after: Order) -> CreditAnswer:
        """Whether it still fits."""
        ...


def put_hold(order_id: str, new: NewHold, *, by: str, orders: OrderStore, clock: Clock) -> HoldOutcome:
    """A person stops an order; the same hold again is the one that is open already.

    Raises:
        NotFoundError: no such order.
        StateError: the order has ended; or a hold of this reason is open that ends at another time, or says otherwise.
        RejectedError: it would expire in the past (`invalid`).
    """
    hold_id = hold_id_of(order_id, new.reason)
    for _ in range(_TRIES):
        order, at = orders.get(order_id), clock()
        known = next((hold for hold in order.holds if hold.id == hold_id), None)
        if known is not None:
            _refuse_another(known, new)
            return HoldOutcome(order_id=order_id, hold_id=hold_id, outcome="held")
        why = not_held(order)
        if why:
            raise StateError.because(why)
        until = _later_than(at, new.expires_at)
        holds, facts = with_holds(order, [HoldSpec(new.reason, new.note, until)], at=at)
        said = f"{new.reason}: {new.note}" if new.note else new.reason
        try:
            tables.commit(orders.write(order.changed(*facts, at=at, by=by, why=said, holds=holds)))
        except ConflictError:
            continue
    raise ConflictError("the order keeps changing")


def _refuse_another(known: Hold, new: NewHold) -> None:
    """Refuse to take a hold that is open for one that would end at another time, or that has another note."""
    same_end = new.expires_at is None or _instant(new.expires_at) == known.expires_at
    same_note = new.note is None or redact(new.note) == known.note
    if same_end and same_note:
        return
    until = f"until {known.expires_at}" if known.expires_at else "without an end"
    text = f"the hold {known.id} for {known.reason} is open already, {until}, and was not changed"
    who = " or ".join(known.release_by)
    raise StateError.because(Why("hold_open", text, f"leave it, or have {who} release it and put it anew"))


def _instant(text: str) -> str | None:
    try:
        return to_text(from_text(text))
    except ValueError:
        return None


def _later_than(at: datetime, text: str | None) -> datetime | None:
    try:
        until = from_text(text) if text else None
    except ValueError:
        until = at
    if until is not None and until <= at:
        raise RejectedError("1 field(s) are not valid", code="invalid", faults=[Fault("expires_at", "is not to come")])
    return until


def release_hold(
    order_id: str,
    hold_id: str,
    *,
    reason: str,
    by: str,
    roles: frozenset[str],
    orders: OrderStore,
    credit: Exposure,
    clock: Clock,
) -> HoldOutcome:
    """A person lets the order go on; who and why is in the order's log.

    An order that waited for this hold alone is confirmed in the same write, and its exposure counted. Its credit is
    looked at again then, unless somebody released its credit hold and it was not changed since: they have decided.
    Repeating it answers the same.

    Raises:
        NotFoundError: no such order, or it never had such a hold.
        ForbiddenError: holds of this reason are released by others.
        StateError: the order was rejected over this hold.
    """
    for _ in range(_TRIES):
        order = orders.get(order_id)
        done = _outcome_of(order, hold_id)
        if done == "rejected":
            raise StateError.because(_rejected_over())
        if done is None:
            hold = _open_hold(order, hold_id)
            why = not_let_go(hold, roles)
            if why:
                raise ForbiddenError(f"{why.message}; possible: {why.possible}", why=[why])
            try:
                tables.commit(*_release_writes(order, hold, reason, by, clock(), orders, credit))
            except ConflictError:
                continue
        return HoldOutcome(order_id=order_id, hold_id=hold_id, outcome="released")
    raise ConflictError("the order keeps changing")


def reject_order(
    order_id: str,
    hold_id: str,
    *,
    reason: str,
    by: str,
    roles: frozenset[str],
    orders: OrderStore,
    clock: Clock,
) -> HoldOutcome:
    """A person refuses the order that waits for this hold. It held no exposure, so none goes back.

    Raises:
        NotFoundError: no such order, or it never had such a hold.
        ForbiddenError: holds of this reason are decided by others.
        StateError: the hold was released, or the order is past the point where it can be refused.
    """
    for _ in range(_TRIES):
        order = orders.get(order_id)
        done = _outcome_of(order, hold_id)
        if done == "released":
            raise StateError.because(Why("hold_released", "the hold was released", "cancel the order"))
        if done is None:
            hold = _open_hold(order, hold_id)
            who, why = not_let_go(hold, roles), not_rejected(order)
            if who:
                raise ForbiddenError(f"{who.message}; possible: {who.possible}", why=[who])
            if why:
                raise StateError.because(why)
            try:
                tables.commit(orders.write(_rejected(order, hold, reason, by, clock())))
            except ConflictError:
                continue
        return HoldOutcome(order_id=order_id, hold_id=hold_id, outcome="rejected")
    raise ConflictError("the order keeps changing")


def run_out(order: Order, at: datetime) -> list[Hold]:
    """Open holds whose time is up and that nobody has been told of, the first to end first."""
    now = to_text(at)
    late = [hold for hold in order.holds if hold.expires_at and hold.expires_at <= now and not hold.overdue]
    return sorted(late, key=lambda hold: (hold.expires_at or "", hold.id))


def let_go(order: Order, hold: Hold, *, why: str, by: str, at: datetime, orders: OrderStore, credit: Exposure) -> None:
    """Release a hold for a reason that needs no person: its time is up, or what it waited for is there.

    Raises:
        ConflictError: somebody else wrote first.
    """
    tables.commit(*_release_writes(order, hold, why, by, at, orders, credit))


def escalate(order: Order, hold: Hold, *, by: str, at: datetime, orders: OrderStore) -> None:
    """Keep a hold whose time is up, and say once that its owner must act.

    Raises:
        ConflictError: somebody else wrote first.
    """
    if hold.id not in {other.id for other in order.holds}:
        raise ConflictError(f"order {order.id}: the hold {hold.id} was let go")
    holds = tuple(other.model_copy(update={"overdue": True}) if other.id == hold.id else other for other in order.holds)
    fact = OrderHoldOverdue(order_id=order.id, hold_id=hold.id, reason=hold.reason, owner=hold.owner)
    tables.commit(orders.write(order.changed(fact, at=at, by=by, why=hold.reason, holds=holds)))


def _rejected_over() -> Why:
    return Why("order_ended", "the order was rejected over this hold", "a new order")


def _open_hold(order: Order, hold_id: str) -> Hold:
    hold = next((hold for hold in order.holds if hold.id == hold_id), None)
    if hold is None:
        raise NotFoundError(f"order {order.id} has no hold {hold_id}")
    return hold


def _outcome_of(order: Order, hold_id: str) -> str | None:
    """What became of the hold, from the log: its rows say `<hold id> <reason>`. None while it is open (again)."""
    if any(hold.id == hold_id for hold in order.holds):
        return None
    last = next((row for row in reversed(order.log) if _about(row, hold_id)), None)
    if last is None:
        return None
    return "rejected" if last.what == OrderRejected.__name__ else "released"


def _about(row: LogRow, hold_id: str) -> bool:
    return row.why is not None and row.why.startswith(f"{hold_id} ")


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
    confirmed = _confirmed(order, released, rest, why, by, at)
    if hold.reason in _OF_CREDIT or _was_let_in(order):
        return [orders.write(confirmed), *credit.exposure_writes(confirmed)]
    answer = credit.reassess(order, confirmed)
    if answer.fits:
        return [orders.write(confirmed), *answer.writes]
    holds, held = with_holds(order.model_copy(update={"holds": rest}), answer.holds, at=at)
    return [orders.write(order.changed(released, *held, at=at, by=by, why=why, holds=holds))]


def _was_let_in(order: Order) -> bool:
    """Whether a credit hold of the order was released, for the order as it is: what changed since is another order."""
    ids = [hold_id_of(order.id, reason) for reason in _OF_CREDIT]
    for row in reversed(order.log):
        if OrderChanged.__name__ in row.what.split("+"):
            return False
        if any(_about(row, hold_id) for hold_id in ids):
            return True
    return False


def _confirmed(
    order: Order, released: OrderHoldReleased, rest: tuple[Hold, ...], why: str, by: str, at: datetime
) -> Order:
    status = move(ORDER, order.status, "confirm")
    return order.changed(
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
    """Work goes on where the hold stopped it: in `stopped` fulfillment orders, in sourcing, or in both."""
    facts: list[FactData] = [released]
    changes: dict[str, Any] = {"holds": rest, "watch_at": to_text(at)}
    free = {event for event in hold.blocks if not any(event in other.blocks for other in rest)}
    if "release" in free and stopped and not order.reserving:  # when it has all its stock, all of it is said
        # The same allocation is said again: the workflow starts again, and what it did before stays done.
        facts.append(OrderAllocated(order_id=order.id, attempt=order.attempt, fulfillment_order_ids=list(stopped)))
        changes["watch_at"] = to_text(at + MAX_DWELL["fulfillment_order.open"])
    if "allocate" in free and any(line.open for line in order.lines):
        attempt = order.attempt + 1
        facts.append(OrderReallocationRequested(order_id=order.id, attempt=attempt, excluded_locations=[]))
        changes |= {"attempt": attempt, "watch_at": to_text(at)}
    return order.changed(*facts, at=at, by=by, why=why, **changes)


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
