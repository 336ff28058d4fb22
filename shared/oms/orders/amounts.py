"""What an order is worth when units of it are no longer wanted. Pure, in minor units.

A line's discount and tax belong to its units in equal shares (the first ones carry the odd minor units, domain I15), so
taking units off one by one or together comes to the same. The order's own discount follows the worth of the lines. Tax
that is not on a line is the tax on shipping, unless no line carries any: then it follows the worth of everything.
Shipping is charged while anything is left.
"""

from collections.abc import Sequence
from typing import NamedTuple

from oms.kernel.money import share
from oms.orders.model import Line, Order


class Amounts(NamedTuple):
    """The amounts of an order besides its lines, named like the fields of the order."""

    shipping_minor: int
    discount_minor: int
    tax_minor: int
    total_minor: int


def live_units(line: Line) -> int:
    """Units that are still wanted."""
    return line.quantity - line.cancelled


def worth(line: Line) -> int:
    """The line amount of what is still wanted, less its discount."""
    return live_units(line) * line.unit_price_minor - line.discount_minor


def sum_of(lines: Sequence[Line], shipping_minor: int, discount_minor: int, tax_minor: int, *, included: bool) -> int:
    """The total that the parts come to (domain I13)."""
    goods = sum(worth(line) for line in lines) - discount_minor + shipping_minor
    return goods if included else goods + tax_minor


def kept_share(amount_minor: int, units: int, kept: int) -> int:
    """What stays of an amount on `units` equal units when `kept` of them stay."""
    whole, odd = divmod(amount_minor, units)
    return whole * kept + min(odd, kept)


def repriced(before: Line, after: Line) -> Line:
    """`after` with the discount and the tax of the units that `before` had and it still has."""
    had, has = live_units(before), live_units(after)
    if had == has:
        return after
    changes = {
        "discount_minor": kept_share(before.discount_minor, had, has),
        "tax_minor": kept_share(before.tax_minor, had, has),
    }
    return after.model_copy(update=changes)


def without_cancelled(order: Order, lines: Sequence[Line]) -> tuple[tuple[Line, ...], Amounts]:
    """The order's lines and amounts when its lines become `lines`, which differ in units cancelled and nothing else.

    A total that differed from the sum of its parts by the sender's rounding goes on differing by it.
    """
    new = tuple(repriced(old, line) for old, line in zip(order.lines, lines, strict=True))
    if not any(live_units(line) for line in new):
        return new, Amounts(0, 0, 0, 0)
    goods, left = sum(map(worth, order.lines)), sum(map(worth, new))
    discount = following(order.discount_minor, goods, left)
    line_tax, line_tax_left = sum(line.tax_minor for line in order.lines), sum(line.tax_minor for line in new)
    other_tax = order.tax_minor - line_tax
    if other_tax and not line_tax:
        other_tax = following(other_tax, goods + order.shipping_minor, left + order.shipping_minor)
    tax = line_tax_left + other_tax
    included = order.taxes_included
    was = sum_of(order.lines, order.shipping_minor, order.discount_minor, order.tax_minor, included=included)
    comes_to = sum_of(new, order.shipping_minor, discount, tax, included=included)
    return new, Amounts(order.shipping_minor, discount, tax, max(order.total_minor - was + comes_to, 0))


def following(amount_minor: int, before: int, after: int) -> int:
    """What stays of an amount that follows a worth, from `before` down to `after`."""
    return share(amount_minor, (after, before - after))[0] if before > 0 else amount_minor
