"""A channel's message without card numbers, in the sender's own format. Pure.

Only digits become `X`, so the message still parses. What identifies something is searched by the narrower rule of
identifiers (ADR 25): an order number that was changed is another order, so whoever reads it afterwards refuses it.
Which values identify is told from the names of their keys, columns and elements; of EDI documents all but the segments
with text. `own` is the form of what the sender's own counter numbers, and left alone.
"""

import json
import re
from collections.abc import Callable
from functools import lru_cache, partial

from oms.kernel.cards import find_card_numbers, redact
from oms.kernel.identifiers import cut

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_IDENTIFIES = frozenset(
    "asin at barcode code date ean etag fingerprint gid gtin guid hash href id ids imei isbn key link nr num number"  # noqa: SIM905  a list of words
    " receipt ref reference serial signature sku time timestamp token tracking uid upc uri url uuid version".split()
)
_NUMBER = frozenset({"nr", "num", "number"})  # alone they may be the number of anything, also of a card
_CARD = frozenset({"card", "cards", "cc", "pan", "credit", "debit", "creditcard", "cardnumber", "ccnumber"})
_JSON = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?|(?<![\w.+-])\d{12,19}(?![\d.eE])')
_XML = re.compile(r"<!\[CDATA\[|<(/?)([\w:.-]+)([^<>]*)>|[^<]+")
_ATTRIBUTE = re.compile(r"""(?<![\w:.-])([\w:.-]++)(\s*+=\s*+)("[^"]*"|'[^']*')""")
_X12_TEXT = {"N1": {2}, "N2": None, "N3": None, "N4": {1}, "PER": None, "MSG": None, "MTX": None, "NTE": None}
_X12_TEXT |= {"PID": {5}, "REF": {3}, "N9": {3}, "TD5": {5}}
_EDIFACT_TEXT = {"FTX": None, "NAD": {4, 5, 6, 7}, "CTA": None, "COM": None, "IMD": {3}}
_Own = re.Pattern[str] | None
_X12_HEADER = 106  # characters of an ISA segment, whose last one ends segments


def redact_message(raw: bytes, own: re.Pattern[str] | None = None) -> bytes:
    """The message with the card numbers in it cut down; the same bytes when there is none."""
    try:
        encoding, text = "utf-8", raw.decode("utf-8")
    except UnicodeDecodeError:
        encoding, text = "latin-1", raw.decode("latin-1")  # every byte is a character: EDI and old CSV files
    redacted = _reader_of(text)(text, own)
    return raw if redacted == text else redacted.encode(encoding)


@lru_cache(maxsize=4096)
def identifies(name: str) -> bool:
    """Whether what bears this name is an identifier, a time or an address on the net, and no text."""
    words = [word.casefold() for word in _WORD.findall(name)]
    if not words or (len(words) == 1 and words[0] in _NUMBER):
        return False
    return words[-1] in _IDENTIFIES and not _CARD.intersection(words)


def _reader_of(text: str) -> Callable[[str, _Own], str]:
    start = text.lstrip("\ufeff \t\r\n")[:3]
    if start[:1] in ("{", "["):
        return _in_json
    if start[:1] == "<":
        return _in_xml
    return {"ISA": _in_x12, "UNA": _in_edifact, "UNB": _in_edifact}.get(start, _in_table)


def _in_json(text: str, own: _Own) -> str:
    if "\\u" not in text and not find_card_numbers(text):
        return text  # most messages, and much faster
    key = ""

    def value(hit: re.Match[str]) -> str:
        nonlocal key
        if hit[2]:
            key = hit[1][1:-1]
            return _json_text(hit[1], cut) + hit[2]
        less = partial(cut, own=own) if identifies(key) else redact
        if hit[1] is None:
            number = less(hit[0])
            return hit[0] if number == hit[0] else f'"{number}"'
        return _json_text(hit[1], less)

    return _JSON.sub(value, text)


def _json_text(written: str, less: Callable[[str], str]) -> str:
    """A JSON string, redacted; as it was written when there is nothing to redact or it is no JSON string."""
    if "\\" not in written:
        return f'"{less(written[1:-1])}"'
    try:
        text = json.loads(written)
    except ValueError:
        return written
    redacted = less(text)
    return written if redacted == text else json.dumps(redacted)


def _in_xml(text: str, own: _Own) -> str:
    """Texts between tags, in CDATA sections and in comments; attributes in either quotes."""
    name = ""

    def node(hit: re.Match[str]) -> str:
        nonlocal name
        if hit[2] is not None:
            # What follows an end belongs to an element further out, whose name we do not keep: so it is searched.
            name = "" if hit[1] or hit[3].endswith("/") else hit[2].rpartition(":")[2]
            return f"<{hit[1]}{hit[2]}{_ATTRIBUTE.sub(attribute, hit[3])}>"
        return cut(hit[0], own) if identifies(name) else redact(hit[0])

    def attribute(hit: re.Match[str]) -> str:
        return f"{hit[1]}{hit[2]}{cut(hit[3], own) if identifies(hit[1]) else redact(hit[3])}"

    return _XML.sub(node, text)


def _in_x12(text: str, own: _Own) -> str:
    start = text.index("ISA")
    if len(text) < start + _X12_HEADER:
        return redact(text)
    return _in_segments(text, text[start + _X12_HEADER - 1], text[start + 3], "", _X12_TEXT, own)


def _in_edifact(text: str, own: _Own) -> str:
    start = text.lstrip("\ufeff \t\r\n")
    una = start.startswith("UNA") and len(start) > len("UNA:+.? '")
    element, release, end = (start[4], start[6], start[8]) if una else ("+", "?", "'")
    return _in_segments(text, end, element, release, _EDIFACT_TEXT, own)


def _in_segments(text: str, end: str, element: str, release: str, wanted: dict[str, set[int] | None], own: _Own) -> str:
    escaped = rf"{re.escape(release)}.|" if release.strip() else ""
    segments = re.compile(rf"(?:{escaped}[^{re.escape(end)}])+", re.DOTALL)
    elements = re.compile(
        rf"(?:{escaped}[^{re.escape(element)}])+|(?<={re.escape(element)})(?={re.escape(element)})", re.DOTALL
    )

    def segment(hit: re.Match[str]) -> str:
        tag = hit[0].lstrip().partition(element)[0].strip()
        places = wanted.get(tag, set())
        place = -1

        def one(part: re.Match[str]) -> str:
            nonlocal place
            place += 1
            return redact(part[0]) if place and (places is None or place in places) else cut(part[0], own)

        return elements.sub(one, hit[0])

    return segments.sub(segment, text)


def _in_table(text: str, own: _Own) -> str:
    """Rows of columns under a header, or lines of text when the first line has no columns."""
    first = text.partition("\n")[0]
    delimiter = max(",;\t|", key=first.count)
    if delimiter not in first:
        return redact(text)
    cells = re.compile(rf'"(?:[^"]|"")*"|{re.escape(delimiter)}|\r?\n|[^"{re.escape(delimiter)}\r\n]+|.', re.DOTALL)
    names: list[str] = [""]
    row, column = 0, 0

    def cell(hit: re.Match[str]) -> str:
        nonlocal row, column
        if hit[0] == delimiter:
            column += 1
            if row == 0:
                names.append("")
        elif hit[0].endswith("\n"):
            row, column = row + 1, 0
        elif row == 0:
            names[column] += hit[0].strip('"')
            return redact(hit[0])
        elif column >= len(names) or not identifies(names[column]):
            return redact(hit[0])
        return cut(hit[0], own)

    return cells.sub(cell, text)
