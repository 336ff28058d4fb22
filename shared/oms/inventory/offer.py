"""What may be sold: units on the shelves, and the bundles that they make."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from oms.inventory.model import Position, PositionKey
from oms.inventory.own import as_channel_sees
from oms.inventory.rules import left_over
from oms.inventory.shelf import lasting_to, without_short
from oms.inventory.store import StockStore
from oms.kernel.time import Clock
from oms.orders.bundles import with_bundles
from oms.reference.model import bundles_among
from oms.reference.store import ReferenceStore

Picture = Mapping[PositionKey, Position]


@dataclass(frozen=True)
class Offer:
    """Reads stock as its buyers see it: what lies at suppliers' places is not ours to sell."""

    stock: StockStore
    reference: ReferenceStore
    clock: Clock

    def available(
        self, skus: Iterable[str], *, consistent: bool = False, channel: str | None = None
    ) -> dict[str, dict[str, int]]:
        """SKU -> location -> units that may be taken; of a bundle the minimum of its components at each location.

        Not of all at once: two bundles of the same components share what there is. Without own units of other
        channels; with a channel also without lots that end too early for its buyers, were they to get them today.
        """
        return self.counted(skus, consistent=consistent, channel=channel)(None)

    def counted(
        self, skus: Iterable[str], *, consistent: bool = False, channel: str | None = None
    ) -> Callable[[str | None], dict[str, dict[str, int]]]:
        """The same for a delivery until some day, read once: without lots that end before it for the channel's buyers.

        See `oms.inventory.shelf.standing`.
        """
        wanted = set(skus)
        bundles = bundles_among(self.reference.items(wanted))
        parts = {sku for components in bundles.values() for sku, _ in components}
        theirs = {name for name, place in self.reference.locations().items() if place.supplier}
        seen = as_channel_sees(channel, self.stock.positions((wanted - set(bundles)) | parts, consistent=consistent))

        def until(day: str | None) -> dict[str, dict[str, int]]:
            there = left_over(seen if channel is None else self.lasting(seen, channel, day), channel)
            stock: dict[str, dict[str, int]] = {}
            for (sku, place), units in there.items():
                stock.setdefault(sku, {})
                if place not in theirs:
                    stock[sku][place] = units
            return {sku: places for sku, places in with_bundles(stock, bundles).items() if sku in wanted}

        return until

    def lasting(self, picture: Picture, channel: str, until: str | None = None) -> Picture:
        """Positions without lots that end too early for a channel, for a delivery until some day or (None) today.

        Items are read of articles whose lots end.
        """
        dated = [key for key, position in picture.items() if any(lot.ends_at for lot in position.lots)]
        if not dated:
            return picture
        items, places, now = self.reference.items(sku for sku, _ in dated), self.reference.locations(), self.clock()
        needed = {
            (sku, place): lasting_to(items.get(sku), channel, until, now, places[place].time_zone)
            for sku, place in dated
            if place in places
        }
        return without_short(picture, needed)

    def sold_as(self, skus: Iterable[str]) -> set[str]:
        """What is sold of these SKUs: themselves, and the bundles that they are in."""
        items = self.reference.items(skus)
        return {sku for name in set(skus) for sku in (name, *(items[name].part_of if name in items else ()))}
