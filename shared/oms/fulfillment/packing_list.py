"""The packing list of one parcel as PDF: data in, the same bytes out every time. No prices: it may travel with a gift.

One A4 page; more lines than fit go on over further pages, `page x of y`. The bar code is the parcel's SSCC in GS1-128:
FNC1, application identifier 00, 18 digits, with the module width and height that GS1 asks of transport units (GS1
General Specifications, symbol specification table 5: X 0.495 mm, height 31.75 mm).
"""

from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any, NamedTuple

from oms.fulfillment.typeface import BOLD, REGULAR, draw, draw_right, runs, wrap

_MM = 72 / 25.4
_WIDTH, _HEIGHT = 210 * _MM, 297 * _MM
_LEFT, _RIGHT = 15 * _MM, 195 * _MM
_TOP, _BOTTOM = 282 * _MM, 18 * _MM
_MIDDLE = 112 * _MM
_SKU_X, _NUMBER_X = 128 * _MM, _LEFT
_NAME_X = 24 * _MM
_BAR_MM, _BAR_HEIGHT_MM = 0.495, 31.75
_ROW = 12.0  # points from one row of text to the next
_TEXT, _NOTE, _SMALL = 9.0, 8.5, 7.5
_INDENT = 3 * _MM
_GREY = 0.45
FNC1 = "\xf1"  # how reportlab writes the function character


class Row(NamedTuple):
    """Units of one line in this parcel; `notes` say which of them: lots, serials."""

    number: int
    sku: str
    name: str
    quantity: int
    notes: tuple[str, ...] = ()


class PackingList(NamedTuple):
    """What stands on it. `ship_to` is the address, row by row, without the name."""

    order_number: str
    parcel_id: str
    place: int
    of: int
    name: str
    ship_to: tuple[str, ...]
    ship_from: str
    carrier_service: str
    tracking_number: str
    sscc: str
    weight_g: int
    ship_by: str | None
    rows: tuple[Row, ...]


class _Laid(NamedTuple):
    """A row with its texts broken into lines."""

    row: Row
    name: list[str]
    sku: list[str]
    notes: list[str]

    @property
    def height(self) -> float:
        return _ROW * max(len(self.name) + len(self.notes), len(self.sku)) + 1.5


def gs1_128(sscc: str) -> str:
    """What the bar code encodes.

    Raises:
        ValueError: not 18 digits.
    """
    if len(sscc) != 18 or not sscc.isascii() or not sscc.isdigit():  # noqa: PLR2004  an SSCC has 18 digits
        raise ValueError("an SSCC has 18 digits")
    return f"{FNC1}00{sscc}"


def write_packing_list(document: PackingList) -> bytes:
    """The PDF.

    Raises:
        ValueError: the SSCC is not one.
    """
    from reportlab import rl_config  # noqa: PLC0415  75 ms that only this function pays
    from reportlab.pdfgen.canvas import Canvas  # noqa: PLC0415

    rl_config.useA85 = 0  # streams as they are, not as text: smaller, and no encoder in Python
    buffer = BytesIO()
    canvas = Canvas(buffer, pagesize=(_WIDTH, _HEIGHT), invariant=1, initialFontName="Helvetica")
    canvas.setTitle(f"Packing list {document.order_number}, parcel {document.place} of {document.of}")
    canvas.setSubject(document.parcel_id)
    canvas.setAuthor("Baton")
    pages = _pages(document)
    for place, rows in enumerate(pages, start=1):
        y = _first_head(canvas, document) if place == 1 else _next_head(canvas, document)
        _table(canvas, y, rows)
        if place == len(pages):
            _total(canvas, document, y - sum(laid.height for laid in rows) - 18)
        _foot(canvas, document, place, len(pages))
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def _pages(document: PackingList) -> list[list[_Laid]]:
    """The rows page by page; room for the total is kept everywhere, so the last page never overflows."""
    first = _first_head(None, document)
    pages: list[list[_Laid]] = [[]]
    room = first - 36 - _BOTTOM
    for row in document.rows:
        width = _SKU_X - _NAME_X - 8
        notes = [line for note in row.notes for line in wrap(note, BOLD, _NOTE, width - _INDENT)]
        laid = _Laid(row, wrap(row.name, REGULAR, _TEXT, width), wrap(row.sku, REGULAR, _TEXT, 46 * _MM), notes)
        if laid.height > room and pages[-1]:
            pages.append([])
            room = _next_head(None, document) - 36 - _BOTTOM
        pages[-1].append(laid)
        room -= laid.height
    return pages


def _first_head(canvas: Any | None, document: PackingList) -> float:
    """Title, address, facts, bar code; where the table begins. Without a canvas it only measures."""
    y = _title(canvas, document)
    right = _facts(canvas, document, y)
    left = _bar_code(canvas, document, _address(canvas, document, y))
    return min(left, right) - 6


def _next_head(canvas: Any | None, document: PackingList) -> float:
    return _title(canvas, document) - 2


def _title(canvas: Any | None, document: PackingList) -> float:
    y = _TOP - 12
    if canvas is not None:
        draw(canvas, _LEFT, y, "Packing list", BOLD, 18)
        draw_right(canvas, _RIGHT, y + 2, f"Parcel {document.place} of {document.of}", BOLD, 13)
        order = wrap(f"Order {document.order_number}", REGULAR, 10, _RIGHT - _LEFT)
        draw(canvas, _LEFT, y - 16, order[0], REGULAR, 10)
        canvas.setLineWidth(0.8)
        canvas.line(_LEFT, y - 24, _RIGHT, y - 24)
    return y - 40


