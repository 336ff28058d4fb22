"""What may be sold: units on the shelves, and the bundles that they make."""

from collections.abc import Iterable
from dataclasses import dataclass

from oms.inventory.store import StockStore
from oms.orders.bundles import with_bundles
from oms.reference.model import bundles_among
from oms.reference.store import ReferenceStore


@dataclass(frozen=True)
class Offer:
    """Reads stock as its buyers see it: what lies at suppliers' places is not ours to sell."""

    stock: StockStore
    reference: ReferenceStore

    def available(self, skus: Iterable[str], *, consistent: bool = False) -> dict[str, dict[str, int]]:
        """SKU -> location -> units that may be taken; of a bundle the minimum of its components at each location.

        Not of all at once: two bundles of the same components share what there is.
        """
        wanted = set(skus)
        bundles = bundles_among(self.reference.items(wanted))
        parts = {sku for components in bundles.values() for sku, _ in components}
        stock = self.stock.available((wanted - set(bundles)) | parts, consistent=consistent)
        theirs = {name for name, place in self.reference.locations().items() if place.supplier}
        if theirs:
            stock = {sku: {p: units for p, units in row.items() if p not in theirs} for sku, row in stock.items()}
        return {sku: places for sku, places in with_bundles(stock, bundles).items() if sku in wanted}

    def sold_as(self, skus: Iterable[str]) -> set[str]:
        """What is sold of these SKUs: themselves, and the bundles that they are in."""
        items = self.reference.items(skus)
        return {sku for name in set(skus) for sku in (name, *(items[name].part_of if name in items else ()))}
