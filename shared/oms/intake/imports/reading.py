"""The orders of a chunk. Pure."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError

from oms.intake.imports.columns import COLUMN_OF, KEY, LINE, ORDER, Column
from oms.intake.imports.cutting import Record, cells_of, decoded, records
from oms.intake.imports.model import Layout, RowFault
from oms.intake.model import NewOrder
from oms.kernel.errors import Fault, MalformedError, RejectedError, words_of
from oms.kernel.identifiers import carries_card, code_of
from oms.kernel.json import read_json
from oms.kernel.money import to_minor

_TOLD = 20  # faults that are named of one order
_LONGEST_COUNT = 9
_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


class Entry(NamedTuple):
    """One order of the file: the order, or why it is none."""

    row: int
    external_order_id: str | None
    order: NewOrder | None
    code: str = ""
    faults: tuple[RowFault, ...] = ()
    rows: tuple[int, ...] = ()

    def located(self, fault: Fault) -> RowFault:
        """A fault of the order, as a column and row of the file where it is a CSV file."""
        if not self.rows:
            return RowFault(fault, self.row)
        return _located(fault.field, fault.message, self.rows)


def read_csv(raw: bytes, layout: Layout, *, channel: str, first_row: int) -> Iterator[Entry]:
    """The orders of a chunk of a CSV file."""
    group: list[tuple[int, dict[str, str]]] = []
    for record in records([raw], quoted=True):
        row = first_row + record.row - 1
        try:
            cells = [cell.strip() for cell in cells_of(record, layout)]
        except MalformedError as error:
            if group:
                yield _csv_order(group, channel)
            group = []
            yield _refused(row, None, "malformed", [RowFault(each, row) for each in error.faults])
            continue
        named = dict(zip(layout.columns, cells, strict=False))
        surplus = any(cells[len(layout.columns) :]) or len(cells) > max(layout.width, len(layout.columns))
        if surplus or len(cells) < len(layout.columns):
            named[""] = f"the row has {len(cells)} cells, the header {layout.width or len(layout.columns)}"
        if group and named.get(KEY, "") != group[0][1].get(KEY, ""):
            yield _csv_order(group, channel)
            group = []
        group.append((row, named))
    if group:
        yield _csv_order(group, channel)


def read_ndjson(raw: bytes, *, channel: str, first_row: int) -> Iterator[Entry]:
    """The orders of a chunk of an NDJSON file."""
    for record in records([raw], quoted=False, begins=first_row == 1):
        yield _json_order(record, first_row + record.row - 1, channel)


def _json_order(record: Record, row: int, channel: str) -> Entry:
    name: str | None = None
    try:
        document = read_json(decoded(record).strip().encode())
        if not isinstance(document, dict):
            return _refused(row, None, "malformed_json", [RowFault(Fault("line", "must be a JSON object"), row)])
        given = document.get(KEY)
        name = _shown(given) if isinstance(given, str) else None
        if document.get("channel", channel) != channel:
            return _refused(row, name, "invalid", [RowFault(Fault("channel", f"must be {channel}, or left out"), row)])
        return Entry(row, name, NewOrder.model_validate({**document, "channel": channel}))
    except ValidationError as error:
        rows = error.errors(include_url=False, include_input=False, include_context=False)
        faults = [
            RowFault(Fault(".".join(str(part) for part in each["loc"]), words_of(each["msg"])), row) for each in rows
        ]
        return _refused(row, name, code_of(rows), faults)
    except RejectedError as error:
        return _refused(row, name, error.code, [RowFault(Fault("line", str(error)), row)])


class _Reading:
    """Reads the cells of one order and collects what is wrong with them."""

    def __init__(self, currency: str) -> None:
        self.currency = currency
        self.faults: list[RowFault] = []

    def value(self, column: Column, name: str, text: str, row: int) -> Any:
        match column.kind:
            case "money":
                return self._money(name, text, row)
            case "units":
                return self._units(name, text, row)
            case "flag":
                return self._flag(name, text, row)
        return text

    def _money(self, name: str, text: str, row: int) -> int | None:
        try:
            return to_minor(text, self.currency)
        except ValueError:
            self.wrong(name, f"must be an amount of {self.currency[:3]} such as 19.90", row)
        return None

    def _units(self, name: str, text: str, row: int) -> int | None:
        if text.isascii() and text.isdigit() and len(text) <= _LONGEST_COUNT:
            return int(text)
        self.wrong(name, "must be a whole number", row)
        return None

    def _flag(self, name: str, text: str, row: int) -> bool:
        if text.lower() not in _FLAGS:
            self.wrong(name, "must be true or false", row)
        return _FLAGS.get(text.lower(), False)

    def wrong(self, name: str, message: str, row: int) -> None:
        self.faults.append(RowFault(Fault(name, message), row))


def _csv_order(group: Sequence[tuple[int, dict[str, str]]], channel: str) -> Entry:
    row, first = group[0]
    name = _shown(first.get(KEY, ""))
    reading = _Reading(first.get("currency", ""))
    document: dict[str, Any] = {"channel": channel, "lines": [_line(reading, cells, at) for at, cells in group]}
    for at, cells in group:
        if "" in cells:
            reading.wrong("row", cells[""], at)
        for column in ORDER:
            if cells.get(column) and cells[column] != first.get(column, ""):
                reading.wrong(column, "differs from the first row of the order", at)
    for column, where in ORDER.items():
        if first.get(column):
            _put(document, where.path, reading.value(where, column, first[column], row))
    _sums(document)
    if reading.faults:
        return _refused(row, name, "invalid", reading.faults)
    rows = tuple(at for at, _ in group)
    try:
        return Entry(row, name, NewOrder.model_validate(document), rows=rows)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False, include_context=False)
        faults = [_located(".".join(str(part) for part in each["loc"]), words_of(each["msg"]), rows) for each in wrong]
        return _refused(row, name, code_of(wrong), faults)


def _line(reading: _Reading, cells: dict[str, str], row: int) -> dict[str, Any]:
    return {
        str(column.path[0]): reading.value(column, name, cells[name], row)
        for name, column in LINE.items()
        if cells.get(name)
    }


def _put(document: dict[str, Any], path: tuple[str | int, ...], value: Any) -> None:
    """Set a value in nested objects; the lines of an address close ranks where one was left out."""
    owner = document
    for part in path[:-1]:
        if isinstance(part, str) and isinstance(path[path.index(part) + 1], int):
            owner.setdefault(part, []).append(value)
            return
        owner = owner.setdefault(str(part), {})
    owner[str(path[-1])] = value


def _sums(document: dict[str, Any]) -> None:
    """Tax and total where the file leaves them to us. What is wrong with the parts is found elsewhere."""
    lines = document["lines"]
    document.setdefault("tax_minor", sum(line.get("tax_minor") or 0 for line in lines))
    if "total_minor" not in document:
        goods = sum(
            (line.get("quantity") or 0) * (line.get("unit_price_minor") or 0) - (line.get("discount_minor") or 0)
            for line in lines
        )
        tax = 0 if document.get("taxes_included") else document["tax_minor"] or 0
        total = goods - (document.get("discount_minor") or 0) + (document.get("shipping_minor") or 0) + tax
        document["total_minor"] = max(total, 0)


def _located(field: str, message: str, rows: Sequence[int]) -> RowFault:
    parts = field.split(".")
    row = rows[0]
    if parts[0] == "lines" and len(parts) > 1 and parts[1].isdigit():
        row = rows[min(int(parts[1]), len(rows) - 1)]
        parts[1] = "*"
    path = ".".join(parts)
    column = COLUMN_OF.get(path) or COLUMN_OF.get(f"{path}.0") or field
    return RowFault(Fault(column, message), row)


def _shown(name: str) -> str | None:
    """The name of an order as the results repeat it: not where it carries a card number."""
    return None if carries_card(name) else name[:128] or None


def _refused(row: int, name: str | None, code: str, faults: Sequence[RowFault]) -> Entry:
    return Entry(row, name, None, code, tuple(faults[:_TOLD]))