def _address(canvas: Any | None, document: PackingList, y: float) -> float:
    _label(canvas, _LEFT, y, "SHIP TO")
    y -= 16
    room = _MIDDLE - _LEFT - 12
    for line in wrap(document.name, BOLD, 12, room):
        _put(canvas, _LEFT, y, line, BOLD, 12)
        y -= 15
    for part in document.ship_to:
        for line in wrap(part, REGULAR, 10.5, room):
            _put(canvas, _LEFT, y, line, REGULAR, 10.5)
            y -= 13.5
    return y


def _facts(canvas: Any | None, document: PackingList, y: float) -> float:
    facts = (
        ("CARRIER SERVICE", document.carrier_service),
        ("TRACKING NUMBER", document.tracking_number),
        ("WEIGHT", f"{document.weight_g // 1000}.{document.weight_g % 1000:03d} kg"),
        ("SHIPS FROM", document.ship_from),
        ("HAND OVER BY", document.ship_by or ""),
    )
    for label, value in facts:
        if value:
            _label(canvas, _MIDDLE, y, label)
            for line in wrap(value, BOLD if label == "TRACKING NUMBER" else REGULAR, 10.5, _RIGHT - _MIDDLE):
                y -= 13
                _put(canvas, _MIDDLE, y, line, BOLD if label == "TRACKING NUMBER" else REGULAR, 10.5)
            y -= 13
    return y


def _bar_code(canvas: Any | None, document: PackingList, y: float) -> float:
    bottom = y - 4 - _BAR_HEIGHT_MM * _MM
    if canvas is not None:
        from reportlab.graphics.barcode.code128 import Code128  # noqa: PLC0415

        bars = Code128(
            gs1_128(document.sscc),
            barWidth=_BAR_MM * _MM,
            barHeight=_BAR_HEIGHT_MM * _MM,
            lquiet=5 * _MM,
            rquiet=5 * _MM,
        )
        bars.drawOn(canvas, _LEFT - 5 * _MM, bottom)
        draw(canvas, _LEFT, bottom - 12, f"SSCC (00) {document.sscc}", REGULAR, 10)
    return bottom - 26


def _table(canvas: Any, y: float, rows: Sequence[_Laid]) -> None:
    for x, label in ((_NUMBER_X, "LINE"), (_NAME_X, "ITEM"), (_SKU_X, "SKU")):
        _label(canvas, x, y, label)
    canvas.setFillGray(_GREY)
    draw_right(canvas, _RIGHT, y, "QUANTITY", REGULAR, _SMALL)
    canvas.setFillGray(0)
    canvas.setLineWidth(0.8)
    canvas.line(_LEFT, y - 5, _RIGHT, y - 5)
    y -= 17
    for laid in rows:
        draw(canvas, _NUMBER_X, y, str(laid.row.number), REGULAR, _TEXT)
        for place, line in enumerate(laid.name):
            draw(canvas, _NAME_X, y - place * _ROW, line, REGULAR, _TEXT)
        for place, line in enumerate(laid.sku):
            draw(canvas, _SKU_X, y - place * _ROW, line, REGULAR, _TEXT)
        for place, line in enumerate(laid.notes, start=len(laid.name)):
            draw(canvas, _NAME_X + _INDENT, y - place * _ROW, line, BOLD, _NOTE)
        draw_right(canvas, _RIGHT, y, str(laid.row.quantity), BOLD, _TEXT)
        y -= laid.height
        canvas.setLineWidth(0.25)
        canvas.setStrokeGray(0.75)
        canvas.line(_LEFT, y + 9.7, _RIGHT, y + 9.7)
        canvas.setStrokeGray(0)


def _total(canvas: Any, document: PackingList, y: float) -> None:
    units = sum(row.quantity for row in document.rows)
    draw_right(canvas, _RIGHT, y, f"{units} {'unit' if units == 1 else 'units'} in this parcel", BOLD, _TEXT)


def _foot(canvas: Any, document: PackingList, place: int, pages: int) -> None:
    canvas.setFillGray(_GREY)
    if "[U+" in "".join(run.text for text in _texts(document) for run in runs(text)):
        draw(canvas, _LEFT, _BOTTOM - 9, "[U+…] stands for a character that this page cannot show.", REGULAR, _SMALL)
    draw(canvas, _LEFT, _BOTTOM - 20, document.parcel_id, REGULAR, _SMALL)
    draw_right(canvas, _RIGHT, _BOTTOM - 20, f"page {place} of {pages}", REGULAR, _SMALL)
    canvas.setFillGray(0)


def _texts(document: PackingList) -> Iterator[str]:
    yield from (document.name, *document.ship_to)
    yield from (text for row in document.rows for text in (row.name, *row.notes))


def _label(canvas: Any | None, x: float, y: float, text: str) -> None:
    if canvas is not None:
        canvas.setFillGray(_GREY)
        draw(canvas, x, y, text, REGULAR, _SMALL)
        canvas.setFillGray(0)


def _put(canvas: Any | None, x: float, y: float, text: str, font: str, size: float) -> None:
    if canvas is not None:
        draw(canvas, x, y, text, font, size)
