"""Facts that ask for stock, from the allocation queue: a batch is planned and written together."""

from collections.abc import Mapping

from oms.allocation.service import allocate_orders
from oms.entry.queue import Message, queue
from oms.wiring import wire


@queue
def handler(messages: list[Message]) -> Mapping[str, Exception]:
    wiring = wire()
    return allocate_orders(
        ((message.id, message.document) for message in messages),
        orders=wiring.orders,
        stock=wiring.stock,
        reservations=wiring.reservations,
        sourcing=wiring.sourcing(),
        fairness=wiring.reference.fairness(),
        waiting=wiring.waiting_desk,
        now=wiring.clock(),
    )
