"""The last step of `fulfill_order` and what undoes it: release to the location, withdraw, park for a person."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from oms.aws.tables import Write, commit
from oms.events.fulfillment import FulfillmentOrderParked, FulfillmentOrderReleased, FulfillmentOrderWithdrawn
from oms.events.orders import OrderHeld
from oms.fulfillment.dwell import PARKED, parking_hold_id
from oms.fulfillment.model import FulfillmentTask, TaskOutcome
from oms.kernel.errors import ConflictError, NotFoundError
from oms.kernel.time import Clock, to_text
from oms.orders.bundles import on_the_shelf
from oms.orders.holding import HoldSpec, hold_id_of, opened, put_on_hold
from oms.orders.lifecycle import FULFILLMENT_ORDER, move
from oms.orders.model import FulfillmentLine, FulfillmentOrder, Order
from oms.orders.store import OrderStore

TRIES = 4
_Answer = TypeVar("_Answer")
# What an order on account must wait for before it leaves; None: nothing (context credit).
Standing = Callable[[Order], HoldSpec | None]
# What orders a supplier's work: with the supplier, the day by which it ships, and now (context procurement).
Purchase = Callable[[FulfillmentOrder, str, str, datetime], Sequence[Write]]
_LAST_STEP = "release_fulfillment"
_AT_WORK = ("accepted", "in_progress", "incomplete", "closed")


def release_fulfillment(
    document: FulfillmentTask, *, orders: OrderStore, standing: Standing, purchase: Purchase, clock: Clock
) -> TaskOutcome:
    """Hand booked work to its location: the fact is the message. A supplier's work is ordered in the same transaction.

    Goods on account are looked at once more before they leave: an account that has become overdue or was blocked since
    the order was taken holds the release until finance has looked at it. That is asked once per order.

    Outcomes: `released` (now or before), `held` (an open hold blocks it), `done` (taken back or cancelled meanwhile).

    Raises:
        StateError: not booked yet.
        ConflictError: others kept writing first.
    """

    def attempt() -> TaskOutcome:
        order, work = _both(document, orders)
        if work.status in ("requested", *_AT_WORK):
            return TaskOutcome(outcome="released")
        if work.status in ("rejected", "cancelled"):
            return TaskOutcome(outcome="done")
        if order.blocked_by("release"):
            return TaskOutcome(outcome="held")
        now = clock()
        waits = _waits_for_credit(order, standing, now)
        if waits is not None:
            commit(orders.write(waits))
            return TaskOutcome(outcome="held")
        changed = _released(work, now)
        raised = purchase(work, work.supplier, changed.ship_by or "", now) if work.supplier else ()
        commit(orders.write(changed), *raised)
        return TaskOutcome(outcome="released")

    return again_on_conflict(attempt)


def _released(work: FulfillmentOrder, now: datetime) -> FulfillmentOrder:
    """The work with the fact that hands it to its location."""
    ship_by = work.ship_by or to_text(now)[:10]
    fact = FulfillmentOrderReleased(
        order_id=work.order_id,
        fulfillment_order_id=work.id,
        location=work.location,
        parcel_ids=list(work.parcel_ids),
        lines=[_told(line) for line in work.lines],
        ship_by=ship_by,
    )
    status = move(FULFILLMENT_ORDER, work.status, "release")
    return work.changed(
        fact, at=now, by="system:release_fulfillment", status=status, entered_at=to_text(now), ship_by=ship_by
    )


def _told(line: FulfillmentLine) -> dict[str, str | int | dict[str, int]]:
    """A line as its location is told; of a bundle also what is picked in all, of a substitute what was ordered."""
    told: dict[str, str | int | dict[str, int]] = {
        "number": line.number,
        "sku": line.sku,
        "quantity": line.quantity,
    }
    if line.instead_of:
        told["instead_of"] = line.instead_of
    return told | {"components": on_the_shelf(line, line.quantity)} if line.components else told


def _waits_for_credit(order: Order, standing: Standing, at: datetime) -> Order | None:
    """The order on hold, when its account is no longer good; None: it is, or a person has let this order go."""
    if order.account_id is None:
        return None
    hold_id = hold_id_of(order.id, "credit_at_release")
    if any(row.why and row.why.startswith(f"{hold_id} ") for row in order.log):
        return None
    spec = standing(order)
    if spec is None:
        return None
    (hold,) = opened(order.id, [spec], at)
    lasting = {"expires_at": None, "on_expiry": "escalate"}  # it was confirmed: only a person may end it
    hold = hold.model_copy(update={"id": hold_id, "blocks": ("release",), **lasting})
    fact = OrderHeld(order_id=order.id, hold_id=hold_id, reason=hold.reason, blocks=list(hold.blocks))
    return order.changed(
        fact, at=at, by="system:release_fulfillment", why=hold.reason, holds=(*order.holds, hold), watch_at=to_text(at)
    )


def withdraw_release(document: FulfillmentTask, *, orders: OrderStore, clock: Clock) -> TaskOutcome:
    """Take the release back while the location has not begun; nothing to do when it was not released.

    Outcomes: `withdrawn`, or `released` when the location is at work: then nothing may be undone.
    """

    def attempt() -> TaskOutcome:
        work = orders.get_fulfillment_order(document.order_id, document.fulfillment_order_id)
        if work.status in _AT_WORK:
            return TaskOutcome(outcome="released")
        if work.status == "requested":
            now = clock()
            fact = FulfillmentOrderWithdrawn(
                order_id=work.order_id,
                fulfillment_order_id=work.id,
                location=work.location,
                reason=document.failed_step,
            )
            status = move(FULFILLMENT_ORDER, work.status, "withdraw")
            by = "system:withdraw_release"
            commit(orders.write(work.changed(fact, at=now, by=by, status=status, entered_at=to_text(now))))
        return TaskOutcome(outcome="withdrawn")

    return again_on_conflict(attempt)


def park_fulfillment(document: FulfillmentTask, *, orders: OrderStore, clock: Clock) -> TaskOutcome:
    """Make a failed fulfillment order visible: a hold on the order that blocks releases until a person looked.

    One hold per fulfillment order, however often it fails. Outcomes: `parked`, or `released` / `done` when the
    location has it or the fulfillment order has ended: another delivery of the same event got on with it, and there
    is nothing to look at.
    """

    def attempt() -> TaskOutcome:
        order, work = _both(document, orders)
        twin_released = work.status == "requested" and document.failed_step != _LAST_STEP
        if work.status in _AT_WORK or twin_released:
            return TaskOutcome(outcome="released")
        if work.status in ("rejected", "cancelled"):
            return TaskOutcome(outcome="done")
        now, by = clock(), "system:park_fulfillment"
        held = put_on_hold(
            order,
            parking_hold_id(work.id),
            reason=PARKED,
            blocks=("release",),
            at=now,
            by=by,
            note=_note(document),
        )
        if held is not order:
            fact = FulfillmentOrderParked(
                order_id=work.order_id,
                fulfillment_order_id=work.id,
                location=work.location,
                reason=document.failed_step,
            )
            parked = work.changed(fact, at=now, by=by, why=document.failed_step)
            commit(orders.write(held), orders.write(parked))
        return TaskOutcome(outcome="parked")

    return again_on_conflict(attempt)


def _both(document: FulfillmentTask, orders: OrderStore) -> tuple[Order, FulfillmentOrder]:
    key = (document.order_id, document.fulfillment_order_id)
    loaded = orders.load(orders=[document.order_id], fulfillment_orders=[key])
    order = loaded.orders.get(document.order_id)
    work = loaded.fulfillment_orders.get(document.fulfillment_order_id)
    if order is None or work is None:
        raise NotFoundError(f"there is no fulfillment order {document.fulfillment_order_id}")
    return order, work


def again_on_conflict(attempt: Callable[[], _Answer]) -> _Answer:
    """Read and decide again while somebody else writes first.

    Raises:
        ConflictError: they did so each time.
    """
    for _ in range(TRIES - 1):
        try:
            return attempt()
        except ConflictError:
            continue
    return attempt()


def _note(document: FulfillmentTask) -> str:
    parts = [document.failed_step, _name_of(document.error)]
    if document.undo_error:
        parts.append(f"undo: {_name_of(document.undo_error)}")
    return ", ".join(part for part in parts if part)


def _name_of(error: Mapping[str, Any] | None) -> str:
    """The name of an error as Step Functions hands it over; its message may say too much."""
    return str((error or {}).get("Error", ""))[:80]
