"""Goods for people above an age: somebody must have checked, or must check."""

from oms.kernel.errors import Fault
from oms.validation.check import Check, Facts, Params
from oms.validation.model import OrderToCheck


class Checked(Params):
    """`by_channel`: up to which age the channel has its buyers proven (0: not at all)."""

    by_channel: int = 0


def check(order: OrderToCheck, facts: Facts, params: Checked) -> list[Fault]:
    faults = []
    for place, line in enumerate(order.lines):
        item = facts.items.get(line.sku)
        if item is not None and item.min_age > params.by_channel:
            faults.append(Fault(f"lines.{place}.sku", f"{line.sku} is for people of {item.min_age} and older"))
    return faults


PLUGIN = Check("age_not_checked", check, "hold", Checked, "restricted_goods", edits="goods")
