"""An order above a size needs a person's yes: worth, units, lines, or a discount that is large for what it is on."""

from collections.abc import Mapping

from oms.kernel.errors import Fault
from oms.kernel.money import to_decimal_text
from oms.validation.check import Check, Count, Currency, Facts, Params
from oms.validation.model import OrderToCheck


class Sizes(Params):
    """Above which size; 0 or an absent currency: any size will do. Amounts in minor units by currency."""

    amount_minor: Mapping[Currency, Count] = {}
    units: Count = 0
    lines: Count = 0
    discount_pct: Count = 0


def check(order: OrderToCheck, _: Facts, params: Sizes) -> list[Fault]:
    faults = []
    most = params.amount_minor.get(order.currency, 0)
    if most and order.total_minor > most:
        faults.append(Fault("total_minor", f"is above {to_decimal_text(most, order.currency)} {order.currency}"))
    units = sum(line.quantity for line in order.lines)
    if params.units and units > params.units:
        faults.append(Fault("lines", f"{units} units are more than {params.units}"))
    if params.lines and len(order.lines) > params.lines:
        faults.append(Fault("lines", f"{len(order.lines)} lines are more than {params.lines}"))
    worth = sum(line.quantity * line.unit_price_minor for line in order.lines)
    off = order.discount_minor + sum(line.discount_minor for line in order.lines)
    if params.discount_pct and off * 100 > worth * params.discount_pct:
        faults.append(Fault("discount_minor", f"more than {params.discount_pct} % is off"))
    return faults


PLUGIN = Check("order_too_large", check, "hold", Sizes, "order_size", edits="goods")
