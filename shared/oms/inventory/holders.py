"""Who holds the committed units of a position: live fulfillment orders and transfers, as its history names them."""

from collections.abc import Iterator
from dataclasses import dataclass

from oms.inventory.exceptions.model import Finding, Holder
from oms.inventory.model import Position, PositionKey
from oms.inventory.store import StockStore
from oms.inventory.transfers.model import transfer_id_of
from oms.inventory.transfers.store import TransferStore
from oms.kernel.errors import NotFoundError
from oms.orders.bundles import on_the_shelf
from oms.orders.lifecycle import LIVE_FULFILLMENT_STATES
from oms.orders.store import OrderStore

SHOWN = 50  # holders that an exception names; of those beyond it says how many units they have
HOPS = 300  # movements that are looked through for them: a second or two


@dataclass(frozen=True)
class Holders:
    """Reads those who hold units."""

    stock: StockStore
    orders: OrderStore
    transfers: TransferStore

    def of(self, position: Position) -> Iterator[Holder]:
        """Who holds units of it, from the newest movement back, until all committed units are explained."""
        seen: set[str] = set()
        left = position.committed
        for _, posting in self.stock.history(position, limit=HOPS) if left > 0 else ():
            if posting.ref and posting.change.committed > 0 and posting.ref not in seen:
                seen.add(posting.ref)
                units = self.held_by(posting.ref, position.key)
                if units:
                    transfer_id = transfer_id_of(posting.ref)
                    kind, name = ("transfer", transfer_id) if transfer_id else ("order", posting.ref)
                    yield Holder(kind=kind, id=name, units=units)
                left -= units
                if left <= 0:
                    return

    def held_by(self, ref: str, key: PositionKey) -> int:
        """Units of a position that one order or transfer holds now, by the reference of its movements."""
        transfer_id = transfer_id_of(ref)
        if transfer_id is not None:
            transfer = self.transfers.find(transfer_id)
            lines = transfer.lines if transfer is not None and transfer.source == key[1] else ()
            return sum(line.committed for line in lines if line.sku == key[0])
        return self._held_by_order(ref, key)

    def _held_by_order(self, order_id: str, key: PositionKey) -> int:
        try:
            works = self.orders.tree(order_id).fulfillment_orders
        except NotFoundError:
            return 0
        live = [work for work in works if work.status in LIVE_FULFILLMENT_STATES and work.location == key[1]]
        return sum(
            on_the_shelf(line, line.quantity - line.short - line.shipped).get(key[0], 0)
            for work in live
            for line in work.lines
        )

    def shortfall_of(self, position: Position) -> Finding:
        """What is wrong with a position of which more is committed than there is, and who holds it."""
        found = list(self.of(position))
        shown = tuple(found[:SHOWN])
        usable = position.usable
        return Finding(
            kind="shortfall",
            sku=position.sku,
            location=position.location,
            reason="committed_exceeds_stock",
            what=f"{position.committed} units are committed, {usable} are there",
            version=position.version,
            stored=(("committed", position.committed),),
            proved=(("committed", usable),),
            holders=shown,
            other_holders=len(found) - len(shown),
            other_units=max(
                position.committed - sum(one.units for one in shown), 0
            ),  # they are read after the position
        )
