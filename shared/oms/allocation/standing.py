"""How an order stands when it asks for stock. Pure."""

from oms.allocation.decision import OPEN_STATES
from oms.orders.bundles import shelf_skus
from oms.orders.model import Order


def fresh(order: Order) -> bool:
    """Whether all its open units are decided now, on what anybody may take."""
    ready = order.status in OPEN_STATES and not order.cancelling and not order.blocked_by("allocate")
    return ready and not order.reserving and not order.reservation_id


def wanted_skus(order: Order) -> set[str]:
    """What lies on shelves for the units that are open or wait."""
    return shelf_skus(line for line in order.lines if line.open or line.backordered)


def was_allocated(order: Order) -> bool:
    """Whether it may have fulfillment orders."""
    return order.status == "in_fulfillment" or order.attempt > 1
