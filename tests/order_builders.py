"""Orders, fulfillment orders and parcels as they are in the middle of their life."""

from datetime import UTC, datetime
from typing import Any

from oms.aws import tables
from oms.kernel.ids import derive_id
from oms.kernel.time import to_text
from oms.orders.model import (
    Aggregate,
    Content,
    Destination,
    FulfillmentLine,
    FulfillmentOrder,
    Line,
    Order,
    Parcel,
    Promise,
)
from oms.orders.store import OrderStore

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def line(number: int = 1, quantity: int = 2, sku: str = "", **changes: Any) -> Line:
    """A line with all its units allocated unless `changes` says otherwise."""
    buckets = {"allocated": quantity} if not {"open", "allocated", "cancelled", "backordered"} & set(changes) else {}
    return Line(
        number=number, sku=sku or f"SKU-{number}", quantity=quantity, unit_price_minor=500, **buckets, **changes
    )


def order(name: str = "1001", **changes: Any) -> Order:
    """An order in fulfillment of one line of two units."""
    order_id = derive_id("ord", "web", name)
    fields: dict[str, Any] = {
        "id": order_id,
        "channel": "web",
        "external_order_id": name,
        "status": "in_fulfillment",
        "currency": "EUR",
        "lines": (line(),),
        "shipping_minor": 0,
        "total_minor": 1000,
        "person_id": derive_id("per", order_id),
        "destination": Destination(country="DE", postal_area="10"),
        "promise": Promise(earliest_on="2026-11-25", latest_on="2026-11-27"),
        "submitted_at": to_text(MONDAY),
        "entered_at": to_text(MONDAY),
        "watch_at": to_text(MONDAY),
        "body_hash": "0" * 64,
    }
    return Order(**{**fields, **changes})


def work(of: Order, location: str = "ber-1", **changes: Any) -> FulfillmentOrder:
    """A location's fulfillment order for all allocated units, shipped and closed unless `changes` says otherwise."""
    lines = tuple(
        FulfillmentLine(
            number=each.number,
            sku=each.sku,
            quantity=each.allocated,
            picked=each.allocated,
            packed=each.allocated,
            shipped=each.allocated,
        )
        for each in of.lines
        if each.allocated
    )
    fields: dict[str, Any] = {
        "id": derive_id("ful", of.id, "1", location),
        "order_id": of.id,
        "location": location,
        "attempt": 1,
        "status": "closed",
        "lines": lines,
        "currency": "EUR",
        "entered_at": to_text(MONDAY),
    }
    return FulfillmentOrder(**{**fields, **changes})


def parcel(of: FulfillmentOrder, tracking_number: str = "TR1", **changes: Any) -> Parcel:
    """A handed-over parcel with everything that the fulfillment order has."""
    fields: dict[str, Any] = {
        "id": derive_id("shp", "swift", tracking_number),
        "order_id": of.order_id,
        "fulfillment_order_id": of.id,
        "location": of.location,
        "carrier": "swift",
        "service": "standard",
        "tracking_number": tracking_number,
        "label_number": f"L-{tracking_number}",
        "sscc": "340123450000000018",
        "cost_minor": 490,
        "currency": "EUR",
        "weight_g": 800,
        "length_mm": 300,
        "width_mm": 200,
        "height_mm": 100,
        "contents": tuple(Content(number=each.number, sku=each.sku, quantity=each.quantity) for each in of.lines),
        "status": "handed_over",
    }
    return Parcel(**{**fields, **changes})


def one_parcel_order(name: str = "1001", tracking_number: str = "TR1") -> tuple[Order, FulfillmentOrder, Parcel]:
    """An order whose only parcel is with the carrier."""
    header = order(name)
    share = work(header)
    box = parcel(share, tracking_number)
    return header, share.model_copy(update={"parcel_ids": (box.id,)}), box


def store_all(store: OrderStore, *values: Aggregate) -> None:
    """Write values as their first version."""
    for value in values:
        tables.commit(store.write(value.changed(at=MONDAY, by="system:test", what="Seeded")))


def scan(status: str, at: str = "2026-11-24T10:00:00Z", tracking_number: str = "TR1", **more: Any) -> dict[str, Any]:
    """One scan as a carrier feed writes it."""
    return {"carrier": "swift", "tracking_number": tracking_number, "status": status, "at": at, **more}
