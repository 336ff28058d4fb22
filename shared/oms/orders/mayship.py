"""Which of our locations may ship an order, whatever lies there: what is promised is promised from these alone."""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple, Protocol

from oms.orders.amounts import live_units
from oms.orders.bundles import on_the_shelf
from oms.orders.model import Destination, Line, Order

Places = frozenset[str] | None  # None: all of ours
Stock = Mapping[str, Mapping[str, int]]  # SKU -> location -> units


class ToShip(NamedTuple):
    """An order, or a question about one, as far as it says who may ship: SKUs as they are sold.

    `kept_to`: locations that ship some of it and may not be joined by others. `others`: SKUs of its other lines, which
    have a say in which rule speaks for it.
    """

    channel: str
    on_account: bool
    destination: Destination
    skus: frozenset[str]
    kept_to: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()


class MayShip(NamedTuple):
    """Locations by SKU. The first tier is by all constraints; each later one is without a soft one more.

    The last tier is by hard constraints alone. No tiers: every location of ours may ship everything. `most`: how many
    locations may ship the order in all; None: any number.
    """

    tiers: tuple[Mapping[str, frozenset[str]], ...] = ()
    most: int | None = None

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
        return MayShip(tuple(tiers), self.most)

    def stock(self, stock: Stock, wanted: Mapping[str, int]) -> Stock:
        """What of the stock may ship: by the first tier by which there is all that is wanted, else by the last one.

        Of no more locations than `most`: the one with the most that is wanted first, then who adds the most.
        """
        found = _at_most(self.most, stock, wanted)
        for tier in self.tiers:
            may = {sku: {name: n for name, n in row.items() if name in tier[sku]} for sku, row in stock.items()}
            found = _at_most(self.most, may, wanted)
            if all(sum(found.get(sku, {}).values()) >= units for sku, units in wanted.items()):
                break
        return found


ANYBODY = MayShip()


def _at_most(most: int | None, stock: Stock, wanted: Mapping[str, int]) -> Stock:
    names = {name for row in stock.values() for name, units in row.items() if units > 0}
    if most is None or len(names) <= most:
        return stock
    left = dict(wanted)
    chosen: set[str] = set()
    while len(chosen) < most:
        best = max(sorted(names - chosen), key=lambda name: sum(_adds(stock, name, left).values()))
        for sku, units in _adds(stock, best, left).items():
            left[sku] -= units
        chosen.add(best)
    return {sku: {name: units for name, units in row.items() if name in chosen} for sku, row in stock.items()}


def _adds(stock: Stock, name: str, left: Mapping[str, int]) -> dict[str, int]:
    """What a location has of what is wanted still."""
    return {sku: min(max(stock.get(sku, {}).get(name, 0), 0), units) for sku, units in left.items()}


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
    others = frozenset(line.sku for line in order.lines if live_units(line)) - skus
    on_account, kept_to = order.account_id is not None, frozenset(order.kept_to)
    return ToShip(order.channel, on_account, order.destination, skus, kept_to, others)
