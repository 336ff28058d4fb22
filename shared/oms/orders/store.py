"""The orders table: orders, fulfillment orders, parcels; and the two sparse indexes to find orders.

| access pattern | how |
|---|---|
| one order with its fulfillment orders | query pk `ORDER#<id>` |
| one header / fulfillment order | get `ORDER#<id>` / `ORDER` or `FO#<fulfillment order id>` |
| what lasts of a giant order's lines | `ORDER#<id>` / `GOODS#<name>#<part>`, named by the header (`goods`, `parts`) |
| which of many orders have work at a location | batch get of the ids that such work has: order, attempt, location |
| parcel by id (derived from carrier and tracking number) | get `PARCEL#<id>` / `PARCEL` |
| live orders of a status by deadline | index `live`: `LIVE#<status>#<shard>`, `<look_at>#<order id>` |
| orders that ended with a change set open | the same, `left_open` for the status |
| orders of a channel by time | index `recent`: `RECENT#<channel>#<shard>`, `<submitted_at>#<order id>` |
| the ledger of an order's promises | query pk `PROMISES#<order id>`; sk is the version of the order that made it |
| facts to publish | the table's stream; `n` says how many facts the version `v` brought |

Attributes: `v` version, `s` status, `n` number of facts, `doc` the value (deflated JSON). A live header is in the
index `live` under a deadline that may be early (nothing is rewritten when work goes well): the watchdog looks, and
moves it on. SHARDS spreads each index partition: 8 x 1,000 write units/s. A header of more than 250 lines is
stored without what lasts of them (`oms.orders.goods`): that is put before the header that first names it, and never
changed.
"""

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from oms.aws import tables
from oms.aws.documents import pack, unpack
from oms.aws.tables import Key, Write
from oms.events.fact import Fact
from oms.kernel.errors import NotFoundError
from oms.kernel.ids import shard_of
from oms.kernel.time import to_text
from oms.orders.goods import WHOLE_LINES, Goods, columns_of, goods_of, together, without_goods
from oms.orders.lifecycle import LIVE_ORDER_STATES
from oms.orders.model import Aggregate, FulfillmentOrder, Order, Parcel, fulfillment_order_id
from oms.orders.promises import PromiseRow

SHARDS = 8
LEFT_OPEN = "left_open"  # stands for the status of an order that ended while a change set was open
_HEADER = "ORDER"
_REMEMBERED = 1_000
_ALWAYS = "attribute_exists(pk) OR attribute_not_exists(pk)"  # its name follows from what it is
_PARCEL = "PARCEL"


class OrderTree(NamedTuple):
    """A header with its fulfillment orders, oldest first."""

    order: Order
    fulfillment_orders: tuple[FulfillmentOrder, ...]


def parcel_ids_of(tree: OrderTree) -> list[str]:
    """The ids of all parcels of an order, each once."""
    return list(dict.fromkeys(key for work in tree.fulfillment_orders for key in work.parcel_ids))


class Loaded(NamedTuple):
    """What exists of what was asked for, by id."""

    orders: dict[str, Order]
    fulfillment_orders: dict[str, FulfillmentOrder]
    parcels: dict[str, Parcel]


