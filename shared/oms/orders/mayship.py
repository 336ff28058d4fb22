"""Which of our locations may ship an order, whatever lies there: what is promised is promised from these alone."""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple, Protocol

from oms.orders.bundles import on_the_shelf
from oms.orders.model import Destination, Line, Order

Places = frozenset[str] | None  # None: all of ours


class ToShip(NamedTuple):
    """An order, or a question about one, as far as it says who may ship: SKUs as they are sold."""

    channel: str
    on_account: bool
    destination: Destination
    skus: frozenset[str]


class MayShip(NamedTuple):
    """Locations by SKU. The first tier is by all constraints; each later one is without a soft one more.

    The last tier is by hard constraints alone. No tiers: every location of ours may ship everything.
    """

    tiers: tuple[Mapping[str, frozenset[str]], ...] = ()

    def of(self, sku: str) -> Places:
        """Who may ship a SKU if need be."""
        return self.tiers[-1][sku] if self.tiers else None

    def on_the_shelf(self, lines: Iterable[Line]) -> "MayShip":
        """The same for what lies on the shelf for some lines: whoever may ship one of those that it is for."""
        tiers: list[Mapping[str, frozenset[str]]] = []
        for tier in self.tiers:
            found: dict[str, frozenset[str]] = {}
            for line in lines:
                for sku in on_the_shelf(line, 1):
                    found[sku] = found.get(sku, frozenset()) | tier[line.sku]
            tiers.append(found)
        return MayShip(tuple(tiers))

    def stock(
        self, stock: Mapping[str, Mapping[str, int]], wanted: Mapping[str, int]
    ) -> Mapping[str, Mapping[str, int]]:
        """What of the stock may ship: by the first tier by which there is all that is wanted, else by the last one."""
        found = stock
        for tier in self.tiers:
            found = {sku: {name: n for name, n in row.items() if name in tier[sku]} for sku, row in stock.items()}
            if all(sum(found.get(sku, {}).values()) >= units for sku, units in wanted.items()):
                break
        return found


ANYBODY = MayShip()


class MayShipPort(Protocol):
    """Who may ship under the strategies in force (context allocation): one published is seen within a minute."""

    @property
    def restricts(self) -> bool:
        """Whether any order is kept from any location."""

    def __call__(self, order: ToShip) -> MayShip: ...


def to_ship(order: Order, numbers: Collection[int] | None = None) -> ToShip:
    """What of an order says who may ship it: its lines with units that are open or wait, or those of some `numbers`."""
    wanted = {line.number for line in order.lines if line.open or line.backordered} if numbers is None else numbers
    skus = frozenset(line.sku for line in order.lines if line.number in wanted)
    return ToShip(order.channel, order.account_id is not None, order.destination, skus)
