"""Stock, locations, carriers, suppliers, documents."""

from functools import cached_property
from typing import TYPE_CHECKING

from oms.wiring.shelves import Shelves

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime
    from typing import Any

    from oms.allocation.shortfall import ShortfallDesk
    from oms.allocation.takeback import TakingBack
    from oms.aws.tables import Write
    from oms.fulfillment.gateways import ResolveException
    from oms.fulfillment.store import DocumentStore
    from oms.inventory.counts.files import CountDesk
    from oms.inventory.counts.service import StocktakingDesk
    from oms.inventory.drift.service import DriftDesk
    from oms.inventory.exceptions.store import ExceptionStore
    from oms.inventory.reservations.model import Terms
    from oms.inventory.reservations.store import ReservationStore
    from oms.inventory.supply.model import ChannelSafety, SupplyTerms
    from oms.inventory.supply.service import SupplyDesk
    from oms.inventory.supply.store import SupplyStore
    from oms.inventory.transfers.desk import TransferDesk
    from oms.inventory.transfers.store import TransferStore
    from oms.inventory.waiting.store import WaitingStore
    from oms.orders.model import Destination, FulfillmentOrder, Promise
    from oms.orders.workload.store import WorkloadStore
    from oms.procurement.store import ProcurementStore
    from oms.shipping.booking import Bookings
    from oms.shipping.model import Carrier, RateCard
    from oms.shipping.service import Desk
    from oms.shipping.store import ShippingStore


