"""What an order looks like with changes made. Pure.

A `Wish` says what the order is to be; `plan_of` says what has to be taken back for it, or why it cannot be had;
`with_wish` makes the header, once it is known what was taken back. Units taken off a line are cancelled, not
forgotten: the line keeps its quantity (domain I1).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from oms.kernel.errors import Fault, RejectedError, Why
from oms.orders.amounts import following, kept_share, live_units, sum_of, worth
from oms.orders.goods import MAX_LINES
from oms.orders.lifecycle import ORDER, move
from oms.orders.model import Destination, Line, Order, Parcel, RequestedDelivery
from oms.orders.reach import UNRELEASED, Sources, recallable, sources_of
from oms.orders.store import OrderTree
from oms.orders.whynot import not_redirected, units_not_taken_off


@dataclass
class Wish:
    """What the order is to be.

    `lines` are those of the order and new ones, with amounts for what is wanted of them; `units` says how much that is
    by line number. `redirected`: everything must be sourced and booked again, because it goes elsewhere or otherwise.
    """

    lines: list[Line]
    units: dict[int, int]
    shipping_minor: int
    discount_minor: int
    other_tax_minor: int
    destination: Destination | None = None
    delivery: RequestedDelivery | None = None
    redirected: bool = False
    total_minor: int | None = None
    priority: int | None = None
    kinds: list[str] = field(default_factory=list)


class Plan(NamedTuple):
    """What has to be taken back; `why`: why it cannot be."""

    sources: Sources
    why: tuple[Why, ...]


def wish_as_it_is(order: Order) -> Wish:
    """Nothing is to be different."""
    return Wish(
        lines=list(order.lines),
        units={line.number: live_units(line) for line in order.lines},
        shipping_minor=order.shipping_minor,
        discount_minor=order.discount_minor,
        other_tax_minor=order.tax_minor - sum(line.tax_minor for line in order.lines),
    )


def line_of(wish: Wish, number: int) -> Line:
    """The line of a number.

    Raises:
        RejectedError: no such line (`invalid`).
    """
    found = next((line for line in wish.lines if line.number == number), None)
    if found is None:
        fault = Fault("edits", f"the order has no line {number}")
        raise RejectedError("1 field(s) are not valid", code="invalid", faults=[fault])
    return found


def replace(wish: Wish, line: Line, units: int) -> None:
    """Put a line of the same number in its place, `units` of it wanted."""
    wish.lines = [line if each.number == line.number else each for each in wish.lines]
    wish.units[line.number] = units


def add_line(wish: Wish, line: Line) -> None:
    """A line more, all of it open.

    Raises:
        RejectedError: more lines than an order may have.
    """
    if len(wish.lines) >= MAX_LINES:
        fault = Fault("edits", f"an order has at most {MAX_LINES} lines")
        raise RejectedError("1 field(s) are not valid", code="invalid", faults=[fault])
    number = max((each.number for each in wish.lines), default=0) + 1
    wish.lines.append(line.model_copy(update={"number": number}))
    wish.units[number] = line.quantity


def set_units(wish: Wish, number: int, units: int, tax_minor: int | None = None) -> None:
    """So many units of a line, with their share of its amounts.

    Raises:
        RejectedError: no such line, or a line of which nothing was left is to come back.
    """
    line = line_of(wish, number)
    had = wish.units[number]
    if units < had:
        discount, tax = kept_share(line.discount_minor, had, units), kept_share(line.tax_minor, had, units)
    elif had == 0 and units:
        fault = Fault("edits", f"nothing is left of line {number}; add a line instead")
        raise RejectedError("1 field(s) are not valid", code="invalid", faults=[fault])
    else:
        discount = line.discount_minor
        before = had * line.unit_price_minor - discount
        tax = scaled(line.tax_minor, before, units * line.unit_price_minor - discount)
    amounts = {"discount_minor": discount, "tax_minor": tax if tax_minor is None else tax_minor}
    replace(wish, line.model_copy(update=amounts), units)


def scaled(amount_minor: int, before: int, after: int) -> int:
    """An amount that follows another one, rounded half up. What follows nothing stays as it is."""
    return (2 * amount_minor * after + before) // (2 * before) if before > 0 else amount_minor


def goods(lines: Sequence[Line], units: Mapping[int, int]) -> int:
    """What the wanted units of all lines are worth, less their own discounts."""
    return sum(units[line.number] * line.unit_price_minor - line.discount_minor for line in lines)


def follow(order: Order, wish: Wish, *, discount: bool = True) -> None:
    """Let the order's own discount (unless it was said) and the tax that is on no line follow the lines and postage."""
    was, comes_to = sum(map(worth, order.lines)), goods(wish.lines, wish.units)
    if discount and comes_to < was:
        wish.discount_minor = following(order.discount_minor, was, max(comes_to, 0))
    other = order.tax_minor - sum(line.tax_minor for line in order.lines)
    if other and not any(line.tax_minor for line in order.lines):
        wish.other_tax_minor = scaled(other, was + order.shipping_minor, max(comes_to, 0) + wish.shipping_minor)
    else:
        wish.other_tax_minor = scaled(other, order.shipping_minor, wish.shipping_minor)


