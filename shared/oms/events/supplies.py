"""What is to come in from suppliers and other locations, and what came."""

from typing import ClassVar

from oms.events.fact import FactData


class _SupplyFact(FactData):
    SOURCE: ClassVar[str] = "baton.inventory"
    supply_id: str
    sku: str
    location: str


class SupplyConfirmed(_SupplyFact):
    """Units are confirmed to come: they can be promised from."""

    supplier: str
    units: int
    due_on: str


class SupplyMoved(_SupplyFact):
    """The date or the units of a line have changed, or its confirmation was taken back (no units)."""

    supplier: str
    units: int
    due_on: str
    was_units: int
    was_due_on: str


class SupplyReceived(_SupplyFact):
    """Units of a line were booked in; `to_come` more are expected."""

    receipt_id: str
    units: int
    to_come: int
