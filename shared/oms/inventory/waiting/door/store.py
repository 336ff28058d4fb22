"""Orders that may not wait yet, in the inventory table: written with the order's header, which is held.

| access pattern | how |
|---|---|
| who stands at the door of a line, in order | query pk `DOOR#<sku>`; sk `AT#<turn>#<order id>` |
| every line with somebody at its door | index `listed`: `DOOR`, `<sku>`, of the item `DOOR#<sku>` / `DOOR` |

A row only says where to look: whether the order is still held is in its header. So it may be there too long, and is
taken away by whoever finds it so.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from oms.aws import tables
from oms.aws.tables import ConditionFailedError, Key, Write
from oms.inventory.waiting.door.model import AtDoor, Door

_ALWAYS = "attribute_exists(pk) OR attribute_not_exists(pk)"  # the header's own condition guards the row
_LISTED = "DOOR"
WRITES = 2  # of an order that comes to a door


class DoorStore:
    """Reads and writes of the doors in one inventory table."""

    def __init__(self, table: str) -> None:
        self.table = table

    def writes(self, ones: Iterable[AtDoor]) -> list[Write]:
        """Orders come to doors; again is the same. A door is written once, however many come to it."""
        came = list(ones)
        skus = Counter(one.sku for one in came)
        return [*(self._came(one) for one in came), *(self._opened(sku, count) for sku, count in skus.items())]

    def _came(self, one: AtDoor) -> Write:
        key = self._row_key(one)
        row = {"pk": key.pk, "sk": key.sk, "n": 0, "at": one.location}
        return tables.put(self.table, row, condition=_ALWAYS, label=f"{one.order_id} at the door {one.sku}")

    def _opened(self, sku: str, count: int) -> Write:
        return tables.update(
            self._door_key(sku),
            expression="SET n = :zero, listed_pk = :listed, listed_sk = :sku ADD v :count",
            condition=_ALWAYS,
            values={":zero": 0, ":listed": _LISTED, ":sku": sku, ":count": count},
            label=f"door {sku}",
        )

    def doors(self) -> Iterator[Door]:
        """Every door at which somebody stands, or stood lately; a moment old."""
        rows = tables.query(self.table, index="listed", condition="listed_pk = :pk", values={":pk": _LISTED})
        names = [row["listed_sk"] for row in rows]
        found = tables.get_many(self._door_key(sku) for sku in names)
        return (Door(sku, found[key]["v"]) for sku in names if (key := self._door_key(sku)) in found)

    def line(self, sku: str, *, limit: int) -> Iterator[AtDoor]:
        """The first who stand at a door, read as far as they are asked for; consistent."""
        rows = tables.query(
            self.table,
            condition="pk = :pk AND begins_with(sk, :at)",
            values={":pk": f"DOOR#{sku}", ":at": "AT#"},
            limit=limit,
            consistent=True,
        )
        return (_at_door(sku, row) for row in rows)

    def leave(self, one: AtDoor) -> None:
        """The order does not stand there any more; repeating does nothing more."""
        tables.commit(tables.delete(self._row_key(one), condition=_ALWAYS, label=f"{one.order_id} leaves {one.sku}"))

    def close(self, door: Door) -> bool:
        """Forget a door at which nobody stands; False: somebody has come."""
        write = tables.delete(
            self._door_key(door.sku), condition="v = :seen", values={":seen": door.version}, label=f"door {door.sku}"
        )
        try:
            tables.commit(write)
        except ConditionFailedError:
            return False
        return True

    def _row_key(self, one: AtDoor) -> Key:
        return Key(self.table, f"DOOR#{one.sku}", f"AT#{one.key}")

    def _door_key(self, sku: str) -> Key:
        return Key(self.table, f"DOOR#{sku}", "DOOR")


def _at_door(sku: str, row: tables.Item) -> AtDoor:
    _, turn, order_id = row["sk"].split("#")
    return AtDoor(sku, order_id, turn, row.get("at"))
