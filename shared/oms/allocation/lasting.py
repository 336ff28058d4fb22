"""The stock as an order may have it: without own units of other channels, or lots that end too early."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from oms.allocation.sourcing.desk import Sourcing
from oms.inventory.model import Position, PositionKey
from oms.inventory.own import as_channel_sees
from oms.inventory.shelf import lasting_to, without_short
from oms.orders.bundles import on_the_shelf
from oms.orders.model import Order

Picture = Mapping[PositionKey, Position]


class Lasting:
    """Which positions of a pass have lots that end, or own units of channels; of all others nothing is looked at."""

    def __init__(self, sourcing: Sourcing, now: datetime) -> None:
        self._sourcing = sourcing
        self._now = now
        self._dated: dict[str, list[PositionKey]] = {}
        self._owned: set[PositionKey] = set()

    def watch(self, picture: Picture) -> None:
        """Positions that were read."""
        for key, position in picture.items():
            if position.channels:
                self._owned.add(key)
            if any(lot.ends_at for lot in position.lots) and key not in self._dated.get(key[0], ()):
                self._dated.setdefault(key[0], []).append(key)

    def differs(self, skus: Iterable[str]) -> bool:
        """Whether who may have what of these SKUs is another question for each order."""
        if not self._dated and not self._owned:
            return False
        return not (self._dated.keys() | {sku for sku, _ in self._owned}).isdisjoint(skus)

    def seen_by(self, order: Order, picture: Picture, skus: Collection[str] | None = None) -> Picture:
        """The picture without what the order may not have; of `skus`, or of what the order asks for."""
        if self._owned:
            picture = as_channel_sees(order.channel, picture, self._owned & picture.keys())
        if not self._dated:
            return picture
        if skus is None:
            skus = {sku for line in order.lines if line.open or line.backordered for sku in on_the_shelf(line, 1)}
        needed = {
            key: lasting_to(
                self._sourcing.item(sku),
                order.channel,
                order.promise.latest_on,
                self._now,
                self._sourcing.locations[key[1]].time_zone,
            )
            for sku in skus
            for key in self._dated.get(sku, ())
            if key[1] in self._sourcing.locations
        }
        return without_short(picture, needed)
