"""Every SKU is in the catalogue."""

from oms.kernel.errors import Fault
from oms.validation.check import Check, Facts, NoParams
from oms.validation.model import OrderToCheck


def check(order: OrderToCheck, facts: Facts, _: NoParams) -> list[Fault]:
    return [
        Fault(f"lines.{place}.sku", f"{line.sku} is not in the catalogue")
        for place, line in enumerate(order.lines)
        if line.sku not in facts.items
    ]


PLUGIN = Check("unknown_sku", check, "reject", rank=10)
