"""What happens when the time of a hold, of a change set or of units that wait is up (port of the watchdog)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from oms.amending.ports import AmendingDesk
from oms.amending.service import expire_change
from oms.kernel.errors import StateError
from oms.kernel.time import to_text
from oms.orders.holds import escalate, let_go, run_out
from oms.orders.model import Hold, Order
from oms.orders.reach import is_live

BY = "system:watch_orders"
MAX_STEPS = 20
GiveUp = Callable[[str, str, datetime], int]  # order id, by, now
CancelOrder = Callable[[str, Hold, str, datetime], Any]  # order id, the hold that is the reason, by, now


class Deadlines:
    """Keeps the deadlines that an order carries. Each step is one conditional write, so a repeat does nothing more."""

    def __init__(self, desk: AmendingDesk, cancel: CancelOrder, give_up: GiveUp) -> None:
        self._desk = desk
        self._cancel = cancel
        self._give_up = give_up

    def keep(self, order_id: str) -> int:
        """Do what is due of an order, one after the other; how much it was.

        Raises:
            NotFoundError: no such order.
            ConflictError: somebody else wrote first; the next look finds what is left.
        """
        done = 0
        while done < MAX_STEPS and self._one(self._desk.orders.get(order_id)):
            done += 1
        return done

    def _one(self, order: Order) -> bool:
        if expire_change(order, by=BY, desk=self._desk):
            return True
        if not is_live(order):
            return False
        at = self._desk.clock()
        late = run_out(order, at)
        if late:
            self._end(order, late[0])
            return True
        waited = any(line.gives_up(to_text(at)) for line in order.lines)
        if waited:
            self._give_up(order.id, BY, at)
        return waited

    def _end(self, order: Order, hold: Hold) -> None:
        desk, at = self._desk, self._desk.clock()
        if hold.on_expiry == "release":
            let_go(order, hold, why="expired", by=BY, at=at, orders=desk.orders, credit=desk.exposure)
        elif hold.on_expiry != "cancel" or not self._cancelled(order, hold, at):
            # What a location is at work on is for a person.
            escalate(desk.orders.get(order.id), hold, by=BY, at=at, orders=desk.orders)

    def _cancelled(self, order: Order, hold: Hold, at: datetime) -> bool:
        """Whether all of the order could be cancelled."""
        try:
            answer = self._cancel(order.id, hold, BY, at)
        except StateError:
            return False
        return bool(answer.status == "cancelled")
