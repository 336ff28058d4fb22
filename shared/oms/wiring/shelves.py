"""The shelves: positions, lots and serials, and what is sold of them."""

from functools import cached_property
from typing import TYPE_CHECKING

from oms.wiring.ground import Ground

if TYPE_CHECKING:
    from oms.fulfillment.picking import PickDesk
    from oms.inventory.expiry.service import ExpiryDesk
    from oms.inventory.offer import Offer
    from oms.inventory.serials.store import SerialStore
    from oms.inventory.store import StockStore
    from oms.inventory.tracing.booking import LotDesk
    from oms.inventory.tracing.service import TracingDesk
    from oms.inventory.tracing.store import LotStore


class Shelves(Ground):
    """What lies where."""

    @cached_property
    def stock(self) -> "StockStore":
        from oms.inventory.store import StockStore

        return StockStore(
            self.setting("INVENTORY_TABLE"),
            lambda: self.reference.locations(),  # noqa: PLW0108  not every function that reads stock has the table
            self.clock,
        )

    @cached_property
    def offer(self) -> "Offer":
        """What may be sold of SKUs, bundles among them (port of intake and amending)."""
        from oms.inventory.offer import Offer

        return Offer(self.stock, self.reference, self.clock)

    @cached_property
    def lots(self) -> "LotStore":
        from oms.inventory.tracing.store import LotStore

        return LotStore(self.setting("INVENTORY_TABLE"))

    @cached_property
    def serials(self) -> "SerialStore":
        from oms.inventory.serials.store import SerialStore

        return SerialStore(self.setting("INVENTORY_TABLE"))

    @cached_property
    def expiry_desk(self) -> "ExpiryDesk":
        """For those who say which lots are over."""
        from oms.inventory.expiry.service import ExpiryDesk
        from oms.inventory.expiry.store import ExpiryStore

        return ExpiryDesk(ExpiryStore(self.setting("INVENTORY_TABLE")), self.stock, self.clock)

    @cached_property
    def lot_desk(self) -> "LotDesk":
        """For those who book units of lots in and out."""
        from oms.inventory.tracing.booking import LotDesk

        return LotDesk(self.lots, self.serials, self.reference)

    @cached_property
    def pick_desk(self) -> "PickDesk":
        """For those who say which lots to pick."""
        from oms.fulfillment.picking import PickDesk

        return PickDesk(self.stock, self.lots, self.clock)

    @cached_property
    def tracing_desk(self) -> "TracingDesk":
        """For those who look for lots, and block them."""
        from oms.inventory.tracing.service import TracingDesk

        return TracingDesk(self.lots, self.serials, self.stock, self.clock)