def amounts_of(order: Order, wish: Wish) -> dict[str, int]:
    """The header's amounts with the wish. What the sender rounded otherwise stays otherwise.

    Raises:
        RejectedError: `totals_do_not_add_up`: a discount is more than what it is on.
    """
    _refuse_discounts(wish)
    if not any(wish.units.values()):
        return dict.fromkeys(("shipping_minor", "discount_minor", "tax_minor", "total_minor"), 0)
    tax = sum(line.tax_minor for line in wish.lines) + wish.other_tax_minor
    comes_to = goods(wish.lines, wish.units) - wish.discount_minor + wish.shipping_minor
    comes_to += 0 if order.taxes_included else tax
    if wish.total_minor is None:
        was = sum_of(
            order.lines,
            order.shipping_minor,
            order.discount_minor,
            order.tax_minor,
            included=order.taxes_included,
        )
        comes_to += order.total_minor - was
    else:
        comes_to = wish.total_minor
    if comes_to < 0:
        fault = Fault("edits", "the discount is more than the order is worth")
        raise RejectedError("the amounts contradict each other", code="totals_do_not_add_up", faults=[fault])
    return {
        "shipping_minor": wish.shipping_minor,
        "discount_minor": wish.discount_minor,
        "tax_minor": tax,
        "total_minor": comes_to,
    }


def _refuse_discounts(wish: Wish) -> None:
    faults = [
        Fault("edits", f"line {line.number}: the discount is more than the line is worth")
        for line in wish.lines
        if line.discount_minor > wish.units[line.number] * line.unit_price_minor
    ]
    if faults:
        raise RejectedError("the amounts contradict each other", code="totals_do_not_add_up", faults=faults)


def taken_off(order: Order, wish: Wish) -> dict[int, int]:
    """Units by line number that are wanted no more."""
    fewer = {line.number: live_units(line) - wish.units[line.number] for line in order.lines}
    return {number: units for number, units in fewer.items() if units > 0}


def put_on(order: Order, wish: Wish) -> dict[int, int]:
    """Units by line number that are wanted besides."""
    had = {line.number: live_units(line) for line in order.lines}
    more = {number: units - had.get(number, 0) for number, units in wish.units.items()}
    return {number: units for number, units in more.items() if units > 0}


def plan_of(tree: OrderTree, parcels: Mapping[str, Parcel], wish: Wish) -> Plan:
    """What has to be taken back. An edit may have only what no location knows of: the rest has been released."""
    order = tree.order
    off = taken_off(order, wish)
    why = units_not_taken_off(tree, parcels, off)
    if wish.redirected:
        elsewhere = not_redirected(tree, parcels)
        why = [*why, elsewhere] if elsewhere else why
        queued = tuple((line, line.backordered) for line in order.lines if line.backordered)
        return Plan(Sources(tuple(recallable(tree, parcels, UNRELEASED)), queued), tuple(why))
    return Plan(sources_of(tree, parcels, off, UNRELEASED), tuple(why))


def with_wish(order: Order, wish: Wish, recalled: Mapping[int, int], queued: Mapping[int, int]) -> dict[str, Any]:
    """The header's fields with the wish made.

    Args:
        order: as it was.
        wish: what it is to be.
        recalled: units by line number that were taken back from locations.
        queued: those that no longer wait for stock.
    """
    off, on = taken_off(order, wish), put_on(order, wish)
    old = {line.number: line for line in order.lines}
    lines = tuple(
        _rebucketed(old.get(line.number), line, recalled, queued, off.get(line.number, 0), on.get(line.number, 0))
        for line in wish.lines
    )
    fields: dict[str, Any] = {"lines": lines, **amounts_of(order, wish)}
    status = _status(order, lines)
    fields["status"] = status
    if status == "cancelled":
        fields["holds"] = ()
    if wish.destination is not None:
        fields["destination"] = wish.destination
    if wish.delivery is not None:
        fields["delivery"] = wish.delivery
    if wish.priority is not None:
        fields["priority"] = wish.priority
    return fields


def _rebucketed(
    before: Line | None,
    line: Line,
    recalled: Mapping[int, int],
    queued: Mapping[int, int],
    off: int,
    on: int,
) -> Line:
    if before is None:
        return line.model_copy(update={"open": line.quantity})
    back, unqueued = recalled.get(line.number, 0), queued.get(line.number, 0)
    still = before.backordered - unqueued
    changes = {
        "quantity": before.quantity + on,
        "allocated": before.allocated - back,
        "backordered": still,
        "waits_at": before.waits_at if still else None,
        "supply_on": None if on else before.supply_on,  # who wants more stands in line anew
        "open": before.open + back + unqueued + on - off,
        "cancelled": before.cancelled + off,
    }
    return Line.model_validate({**line.model_dump(), **changes})


def _status(order: Order, lines: Sequence[Line]) -> str:
    if not any(live_units(line) for line in lines):
        return move(ORDER, order.status, "cancel")
    if order.status == "in_fulfillment" and not any(line.allocated for line in lines):
        return move(ORDER, order.status, "unallocate")
    return order.status
