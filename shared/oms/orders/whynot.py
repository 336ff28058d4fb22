"""Why an action on an order is not possible now, and what would make it possible. Pure.

The list of actions and the refusals are made from the same functions, so they cannot differ. None, or nothing: it is
possible.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from oms.kernel.errors import Why
from oms.kernel.time import to_text
from oms.orders.model import Hold, Order, Parcel
from oms.orders.reach import UNRELEASED, busy_at, free_units, is_live, recallable
from oms.orders.store import OrderTree

_WAIT = "wait for the location to reject it, or a return when it has arrived"


def ended(order: Order) -> Why | None:
    """An order that has ended stays so."""
    if is_live(order):
        return None
    possible = "a return of what was delivered" if order.status == "completed" else "a new order"
    return Why("order_ended", f"the order is {order.status}", possible)


def being_cancelled(order: Order) -> Why | None:
    """What is left of a cancelled order is with locations and carriers."""
    if order.cancelling is None:
        return None
    return Why("order_cancelled", "the order was cancelled; what is left is with locations or carriers", "a new order")


def not_cancelled(tree: OrderTree, parcels: Mapping[str, Parcel]) -> Why | None:
    """Why nothing of the order can be cancelled."""
    order = tree.order
    if is_live(order) and (order.units_waiting or recallable(tree, parcels)):
        return None
    busy = busy_at(tree, parcels)
    if busy and is_live(order):
        where = ", ".join(busy)
        possible = "wait for it to reject, or a return"
        return Why("location_at_work", f"the location is at work on all units ({where})", possible)
    if is_live(order):
        text = "all units have shipped: their parcels are with carriers"
        return Why("shipped", text, "a return when they have arrived")
    return ended(order)


def units_not_cancelled(tree: OrderTree, parcels: Mapping[str, Parcel], wanted: Mapping[int, int]) -> list[Why]:
    """Why these units by line number cannot all be cancelled."""
    over = ended(tree.order)
    if over:
        return [over]
    return _beyond(wanted, free_units(tree, parcels), "are not being picked and have not shipped")


def units_not_taken_off(tree: OrderTree, parcels: Mapping[str, Parcel], wanted: Mapping[int, int]) -> list[Why]:
    """Why an edit cannot take these units by line number off: only what no location knows of may be edited."""
    return _beyond(wanted, free_units(tree, parcels, UNRELEASED), "have not been released to a location")


def _beyond(wanted: Mapping[int, int], free: Mapping[int, int], which: str) -> list[Why]:
    return [
        Why(
            "units_not_free", f"line {number}: {free.get(number, 0)} unit(s) {which}, not {units}", _fewer(free, number)
        )
        for number, units in sorted(wanted.items())
        if units > free.get(number, 0)
    ]


def _fewer(free: Mapping[int, int], number: int) -> str:
    return f"at most {free[number]} of this line; for the others, {_WAIT}" if free.get(number) else _WAIT


def not_changed(order: Order, at: datetime) -> Why | None:
    """Why no change set can be opened."""
    over = not_amended(order)
    if over:
        return over
    if order.change and order.change.expires_at > to_text(at):
        possible = f"confirm or decline it, or wait until {order.change.expires_at}"
        return Why("change_open", f"the change set {order.change.id} waits for a decision", possible)
    return None


def not_amended(order: Order) -> Why | None:
    """Why nothing about the order can be changed any more."""
    return ended(order) or being_cancelled(order)


def not_redirected(tree: OrderTree, parcels: Mapping[str, Parcel]) -> Why | None:
    """Why address and delivery service cannot be changed: every unit must still be here and untold."""
    busy = busy_at(tree, parcels, UNRELEASED)
    gone = sorted({work.location for work in tree.fulfillment_orders if work.status == "closed"})
    if not busy and not gone:
        return None
    where = ", ".join(busy or gone)
    possible = "cancel the units and order again, or ask the carrier to redirect the parcel"
    return Why("released", f"work has been released to {where}", possible)


def not_held(order: Order) -> Why | None:
    """Why no hold can be put."""
    return ended(order)


def not_let_go(hold: Hold, roles: Collection[str]) -> Why | None:
    """Why somebody with these roles may not release a hold."""
    if set(roles) & set(hold.release_by):
        return None
    who = " or ".join(hold.release_by)
    return Why("role_needed", f"the hold {hold.reason} is released by {who}", f"ask {who}")


def not_rejected(order: Order) -> Why | None:
    """Why the order cannot be refused over a hold: only one that waits for its confirmation can."""
    if order.status == "validating":
        return None
    over = ended(order)
    return over or Why("confirmed", "the order has been confirmed", "cancel it")


def not_going_on(order: Order, event: str) -> list[Why]:
    """Why a step does not happen: the open holds that block it."""
    return [
        Why("on_hold", f"the hold {hold.reason} blocks it", f"{' or '.join(hold.release_by)} releases hold {hold.id}")
        for hold in order.holds
        if event in hold.blocks
    ]
