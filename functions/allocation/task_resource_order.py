"""Open an order's waiting units again, and those of silent fulfillment orders, and ask for stock elsewhere."""

from pydantic import BaseModel

from oms.allocation.recall import request_reallocation
from oms.entry.task import task
from oms.wiring import wire


class Stuck(BaseModel):
    """An order, the attempt it was stuck in, and which of its fulfillment orders to take back."""

    order_id: str
    attempt: int | None = None
    fulfillment_order_ids: list[str] = []
    excluded_locations: list[str] = []


class Resourced(BaseModel):
    """The attempt that is asked for now."""

    outcome: str = "resourced"
    attempt: int


@task(Stuck)
def handler(stuck: Stuck) -> BaseModel:
    wiring = wire()
    order = request_reallocation(
        stuck.order_id,
        excluded=stuck.excluded_locations,
        withdraw=stuck.fulfillment_order_ids,
        attempt=stuck.attempt,
        by="system:resource_order",
        desk=wiring.taking_back,
        now=wiring.clock(),
    )
    return Resourced(attempt=order.attempt)
