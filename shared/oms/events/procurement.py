"""What is needed from suppliers."""

from typing import ClassVar

from oms.events.fact import FactData


class PurchaseProposed(FactData):
    """Stock at a location is at or below its reorder point; one open proposal per SKU and location."""

    SOURCE: ClassVar[str] = "baton.procurement"
    proposal_id: str
    sku: str
    location: str
    quantity: int
    supplier: str
    inventory_position: int
    reorder_point: int


class PurchaseRaised(FactData):
    """A supplier is to send units to a buyer of ours; it is taken back when its fulfillment order is withdrawn."""

    SOURCE: ClassVar[str] = "baton.procurement"
    purchase_id: str
    supplier: str
    location: str
    fulfillment_order_id: str
    units: tuple[tuple[str, int], ...]
    ship_by: str


class PurchaseRescheduled(FactData):
    """A supplier is to send what it was asked for by another day: it was released again with another one."""

    SOURCE: ClassVar[str] = "baton.procurement"
    purchase_id: str
    supplier: str
    location: str
    fulfillment_order_id: str
    ship_by: str
    before: str
