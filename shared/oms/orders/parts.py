"""What the parts of an order are worth, to the minor unit: lines with their share of everything, and single units.

    total = sum of the line parts + charges

A part is the line's amount less its share of the order's discount plus its tax; `charges` are postage, duties and tip
with their tax. Shares are by largest remainder, so that parts sum to the total whatever the order looks like, and the
units of a line to its part. A line's units are counted in one order: shipped first, then those to come, cancelled last;
so what is worth how much depends on the counts alone, never on who came first.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from oms.kernel.money import share
from oms.orders.model import Order


class LineAmounts(Protocol):
    """One line's figures."""

    @property
    def quantity(self) -> int: ...
    @property
    def unit_price_minor(self) -> int: ...
    @property
    def discount_minor(self) -> int: ...
    @property
    def tax_minor(self) -> int: ...


class OrderAmounts(Protocol):
    """One order's figures, in minor units."""

    @property
    def lines(self) -> Sequence[LineAmounts]: ...
    @property
    def shipping_minor(self) -> int: ...
    @property
    def discount_minor(self) -> int: ...
    @property
    def tax_minor(self) -> int: ...
    @property
    def taxes_included(self) -> bool: ...
    @property
    def total_minor(self) -> int: ...


class Parts(NamedTuple):
    """By line, in the order of the lines; and what is no line."""

    lines: tuple[int, ...]
    charges: int


def parts_of(order: OrderAmounts) -> Parts:
    """The total, taken apart."""
    amounts = [line.quantity * line.unit_price_minor - line.discount_minor for line in order.lines]
    goods = sum(amounts)
    discounts = share(min(order.discount_minor, goods), amounts) if goods > 0 else [0] * len(amounts)
    parts = [amount - discount for amount, discount in zip(amounts, discounts, strict=True)]
    if not order.taxes_included:
        own = [line.tax_minor for line in order.lines]
        rest = _tax_of_no_line(order, parts, own)
        parts = [part + tax + more for part, tax, more in zip(parts, own, rest, strict=True)]
    return Parts(tuple(parts), order.total_minor - sum(parts))


def _tax_of_no_line(order: OrderAmounts, parts: Sequence[int], own: Sequence[int]) -> list[int]:
    """The lines' shares of a tax that the sender gave for the order alone; what is on postage stays with postage."""
    rest = order.tax_minor - sum(own)
    of_postage = any(own) and order.shipping_minor > 0
    weights = [*parts, order.shipping_minor]
    if rest <= 0 or of_postage or sum(weights) <= 0:
        return [0] * len(own)
    return share(rest, weights)[:-1]


def first_units(part: int, quantity: int, units: int) -> int:
    """What the first `units` of `quantity` are worth when all are worth `part`: the odd minor units go first."""
    each, odd = divmod(part, quantity)
    return each * units + min(odd, units)


def live_value(order: Order) -> int:
    """What the units that are not cancelled are worth, with all charges while there is any."""
    parts = parts_of(order)
    if all(line.cancelled >= line.quantity for line in order.lines):
        return 0
    kept = sum(
        first_units(part, line.quantity, line.quantity - line.cancelled)
        for part, line in zip(parts.lines, order.lines, strict=True)
    )
    return kept + parts.charges


def shipped_value(order: Order, shipped: Mapping[int, int]) -> int:
    """What `shipped` units by line number are worth; the charges go with the first of them."""
    if not any(shipped.values()):
        return 0
    parts = parts_of(order)
    gone = sum(
        first_units(part, line.quantity, min(shipped.get(line.number, 0), line.quantity - line.cancelled))
        for part, line in zip(parts.lines, order.lines, strict=True)
    )
    return gone + parts.charges
