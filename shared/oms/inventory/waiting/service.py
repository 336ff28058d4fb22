"""Read a line."""

from oms.inventory.waiting.model import UNKNOWN, WaitingLine, WaitingOrder
from oms.inventory.waiting.store import WaitingStore


def read_line(sku: str, *, after: str | None, limit: int, lines: WaitingStore) -> WaitingLine:
    """A page of the line for a SKU; empty when nobody waits, or there is no such SKU.

    `ahead` counts from the beginning of the page: what stands before it was on the pages before.
    """
    head = lines.heads([sku])[sku]
    orders: list[WaitingOrder] = []
    ahead = 0
    last: str | None = None
    for place in lines.line(sku, after=after, limit=limit):
        orders.append(
            WaitingOrder(
                order_id=place.order_id,
                line=place.number,
                units=place.units,
                ahead=ahead,
                location=place.location,
                supply_on=None if place.supply_on == UNKNOWN else place.supply_on,
                submitted_at=place.submitted_at,
                priority=place.priority,
            )
        )
        ahead += place.units
        last = place.key
    more = last if len(orders) == limit else None
    return WaitingLine(sku=sku, units=head.units, orders=tuple(orders), next_after=more)
