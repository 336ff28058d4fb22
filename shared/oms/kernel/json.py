"""Strict JSON for bytes that strangers send, and the one way we write it.

The standard reader is lenient where an attacker likes it: duplicate keys (last wins), NaN, numbers of any length,
nesting until the stack ends. Here each of these is a `MalformedError`.
"""

import json
from collections import Counter
from decimal import Decimal
from typing import Any

from oms.kernel.errors import MalformedError, TooLargeError

MAX_BYTES = 2_000_000  # 5,000 lines are 0.5 to 1.5 MB; a function takes 4.5 MB of bytes in the base64 of API Gateway
MAX_DEPTH = 32
_QUOTE, _BACKSLASH = b'"\\'
_MAX_NUMBER = 128  # characters of one number, and how far its point may be from its digits


def read_json(raw: bytes) -> Any:
    """The document as dicts, lists, str, int, Decimal, bool, None; no float ever.

    Raises:
        TooLargeError: more than `MAX_BYTES`.
        MalformedError: not UTF-8, not JSON, nested deeper than `MAX_DEPTH`, a duplicate key, NaN, a huge number.
    """
    if len(raw) > MAX_BYTES:
        raise TooLargeError(f"the body is larger than {MAX_BYTES} bytes")
    if _depth(raw) > MAX_DEPTH:
        raise MalformedError(f"the body nests deeper than {MAX_DEPTH} levels", code="malformed_json")
    try:
        return json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_int=_bounded_int,
            parse_float=_bounded_decimal,
            parse_constant=_no_constant,
        )
    except UnicodeDecodeError:
        raise MalformedError("the body is not UTF-8", code="malformed_json") from None
    except json.JSONDecodeError as error:
        raise MalformedError(
            f"the body is not JSON: {error.msg} at character {error.pos}", code="malformed_json"
        ) from None


def write_json(value: Any) -> str:
    """Compact, keys in insertion order, text kept as it is."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _depth(raw: bytes) -> int:
    """The deepest nesting, without recursion and without counting brackets inside strings."""
    if raw.count(b"[") + raw.count(b"{") <= MAX_DEPTH:
        return 0
    deepest = level = 0
    inside = escaped = False
    for byte in raw:
        if inside:
            inside = escaped or byte != _QUOTE
            escaped = byte == _BACKSLASH and not escaped
        elif byte == _QUOTE:
            inside = True
        elif byte in b"[{":
            level += 1
            deepest = max(deepest, level)
        elif byte in b"]}":
            level -= 1
    return deepest


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        ((twice, _),) = Counter(key for key, _ in pairs).most_common(1)
        raise MalformedError(f"the key {twice[:60]!r} stands twice in one object", code="malformed_json")
    return document


def _bounded_int(text: str) -> int:
    if len(text) > _MAX_NUMBER:
        raise MalformedError(f"a number has more than {_MAX_NUMBER} characters", code="malformed_json")
    return int(text)


def _bounded_decimal(text: str) -> Decimal:
    if len(text) > _MAX_NUMBER:
        raise MalformedError(f"a number has more than {_MAX_NUMBER} characters", code="malformed_json")
    number = Decimal(text)
    if not number.is_finite() or abs(number.adjusted()) > _MAX_NUMBER:
        raise MalformedError("a number is out of range", code="malformed_json")
    return number


def _no_constant(text: str) -> Any:
    raise MalformedError(f"{text} is not a JSON number", code="malformed_json")
