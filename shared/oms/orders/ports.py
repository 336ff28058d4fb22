"""What several contexts need of another one and may not import; `oms.wiring` binds it."""

from collections.abc import Sequence
from typing import Any, Protocol

from oms.orders.model import FulfillmentOrder, Parcel

TakenBack = Sequence[tuple[FulfillmentOrder, Sequence[Parcel]]]  # each with those of its parcels that are voided now


class BookingsPort(Protocol):
    """What bookings hold outside of their orders (context shipping)."""

    def give_back_writes(self, taken_back: TakenBack) -> list[Any]:
        """Writes to be committed with the voiding of the parcels."""

    def tell_carriers(self, taken_back: TakenBack) -> None:
        """After the commit: the labels are not used."""
