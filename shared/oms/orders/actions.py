"""What can be done with an order now and, of what cannot, why not and what would make it possible. Pure.

Made from the same functions as the refusals (`oms.orders.whynot`), so an action that is allowed here is refused for
nothing but what has changed since.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from oms.kernel.errors import Why
from oms.kernel.time import to_text
from oms.orders.model import Order, Parcel
from oms.orders.reach import UNRELEASED, free_units
from oms.orders.store import OrderTree
from oms.orders.whynot import (
    being_cancelled,
    ended,
    not_amended,
    not_cancelled,
    not_changed,
    not_going_on,
    not_held,
    not_let_go,
    not_redirected,
    not_rejected,
)

MAY_CANCEL = frozenset({"operator", "sales", "channel"})
MAY_DECIDE = frozenset({"operator", "sales", "finance"})  # on holds and change sets
_ASKED_OF_PEOPLE: Mapping[str, frozenset[str]] = {
    "cancel": MAY_CANCEL,
    "cancel_units": MAY_CANCEL,
    **dict.fromkeys(
        (
            "hold",
            "release_hold",
            "reject",
            "add_line",
            "set_discount",
            "raise_quantity",
            "lower_quantity",
            "change_address",
            "change_delivery_service",
            "confirm_change",
            "decline_change",
        ),
        MAY_DECIDE,
    ),
}


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class WhyNotView(_View):
    """Why not, by a stable code, and what would make it possible."""

    code: str
    message: str
    possible: str


class ActionView(_View):
    """One action. `subject` is the hold, change set or line that it is about; `at_most` so many units."""

    action: str
    allowed: bool
    subject: str | None = None
    at_most: int | None = None
    why_not: tuple[WhyNotView, ...] = ()


class Actions(_View):
    """All actions on an order, for the caller's roles."""

    order_id: str
    status: str
    actions: tuple[ActionView, ...]


def actions_of(tree: OrderTree, parcels: Mapping[str, Parcel], roles: Collection[str], at: datetime) -> Actions:
    """Every action on the order, allowed or not."""
    order = tree.order
    rows = [*_whole(tree, parcels), *_of_holds(order, roles), *_of_change(tree, parcels, at), *_of_steps(order)]
    return Actions(order_id=order.id, status=order.status, actions=tuple(_for_roles(row, roles) for row in rows))


def _for_roles(row: ActionView, roles: Collection[str]) -> ActionView:
    """The action as it is for somebody with these roles; what the system does by itself is for nobody."""
    needed = _ASKED_OF_PEOPLE.get(row.action, frozenset())
    if not needed or needed & set(roles):
        return row
    who = " or ".join(sorted(needed))
    why = WhyNotView(code="role_needed", message=f"this is for {who}", possible=f"ask {who}")
    return row.model_copy(update={"allowed": False, "why_not": (why, *row.why_not)})


def _row(action: str, *why: Why | None, subject: str | None = None, at_most: int | None = None) -> ActionView:
    found = tuple(
        WhyNotView(code=each.code, message=each.message, possible=each.possible) for each in why if each is not None
    )
    return ActionView(action=action, allowed=not found, subject=subject, at_most=at_most, why_not=found)


def _whole(tree: OrderTree, parcels: Mapping[str, Parcel]) -> Iterator[ActionView]:
    order = tree.order
    yield _row("hold", not_held(order))
    yield _row("cancel", not_cancelled(tree, parcels))
    over = ended(order)
    free = {} if over else free_units(tree, parcels)
    for line in order.lines:
        units = free.get(line.number, 0)
        if over or not units:
            yield _row("cancel_units", over or _shipped(order, line.number), subject=str(line.number), at_most=0)
        else:
            yield _row("cancel_units", subject=str(line.number), at_most=units)


def _shipped(order: Order, number: int) -> Why:
    line = next(each for each in order.lines if each.number == number)
    if line.cancelled == line.quantity:
        return Why("units_not_free", "all units of the line are cancelled", "add a line")
    return Why("units_not_free", "all units of the line are with a location or a carrier", "a return")


def _of_holds(order: Order, roles: Collection[str]) -> Iterator[ActionView]:
    for hold in order.holds:
        yield _row("release_hold", not_let_go(hold, roles), subject=hold.id)
        yield _row("reject", not_let_go(hold, roles), not_rejected(order), subject=hold.id)


def _of_change(tree: OrderTree, parcels: Mapping[str, Parcel], at: datetime) -> Iterator[ActionView]:
    order = tree.order
    closed = not_changed(order, at)
    for action in ("add_line", "set_discount", "raise_quantity"):
        yield _row(action, closed)
    free = {} if ended(order) else free_units(tree, parcels, UNRELEASED)
    for line in order.lines:
        units = free.get(line.number, 0)
        why = None if units else _released(order, line.number)
        yield _row("lower_quantity", closed, why, subject=str(line.number), at_most=0 if closed else units)
    elsewhere = not_redirected(tree, parcels)
    for action in ("change_address", "change_delivery_service"):
        yield _row(action, closed, elsewhere)
    open_one = order.change if order.change and order.change.expires_at > to_text(at) else None
    none = None if open_one else Why("no_change_open", "no change set is open", "open one")
    subject = open_one.id if open_one else None
    yield _row("confirm_change", none or not_amended(order), subject=subject)
    yield _row("decline_change", none, subject=subject)


def _released(order: Order, number: int) -> Why:
    line = next(each for each in order.lines if each.number == number)
    if line.cancelled == line.quantity:
        return Why("units_not_free", "all units of the line are cancelled", "add a line")
    return Why("released", "all units of the line have been released to a location", "cancel the units, or a return")


def _of_steps(order: Order) -> Iterator[ActionView]:
    """What the system does next by itself, and what keeps it from it."""
    over = ended(order) or being_cancelled(order)
    steps: Iterable[str] = ("confirm",) if order.status == "validating" else ()
    for step in (*steps, "allocate", "release"):
        yield _row(step, over, *([] if over else not_going_on(order, step)))
