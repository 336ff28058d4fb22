"""Prices for whoever sources orders: a few reads in minutes, none on the way of an order."""

import time
from collections.abc import Callable, Iterable

from oms.allocation.prices.model import PriceList
from oms.allocation.prices.store import SHARDS, PriceStore
from oms.inventory.model import PositionKey
from oms.kernel.ids import shard_of
from oms.kernel.time import Clock, from_text

KEPT_S = 300.0


class PriceBook:
    """The list in force. Whether there is a newer one is asked every five minutes; a list itself never changes."""

    def __init__(self, store: PriceStore, clock: Clock, *, timer: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._timer = timer
        self._list: PriceList | None = None
        self._prices: dict[int, dict[PositionKey, int]] = {}
        self._asked: float | None = None

    def __call__(self, keys: Iterable[PositionKey]) -> dict[PositionKey, int]:
        """The price of each position, in minor units: 0 for what is not scarce, and for all when the list is too old.

        Raises:
            TransientError: DynamoDB was not there.
        """
        wanted = {key: shard_of(key[0], SHARDS) for key in keys}
        self._refresh()
        made = self._list
        if made is None or self._clock() >= from_text(made.until):
            return dict.fromkeys(wanted, 0)
        missing = sorted({number for number in wanted.values() if number in made.shards} - self._prices.keys())
        for number, shard in self._store.shards(made.version, missing).items():
            rows = shard.prices.items()
            self._prices[number] = {(sku, place): price for sku, places in rows for place, price in places.items()}
        return {key: self._prices.get(number, {}).get(key, 0) for key, number in wanted.items()}

    def priced_by(self) -> str:
        """Which list the last answer was from, or why everything was free."""
        made = self._list
        if made is None:
            return "no list of prices"
        if self._clock() >= from_text(made.until):
            return f"the list of {made.as_of} ended on {made.until}"
        return made.version

    def _refresh(self) -> None:
        now = self._timer()
        if self._asked is not None and now - self._asked < KEPT_S:
            return
        made = self._store.current()
        if made != self._list:
            self._list, self._prices = made, {}
        self._asked = now
