"""The promise of an order of which everything is allocated: from where and when it really ships."""

from collections.abc import Iterable
from datetime import datetime

from oms.allocation.sourcing.desk import Sourcing
from oms.inventory.waiting.promising import Promising
from oms.kernel.time import from_text
from oms.orders.model import FulfillmentOrder, Order, Promise
from oms.orders.workload.rules import UNDONE, begins_at

WHY = "allocated"


def promise_as_shipped(
    stored: Order, after: Order, works: Iterable[FulfillmentOrder], sourcing: Sourcing, promising: Promising
) -> Promise:
    """The promise that is true now: that of the order, unless it has none, cannot be kept, or its goods came early.

    It stays as it is while units are open or wait, and where no carrier is known to go. Nothing is read, and nothing
    reckoned for a promise that is kept by an order that has not waited.

    Args:
        stored: the order before the decision.
        after: the order with nothing open of what the decision serves.
        works: all of its fulfillment orders, those of the decision among them.
        sourcing: who planned it, and what carriers offered from where.
        promising: what tells delivery windows.
    """
    old = after.promise
    if any(line.open or line.backordered for line in after.lines):
        return old
    live = [work for work in works if work.status not in UNDONE]
    waited = any(line.backordered for line in stored.lines)
    kept = old.latest_on is not None and all(_in_time(work, after, sourcing) for work in live)
    if kept and not waited:
        return old
    windows = [_window(work, after, sourcing, promising) for work in live]
    if not windows or any(one.latest_on is None for one in windows):
        return old
    new = Promise(
        earliest_on=max(one.earliest_on or "" for one in windows), latest_on=max(one.latest_on or "" for one in windows)
    )
    if old.latest_on is None or new.latest_on is None:
        return new
    moves = new.latest_on < old.latest_on if kept else new.latest_on > old.latest_on
    return new if moves else old


def _in_time(work: FulfillmentOrder, order: Order, sourcing: Sourcing) -> bool:
    """Whether some carrier keeps the promise from there; what was planned before was judged then."""
    planned = sourcing.planned(work.location, order.destination)
    days = [offer.latest_on for offer in planned.offers if offer.latest_on is not None] if planned else []
    return not days or min(days).isoformat() <= (order.promise.latest_on or "")


def _window(work: FulfillmentOrder, order: Order, sourcing: Sourcing, promising: Promising) -> Promise:
    wanted: dict[str, int] = {}
    for line in work.lines:
        wanted[line.sku] = wanted.get(line.sku, 0) + line.quantity
    stock = {sku: {work.location: units} for sku, units in wanted.items()}
    return promising.delivery(order.destination, wanted, stock, _begins(work, order, sourcing))


def _begins(work: FulfillmentOrder, order: Order, sourcing: Sourcing) -> datetime:
    """When it is worked on: on the day that it takes of, if its location counts them."""
    entered = from_text(work.entered_at)
    if work.counted is not None and work.location in sourcing.locations:
        return begins_at(sourcing.locations[work.location], work.counted.on, entered)
    planned = sourcing.planned(work.location, order.destination)
    return max(entered, planned.begins) if planned else entered
