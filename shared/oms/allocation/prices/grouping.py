"""A market cut into programs of bounded size: SKUs that are ordered together stay together as far as there is room.

SKUs without a common basket share nothing, so cutting between them is exact. Where everything hangs together, the
strongest ties are kept: what is cut off a basket becomes a basket of its own that bears its part of the parcel.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

from oms.allocation.prices.model import Basket, Demand, Market
from oms.inventory.model import PositionKey

# Lines of the baskets of one program: about 4,000 baskets, solved in seconds (docs/performance.md, "Prices of stock").
MAX_LINES = 10_000


class Groups:
    """SKUs by group, united strongest tie first while the group stays within `most` lines."""

    def __init__(self, sizes: Mapping[str, int], most: int) -> None:
        self._parent = {sku: sku for sku in sizes}
        self._size = dict(sizes)
        self._most = most

    def of(self, sku: str) -> str:
        """The name of a SKU's group: one of its SKUs."""
        root = sku
        while self._parent[root] != root:
            root = self._parent[root]
        while self._parent[sku] != root:
            self._parent[sku], sku = root, self._parent[sku]
        return root

    def unite(self, one: str, two: str) -> None:
        """Make one group of two, if there is room."""
        one, two = sorted((self.of(one), self.of(two)))
        if one != two and self._size[one] + self._size[two] <= self._most:
            self._parent[two] = one
            self._size[one] += self._size[two]


def divided(market: Market, *, max_lines: int = MAX_LINES) -> list[Market]:
    """Markets that do not know of each other, the one with most orders first.

    Each has at most `max_lines` lines in its baskets, or one SKU that has more even alone.
    """
    demand = _thinned(market.demand, max_lines)
    groups = Groups(_sizes(demand), max_lines)
    for _, one, two in sorted(_ties(demand), key=lambda tie: (-tie[0], tie[1], tie[2])):
        groups.unite(one, two)
    parts: dict[str, dict[Basket, float]] = {}
    for basket, orders in demand.items():
        for group, piece in _cut(basket, groups):
            mine = parts.setdefault(group, {})
            mine[piece] = mine.get(piece, 0.0) + orders
    supply: dict[str, dict[PositionKey, int]] = {}
    known = _sizes(demand)
    for key, units in market.supply.items():
        if key[0] in known:
            supply.setdefault(groups.of(key[0]), {})[key] = units
    heaviest = sorted(parts, key=lambda group: (-sum(parts[group].values()), group))
    return [Market(parts[name], supply.get(name, {}), market.lanes, market.weights_g) for name in heaviest]


def _sizes(demand: Demand) -> dict[str, int]:
    """In how many baskets a SKU is: its share of the program."""
    sizes: dict[str, int] = {}
    for basket in demand:
        for sku, _ in basket.units:
            sizes[sku] = sizes.get(sku, 0) + 1
    return sizes


def _thinned(demand: Demand, most: int) -> Demand:
    """Rare baskets of a SKU that is in more than `most` are taken apart: alone, its baskets are few."""
    if all(size <= most for size in _sizes(demand).values()):
        return demand
    seen: dict[str, int] = {}
    thin: dict[Basket, float] = {}
    for basket, orders in sorted(demand.items(), key=lambda row: (-row[1], row[0])):
        whole = all(seen.get(sku, 0) < most // 2 for sku, _ in basket.units)
        for piece in [basket] if whole else _singles(basket):
            thin[piece] = thin.get(piece, 0.0) + orders
        if whole:
            for sku, _ in basket.units:
                seen[sku] = seen.get(sku, 0) + 1
    return thin


def _singles(basket: Basket) -> Iterator[Basket]:
    return (Basket((unit,), basket.region, basket.lines) for unit in basket.units)


def _ties(demand: Demand) -> Iterable[tuple[float, str, str]]:
    """How often two SKUs go together. Neighbours in a basket are enough to hold all of it together."""
    ties: dict[tuple[str, str], float] = {}
    for basket, orders in demand.items():
        skus = [sku for sku, _ in basket.units]
        for pair in pairwise(skus):
            ties[pair] = ties.get(pair, 0.0) + orders
    return ((orders, one, two) for (one, two), orders in ties.items())


def _cut(basket: Basket, groups: Groups) -> Iterator[tuple[str, Basket]]:
    parts: dict[str, list[tuple[str, int]]] = {}
    for unit in basket.units:
        parts.setdefault(groups.of(unit[0]), []).append(unit)
    return ((group, Basket(tuple(units), basket.region, basket.lines)) for group, units in parts.items())
