"""Where a parcel is."""

from typing import ClassVar

from oms.events.fact import FactData


class _ParcelFact(FactData):
    SOURCE: ClassVar[str] = "baton.tracking"
    order_id: str
    parcel_id: str


class ParcelMoved(_ParcelFact):
    """The normalised tracking status changed."""

    carrier: str
    tracking_number: str
    status: str
    at: str
    incident: str | None = None


class ParcelDelivered(_ParcelFact):
    """The customer has it."""

    carrier: str
    tracking_number: str
    at: str


class ParcelVoided(_ParcelFact):
    """The label was cancelled before hand-over."""

    reason: str
