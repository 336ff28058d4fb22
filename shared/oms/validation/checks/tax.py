"""The tax is one that somewhere is asked: no line above the highest rate, none on postage that nobody pays."""

from oms.kernel.errors import Fault
from oms.validation.check import Check, Count, Facts, Params
from oms.validation.model import OrderToCheck


class Rates(Params):
    """`highest_pct`: the highest rate that we know of (Hungary takes 27 %), with room for taxes on top of taxes."""

    highest_pct: Count = 35


def check(order: OrderToCheck, _: Facts, params: Rates) -> list[Fault]:
    faults = []
    for place, line in enumerate(order.lines):
        amount = line.quantity * line.unit_price_minor - line.discount_minor
        if _above(line.tax_minor, amount, params.highest_pct, included=order.taxes_included):
            faults.append(Fault(f"lines.{place}.tax_minor", f"is more than {params.highest_pct} % of the line"))
    taxes = sum(line.tax_minor for line in order.lines)
    rest = order.tax_minor - taxes
    if taxes and _above(rest, order.shipping_minor, params.highest_pct, included=order.taxes_included):
        faults.append(Fault("tax_minor", f"leaves {rest} for shipping of {order.shipping_minor}"))
    return faults


def _above(tax: int, amount: int, pct: int, *, included: bool) -> bool:
    """Whether the tax on an amount is above the rate, by more than the rounding of one minor unit."""
    net = amount - tax if included else amount
    return (tax - 1) * 100 > max(net, 0) * pct


PLUGIN = Check("implausible_tax", check, "inform", Rates, edits="sums")
