"""Stock that lies there for those who had their turn, wait for the rest of it, and are promised a day."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

from oms.inventory.model import Position, PositionKey
from oms.inventory.own import as_channel_sees
from oms.inventory.supply.drawing import Ahead
from oms.inventory.waiting.model import UNKNOWN
from oms.inventory.waiting.promising import Promising
from oms.inventory.waiting.rules import places_of
from oms.orders.mayship import MayShipPort, to_ship
from oms.orders.model import Order

Picture = Mapping[PositionKey, Position]
_Shares = list[tuple[str, str, Mapping[str, int]]]  # key of the place, order id, units by location


class _Claim(NamedTuple):
    """Units that somebody waits for, until when, and by location how much of what is there he may have."""

    order_id: str
    wanted: Ahead
    by: date
    free: Mapping[str, int]


class Kept:
    """What of the stock stands towards the promises of orders that a pass has looked at. Reads only where some does."""

    def __init__(self, promising: Promising, may_ship: MayShipPort, today: date) -> None:
        self._promising = promising
        self._may_ship = may_ship
        self._today = today.isoformat()
        self._claims: dict[str, dict[str, _Claim]] = {}
        self._shares: dict[str, tuple[list[int], _Shares]] = {}
        self._passed_over: dict[str, set[str]] = {}

    def count(self, order: Order, view: Picture) -> None:
        """An order had its turn: what is there of what it waits for is kept, if it is promised a day that is to come.

        Where its day has come it could not use what is there, and who is held may not: they keep nothing.
        `view` is what it may have of what is left.
        """
        may = self._may_ship(to_ship(order))
        sold = {line.number: line.sku for line in order.lines}
        keeps = order.promise.latest_on is not None and not (order.cancelling or order.blocked_by("allocate"))
        for (sku, key), place in places_of(order).items():
            if place.supply_on == UNKNOWN:
                continue
            if not keeps or place.supply_on <= self._today:
                self._passed_over.setdefault(sku, set()).add(order.id)
                continue
            free = {at: one.available for (name, at), one in view.items() if name == sku and one.available > 0}
            wanted = Ahead(place.units, may.of(sold[place.number]))
            self._claims.setdefault(sku, {})[key] = _Claim(order.id, wanted, date.fromisoformat(place.supply_on), free)
            self._shares.pop(sku, None)

    @property
    def anything(self) -> bool:
        """Whether anything may be kept."""
        return bool(self._claims)

    def overtaken(self, skus: Iterable[str], order_id: str) -> set[str]:
        """SKUs for which others with a day were passed over, that is no longer sure when an order takes of them."""
        return {sku for sku in skus if self._passed_over.get(sku, set()) - {order_id}}

    def of(self, sku: str, picture: Picture, order_id: str = "", key: str | None = None) -> dict[PositionKey, int]:
        """Units by position that are kept for others; only for those who stand before `key`, if it is given."""
        found: dict[PositionKey, int] = {}
        for place, owner, units in self._shares_of(sku, picture) if sku in self._claims else ():
            if owner != order_id and (key is None or place < key):
                for location, each in units.items():
                    found[sku, location] = found.get((sku, location), 0) + each
        return found

    def _shares_of(self, sku: str, picture: Picture) -> _Shares:
        """Each place with what is there for it, along the line.

        As little as keeps all the promises, the rest of them from what comes later. Where who waits may not have it
        from everywhere, as it was promised: the earliest first.
        """
        own = {key: position for key, position in picture.items() if key[0] == sku}
        there = [position.available for position in own.values()]
        known = self._shares.get(sku)
        if known and known[0] == there:
            return known[1]
        shares: _Shares = []
        if any(units > 0 for units in there):
            drawing = self._promising.drawing(sku, as_channel_sees(None, own))
            claims = sorted(self._claims[sku].items())
            anywhere = all(claim.wanted.places is None for _, claim in claims)
            for key, claim in claims:
                now = drawing.draw_late(claim.wanted, claim.by, claim.free) if anywhere else None
                if now is None:
                    now = drawing.draw_whole(claim.wanted)
                kept = {name: min(units, claim.free.get(name, 0)) for name, units in now.items()}
                shares.append((key, claim.order_id, kept))
        self._shares[sku] = there, shares
        return shares


def less(picture: Picture, kept: Mapping[PositionKey, int]) -> Picture:
    """The picture without units that are kept at some positions."""
    if not kept:
        return picture
    changed = {
        key: picture[key]._replace(safety_stock=picture[key].safety_stock + min(units, picture[key].available))
        for key, units in kept.items()
        if key in picture and picture[key].available > 0
    }
    return {**picture, **changed}
