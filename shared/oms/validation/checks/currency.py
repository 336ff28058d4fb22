"""The channel takes the currency."""

from oms.kernel.errors import Fault
from oms.validation.check import Check, Facts, NoParams
from oms.validation.model import OrderToCheck


def check(order: OrderToCheck, facts: Facts, _: NoParams) -> list[Fault]:
    accepted = facts.channel.currencies
    if order.currency in accepted:
        return []
    return [Fault("currency", f"the channel takes {', '.join(sorted(accepted))}, not {order.currency}")]


PLUGIN = Check("currency_not_accepted", check, "reject", rank=30)
