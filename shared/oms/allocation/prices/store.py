"""The prices table: demand as it was counted, and the dated lists of prices.

| access pattern | how |
|---|---|
| which hours of a day are counted | query pk `DEMAND#<day>`, sk begins with `HOUR#` |
| the demand of a counted hour | query pk `DEMAND#<day>`, sk begins with `PART#<hour>#<run>#` |
| the list of prices in force | get `PRICES` / `CURRENT` |
| the prices of some SKUs in a list | batch get `PRICES#<version>` / `SHARD#<number>`: the number follows from the SKU |

Everything but `CURRENT` is written once and never changed. An hour's parts come before its row, which names their run
(a digest of what was counted); a list's shards come before `CURRENT` names it. So who dies between two writes leaves
only rows that nobody reads, and `expires_at` removes them.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice

from oms.allocation.prices.model import Basket, CountedBasket, CountedDemand, PriceList, PriceShard
from oms.aws import tables
from oms.aws.documents import pack, unpack
from oms.aws.tables import ConditionFailedError, Key
from oms.inventory.model import PositionKey
from oms.kernel.ids import derive_id, shard_of
from oms.kernel.time import from_text, to_text

SHARDS = 64
# A basket of five SKUs takes about 80 bytes deflated: a part stays below 200 KB of the 400 KB of an item.
PART_BASKETS = 2_500
KEPT_DAYS = 100  # longer than any window of the forecast, and than what is replayed
_NEW = "attribute_not_exists(pk)"


def sharded(prices: Mapping[PositionKey, int]) -> dict[int, dict[str, dict[str, int]]]:
    """Prices by shard, SKU and location."""
    shards: dict[int, dict[str, dict[str, int]]] = {}
    for (sku, location), price in sorted(prices.items()):
        shards.setdefault(shard_of(sku, SHARDS), {}).setdefault(sku, {})[location] = price
    return shards


class PriceStore:
    """Reads and conditional writes of one prices table."""

    def __init__(self, table: str) -> None:
        self.table = table

    def counted_hours(self, day: str) -> dict[str, str]:
        """The hours (`00` to `23`) of a day that are counted, with the run that did it."""
        rows = self._query(f"DEMAND#{day}", "HOUR#")
        return {row["sk"].removeprefix("HOUR#"): row["run"] for row in rows}

    def put_hour(self, hour: datetime, demand: Mapping[Basket, int]) -> bool:
        """Keep what was ordered in an hour; False if somebody did before, whose count stays."""
        run = derive_id("run", *(f"{basket} {orders}" for basket, orders in sorted(demand.items())))
        day, name = hour.strftime("%Y-%m-%d"), hour.strftime("%H")
        expires = int((hour + timedelta(days=KEPT_DAYS)).timestamp())
        rows = iter(sorted(demand.items()))
        part = 0
        while chunk := list(islice(rows, PART_BASKETS)):
            baskets = tuple(CountedBasket(units=key.units, region=key.region, orders=n) for key, n in chunk)
            item = {"sk": f"PART#{name}#{run}#{part:04}", "doc": pack(CountedDemand(baskets=baskets))}
            self._put_once({"pk": f"DEMAND#{day}", "expires_at": expires, **item})
            part += 1
        return self._put_once({"pk": f"DEMAND#{day}", "sk": f"HOUR#{name}", "run": run, "expires_at": expires})

    def demand_of(self, day: str, hours: Mapping[str, str]) -> Iterator[tuple[str, CountedBasket]]:
        """What was ordered, by hour: of the runs that `counted_hours` named."""
        for row in self._query(f"DEMAND#{day}", "PART#"):
            _, hour, run, _ = row["sk"].split("#")
            if hours.get(hour) == run:
                for basket in unpack(CountedDemand, row["doc"]).baskets:
                    yield hour, basket

    def publish(self, prices: Mapping[PositionKey, int], *, as_of: datetime, until: datetime) -> PriceList:
        """Keep a list and put it in force, unless one of a later instant is."""
        shards = sharded(prices)
        text = to_text(as_of)
        version = derive_id(text, *(f"{sku} {place} {price}" for (sku, place), price in sorted(prices.items())))
        made = PriceList(version=version, as_of=text, until=to_text(until), shards=tuple(sorted(shards)))
        expires = int((as_of + timedelta(days=KEPT_DAYS)).timestamp())
        for number, content in shards.items():
            item = {"pk": f"PRICES#{version}", "sk": f"SHARD#{number}", "expires_at": expires}
            self._put_once({**item, "doc": pack(PriceShard(prices=content))})
        self._put_once({"pk": f"PRICES#{version}", "sk": "LIST", "expires_at": expires, "doc": pack(made)})
        current = {"pk": "PRICES", "sk": "CURRENT", "as_of": text, "doc": pack(made)}
        newer = tables.put(
            self.table, current, condition=f"{_NEW} OR as_of < :as_of", values={":as_of": text}, label="current prices"
        )
        try:
            tables.commit(newer)
        except ConditionFailedError:
            return self.current() or made
        return made

    def current(self) -> PriceList | None:
        """The list in force, however old."""
        item = tables.get(Key(self.table, "PRICES", "CURRENT"), consistent=False)
        return unpack(PriceList, item["doc"]) if item else None

    def shards(self, version: str, numbers: Iterable[int]) -> dict[int, PriceShard]:
        keys = {Key(self.table, f"PRICES#{version}", f"SHARD#{number}"): number for number in numbers}
        found = tables.get_many(keys, consistent=False) if keys else {}
        return {keys[key]: unpack(PriceShard, item["doc"]) for key, item in found.items()}

    def prices_of(self, made: PriceList) -> dict[PositionKey, int]:
        """All prices of a list."""
        found = self.shards(made.version, made.shards).values()
        return {
            (sku, place): price
            for shard in found
            for sku, places in shard.prices.items()
            for place, price in places.items()
        }

    def in_force(self, now: datetime) -> PriceList | None:
        """The list in force, if its horizon has not ended."""
        made = self.current()
        return made if made is not None and now < from_text(made.until) else None

    def _query(self, pk: str, prefix: str) -> Iterator[tables.Item]:
        return tables.query(
            self.table, condition="pk = :pk AND begins_with(sk, :sk)", values={":pk": pk, ":sk": prefix}
        )

    def _put_once(self, item: tables.Item) -> bool:
        try:
            tables.commit(tables.put(self.table, item, condition=_NEW, label=item["sk"]))
        except ConditionFailedError:
            return False
        return True
