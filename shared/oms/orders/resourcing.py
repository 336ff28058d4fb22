"""Ask for stock again: units of an order that have been allocated before, or that are new to it, are open."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from oms.events.orders import OrderReallocationRequested
from oms.kernel.time import to_text
from oms.orders.lifecycle import MAX_DWELL
from oms.orders.model import Order


def asked_again(
    order: Order, at: datetime, excluded: Iterable[str] = ()
) -> tuple[OrderReallocationRequested, dict[str, Any]]:
    """What asks for stock for the open units, under the next attempt, and the header's fields that go with it."""
    attempt = order.attempt + 1
    fact = OrderReallocationRequested(order_id=order.id, attempt=attempt, excluded_locations=sorted(excluded))
    return fact, {"attempt": attempt, "watch_at": to_text(at + MAX_DWELL["order.confirmed"])}
