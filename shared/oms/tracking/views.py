"""What the holder of a tracking link sees: where the parcels are, and nothing about the person."""

from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict

from oms.orders.model import Order, Parcel, Promise
from oms.reference.model import Item


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class TrackedScan(_View):
    """One station of the way."""

    at: str
    status: str
    place: str | None = None


class TrackedLine(_View):
    """What was ordered, or what is in a parcel."""

    sku: str
    name: str | None = None
    quantity: int


class TrackedParcel(_View):
    """One parcel on its way."""

    carrier: str
    tracking_number: str
    status: str
    scans: tuple[TrackedScan, ...]
    lines: tuple[TrackedLine, ...]


class TrackView(_View):
    """An order as its customer follows it."""

    status: str
    promise: Promise
    lines: tuple[TrackedLine, ...]
    parcels: tuple[TrackedParcel, ...]


def status_word(order: Order, parcels: Sequence[Parcel]) -> str:
    """One word for the customer: received, on_hold, preparing, on_its_way, partly_delivered, delivered, or the end."""
    if order.status in ("cancelled", "rejected"):
        return order.status
    delivered = [parcel.tracking_status == "delivered" for parcel in parcels]
    if order.status == "completed":
        return "delivered" if any(delivered) else "closed"
    if any(delivered):
        return "partly_delivered"
    if any(parcel.tracking_status != "pre_transit" for parcel in parcels):
        return "on_its_way"
    if order.holds:
        return "on_hold"
    return "preparing" if order.status == "in_fulfillment" else "received"


def track_view(order: Order, parcels: Sequence[Parcel], items: Mapping[str, Item]) -> TrackView:
    """The view; voided parcels never existed for the customer."""
    real = [parcel for parcel in parcels if parcel.status != "voided"]

    def line(sku: str, quantity: int) -> TrackedLine:
        return TrackedLine(sku=sku, name=items[sku].name if sku in items else None, quantity=quantity)

    return TrackView(
        status=status_word(order, real),
        promise=order.promise,
        lines=tuple(line(each.sku, each.quantity) for each in order.lines),
        parcels=tuple(
            TrackedParcel(
                carrier=parcel.carrier,
                tracking_number=parcel.tracking_number,
                status=parcel.tracking_status,
                scans=tuple(TrackedScan(at=scan.at, status=scan.status, place=scan.place) for scan in parcel.scans),
                lines=tuple(line(each.sku, each.quantity) for each in parcel.contents),
            )
            for parcel in real
        ),
    )
