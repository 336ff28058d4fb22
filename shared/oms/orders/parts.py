"""What the parts of an order are worth, to the minor unit: lines with their share of everything, and single units.

    total = sum of the line parts + charges

A part is the worth of the line's live units less its share of the order's discount plus its tax; `charges` are postage,
duties and tip with their tax. Shares are by largest remainder, so that parts sum to the total whatever the order looks
like, and the units of a line to its part. Units that shipped come first, so that what is worth how much depends on the
counts alone, never on who came first.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from oms.kernel.money import share
from oms.orders.amounts import kept_share, live_units, worth
from oms.orders.model import Order


class Parts(NamedTuple):
    """By line, in the order of the lines; and what is no line."""

    lines: tuple[int, ...]
    charges: int


def parts_of(order: Order) -> Parts:
    """The total, taken apart."""
    amounts = [worth(line) for line in order.lines]
    goods = sum(amounts)
    discounts = share(min(order.discount_minor, goods), amounts) if goods > 0 else [0] * len(amounts)
    parts = [amount - discount for amount, discount in zip(amounts, discounts, strict=True)]
    if not order.taxes_included:
        own = [line.tax_minor for line in order.lines]
        rest = _tax_of_no_line(order, parts, own)
        parts = [part + tax + more for part, tax, more in zip(parts, own, rest, strict=True)]
    return Parts(tuple(parts), order.total_minor - sum(parts))


def _tax_of_no_line(order: Order, parts: Sequence[int], own: Sequence[int]) -> list[int]:
    """The lines' shares of a tax that the sender gave for the order alone; what is on postage stays with postage."""
    rest = order.tax_minor - sum(own)
    of_postage = any(own) and order.shipping_minor > 0
    weights = [*parts, order.shipping_minor]
    if rest <= 0 or of_postage or sum(weights) <= 0:
        return [0] * len(own)
    return share(rest, weights)[:-1]


def shipped_value(order: Order, shipped: Mapping[int, int]) -> int:
    """What `shipped` units by line number are worth; the charges go with the first of them."""
    if not any(shipped.values()):
        return 0
    parts = parts_of(order)
    return parts.charges + sum(
        kept_share(part, live_units(line), min(shipped.get(line.number, 0), live_units(line)))
        for part, line in zip(parts.lines, order.lines, strict=True)
        if live_units(line)
    )
