"""Goods that may not go to the country, by the item or by what the channel may sell there."""

from collections.abc import Mapping

from oms.kernel.errors import Fault
from oms.validation.check import Check, Country, Facts, Params
from oms.validation.model import OrderToCheck


class Embargo(Params):
    """`not_to`: by country the SKUs (or their beginnings, ended by `*`) that this channel may not send there."""

    not_to: Mapping[Country, tuple[str, ...]] = {}


def check(order: OrderToCheck, facts: Facts, params: Embargo) -> list[Fault]:
    country = order.ship_to.country
    banned = params.not_to.get(country, ())
    faults = []
    for place, line in enumerate(order.lines):
        item = facts.items.get(line.sku)
        by_item = item is not None and (country in item.not_to or (item.only_to and country not in item.only_to))
        if by_item or any(_names(pattern, line.sku) for pattern in banned):
            faults.append(Fault(f"lines.{place}.sku", f"{line.sku} may not go to {country}"))
    return faults


def _names(pattern: str, sku: str) -> bool:
    return sku.startswith(pattern[:-1]) if pattern.endswith("*") else sku == pattern


PLUGIN = Check("not_allowed_there", check, "reject", Embargo, "restricted_goods", rank=45, edits="goods")
