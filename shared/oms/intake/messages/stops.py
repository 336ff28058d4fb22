"""When a sender's news must stop an order before its work is released: it was shipped, or the money went back."""

from oms.intake.messages.differences import further, went_back
from oms.intake.notices import Refund, Snapshot
from oms.orders.holding import HoldSpec, was_held
from oms.orders.lifecycle import TERMINAL_ORDER_STATES
from oms.orders.model import Order
from oms.orders.store import OrderStore, OrderTree

SHIPPED_HOLD = "shipped_elsewhere"
PAYMENT_HOLD = "awaiting_payment"
SHIPPED_NOTE = (
    "the channel says that it, or a part of it, was shipped, and not by us: cancel the units that have left, or release"
    " the hold to ship all that is open"
)
_MONEY_NOTE = (
    "the channel says that the payment is {status}: cancel the order, or release the hold to ship it all the same"
)


def stops(order: Order, said: Snapshot, orders: OrderStore) -> list[HoldSpec]:
    """What the order must wait for by a sender's newer word. One more read, only where it may be a stop."""
    if order.status in TERMINAL_ORDER_STATES:
        return []
    begun = said.begun and not was_held(order, SHIPPED_HOLD)
    newer = said.version is None or said.version > (order.external_version or "") or further(order, said.order)
    back = newer and went_back(order, said.order)
    if not (begun or back):
        return []
    tree = orders.tree(order.id)
    found = [HoldSpec(SHIPPED_HOLD, SHIPPED_NOTE)] if begun and not units_shipped(tree) else []
    if back and _waits_to_leave(tree) and said.order.payment:
        found.append(HoldSpec(PAYMENT_HOLD, _MONEY_NOTE.format(status=said.order.payment.status)))
    return found


def stops_of_refund(order: Order, said: Refund, orders: OrderStore) -> list[HoldSpec]:
    """The same for money given back: all of it, although something is still to leave."""
    ended = order.status in TERMINAL_ORDER_STATES
    if ended or said.currency != order.currency or not 0 < order.total_minor <= said.amount_minor:
        return []
    return (
        [HoldSpec(PAYMENT_HOLD, _MONEY_NOTE.format(status="refunded"))]
        if _waits_to_leave(orders.tree(order.id))
        else []
    )


def must_stop_shipped(order: Order, orders: OrderStore) -> bool:
    """Whether an order that its sender has as shipped would be shipped by us once more."""
    if order.status in TERMINAL_ORDER_STATES or was_held(order, SHIPPED_HOLD):
        return False
    return not units_shipped(orders.tree(order.id))


def units_shipped(tree: OrderTree) -> int:
    """Units that left our locations."""
    return sum(line.shipped for work in tree.fulfillment_orders for line in work.lines)


def _waits_to_leave(tree: OrderTree) -> bool:
    return sum(line.quantity - line.cancelled for line in tree.order.lines) > units_shipped(tree)
