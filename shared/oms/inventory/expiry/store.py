"""Positions by the next instant at which one of their lots is over.

| access pattern | how |
|---|---|
| positions of which a lot is over, unsaid | index `expiring`: `LOTS#<shard>`, `<instant>#<location>#<sku>` |

The keys of the index are in the position's own item, there while it has a lot that will be over and is not marked so
yet. Articles without lots have none, and cost nothing.
"""

from collections.abc import Iterator

from oms.aws import tables
from oms.inventory.model import Position, PositionKey
from oms.kernel.ids import shard_of

SHARDS = 8


def ending_marker(position: Position) -> dict[str, str]:
    """The keys of the index of a position; none when no lot of it is going to be over."""
    ends = min((lot.ends_at for lot in position.lots if lot.ends_at and not lot.over), default=None)
    if ends is None:
        return {}
    sku, location = position.key
    return {"expiring_pk": f"LOTS#{shard_of(sku + location, SHARDS)}", "expiring_sk": f"{ends}#{location}#{sku}"}


class ExpiryStore:
    """Reads of one inventory table."""

    def __init__(self, table: str) -> None:
        self.table = table

    def due(self, shard: int, now: str, *, limit: int) -> Iterator[PositionKey]:
        """Positions with lots that are over by an instant (UTC text), the longest over first."""
        rows = tables.query(
            self.table,
            index="expiring",
            condition="expiring_pk = :pk AND expiring_sk <= :now",
            values={":pk": f"LOTS#{shard}", ":now": now + "~"},
            limit=limit,
        )
        return ((row["pk"].removeprefix("STOCK#"), row["sk"].removeprefix("LOC#")) for row in rows)
