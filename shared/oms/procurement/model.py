"""Suppliers, what they sell, and what the reorder scan proposes to buy."""

from typing import Annotated, Protocol

from pydantic import Field

from oms.orders.model import Aggregate, Count, Value

Positive = Annotated[int, Field(gt=0)]


class Offer(Value):
    """A supplier sells a SKU: at least `moq` units, in whole packs of `pack`, here after `lead_time_days`."""

    sku: str
    moq: Positive = 1
    pack: Positive = 1
    lead_time_days: Count
    unit_cost_minor: Count
    currency: str


class Supplier(Value):
    """Who delivers."""

    id: str
    name: str
    country: str
    offers: tuple[Offer, ...]


class Proposal(Aggregate):
    """A purchase that the scan suggests; at most one is open for a SKU and location."""

    id: str
    sku: str
    location: str
    quantity: Positive
    supplier: str
    unit_cost_minor: Count
    currency: str
    lead_time_days: Count
    inventory_position: int
    reorder_point: int
    status: str = "open"
    proposed_at: str

    @property
    def subject(self) -> str:
        return self.id

    @property
    def of_order(self) -> None:
        """A purchase belongs to no customer's order."""
        return


class PurchaseLine(Value):
    """Units of one line of the buyer's order. What a unit costs, or None: the supplier has no offer for it."""

    number: int
    sku: str
    units: Positive
    unit_cost_minor: Count | None = None
    currency: str | None = None


class Purchase(Aggregate):
    """What a supplier is to send to our buyer. It stands and falls with the fulfillment order at its place."""

    id: str
    supplier: str
    location: str
    order_id: str
    fulfillment_order_id: str
    lines: tuple[PurchaseLine, ...]
    ship_by: str
    raised_at: str

    @property
    def subject(self) -> str:
        return self.id

    @property
    def of_order(self) -> str:
        return self.order_id


class PurchaseView(Value):
    """A purchase as the API shows it; how far it is, its fulfillment order says."""

    purchase_id: str
    supplier: str
    location: str
    order_id: str
    fulfillment_order_id: str
    lines: tuple[PurchaseLine, ...]
    ship_by: str
    raised_at: str


class PurchasePage(Value):
    """Purchases, the newest first; `next_cursor` is absent on the last page."""

    purchases: tuple[PurchaseView, ...]
    next_cursor: str | None = None


class LowPosition(Protocol):
    """Stock at or below its reorder point, as the inventory tells it."""

    @property
    def sku(self) -> str: ...
    @property
    def location(self) -> str: ...
    @property
    def inventory_position(self) -> int: ...
    @property
    def reorder_point(self) -> int: ...
    @property
    def order_up_to(self) -> int: ...
    @property
    def backordered(self) -> int: ...


class ProposalView(Value):
    """A proposal as the API shows it."""

    proposal_id: str
    sku: str
    location: str
    quantity: int
    supplier: str
    unit_cost_minor: int
    currency: str
    lead_time_days: int
    inventory_position: int
    reorder_point: int
    status: str
    proposed_at: str


class ProposalPage(Value):
    """Proposals by location and SKU; `next_cursor` is absent on the last page."""

    proposals: tuple[ProposalView, ...]
    next_cursor: str | None = None


class ScanResult(Value):
    """What a scan found. `unsourced` are `<SKU> at <location>` that no supplier sells: a person must look."""

    low: int
    proposed: int
    already_open: int
    unsourced: tuple[str, ...]
