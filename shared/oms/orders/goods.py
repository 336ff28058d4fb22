"""What lasts of a giant order's lines, kept beside its header under a name that follows from it (ADR 30). Pure.

So a header of 5,000 lines fits its item whatever the lines are called, and is written again at the size of its
counters.
"""

import hashlib
import json
import zlib
from collections.abc import Sequence
from typing import Any, NamedTuple

from oms.orders.model import Order

MAX_LINES = 5_000
NAMES_BYTES = 200_000  # SKUs, deflated: facts in the header name them once more, beside 130 KB of counters
WHOLE_LINES = 250  # up to here the lines are in the header as they are
_PART_BYTES = 350_000  # an item ends at 409,600
_LASTING = ("sku", "external_line_id", "unit_price_minor", "components")
_COUNTERS_ONLY: Any = {"lines": {"__all__": set(_LASTING)}}

Columns = tuple[tuple[Any, ...], ...]


class Goods(NamedTuple):
    """What lasts of an order's lines: named by its content, in parts that fit an item."""

    columns: Columns
    name: str
    parts: tuple[bytes, ...]


def names_fit(skus: Sequence[str]) -> bool:
    """Whether the header has room for facts that name all of these."""
    names = "\n".join(skus).encode()
    return len(names) <= NAMES_BYTES or len(zlib.compress(names, 6)) <= NAMES_BYTES


def columns_of(order: Order) -> Columns:
    """What lasts of the lines, one column after the other: those of one kind pack best together."""
    return tuple(
        zip(
            *((line.sku, line.external_line_id, line.unit_price_minor, line.components) for line in order.lines),
            strict=True,
        )
    )


def goods_of(columns: Columns) -> Goods:
    """The goods of an order, always the same for the same lines."""
    packed = zlib.compress(json.dumps(columns, ensure_ascii=False, separators=(",", ":")).encode(), 6)
    parts = tuple(packed[start : start + _PART_BYTES] for start in range(0, len(packed), _PART_BYTES))
    return Goods(columns, hashlib.sha256(packed).hexdigest()[:32], parts)


def without_goods(order: Order) -> bytes:
    """The packed header without what lasts of its lines."""
    return zlib.compress(order.model_dump_json(exclude_defaults=True, exclude=_COUNTERS_ONLY).encode(), 6)


def together(header: bytes, parts: Sequence[bytes]) -> Order:
    """The order that was taken apart."""
    document = json.loads(zlib.decompress(header))
    columns = json.loads(zlib.decompress(b"".join(parts)))
    for line, values in zip(document["lines"], zip(*columns, strict=True), strict=True):
        line.update(zip(_LASTING, values, strict=True))
    return Order.model_validate_json(json.dumps(document))
