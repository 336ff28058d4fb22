"""Lets orders in only as fast as this machine works them off.

In an account a thousand functions start side by side. Here a few processes share a few cores, so a hundred orders at
once would wait in front of a workflow task until its timeout. To the sender it looks like a slow shop.
"""

import threading

from infra.local.census import Census
from oms.orders.model import Order

AT_ONCE = 24  # orders between intake and release to their location: about 5 s of work on two cores
PATIENCE_S = 120.0


class Gate:
    """Counts the orders let in; told from time to time how many have passed. `before` is what was there already."""

    def __init__(self, before: Census, limit: int = AT_ONCE) -> None:
        self._limit = limit
        self._before = _passed(before)
        self._inside = 0
        self._gone = 0
        self._moved = threading.Condition()

    def enter(self) -> None:
        """Wait for room, two minutes at most: whoever comes then sees for himself what is wrong."""
        with self._moved:
            self._moved.wait_for(lambda: self._inside - self._gone < self._limit, timeout=PATIENCE_S)
            self._inside += 1

    def refused(self) -> None:
        """One that was let in never became an order."""
        with self._moved:
            self._inside -= 1
            self._moved.notify_all()

    def look(self, seen: Census) -> None:
        """Take note of the orders that wait for nobody but a person, a location or a carrier."""
        with self._moved:
            self._gone = _passed(seen) - self._before
            self._moved.notify_all()


def _passed(seen: Census) -> int:
    busy = {work.order_id for work in seen.fulfillment_orders if work.status in ("open", "booked")}
    return sum(not _waits(order, busy) for order in seen.orders.values())


def _waits(order: Order, busy: set[str]) -> bool:
    if order.holds:
        return False
    return order.id in busy or (order.status == "confirmed" and any(line.open for line in order.lines))