class OrderStore:
    """Reads and conditional writes of one orders table."""

    def __init__(self, table: str) -> None:
        self.table = table
        self._made: Goods | None = None
        self._there: set[Key] = set()  # goods that were read: no need to put them once more

    def order_key(self, order_id: str) -> Key:
        return Key(self.table, f"ORDER#{order_id}", _HEADER)

    def fulfillment_key(self, order_id: str, fulfillment_order_id: str) -> Key:
        return Key(self.table, f"ORDER#{order_id}", f"FO#{fulfillment_order_id}")

    def parcel_key(self, parcel_id: str) -> Key:
        return Key(self.table, f"PARCEL#{parcel_id}", _PARCEL)

    def order_from(self, item: tables.Item) -> Order:
        (order,) = self._orders_from([item])
        return order

    def _orders_from(self, items: Iterable[tables.Item], found: Mapping[Key, tables.Item] = {}) -> list[Order]:
        """Orders from headers; of giant ones with what lasts of their lines, which is read unless it is `found`."""
        headers = list(items)
        keys = {key for item in headers for key in self._goods_keys(item)}
        goods = {**found, **tables.get_many(keys - found.keys())} if keys else found
        return [self._order_from(item, goods) for item in headers]

    def _order_from(self, item: tables.Item, goods: Mapping[Key, tables.Item]) -> Order:
        if "goods" not in item:
            return unpack(Order, item["doc"])
        if len(self._there) > _REMEMBERED:
            self._there.clear()
        keys = self._goods_keys(item)
        self._there.update(keys)
        return together(item["doc"], [goods[key]["doc"] for key in keys])

    def _goods_keys(self, item: tables.Item) -> list[Key]:
        return [Key(self.table, item["pk"], f"GOODS#{item['goods']}#{n}") for n in range(item.get("parts", 0))]

    def fulfillment_from(self, item: tables.Item) -> FulfillmentOrder:
        return unpack(FulfillmentOrder, item["doc"])

    def parcel_from(self, item: tables.Item) -> Parcel:
        return unpack(Parcel, item["doc"])

    def find(self, order_id: str) -> Order | None:
        item = tables.get(self.order_key(order_id))
        return self.order_from(item) if item else None

    def get(self, order_id: str) -> Order:
        """The header.

        Raises:
            NotFoundError: no such order.
        """
        order = self.find(order_id)
        if order is None:
            raise NotFoundError(f"there is no order {order_id}")
        return order

    def get_many(self, order_ids: Iterable[str], *, consistent: bool = True) -> dict[str, Order]:
        items = tables.get_many([self.order_key(order_id) for order_id in order_ids], consistent=consistent)
        return {order.id: order for order in self._orders_from(items.values())}

    def with_work_at(self, orders: Iterable[Order], locations: Iterable[str]) -> set[str]:
        """Ids of those of the orders for which one of the locations has or had work; one batch read."""
        keys = {
            self.fulfillment_key(order.id, fulfillment_order_id(order.id, attempt, location)): order.id
            for order in orders
            for attempt in range(1, order.attempt + 1)
            for location in locations
        }
        return {keys[key] for key in tables.get_many(keys, consistent=False)}

    def tree(self, order_id: str) -> OrderTree:
        """The header with its fulfillment orders, in one query.

        Raises:
            NotFoundError: no such order.
        """
        header: tables.Item | None = None
        works: list[FulfillmentOrder] = []
        goods: dict[Key, tables.Item] = {}
        rows = tables.query(self.table, condition="pk = :pk", values={":pk": f"ORDER#{order_id}"}, consistent=True)
        for item in rows:
            if item["sk"] == _HEADER:
                header = item
            elif item["sk"].startswith("FO#"):
                works.append(self.fulfillment_from(item))
            elif item["sk"].startswith("GOODS#"):
                goods[Key(self.table, item["pk"], item["sk"])] = item
        if header is None:
            raise NotFoundError(f"there is no order {order_id}")
        (order,) = self._orders_from([header], goods)
        return OrderTree(order, tuple(sorted(works, key=lambda work: (work.attempt, work.location))))

    def get_fulfillment_order(self, order_id: str, fulfillment_order_id: str) -> FulfillmentOrder:
        """One fulfillment order.

        Raises:
            NotFoundError: no such fulfillment order.
        """
        item = tables.get(self.fulfillment_key(order_id, fulfillment_order_id))
        if item is None:
            raise NotFoundError(f"there is no fulfillment order {fulfillment_order_id}")
        return self.fulfillment_from(item)

    def load(
        self,
        *,
        orders: Iterable[str] = (),
        fulfillment_orders: Iterable[tuple[str, str]] = (),
        parcels: Iterable[str] = (),
    ) -> Loaded:
        """Headers, fulfillment orders (by order id and own id) and parcels in one batch read; consistent."""
        headers = {self.order_key(order_id) for order_id in orders}
        works = {self.fulfillment_key(*ids) for ids in fulfillment_orders}
        boxes = {self.parcel_key(parcel_id) for parcel_id in parcels}
        items = tables.get_many([*headers, *works, *boxes])
        found_orders = self._orders_from([item for key, item in items.items() if key in headers])
        found_works = [self.fulfillment_from(item) for key, item in items.items() if key in works]
        found_boxes = [self.parcel_from(item) for key, item in items.items() if key in boxes]
        return Loaded(
            {order.id: order for order in found_orders},
            {work.id: work for work in found_works},
            {parcel.id: parcel for parcel in found_boxes},
        )

    def parcels(self, parcel_ids: Iterable[str]) -> dict[str, Parcel]:
        items = tables.get_many([self.parcel_key(parcel_id) for parcel_id in parcel_ids])
        parcels = [self.parcel_from(item) for item in items.values()]
        return {parcel.id: parcel for parcel in parcels}

    def write(self, value: Aggregate) -> Write:
        """The write of a changed value: only if the stored version is the one it was made from (0: not there yet)."""
        key = self._key_of(value)
        item = {
            "pk": key.pk,
            "sk": key.sk,
            "v": value.version,
            "s": getattr(value, "status", None),
            "n": len(value.facts),
            **self._attributes(value),
        }
        if value.version == 1:
            write = tables.put(self.table, item, condition="attribute_not_exists(pk)", label=value.subject)
        else:
            seen = {":before": value.version - 1}
            write = tables.put(self.table, item, condition="v = :before", values=seen, label=value.subject)
        return write._replace(first=self._first(value, item))

    def _attributes(self, value: Aggregate) -> dict[str, Any]:
        """What is stored of a value; of a giant order with the name of what lasts of its lines."""
        if not isinstance(value, Order):
            return {"doc": pack(value)}
        if len(value.lines) <= WHOLE_LINES:
            return {"doc": pack(value), **_index_keys(value)}
        goods = self._goods_of(value)
        return {
            "doc": without_goods(value),
            "goods": goods.name,
            "parts": len(goods.parts),
            **_index_keys(value),
        }

    def _goods_of(self, order: Order) -> Goods:
        """Made anew only when they are others than those of the order that was written last."""
        columns = columns_of(order)
        if self._made is None or self._made.columns != columns:
            self._made = goods_of(columns)
        return self._made

    def _first(self, value: Aggregate, item: tables.Item) -> tuple[Write, ...]:
        """The puts of a giant's goods, unless they are known to be there."""
        if not isinstance(value, Order) or "goods" not in item or self._there.issuperset(self._goods_keys(item)):
            return ()
        parts = zip(self._goods_keys(item), self._goods_of(value).parts, strict=True)
        label = f"goods of {value.id}"
        return tuple(
            tables.put(self.table, {"pk": key.pk, "sk": key.sk, "n": 0, "doc": part}, condition=_ALWAYS, label=label)
            for key, part in parts
        )

    def promise_write(self, row: PromiseRow) -> Write:
        """A row of the ledger: it is written once, with the version of the order that it is about."""
        item = {"pk": f"PROMISES#{row.order_id}", "sk": f"{row.version:08d}", "n": 0, "doc": pack(row)}
        return tables.put(self.table, item, condition="attribute_not_exists(pk)", label=f"promise of {row.order_id}")

    def promises(self, order_id: str) -> list[PromiseRow]:
        """The ledger of an order's promises, oldest first; without the first answer, which the header keeps."""
        rows = tables.query(self.table, condition="pk = :pk", values={":pk": f"PROMISES#{order_id}"})
        return [unpack(PromiseRow, row["doc"]) for row in rows]

    def _key_of(self, value: Aggregate) -> Key:
        if isinstance(value, Order):
            return self.order_key(value.id)
        if isinstance(value, FulfillmentOrder):
            return self.fulfillment_key(value.order_id, value.id)
        if isinstance(value, Parcel):
            return self.parcel_key(value.id)
        raise TypeError(f"the orders table does not hold a {type(value).__name__}")

    def live(self, status: str, shard: int, *, until: datetime, limit: int) -> list[str]:
        """Ids of live orders of a status whose deadline is not after `until`, most overdue first."""
        rows = tables.query(
            self.table,
            index="live",
            condition="live_pk = :pk AND live_sk <= :until",
            values={":pk": f"LIVE#{status}#{shard}", ":until": to_text(until) + "~"},
            limit=limit,
        )
        return [row["pk"].removeprefix("ORDER#") for row in rows]

    def confirmed(self, *, limit: int) -> list[str]:
        """Ids of orders that are confirmed and have nothing yet, `limit` at most; a moment old."""
        found: list[str] = []
        for shard in range(SHARDS):
            rows = tables.query(
                self.table,
                index="live",
                condition="live_pk = :pk",
                values={":pk": f"LIVE#confirmed#{shard}"},
                limit=limit // SHARDS,
            )
            found += [row["pk"].removeprefix("ORDER#") for row in rows]
        return found

    def page(self, channel: str, shard: int, *, since: str, before: str, limit: int) -> list[tuple[str, str]]:
        """(submitted_at#id, id) of a channel's orders with `since <= key < before`, newest first."""
        rows = tables.query(
            self.table,
            index="recent",
            condition="recent_pk = :pk AND recent_sk BETWEEN :since AND :before",
            values={":pk": f"RECENT#{channel}#{shard}", ":since": since, ":before": before},
            forward=False,
            limit=limit,
        )
        return [(row["recent_sk"], row["pk"].removeprefix("ORDER#")) for row in rows]


