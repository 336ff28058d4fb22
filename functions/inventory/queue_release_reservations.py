"""Orders that were cancelled or rejected: what was kept for them is free again."""

from collections.abc import Mapping

from oms.entry.queue import Message, queue
from oms.inventory.reservations.orders import release_for_orders
from oms.wiring import wire


@queue
def handler(messages: list[Message]) -> Mapping[str, Exception]:
    named = ((message.id, message.document) for message in messages)
    return release_for_orders(named, orders=wire().orders, desk=wire().reservation_desk)
