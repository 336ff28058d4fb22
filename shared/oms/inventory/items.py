"""How a position is stored, but for its keys. Pure."""

from collections.abc import Mapping
from typing import Any

from oms.inventory.lots import lots_of, stored_lots
from oms.inventory.model import Position, PositionKey
from oms.inventory.rules import BUCKETS, as_read

_STORED = tuple(name for name in BUCKETS if name != "reserved")
_POLICY = ("reorder_point", "order_up_to")


def stored(position: Position) -> dict[str, Any]:
    """The attributes of a position's item; what it has not is None."""
    return {
        "v": position.version,
        "n": 0,
        "entry": position.entry,
        **{name: getattr(position, name) for name in (*_STORED, *_POLICY)},
        "terms": dict(position.terms),
        "channels": dict(position.channels) or None,
        "lots": stored_lots(position.lots),
        "serials": position.serials or None,
    }


def position_of(key: PositionKey, row: Mapping[str, Any], now: str) -> Position:
    """A stored position, as it is at an instant (UTC text)."""
    position = Position(
        *key,
        version=row["v"],
        entry=row.get("entry"),
        channels=tuple(sorted(row.get("channels", {}).items())),
        lots=lots_of(row.get("lots", {})),
        serials=row.get("serials", 0),
        **{name: row[name] for name in (*_STORED, *_POLICY)},
    )
    return as_read(position, row["terms"], now)