def facts_of_stream_record(record: dict[str, Any]) -> list[Fact]:
    """The facts that this very write brought; empty when it brought none (a moved deadline, a deleted claim)."""
    change = record["dynamodb"]
    wire = change.get("NewImage")
    if not wire or "doc" not in wire or wire.get("n", {}).get("N", "0") == "0":
        return []
    if change.get("OldImage", {}).get("v") == wire["v"]:
        return []
    return list(_facts_only(wire["doc"]["B"]))


def _facts_only(packed: str | bytes) -> Iterator[Fact]:
    import base64  # noqa: PLC0415  only the publisher decodes stream records

    raw = base64.b64decode(packed) if isinstance(packed, str) else packed
    for row in json.loads(zlib.decompress(raw)).get("facts", []):  # our own words, however long
        yield Fact.model_validate(row)


def _index_keys(order: Order) -> dict[str, str]:
    keys = {
        "recent_pk": f"RECENT#{order.channel}#{shard_of(order.id, SHARDS)}",
        "recent_sk": f"{order.submitted_at}#{order.id}",
    }
    live = order.status in LIVE_ORDER_STATES
    if live or order.change is not None:
        keys["live_pk"] = f"LIVE#{order.status if live else LEFT_OPEN}#{shard_of(order.id, SHARDS)}"
        keys["live_sk"] = f"{order.look_at}#{order.id}"
    return keys
