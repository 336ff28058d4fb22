"""Prices as a decision found them: lists are kept by version, and a record names the one that it was made by."""

from collections.abc import Iterable

from oms.allocation.prices.store import SHARDS, PriceStore
from oms.inventory.model import PositionKey
from oms.kernel.ids import shard_of


class PastPrices:
    """Every list that somebody asks for is read once, by the shard."""

    def __init__(self, store: PriceStore) -> None:
        self._store = store
        self._shards: dict[tuple[str, int], dict[PositionKey, int]] = {}

    def of(self, version: str, keys: Iterable[PositionKey]) -> dict[PositionKey, int]:
        """The price of each position in a list; 0 in one that is not kept, or never was."""
        wanted = {key: shard_of(key[0], SHARDS) for key in keys}
        missing = sorted({number for number in wanted.values() if (version, number) not in self._shards})
        found = self._store.shards(version, missing)
        for number in missing:
            rows = found[number].prices.items() if number in found else ()
            self._shards[version, number] = {
                (sku, place): price for sku, places in rows for place, price in places.items()
            }
        return {key: self._shards[version, number].get(key, 0) for key, number in wanted.items()}