class Goods(Shelves):
    """What moves goods."""

    _served: "tuple[dict[str, RateCard], frozenset[str]] | None" = None

    @cached_property
    def supplies(self) -> "SupplyStore":
        from oms.inventory.supply.store import SupplyStore

        return SupplyStore(self.setting("INVENTORY_TABLE"))

    @cached_property
    def supply_desk(self) -> "SupplyDesk":
        """For those who announce and receive goods."""
        from oms.inventory.supply.service import SupplyDesk

        return SupplyDesk(
            stock=self.stock,
            supplies=self.supplies,
            lots=self.lot_desk,
            locations=self.reference.locations,
            suppliers=lambda: {supplier.id for supplier in self.procurement.suppliers()},
            terms=self.supply_terms,
            clock=self.clock,
        )

    @cached_property
    def transfers(self) -> "TransferStore":
        from oms.inventory.transfers.store import TransferStore

        return TransferStore(self.setting("INVENTORY_TABLE"), self.supplies)

    @cached_property
    def transfer_desk(self) -> "TransferDesk":
        """For those who move units between locations."""
        from oms.inventory.transfers.desk import TransferDesk

        named = (self.lots, self.serials)
        return TransferDesk(self.transfers, self.stock, self.supplies, *named, self.reference.locations, self.clock)

    @cached_property
    def waiting_lines(self) -> "WaitingStore":
        """Who waits for what."""
        from oms.inventory.waiting.store import WaitingStore

        return WaitingStore(self.setting("INVENTORY_TABLE"))

    def supply_terms(self) -> "SupplyTerms":
        from oms.inventory.supply.model import SupplyTerms

        return self.reference.settings("SUPPLY", SupplyTerms).get("terms", SupplyTerms())

    def channel_safety(self, channel: str) -> "ChannelSafety":
        from oms.inventory.supply.model import ChannelSafety

        return self.reference.settings("SAFETY", ChannelSafety).get(channel, ChannelSafety())

    def is_location(self, name: str) -> bool:
        return name in self.reference.locations()

    @cached_property
    def count_desk(self) -> "CountDesk":
        """For those who take count files in."""
        from oms.aws.queues import Queue
        from oms.inventory.counts.files import CountDesk
        from oms.inventory.counts.store import DropFolder

        return CountDesk(
            folder=DropFolder(self.setting("FILES_BUCKET")),
            stocktaking=self.stocktaking,
            send=Queue(self.setting("COUNT_QUEUE_URL")).send,
        )

    @cached_property
    def stocktaking(self) -> "StocktakingDesk":
        """For those who take counts in."""
        from oms.inventory.counts.service import StocktakingDesk

        return StocktakingDesk(self.stock, self.lot_desk, self.exceptions, self.is_location, self.clock)

    @cached_property
    def exceptions(self) -> "ExceptionStore":
        """What of the stock somebody must look at."""
        from oms.inventory.exceptions.store import ExceptionStore

        return ExceptionStore(self.setting("INVENTORY_TABLE"))

    @cached_property
    def drift_desk(self) -> "DriftDesk":
        """For those who prove the books."""
        from oms.inventory.drift.service import DriftDesk
        from oms.inventory.drift.store import ProofStore

        proofs = ProofStore(self.setting("INVENTORY_TABLE"))
        holders = (self.orders, self.transfers, self.reservations)
        return DriftDesk(self.stock, proofs, self.exceptions, *holders, self.clock)

    @cached_property
    def shortfall_desk(self) -> "ShortfallDesk":
        """For those who mend what fell short."""
        from oms.allocation.shortfall import ShortfallDesk

        return ShortfallDesk(self.taking_back, self.exceptions, self.clock)

    @cached_property
    def reservations(self) -> "ReservationStore":
        from oms.inventory.reservations.store import ReservationStore

        return ReservationStore(self.setting("INVENTORY_TABLE"), self.clock)

    def reservation_terms(self, channel: str) -> "Terms":
        """How long a channel's reservations last.

        Raises:
            NotFoundError: code `unknown_channel`.
            RejectedError: code `channel_paused`.
        """
        from oms.inventory.reservations.model import Terms
        from oms.kernel.errors import Fault, NotFoundError, RejectedError

        found = self.reference.channels().get(channel)
        if found is None:
            unknown = [Fault("channel", "is unknown")]
            raise NotFoundError("there is no such channel", code="unknown_channel", faults=unknown)
        if not found.active:
            raise RejectedError("the channel is paused", code="channel_paused")
        return Terms(found.reserve_minutes, found.paying_minutes, found.longest_minutes)

    def suppliers_places(self) -> "set[str]":
        """The locations that are not ours."""
        return {name for name, place in self.reference.locations().items() if place.supplier}

    def awaited_by_transfer(self, skus: "Collection[str]") -> "Mapping[tuple[str, str], int]":
        """Units that orders wait for and that have not left where they lie (port of procurement)."""
        from oms.inventory.transfers.awaited import awaited

        return awaited(skus, supplies=self.supplies, transfers=self.transfers)

    def nearest(self, destination: "Destination") -> list[str]:
        """Our own locations, nearest first (port of reservations)."""
        from oms.allocation.rules import rank

        own = {name: place for name, place in self.reference.locations().items() if not place.supplier}
        return list(rank(own, destination))

    def send_to_waiting(self, documents: "Iterable[Any]") -> None:
        """To those who serve the lines."""
        from oms.aws.queues import Queue

        Queue(self.setting("WAITING_QUEUE_URL")).send_all(documents)

    @cached_property
    def taking_back(self) -> "TakingBack":
        """Takes work back from locations (also port of amending)."""
        from oms.allocation.takeback import TakingBack

        return TakingBack(self.orders, self.stock, self.bookings, self.waiting_lines, self.transfers)

    @cached_property
    def procurement(self) -> "ProcurementStore":
        from oms.procurement.store import ProcurementStore

        return ProcurementStore(self.setting("PROCUREMENT_TABLE"))

    def purchase(self, work: "FulfillmentOrder", supplier: str, ship_by: str, at: "datetime") -> "list[Write]":
        """Orders a supplier's work (port of fulfillment)."""
        from oms.procurement.purchases import raise_purchase

        return raise_purchase(work, supplier, ship_by, procurement=self.procurement, at=at)

    @cached_property
    def shipping(self) -> "ShippingStore":
        from oms.shipping.store import ShippingStore

        return ShippingStore(self.setting("REFERENCE_TABLE"))

    def rate_cards(self) -> "dict[str, RateCard]":
        from oms.shipping.model import RateCard

        return self.reference.settings("CARRIER", RateCard)

    def shipping_desk(self) -> "Desk":
        """Made anew for each use: rate cards and locations are refreshed every minute."""
        from oms.shipping.model import Shipper
        from oms.shipping.service import Desk

        cards = self.rate_cards()
        shippers = self.reference.settings("SHIPPER", Shipper)
        return Desk(
            orders=self.orders,
            store=self.shipping,
            cards=cards,
            locations=self.reference.locations(),
            shipper=next(iter(shippers.values()), Shipper()),
            carrier_of=self.carrier_of,
        )

    @cached_property
    def workload(self) -> "WorkloadStore":
        """How much of the locations' days is given out."""
        from oms.orders.workload.store import WorkloadStore

        return WorkloadStore(self.setting("REFERENCE_TABLE"))

    @cached_property
    def bookings(self) -> "Bookings":
        """What bookings hold outside of their orders (port of allocation and fulfillment)."""
        from oms.shipping.booking import Bookings

        return Bookings(self.shipping_desk, self.workload)

    def promise(
        self,
        destination: "Destination",
        lines: "Mapping[str, int]",
        stock: "Mapping[str, Mapping[str, int]]",
        at: "datetime",
    ) -> "Promise":
        """The first promise (port of intake)."""
        from oms.shipping.service import first_promise

        cards = self.rate_cards().values()
        return first_promise(destination, lines, stock, at, cards=cards, locations=self.reference.locations())

    def served_countries(self) -> frozenset[str]:
        """Where some carrier goes (port of validation)."""
        from oms.shipping.service import served_countries

        cards = self.rate_cards()
        if self._served is None or self._served[0] is not cards:
            self._served = (cards, served_countries(cards.values()))
        return self._served[1]

    @staticmethod
    def carrier_of(card: "RateCard") -> "Carrier":
        """The plug-in that books for a rate card.

        Raises:
            LookupError: the card names a plug-in that does not exist.
        """
        from oms.kernel.plugins import find_plugin

        plugin: Carrier | None = find_plugin("oms.shipping.carriers", card.plugin)
        if plugin is None:
            raise LookupError(f"there is no carrier plug-in {card.plugin!r}")
        return plugin

    @cached_property
    def documents(self) -> "DocumentStore":
        from oms.fulfillment.store import DocumentStore

        return DocumentStore(self.setting("DOCUMENTS_BUCKET"))

    @cached_property
    def resolve_exception(self) -> "ResolveException":
        from oms.fulfillment.gateways import ResolveException

        return ResolveException(self.setting("RESOLVE_EXCEPTION_ARN"))
