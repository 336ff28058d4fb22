"""The inventory table: one item per SKU and location, whose counters move only by conditional updates.

| access pattern | how |
|---|---|
| positions by SKU and location | batch get `STOCK#<sku>` / `LOC#<location>` |
| one SKU at all locations | query pk `STOCK#<sku>` |
| positions at or below their reorder point | index `reorder`: `REORDER#<shard>`, `<location>#<sku>` |
| a receipt that was booked already | `RECEIPT#<receipt id>` / `RECEIPT` |

`available` = on_hand - committed - safety_stock and `slack` = on_hand + on_order - committed - backordered -
reorder_point are stored, because a condition compares attributes with values only. An item carries the index keys
exactly while slack <= 0: every write that moves slack says on which side it will be, and fails if it was wrong.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from oms.allocation.model import Change, Position, PositionKey
from oms.aws import tables
from oms.aws.tables import ConditionFailedError, Key, Write
from oms.kernel.ids import shard_of
from oms.orders.model import FulfillmentOrder

SHARDS = 8
_COUNTERS = ("on_hand", "committed", "on_order", "backordered", "available", "slack")
_FREE = ("slack",)  # may be negative; so may `available`, but nothing takes it there
_TRIES = 5


class StockStore:
    """Reads and conditional writes of one inventory table. `locations` names the places that may hold stock."""

    def __init__(self, table: str, locations: Callable[[], Iterable[str]]) -> None:
        self.table = table
        self._locations = locations

    def key(self, sku: str, location: str) -> Key:
        return Key(self.table, f"STOCK#{sku}", f"LOC#{location}")

    def positions(self, skus: Iterable[str], *, consistent: bool = True) -> dict[PositionKey, Position]:
        """The positions of these SKUs at every location, in one batch get."""
        places = list(self._locations())
        keys = [self.key(sku, place) for sku in sorted(set(skus)) for place in places]
        return self._read(keys, consistent=consistent)

    def positions_at(self, keys: Iterable[PositionKey]) -> dict[PositionKey, Position]:
        return self._read([self.key(*key) for key in sorted(set(keys))], consistent=True)

    def positions_of(self, sku: str) -> list[Position]:
        """One SKU wherever it is kept, by location."""
        rows = tables.query(self.table, condition="pk = :pk", values={":pk": f"STOCK#{sku}"})
        return [_position(row) for row in rows]

    def available(self, skus: Iterable[str]) -> dict[str, dict[str, int]]:
        """SKU -> location -> units that may be taken. Eventually consistent: for promises, never for taking."""
        found: dict[str, dict[str, int]] = {}
        for (sku, location), position in self.positions(skus, consistent=False).items():
            found.setdefault(sku, {})[location] = max(position.available, 0)
        return found

    def at_reorder_point(self) -> Iterator[Position]:
        """Every position at or below its reorder point, found by the index, read for sure from the table."""
        for shard in range(SHARDS):
            rows = tables.query(
                self.table, index="reorder", condition="reorder_pk = :pk", values={":pk": f"REORDER#{shard}"}
            )
            keys = [Key(self.table, row["pk"], row["sk"]) for row in rows]
            yield from (position for position in self._read(keys, consistent=True).values() if position.slack <= 0)

    def change_write(self, change: Change, before: Position) -> Write:
        """The write of a change that was decided on `before`.

        It fails if a counter would go below zero, or if slack is not on the side of zero where `before` put it.
        """
        moved = {name: getattr(change, name) for name in _COUNTERS if getattr(change, name)}
        return self._write(before.key, moved, low=before.slack + change.slack <= 0)

    def ship_writes(self, work: FulfillmentOrder) -> list[Write]:
        """Units that the carrier took leave the books and the reservation."""
        units: dict[str, int] = {}
        for line in work.lines:
            units[line.sku] = units.get(line.sku, 0) + line.shipped
        return [self._leave(sku, work.location, quantity) for sku, quantity in sorted(units.items()) if quantity]

    def give_back_writes(self, location: str, units: Mapping[str, int], *, restock: bool) -> list[Write]:
        """Reserved units are free again (`restock`), or were not found and leave the books."""
        wanted = {sku: quantity for sku, quantity in sorted(units.items()) if quantity}
        if not restock:
            return [self._leave(sku, location, quantity) for sku, quantity in wanted.items()]
        before = self.positions_at((sku, location) for sku in wanted)
        return [
            self.change_write(Change(committed=-quantity), before[(sku, location)]) for sku, quantity in wanted.items()
        ]

    def put_position(self, position: Position) -> bool:
        """Open a position. One that is there already is left alone: its counters have a life of their own."""
        key = self.key(position.sku, position.location)
        item = {
            "pk": key.pk,
            "sk": key.sk,
            **{name: getattr(position, name) for name in (*_COUNTERS, *_POLICY)},
            **(_marker(position.key) if position.slack <= 0 else {}),
        }
        try:
            tables.commit(tables.put(self.table, item, condition="attribute_not_exists(pk)", label=key.sk))
        except ConditionFailedError:
            return False
        return True

    def receive(self, sku: str, location: str, quantity: int, *, receipt_id: str) -> bool:
        """Book goods in: on hand goes up, what was on order goes down. A receipt counts once; False: it had.

        Raises:
            ConflictError: the position changed under our hands five times.
            KeyError: the SKU is not kept there.
        """
        claim = tables.put(
            self.table,
            {"pk": f"RECEIPT#{receipt_id}", "sk": "RECEIPT"},
            condition="attribute_not_exists(pk)",
            label=receipt_id,
        )
        for attempt in range(_TRIES):
            before = self.positions_at([(sku, location)])[(sku, location)]
            change = Change(on_hand=quantity, on_order=-min(quantity, before.on_order))
            try:
                tables.commit(claim, self.change_write(change, before))
            except ConditionFailedError as error:
                if receipt_id in error.labels:
                    return False
                if attempt == _TRIES - 1:
                    raise
            else:
                return True
        raise AssertionError("unreachable: the last try returns or raises")

    def _leave(self, sku: str, location: str, quantity: int) -> Write:
        """Out of the books and out of the reservation: neither `available` nor `slack` moves."""
        return self._write((sku, location), {"on_hand": -quantity, "committed": -quantity}, low=None)

    def _write(self, key: PositionKey, moved: Mapping[str, int], *, low: bool | None) -> Write:
        conditions = ["attribute_exists(pk)"]
        values = {f":{name}": by for name, by in moved.items()}
        for name, by in moved.items():
            if by < 0 and name not in _FREE:
                conditions.append(f"#{name} >= :{name}_taken")
                values[f":{name}_taken"] = -by
        expression = "ADD " + ", ".join(f"#{name} :{name}" for name in moved)
        marker: dict[str, str] = {}
        if moved.get("slack"):
            conditions.append(f"#slack {'<=' if low else '>'} :edge")
            values[":edge"] = -moved["slack"]
            if low:
                marker = {f":{name}": value for name, value in _marker(key).items()}
                expression += " SET reorder_pk = :reorder_pk, reorder_sk = :reorder_sk"
            else:
                expression += " REMOVE reorder_pk, reorder_sk"
        return tables.update(
            self.key(*key),
            expression=expression,
            condition=" AND ".join(conditions),
            names={f"#{name}": name for name in moved},
            values={**values, **marker},
            label=f"stock {key[0]} at {key[1]}",
        )

    def _read(self, keys: Iterable[Key], *, consistent: bool) -> dict[PositionKey, Position]:
        rows = tables.get_many(keys, consistent=consistent).values()
        return {position.key: position for position in map(_position, rows)}


_POLICY = ("safety_stock", "reorder_point", "order_up_to")


def _position(row: tables.Item) -> Position:
    return Position(
        sku=row["pk"].removeprefix("STOCK#"),
        location=row["sk"].removeprefix("LOC#"),
        on_hand=row["on_hand"],
        reorder_point=row["reorder_point"],
        order_up_to=row["order_up_to"],
        safety_stock=row["safety_stock"],
        committed=row["committed"],
        on_order=row["on_order"],
        backordered=row["backordered"],
    )


def _marker(key: PositionKey) -> dict[str, str]:
    sku, location = key
    return {"reorder_pk": f"REORDER#{shard_of(sku + location, SHARDS)}", "reorder_sk": f"{location}#{sku}"}
