"""Put a hold on an order: the same for everybody who does, and once per cause."""

from datetime import datetime

from oms.events.orders import OrderHeld
from oms.kernel.time import to_text
from oms.orders.model import Hold, Order


def put_on_hold(
    order: Order,
    hold_id: str,
    *,
    reason: str,
    blocks: tuple[str, ...],
    at: datetime,
    by: str,
    note: str | None = None,
) -> Order:
    """The order with the hold; the same order when a hold of this id is open already."""
    if any(hold.id == hold_id for hold in order.holds):
        return order
    hold = Hold(id=hold_id, reason=reason, blocks=blocks, opened_at=to_text(at), note=note)
    fact = OrderHeld(order_id=order.id, hold_id=hold_id, reason=reason, blocks=list(blocks))
    return order.changed(fact, at=at, by=by, why=reason, holds=(*order.holds, hold))
