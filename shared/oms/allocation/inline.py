"""Who stands in the lines for scarce SKUs, and which locations may ship to each of them."""

from collections.abc import Iterable, Iterator, Mapping

from oms.inventory.supply.drawing import Ahead
from oms.inventory.waiting.model import Place
from oms.inventory.waiting.rules import Moves
from oms.inventory.waiting.store import WaitingStore
from oms.orders.mayship import MayShipPort, Places, to_ship
from oms.orders.model import Order
from oms.orders.store import OrderStore

MOST_READ = 1_000  # places of a line, for an order that comes; those beyond may get theirs anywhere, for all we know


class InLine:
    """Lines as far as they are read, and as they move with what is decided. Orders are read once, a hundred at a time.

    Only where some order is kept from some location: else it is enough to know how many units a line is for.
    """

    def __init__(
        self, lines: WaitingStore, orders: OrderStore, may_ship: MayShipPort, *, most: int | None = MOST_READ
    ) -> None:
        self._store = lines
        self._orders = orders
        self._may_ship = may_ship
        self._most = most
        self._lines: dict[str, dict[str, tuple[Place, Places]]] = {}

    def line(self, sku: str) -> Iterator[tuple[Place, Places]]:
        """Who waits, first served first."""
        if sku not in self._lines:
            places = list(self._store.line(sku, limit=self._most))
            orders = self._orders.get_many({place.order_id for place in places}) if self._may_ship.restricts else {}
            self._lines[sku] = {place.key: (place, self._places(place, orders)) for place in places}
        known = self._lines[sku]
        return (known[key] for key in sorted(known))

    def ahead(self, sku: str, units: int) -> list[Ahead]:
        """Who is served before one who joins; `units` are those of the whole line as its head has them."""
        found = [Ahead(place.units, places) for place, places in self.line(sku)]
        rest = units - sum(one.units for one in found)
        return [*found, *([Ahead(rest)] if rest > 0 else [])]

    def last_on(self, sku: str, places: Places) -> str:
        """Until when others stand in line who may get all that may go to `places`; empty: nobody does."""
        days = [
            place.supply_on
            for place, theirs in self.line(sku)
            if theirs is None or (places is not None and places <= theirs)
        ]
        return max(days, default="")

    def moved(self, moves: Moves, order: Order) -> None:
        """Somebody left the lines, joined them or stands elsewhere in them."""
        for place in moves.gone:
            if place.sku in self._lines:
                self._lines[place.sku].pop(place.key, None)
        for place in moves.put:
            if place.sku in self._lines:
                self._lines[place.sku][place.key] = (place, self._places(place, {order.id: order}))

    def _places(self, place: Place, orders: Mapping[str, Order]) -> Places:
        order = orders.get(place.order_id)
        if order is None:
            return None
        asked = to_ship(order)
        sku = next(line.sku for line in order.lines if line.number == place.number)
        return self._may_ship(asked).of(sku) if sku in asked.skus else frozenset()  # it has left the line meanwhile


def ahead_of(
    skus: Iterable[str], may_ship: MayShipPort, *, lines: WaitingStore, orders: OrderStore
) -> dict[str, list[Ahead]]:
    """Who is served of some SKUs before one who comes now (port of availability)."""
    names = list(skus)
    in_line, heads = InLine(lines, orders, may_ship, most=100), lines.heads(names)
    return {sku: in_line.ahead(sku, heads[sku].units) for sku in names}
