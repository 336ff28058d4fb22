"""Cancel units of an order's lines: all that were asked for, or none."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from oms.allocation.model import Cancellation
from oms.allocation.recall import TRIES, LineChanges, settle, status_after_cancel
from oms.allocation.takeback import Recall, TakingBack, Wanted, take_all
from oms.events.fact import FactData
from oms.events.orders import OrderCancelled
from oms.kernel.errors import ConflictError, Fault, RejectedError, StateError
from oms.kernel.ids import derive_id
from oms.kernel.time import to_text
from oms.orders.amounts import without_cancelled
from oms.orders.lines import replace_line
from oms.orders.model import Order
from oms.orders.ports import ExposurePort
from oms.orders.reach import sources_of
from oms.orders.resourcing import asked_again
from oms.orders.whynot import units_not_cancelled


class Asked(NamedTuple):
    """One request to cancel units, by line number. `key` is the caller's: a request that comes again is the same.

    Without a key the caller knows by the order itself what has been done already.
    """

    units: Mapping[int, int]
    key: str | None
    reason: str
    note: str | None
    by: str

    def mark(self, order_id: str) -> tuple[str, str]:
        """How the order's log knows the request: who asked with which key, and for what."""
        body = [f"{number}:{units}" for number, units in sorted(self.units.items())]
        return derive_id("cxl", order_id, self.by, self.key or ""), derive_id("", self.reason, *body)[1:9]


def cancel_units(
    order_id: str, asked: Asked, *, desk: TakingBack, exposure: ExposurePort, now: datetime
) -> Cancellation:
    """Cancel units of lines, those first that cost least: not sourced yet, waiting, and then with a location.

    A location's work is taken back whole; what of it is still wanted is sourced again. Repeating the request answers
    with the order as it is.

    Raises:
        NotFoundError: no such order.
        StateError: not that many units of a line can be cancelled; nothing is.
        RejectedError: no such line (`invalid`), or the key was used for something else.
        TooLargeError: it takes back more than fits one transaction.
        ConflictError: lost the race five times.
    """
    lost, done = 0, False
    while True:
        tree = desk.orders.tree(order_id)
        parcels = desk.parcels_of(tree.fulfillment_orders)
        if done or _done_before(tree.order, asked):
            return settle(tree, parcels, desk, at=now, by=asked.by)
        _refuse_unknown(tree.order, asked)
        why = units_not_cancelled(tree, parcels, asked.units)
        if why:
            raise StateError.because(*why)
        split = sources_of(tree, parcels, asked.units)
        recall = take_all(Wanted(split.works, split.queued, parcels, asked.reason, asked.by, now))
        header = fewer(tree.order, recall, asked, now)
        try:
            desk.commit(tree.order, header, recall, *exposure.moved_writes(tree.order, header))
        except ConflictError:
            lost += 1
            if lost == TRIES:
                raise
        else:
            done = True


def _done_before(order: Order, asked: Asked) -> bool:
    if asked.key is None:
        return False
    key, body = asked.mark(order.id)
    before = next((row.why for row in order.log if row.why and row.why.startswith(f"{key}.")), None)
    if before is not None and not before.startswith(f"{key}.{body} "):
        raise RejectedError("the key was used with another body", code="idempotency_key_reused")
    return before is not None


def _refuse_unknown(order: Order, asked: Asked) -> None:
    known = {line.number for line in order.lines}
    faults = [Fault("lines", f"the order has no line {number}") for number in asked.units if number not in known]
    if faults:
        raise RejectedError(f"{len(faults)} line(s) are not known", code="invalid", faults=faults)


def fewer(order: Order, recall: Recall, asked: Asked, at: datetime) -> Order:
    """The header without the units; what was taken back beyond them is open again, and asked for again."""
    changes: LineChanges = {}
    for line in order.lines:
        back, queued = recall.recalled.get(line.number, 0), recall.queued.get(line.number, 0)
        off = asked.units.get(line.number, 0)
        if back or off:
            still = line.backordered - queued
            changes[line.number] = {
                "allocated": line.allocated - back,
                "backordered": still,
                "waits_at": line.waits_at if still else None,
                "supply_on": line.supply_on if still else None,
                "open": line.open + back + queued - off,
                "cancelled": line.cancelled + off,
            }
    lines, amounts = without_cancelled(order, replace_line(order.lines, changes))
    status = status_after_cancel(order, lines)
    facts: list[FactData] = [OrderCancelled(order_id=order.id, reason=asked.reason, units=sum(asked.units.values()))]
    asks: dict[str, Any] = {}
    if recall.recalled and any(line.open for line in lines):
        again, asks = asked_again(order, at)
        facts.append(again)
    key, body = asked.mark(order.id)
    why = f"{key}.{body} {asked.reason}" if asked.key is not None else asked.reason
    return order.changed(
        *facts,
        at=at,
        by=asked.by,
        why=f"{why}: {asked.note}" if asked.note else why,
        status=status,
        entered_at=order.entered_at if status == order.status else to_text(at),
        lines=lines,
        holds=() if status == "cancelled" else order.holds,
        **amounts._asdict(),
        **asks,
    )
