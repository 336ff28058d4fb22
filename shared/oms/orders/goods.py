"""What lasts of a giant order's lines, kept beside its header under a name that follows from it (ADR 30). Pure.

So a header of 5,000 lines fits its item whatever the lines are called, and is written again at the size of its
counters.
"""

import hashlib
import json
import zlib
from collections.abc import Sequence
from typing import NamedTuple

from oms.orders.model import Order

MAX_LINES = 5_000
NAMES_BYTES = 200_000  # SKUs, deflated: facts in the header name them once more, beside 130 KB of counters
WHOLE_BYTES = 32_000  # of a packed header: up to here the lines stay in it. About 1,000 lines
_PART_BYTES = 350_000  # an item ends at 409,600
_LASTING = ("sku", "external_line_id", "unit_price_minor", "components")


class Apart(NamedTuple):
    """A packed header without what lasts of its lines, and that: named by its content, in parts that fit an item."""

    header: bytes
    name: str
    parts: tuple[bytes, ...]


def names_fit(skus: Sequence[str]) -> bool:
    """Whether the header has room for facts that name all of these."""
    names = "\n".join(skus).encode()
    return len(names) <= NAMES_BYTES or len(zlib.compress(names, 6)) <= NAMES_BYTES


def apart(order: Order) -> Apart:
    """Take an order apart, always the same way."""
    document = order.model_dump(mode="json", exclude_defaults=True)
    columns = [[line.pop(name, None) for line in document["lines"]] for name in _LASTING]
    goods = _packed(columns)
    parts = tuple(goods[start : start + _PART_BYTES] for start in range(0, len(goods), _PART_BYTES))
    return Apart(_packed(document), hashlib.sha256(goods).hexdigest()[:32], parts)


def together(header: bytes, parts: Sequence[bytes]) -> Order:
    """The order that was taken apart."""
    document = json.loads(zlib.decompress(header))
    columns = json.loads(zlib.decompress(b"".join(parts)))
    for line, values in zip(document["lines"], zip(*columns, strict=True), strict=True):
        line.update((name, value) for name, value in zip(_LASTING, values, strict=True) if value is not None)
    return Order.model_validate_json(json.dumps(document))


def _packed(document: object) -> bytes:
    return zlib.compress(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(), 6)
