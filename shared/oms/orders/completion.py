"""When an order is done: every unit that was not cancelled has been delivered."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from oms.events.orders import OrderCompleted
from oms.orders.lifecycle import LIVE_FULFILLMENT_STATES, ORDER, move
from oms.orders.model import Order, Parcel
from oms.orders.store import OrderTree


def delivered_at(parcel: Parcel) -> str | None:
    """When the parcel was delivered, by its carrier's clock."""
    return min((scan.at for scan in parcel.scans if scan.status == "delivered"), default=None)


def counting(parcels: Iterable[Parcel]) -> list[Parcel]:
    """The parcels that hold units of the order: a voided label's units went into another one."""
    return [parcel for parcel in parcels if parcel.status != "voided"]


def is_complete(tree: OrderTree, parcels: Iterable[Parcel]) -> bool:
    """Nothing waits, no location is still at work, and every allocated unit is in a delivered parcel."""
    order = tree.order
    if order.status != "in_fulfillment" or order.units_waiting:
        return False
    if any(work.status in LIVE_FULFILLMENT_STATES for work in tree.fulfillment_orders):
        return False
    delivered: Counter[int] = Counter()
    for parcel in counting(parcels):
        if parcel.tracking_status == "delivered":
            delivered.update({content.number: content.quantity for content in parcel.contents})
    return all(delivered[line.number] == line.allocated for line in order.lines)


def completion(tree: OrderTree, parcels: Iterable[Parcel]) -> tuple[OrderCompleted, dict[str, Any]] | None:
    """The fact that an order is done and the header's fields that go with it, or None while it is not.

    `on_time` compares the day (UTC) of the last delivery with the last promised day; None without a promise.
    """
    held = counting(parcels)
    order = tree.order
    if not is_complete(tree, held):
        return None
    last = max((delivered_at(parcel) or "" for parcel in held), default="")
    until = order.promise.latest_on
    fact = OrderCompleted(
        order_id=order.id,
        delivered_units=order.units_allocated,
        on_time=last[:10] <= until if until and last else None,
        account_id=order.account_id,
    )
    status = move(ORDER, order.status, "complete")
    return fact, {"status": status, "parcels_total": len(held), "parcels_delivered": len(held)}


def completed(tree: OrderTree, parcels: Iterable[Parcel], *, at: datetime, by: str) -> Order | None:
    """The order as completed, or None while it is not done."""
    done = completion(tree, parcels)
    return tree.order.changed(done[0], at=at, by=by, **done[1]) if done else None
