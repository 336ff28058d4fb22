"""What of the orders a caller may see: the channels and locations that are theirs. None: all of a kind."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from oms.orders.model import Order, Parcel
from oms.orders.store import OrderStore, OrderTree
from oms.orders.views import OrderView

Names = frozenset[str]


class Bounds(NamedTuple):
    """The objects of one caller."""

    channels: Names | None = None
    locations: Names | None = None

    @property
    def text(self) -> str:
        """The same for the same bounds: what a cursor is bound to."""
        return "|".join("*" if names is None else ",".join(sorted(names)) for names in self)

    def of(self, found: Mapping[str, Order], orders: OrderStore) -> dict[str, Order]:
        """Those of the orders that are the caller's; a further batch read where locations bind."""
        mine = {key: order for key, order in found.items() if self.channels is None or order.channel in self.channels}
        if self.locations is None or not mine:
            return mine
        here = orders.with_work_at(mine.values(), self.locations)
        return {key: order for key, order in mine.items() if key in here}

    def view(self, view: OrderView) -> OrderView:
        """The order without the work and the parcels of foreign locations."""
        works = tuple(work for work in view.fulfillment_orders if self._here(work.location))
        parcels = tuple(parcel for parcel in view.parcels if self._here(parcel.location))
        return view.model_copy(update={"fulfillment_orders": works, "parcels": parcels})

    def tree(self, tree: OrderTree, parcels: Iterable[Parcel]) -> tuple[OrderTree, list[Parcel]]:
        """The same of the aggregates themselves."""
        works = tuple(work for work in tree.fulfillment_orders if self._here(work.location))
        return OrderTree(tree.order, works), [parcel for parcel in parcels if self._here(parcel.location)]

    def _here(self, location: str) -> bool:
        return self.locations is None or location in self.locations


EVERYTHING = Bounds()
