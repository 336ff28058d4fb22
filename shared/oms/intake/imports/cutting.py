"""A file as a stream of bytes, cut into orders and the orders into chunks. Pure, and never more than a chunk in memory.

A CSV order is the adjacent rows with the same `external_order_id`; an NDJSON order is a line.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from oms.intake.imports.columns import KEY, cells_in, layout_of
from oms.intake.imports.model import Chunk, Layout
from oms.kernel.errors import Fault, MalformedError, TooLargeError

ORDERS_PER_CHUNK = 100  # about five seconds of a worker
BYTES_PER_CHUNK = 1_000_000
MAX_RECORD = 1_000_000  # bytes of one order, or one row of it
MAX_FILE = 1_000_000_000
MAX_ORDERS = 1_000_000
_BOM = b"\xef\xbb\xbf"


class Record(NamedTuple):
    """One CSV record or NDJSON line, with its place in the file. `row` counts lines of a table, from 1."""

    start: int
    end: int
    row: int
    raw: bytes


def records(blocks: Iterable[bytes], *, quoted: bool, begins: bool = False) -> Iterator[Record]:
    """The records of a file that comes in blocks; blank ones are left out.

    With `quoted`, a line break inside quotes belongs to the record: its quotes are then an odd number. `begins`: these
    are the first bytes of the file, where a byte order mark may stand.

    Raises:
        TooLargeError: a record longer than `MAX_RECORD` (in CSV mostly a quote that is never closed), or the file.
    """
    start = 0
    for row, line in enumerate(_whole(_lines(blocks), quoted=quoted), 1):
        end = start + len(line)
        if end > MAX_FILE:
            raise TooLargeError(f"the file is larger than {MAX_FILE} bytes")
        raw = line.removeprefix(_BOM) if begins and not start else line
        if raw.strip(b"\r\n\t ,;"):
            yield Record(start, end, row, raw)
        start = end


_QUOTE = b'"'
_BEFORE = (b",", b";", b"\t", b"|")
_AFTER = (*_BEFORE, b"\r", b"\n", b"", b" ")


def _whole(lines: Iterable[bytes], *, quoted: bool) -> Iterator[bytes]:
    pending: list[bytes] = []
    row = length = 0
    inside = False
    for number, line in enumerate(lines, 1):
        length += len(line)
        if length > MAX_RECORD:
            raise TooLargeError(f"a record is longer than {MAX_RECORD} bytes: is a quote not closed?")
        row = row or number
        inside = quoted and _inside(line, row, inside=inside)
        pending.append(line)
        if not inside:
            yield b"".join(pending) if len(pending) > 1 else line
            pending.clear()
            row = length = 0
    if pending:
        raise _unclosed(row)


def _inside(line: bytes, row: int, *, inside: bool) -> bool:
    """Whether a quoted cell goes on after the line. A quote opens a cell only at its beginning: 5" is five inches.

    Raises:
        MalformedError: a cell of several lines ends in the middle: its quote was not meant, or never closed.
    """
    several, place = inside, line.find(_QUOTE)
    while place >= 0:
        after = line[place + 1 : place + 2]
        if not inside:
            inside = place == 0 or line[place - 1 : place] in _BEFORE or line[:place] == _BOM
        elif after == _QUOTE:
            place += 1
        else:
            inside = False
            if several and after not in _AFTER:
                raise _unclosed(row)
            several = False
        place = line.find(_QUOTE, place + 1)
    return inside


def _unclosed(row: int) -> MalformedError:
    fault = Fault("file", f"the quote that opens in the record at line {row} is never closed")
    return MalformedError("a quote is not closed", faults=[fault])


def _lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Lines with their breaks, whatever the blocks are cut at."""
    rest = b""
    for block in blocks:
        *whole, rest = (rest + block).split(b"\n")
        yield from (line + b"\n" for line in whole)
        if len(rest) > MAX_RECORD:
            raise TooLargeError(f"a line is longer than {MAX_RECORD} bytes")
    if rest:
        yield rest


class Cutter:
    """Cuts one file. `layout` is known as soon as the first chunk is asked for; `orders` and `chunks` at the end."""

    def __init__(self, import_id: str, blocks: Iterable[bytes], *, is_csv: bool) -> None:
        self._import_id = import_id
        self._is_csv = is_csv
        self._records = records(blocks, quoted=is_csv, begins=True)
        self.layout = self._header() if is_csv else Layout()
        self.orders = self.chunks = 0

    def _header(self) -> Layout:
        header = next(self._records, None)
        if header is None:
            raise MalformedError("the file is empty", faults=[Fault("file", "is empty")])
        return layout_of(decoded(header), header.row)

    def cut(self) -> Iterator[Chunk]:
        """The chunks, in the order of the file.

        Raises:
            MalformedError: not UTF-8.
            TooLargeError: a record, or the file.
        """
        start = end = row = size = 0
        for first, opens in self._opens():
            full = size >= ORDERS_PER_CHUNK or first.end - start > BYTES_PER_CHUNK
            if opens and size and full:
                yield self._chunk(start, end, row, size)
                size = 0
            if opens:
                start, row = (first.start, first.row) if not size else (start, row)
                size += 1
                self.orders += 1
                if self.orders > MAX_ORDERS:
                    raise TooLargeError(f"the file has more than {MAX_ORDERS} orders")
            end = first.end
        if size:
            yield self._chunk(start, end, row, size)

    def _chunk(self, start: int, end: int, row: int, size: int) -> Chunk:
        self.chunks += 1
        return Chunk(import_id=self._import_id, number=self.chunks, start=start, end=end, row=row, orders=size)

    def _opens(self) -> Iterator[tuple[Record, bool]]:
        """Each record, and whether an order begins with it."""
        if not self._is_csv:
            for record in self._records:
                yield record, True
            return
        place = self.layout.columns.index(KEY)
        last: str | None = None
        for record in self._records:
            key = _key(decoded(record), self.layout, place)
            yield record, key != last or last is None
            last = key


def _key(text: str, layout: Layout, place: int) -> str:
    """The cell of the order's id; a row that is no CSV belongs to no other row."""
    try:
        return dict(enumerate(cells_in(text, layout.delimiter))).get(place, "").strip()
    except MalformedError:
        return text


def decoded(record: Record) -> str:
    """The text of a record.

    Raises:
        MalformedError: not UTF-8.
    """
    try:
        return record.raw.decode()
    except UnicodeDecodeError:
        raise MalformedError(
            f"row {record.row} is not UTF-8", faults=[Fault("file", f"row {record.row} is not UTF-8")]
        ) from None


def cells_of(record: Record, layout: Layout) -> list[str]:
    """The cells of a CSV record. A quote that stands where none may is part of its cell.

    Raises:
        MalformedError: not UTF-8, or no CSV.
    """
    return cells_in(decoded(record), layout.delimiter)
