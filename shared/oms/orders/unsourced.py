"""Units of confirmed orders that still have no place to ship from, by SKU on the shelf (features C6)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from oms.kernel.time import Clock
from oms.orders.bundles import on_the_shelf
from oms.orders.store import OrderStore

KEPT = timedelta(seconds=10)
MOST_ORDERS = 2_000  # read at a time; those beyond are not seen


class Unsourced:
    """Counts open units of confirmed orders, and keeps the count for ten seconds.

    A count in the order's own transaction would be exact to the millisecond, but be a write more per SKU and order
    (2 units each), and put every order of a hot SKU in front of one item. The index of live orders is there anyway:
    eight queries and a batch get per hundred waiting orders, once in ten seconds per process, nothing when nobody asks.
    """

    def __init__(self, orders: OrderStore, clock: Clock) -> None:
        self._orders = orders
        self._clock = clock
        self._until: datetime | None = None
        self._units: Counter[str] = Counter()

    def units(self, skus: Iterable[str]) -> Mapping[str, int]:
        now = self._clock()
        if self._until is None or now >= self._until:
            self._units = self._count()
            self._until = now + KEPT
        return {sku: self._units[sku] for sku in skus}

    def _count(self) -> Counter[str]:
        units: Counter[str] = Counter()
        for order in self._orders.get_many(self._orders.confirmed(limit=MOST_ORDERS), consistent=False).values():
            for line in order.lines:
                if line.open:
                    units.update(on_the_shelf(line, line.open))
        return units
