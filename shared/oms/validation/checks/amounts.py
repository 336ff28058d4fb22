"""The amounts do not contradict each other: per line, discount, tax, total; to the minor unit unless told otherwise."""

from collections.abc import Iterator

from oms.kernel.errors import Fault
from oms.orders.shapes import LineFigures
from oms.validation.check import Check, Count, Facts, Params
from oms.validation.model import OrderToCheck


class Tolerance(Params):
    """`tolerance_minor`: by how much a total may differ from its parts (a sender that rounds per line, say)."""

    tolerance_minor: Count = 0


def total_of(order: OrderToCheck) -> int:
    """What the parts come to, to the minor unit (see `oms.intake.model` for the formula)."""
    goods = sum(map(_amount, order.lines)) - order.discount_minor + order.shipping_minor
    return goods if order.taxes_included else goods + order.tax_minor


def check(order: OrderToCheck, _: Facts, params: Tolerance) -> list[Fault]:
    faults = list(_line_faults(order))
    goods = sum(map(_amount, order.lines))
    if order.discount_minor > max(goods, 0) + order.shipping_minor:
        faults.append(Fault("discount_minor", "is more than goods and shipping are worth"))
    taxes = sum(line.tax_minor for line in order.lines)
    if taxes > order.tax_minor:
        faults.append(Fault("tax_minor", f"the lines alone carry {taxes}, not {order.tax_minor}"))
    expected = total_of(order)
    if abs(expected - order.total_minor) > params.tolerance_minor:
        faults.append(Fault("total_minor", f"the parts come to {expected}, not {order.total_minor}"))
    if order.taxes_included and order.tax_minor > order.total_minor:
        faults.append(Fault("tax_minor", "is more than the total that contains it"))
    return faults


def _line_faults(order: OrderToCheck) -> Iterator[Fault]:
    for place, line in enumerate(order.lines):
        amount = _amount(line)
        if amount < 0:
            yield Fault(f"lines.{place}.discount_minor", "is more than the line is worth")
        elif order.taxes_included and line.tax_minor > amount:
            yield Fault(f"lines.{place}.tax_minor", "is more than the line that contains it")


def _amount(line: LineFigures) -> int:
    return line.quantity * line.unit_price_minor - line.discount_minor


PLUGIN = Check("totals_do_not_add_up", check, "reject", Tolerance, rank=20, edits="sums")
