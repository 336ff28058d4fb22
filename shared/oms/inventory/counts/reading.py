"""Rows of a count file: NDJSON, or CSV with a header. Pure.

A file is read piece by piece, so that its length does not matter; a piece ends at the end of a row. In a cell of a CSV
file lots are `<number>:<units>` or `<number>:<units>:<last good day>`, serials are numbers, both with `;` between them.
"""

import csv
from collections.abc import Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError

from oms.inventory.counts.model import Count
from oms.kernel.errors import MalformedError, RejectedError, words_of
from oms.kernel.json import read_json

COLUMNS = ("sku", "units", "counted_at", "delta", "id", "lots", "serials")
_NUMBERS = ("units", "delta")
_LONGEST_NUMBER = 10
_BOM = b"\xef\xbb\xbf"


class Row(NamedTuple):
    """One row of the file: its number, and the count or why there is none."""

    number: int
    given: Count | None
    problem: str = ""


class Piece(NamedTuple):
    """Some rows, how many bytes and lines they took, and the header that goes for what follows."""

    rows: tuple[Row, ...]
    used: int
    lines: int
    header: tuple[str, ...] | None


def read_piece(raw: bytes, *, last: bool, first_line: int, header: Sequence[str] | None, limit: int) -> Piece:
    """The first rows of `raw`, `limit` at most; `last` says that nothing follows, so that the end may lack a newline.

    Args:
        raw: a piece of the file that begins with a row.
        last: whether the file ends with it.
        first_line: the number of its first line.
        header: the columns of a CSV file; None at its beginning and for NDJSON.
        limit: how many rows at most.

    Raises:
        MalformedError: code `unknown_columns`: the header names none or other columns; `row_too_long`: no row ends.
    """
    rows: list[Row] = []
    used, line = 0, first_line
    columns = tuple(header) if header else None
    while used < len(raw) and len(rows) < limit:
        end = raw.find(b"\n", used)
        if end < 0 and not last:
            break
        stop = end + 1 if end >= 0 else len(raw)
        text = raw[used:stop].removeprefix(_BOM if line == 1 else b"").strip()
        used, line = stop, line + 1
        if not text:
            continue
        if columns is None and not text.startswith(b"{"):
            columns = _header(text)
            continue
        rows.append(_row(text, line - 1, columns))
    if not used and raw:
        raise MalformedError("a row is longer than a piece of the file", code="row_too_long")
    return Piece(tuple(rows), used, line - first_line, columns)


def _header(text: bytes) -> tuple[str, ...]:
    names = tuple(name.strip().lower() for name in _cells(text))
    unknown = [name for name in names if name not in COLUMNS]
    if unknown or "sku" not in names or len(set(names)) < len(names):
        raise MalformedError(f"the columns are {', '.join(COLUMNS)}, each once, sku always", code="unknown_columns")
    return names


def _row(text: bytes, number: int, columns: tuple[str, ...] | None) -> Row:
    try:
        document = read_json(text) if columns is None else _named(text, columns)
        return Row(number, Count.model_validate(document))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        return Row(number, None, f"{'.'.join(str(part) for part in first['loc']) or 'row'}: {words_of(first['msg'])}")
    except RejectedError as error:
        return Row(number, None, str(error))


def _named(text: bytes, columns: tuple[str, ...]) -> dict[str, Any]:
    cells = [cell.strip() for cell in _cells(text)]
    if len(cells) > len(columns) and any(cells[len(columns) :]):
        raise MalformedError(f"the row has {len(cells)} cells, the header {len(columns)}")
    named: dict[str, Any] = {name: cell for name, cell in zip(columns, cells, strict=False) if cell}
    for name in _NUMBERS:
        if name in named:
            named[name] = _whole(name, named[name], signed=name == "delta")
    if "lots" in named:
        named["lots"] = [_lot(part.strip()) for part in named["lots"].split(";") if part.strip()]
    if "serials" in named:
        named["serials"] = [part.strip() for part in named["serials"].split(";") if part.strip()]
    return named


def _lot(text: str) -> dict[str, Any]:
    number, *rest = text.split(":")
    if len(rest) not in (1, 2):
        raise MalformedError("lots: must be <number>:<units> or <number>:<units>:<last good day>, with ; between")
    return {"id": number, "units": _whole("lots", rest[0], signed=True)} | ({"expires_on": rest[1]} if rest[1:] else {})


def _whole(name: str, text: str, *, signed: bool = False) -> int:
    digits = text.removeprefix("-").removeprefix("+") if signed else text
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST_NUMBER):
        raise MalformedError(f"{name}: must be a whole number")
    return int(text)


def _cells(text: bytes) -> list[str]:
    try:
        (cells,) = csv.reader([text.decode("utf-8")], strict=True)
    except (UnicodeDecodeError, csv.Error, ValueError):
        raise MalformedError("not a row of comma-separated values in UTF-8") from None
    return cells
