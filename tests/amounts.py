"""Whether the amounts of an order that a channel sent add up, as the check of that name sees it."""

from datetime import UTC, datetime

from oms.kernel.errors import Fault
from oms.reference.model import Channel
from oms.validation.check import Facts
from oms.validation.checks.amounts import Tolerance, check
from oms.validation.model import OrderToCheck

_FACTS = Facts(
    Channel(name="any", kind="canonical", currencies=frozenset()), datetime(2026, 11, 23, tzinfo=UTC), {}, frozenset()
)


def total_faults(order: OrderToCheck) -> list[Fault]:
    return check(order, _FACTS, Tolerance())
