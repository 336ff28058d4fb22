"""The stock as an order may have it: without own units of other channels, or lots that end too early."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from oms.allocation.decisions.model import Ending
from oms.allocation.sourcing.desk import Sourcing
from oms.inventory.model import Position, PositionKey
from oms.inventory.own import as_channel_sees
from oms.inventory.shelf import delivered_until, lasting_to, too_short, without_short
from oms.inventory.supply.availability import PromisePort
from oms.orders.bundles import on_the_shelf
from oms.orders.model import Destination, Order

Picture = Mapping[PositionKey, Position]


class Lasting:
    """Which positions of a pass have lots that end, or own units of channels; of all others nothing is looked at."""

    def __init__(self, sourcing: Sourcing, deliver: PromisePort, now: datetime) -> None:
        self._sourcing = sourcing
        self._deliver = deliver
        self._now = now
        self._dated: dict[str, list[PositionKey]] = {}
        self._owned: set[PositionKey] = set()
        self._windows: dict[tuple[Destination, str], str | None] = {}

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

    def seen_by(
        self, order: Order, picture: Picture, skus: Collection[str] | None = None, until: str | None = None
    ) -> Picture:
        """The picture without what the order may not have; of `skus`, or of what the order asks for.

        `until`: the day until which it may be delivered; else the last day of its promise, and where it has none that
        lies ahead, the day until which it would be delivered if it shipped now.
        """
        if self._owned:
            picture = as_channel_sees(order.channel, picture, self._owned & picture.keys())
        return without_short(picture, self._needed(order, skus, until)) if self._dated else picture

    def ends(self, sku: str) -> bool:
        """Whether lots of it end."""
        return sku in self._dated

    def too_short(self, order: Order, picture: Picture, skus: Collection[str]) -> list[Ending]:
        """What there is of SKUs, and is not for the order because its lots end too early; until when the last one."""
        found: list[Ending] = []
        for key, instant in sorted(self._needed(order, skus, None).items()):
            if key not in picture:
                continue
            position, item = picture[key], self._sourcing.item(key[0])
            zone = self._sourcing.locations[key[1]].time_zone
            units = min(too_short(position, instant), max(position.available, 0))
            lots = [lot for lot in position.lots if lot.free and position.read_at < (lot.ends_at or "") <= instant]
            if units:
                day = max(delivered_until(item, order.channel, lot, zone) or "" for lot in lots)
                found.append(Ending(sku=key[0], location=key[1], units=units, until=day))
        return found

    def _needed(self, order: Order, skus: Collection[str] | None, until: str | None) -> dict[PositionKey, str]:
        """The instants behind which lots must end, by position."""
        if skus is None:
            skus = {sku for line in order.lines if line.open or line.backordered for sku in on_the_shelf(line, 1)}
        return {
            key: lasting_to(
                self._sourcing.item(sku),
                order.channel,
                until or self._delivered_on(order, key[1]),
                self._now,
                self._sourcing.locations[key[1]].time_zone,
            )
            for sku in skus
            for key in self._dated.get(sku, ())
            if key[1] in self._sourcing.locations
        }

    def _delivered_on(self, order: Order, location: str) -> str | None:
        """The last day of the promise; where none lies ahead that of a parcel that leaves the location now."""
        promised = order.promise.latest_on
        if promised is not None and promised >= self._now.date().isoformat():
            return promised
        key = (order.destination, location)
        if key not in self._windows:
            self._windows[key] = self._deliver(order.destination, {"": 1}, {"": {location: 1}}, self._now).latest_on
        return self._windows[key]
