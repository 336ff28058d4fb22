"""Dangerous goods: only to where they may be carried, and only so many of them in one order."""

from oms.kernel.errors import Fault
from oms.validation.check import Check, Count, Country, Facts, Params
from oms.validation.model import OrderToCheck


class Carriage(Params):
    """`to`: countries to which dangerous goods may go. `classes`: those that may go at all, as the items have them.

    An empty `classes` lets all go. `units`: the most in one order; 0: no limit.
    """

    to: tuple[Country, ...] = ()
    classes: tuple[str, ...] = ()
    units: Count = 0


def check(order: OrderToCheck, facts: Facts, params: Carriage) -> list[Fault]:
    faults, units = [], 0
    for place, line in enumerate(order.lines):
        item = facts.items.get(line.sku)
        if item is None or item.hazmat is None:
            continue
        units += line.quantity
        if order.ship_to.country not in params.to:
            faults.append(
                Fault(f"lines.{place}.sku", f"{line.sku} ({item.hazmat}) may not be carried to {order.ship_to.country}")
            )
        elif params.classes and item.hazmat not in params.classes:
            faults.append(Fault(f"lines.{place}.sku", f"{line.sku} ({item.hazmat}) may not be carried"))
    if params.units and units > params.units:
        faults.append(Fault("lines", f"{units} units of dangerous goods are more than {params.units}"))
    return faults


PLUGIN = Check("dangerous_goods", check, "hold", Carriage, "restricted_goods", edits="goods")
