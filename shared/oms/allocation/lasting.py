"""The stock as an order may have it: without lots that end too early for its channel, or before it is delivered."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from oms.allocation.sourcing.desk import Sourcing
from oms.inventory.model import Position, PositionKey
from oms.inventory.shelf import lasting_to, without_short
from oms.orders.bundles import on_the_shelf
from oms.orders.model import Order

Picture = Mapping[PositionKey, Position]


class Lasting:
    """Which positions of a pass have lots that end; of all others nothing is looked at."""

    def __init__(self, sourcing: Sourcing, now: datetime) -> None:
        self._sourcing = sourcing
        self._now = now
        self._dated: dict[str, list[PositionKey]] = {}

    def watch(self, picture: Picture) -> None:
        """Positions that were read."""
        for key, position in picture.items():
            if any(lot.ends_at for lot in position.lots) and key not in self._dated.get(key[0], ()):
                self._dated.setdefault(key[0], []).append(key)

    def dated(self, skus: Iterable[str]) -> bool:
        """Whether lots of these SKUs end: who may have what is then another question for each order."""
        return bool(self._dated) and not self._dated.keys().isdisjoint(skus)

    def seen_by(self, order: Order, picture: Picture, skus: Collection[str] | None = None) -> Picture:
        """The picture without what does not last for the order; of `skus`, or of what the order asks for."""
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
