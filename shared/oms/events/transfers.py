"""What happens to units that are sent from one of our locations to another. The subject is the transfer."""

from typing import ClassVar

from oms.events.fact import FactData

Units = tuple[tuple[str, int], ...]  # (SKU, units)


class _TransferFact(FactData):
    SOURCE: ClassVar[str] = "baton.inventory"
    transfer_id: str
    from_location: str
    to_location: str


class TransferDrafted(_TransferFact):
    """Somebody wants units moved, or has changed what they want; nothing is kept for it yet."""

    units: Units


class TransferReadied(_TransferFact):
    """Its units are committed at the source, which is to ship them."""

    units: Units


class TransferShipped(_TransferFact):
    """Units left the source and are to arrive on `due_on`, a date of the destination."""

    shipment_id: str
    units: Units
    due_on: str


class TransferReceived(_TransferFact):
    """What a receipt found: sound units, damaged ones, ones that will not come, and more than were sent.

    `in_transit` are those that are still to come.
    """

    receipt_id: str
    received: Units
    damaged: Units
    lost: Units
    over: Units
    in_transit: int


class TransferCancelled(_TransferFact):
    """What has not left will not; `units` that were committed for it are free again."""

    units: Units
