"""An order that is edited goes once more through the checks that the edit can fail. Pure.

What was found before the edit has been decided on: by a person, or by a policy that let it pass. So only what the edit
brings about counts: a fault that was not there before, one on a line that has grown, one on an order that has, and of
a new address all.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from oms.kernel.errors import Fault
from oms.orders.amounts import live_units
from oms.orders.model import Line, Order, RequestedDelivery
from oms.orders.shapes import PostalPlace
from oms.validation.check import Check, Facts, Params

_LINE = re.compile(r"lines\.(\d+)\.")


class _Figures(NamedTuple):
    sku: str
    quantity: int
    unit_price_minor: int
    discount_minor: int
    tax_minor: int


class _Nobody(NamedTuple):
    """No check that an edit can fail looks at the person."""

    name: str = ""
    email: str | None = None
    phone: str | None = None


_NOBODY = _Nobody()


class _Somewhere(NamedTuple):
    """A destination, where the address itself stays as it is."""

    country: str
    address_lines: Sequence[str] = ()
    city: str = ""
    region: str | None = None
    postal_code: str = ""


@dataclass(frozen=True)
class EditedOrder:
    """An order of ours as the checks want to see one: what is wanted of it now."""

    channel: str
    currency: str
    lines: tuple[_Figures, ...]
    numbers: tuple[int, ...]
    shipping_minor: int
    discount_minor: int
    tax_minor: int
    taxes_included: bool
    total_minor: int
    account_id: str | None
    placed_at: str | None
    ship_to: PostalPlace
    delivery: RequestedDelivery | None
    customer: _Nobody = _NOBODY
    bill_to: None = None
    payment: None = None


def as_edited(order: Order, place: PostalPlace | None = None) -> EditedOrder:
    """The order with this address, or with its destination alone."""
    lines = [line for line in order.lines if live_units(line)]
    return EditedOrder(
        channel=order.channel,
        currency=order.currency,
        lines=tuple(map(_figures, lines)),
        numbers=tuple(line.number for line in lines),
        shipping_minor=order.shipping_minor,
        discount_minor=order.discount_minor,
        tax_minor=order.tax_minor,
        taxes_included=order.taxes_included,
        total_minor=order.total_minor,
        account_id=order.account_id,
        placed_at=order.placed_at,
        ship_to=place or _Somewhere(order.destination.country),
        delivery=order.delivery,
    )


def _figures(line: Line) -> _Figures:
    return _Figures(line.sku, live_units(line), line.unit_price_minor, line.discount_minor, line.tax_minor)


def grown_lines(before: Order, after: Order) -> frozenset[int]:
    """Numbers of lines of which more units are wanted than before."""
    had = {line.number: live_units(line) for line in before.lines}
    return frozenset(line.number for line in after.lines if live_units(line) > had.get(line.number, 0))


def new_faults(
    check: Check,
    params: Params,
    facts: Facts,
    orders: tuple[EditedOrder, EditedOrder],
    grown: Collection[int],
    *,
    moved: bool,
) -> list[Fault]:
    """What the check finds of the second order that it did not of the first."""
    before, after = orders
    if check.edits == "address":
        return list(check.run(after, facts, params)) if moved else []
    faults = check.run(after, facts, params) if check.edits else ()
    if not faults:
        return []
    old = check.run(before, facts, params)
    known = {fault.field for fault in old} if check.edits == "sums" else {fault.message for fault in old}
    if check.edits == "sums":
        return [fault for fault in faults if fault.field not in known]
    more = bool(grown) or after.total_minor > before.total_minor or _off(after) > _off(before)
    return [fault for fault in faults if fault.message not in known or _is_more(fault, after, grown, more=more)]


def _is_more(fault: Fault, order: EditedOrder, grown: Collection[int], *, more: bool) -> bool:
    """Whether the same words are about more than before: of the line they name, or of the order."""
    place = _LINE.match(fault.field)
    return order.numbers[int(place[1])] in grown if place else more


def _off(order: EditedOrder) -> int:
    return order.discount_minor + sum(line.discount_minor for line in order.lines)
