"""First step of fulfill_order: which parcels one fulfillment order becomes."""

from pydantic import BaseModel, ConfigDict

from oms.fulfillment.parcels import PlannedParcel, plan_parcels
from oms.kernel.errors import NotFoundError, RejectedError
from oms.orders.model import Destination, FulfillmentLine, FulfillmentOrder, Order
from oms.orders.store import OrderStore, OrderTree
from oms.reference.model import Item
from oms.reference.store import ReferenceStore

_RELEASED_OR_ENDED = ("requested", "accepted", "in_progress", "incomplete", "closed", "rejected")
_MAX_PARCELS = 90  # what one booking transaction takes


class PlanTask(BaseModel):
    """Which fulfillment order."""

    model_config = ConfigDict(frozen=True)
    order_id: str
    fulfillment_order_id: str


class Planned(BaseModel):
    """What PlanParcels adds. `done`: somebody already got further; `held`: it must not go on; both add nothing else."""

    outcome: str
    location: str | None = None
    destination: Destination | None = None
    residential: bool | None = None
    promised_on: str | None = None
    currency: str | None = None
    works_on: str | None = None
    parcels: tuple[PlannedParcel, ...] | None = None


def plan_fulfillment(task: PlanTask, *, orders: OrderStore, reference: ReferenceStore) -> Planned:
    """Plan the parcels; one read of the order, nothing written, so it can be repeated at will.

    Raises:
        NotFoundError: no such order or fulfillment order.
        RejectedError: an item is not in the catalogue (`unknown_sku`), or more parcels than a booking takes.
    """
    tree = orders.tree(task.order_id)
    work = _work_of(tree, task.fulfillment_order_id)
    stop = _stop(tree.order, work)
    if stop:
        return Planned(outcome=stop)
    items = reference.items(line.sku for line in work.lines)
    parcels = _parcels(work.lines, items)
    return Planned(
        outcome="planned",
        location=work.location,
        destination=tree.order.destination,
        residential=tree.order.account_id is None,
        promised_on=tree.order.promise.latest_on,
        currency=tree.order.currency,
        works_on=work.counted.on if work.counted else None,
        parcels=tuple(parcels),
    )


def _stop(order: Order, work: FulfillmentOrder) -> str | None:
    if work.status in _RELEASED_OR_ENDED:
        return "done"
    if work.status == "cancelled" or order.blocked_by("release"):
        return "held"
    return None


def _parcels(lines: tuple[FulfillmentLine, ...], items: dict[str, Item]) -> list[PlannedParcel]:
    unknown = sorted({line.sku for line in lines} - set(items))
    if unknown:
        raise RejectedError(f"not in the catalogue: {', '.join(unknown)[:200]}", code="unknown_sku")
    parcels = plan_parcels(lines, items)
    if len(parcels) > _MAX_PARCELS:
        raise RejectedError(f"{len(parcels)} parcels are more than {_MAX_PARCELS}", code="too_many_parcels")
    return parcels


def _work_of(tree: OrderTree, fulfillment_order_id: str) -> FulfillmentOrder:
    for work in tree.fulfillment_orders:
        if work.id == fulfillment_order_id:
            return work
    raise NotFoundError(f"there is no fulfillment order {fulfillment_order_id}")
