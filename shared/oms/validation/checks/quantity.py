"""Nobody orders that many by intention: units per line, per order, and per item where the item says so."""

from collections import Counter

from oms.kernel.errors import Fault
from oms.validation.check import Check, Count, Facts, Params
from oms.validation.model import OrderToCheck


class Most(Params):
    """The most units; 0: no limit. An item's own `max_per_order` counts for all lines of it together."""

    per_line: Count = 10_000
    per_order: Count = 0


def check(order: OrderToCheck, facts: Facts, params: Most) -> list[Fault]:
    units: Counter[str] = Counter()
    faults = []
    for place, line in enumerate(order.lines):
        units[line.sku] += line.quantity
        if params.per_line and line.quantity > params.per_line:
            faults.append(Fault(f"lines.{place}.quantity", f"is more than {params.per_line}"))
    for sku, wanted in units.items():
        item = facts.items.get(sku)
        if item is not None and item.max_per_order and wanted > item.max_per_order:
            faults.append(Fault("lines", f"{wanted} of {sku}; at most {item.max_per_order} go with one order"))
    total = units.total()
    if params.per_order and total > params.per_order:
        faults.append(Fault("lines", f"{total} units are more than {params.per_order}"))
    return faults


PLUGIN = Check("too_many_units", check, "hold", Most, "order_size", edits="goods")
