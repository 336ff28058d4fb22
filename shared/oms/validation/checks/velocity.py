"""More orders of one buyer within a while than a buyer makes."""

from datetime import UTC, datetime, timedelta

from oms.kernel.errors import Fault
from oms.validation.check import Check, Count, Facts, Guard, Params, placed_at
from oms.validation.model import OrderToCheck


class Pace(Params):
    """At most `orders` in each stretch of `minutes` (stretches follow each other, they do not overlap).

    `on_account`: whether business customers, who order all day long, are counted too.
    """

    orders: Count = 20
    minutes: Count = 60
    on_account: bool = False


def guards(order: OrderToCheck, facts: Facts, params: Pace) -> list[Guard]:
    if not params.orders or not params.minutes or (order.account_id is not None and not params.on_account):
        return []
    length = params.minutes * 60
    stretch = int(placed_at(order, facts).timestamp()) // length
    starts_at = datetime.fromtimestamp(stretch * length, UTC)
    name = f"{facts.buyer}.{params.minutes}.{stretch}"
    return [Guard("velocity", name, params.orders, starts_at, starts_at + timedelta(seconds=length))]


def check(order: OrderToCheck, facts: Facts, params: Pace) -> list[Fault]:
    if any(guard.label in facts.tripped for guard in guards(order, facts, params)):
        return [Fault("customer", f"more than {params.orders} orders within {params.minutes} minutes")]
    return []


PLUGIN = Check("too_many_orders", check, "hold", Pace, "high_risk_of_fraud", guards=guards)
