"""ANSI X12: ISA/GS/ST envelopes read and checked (X12.5, X12.6; versions 00200 to 00501), with any delimiters.

Codes of mistakes are those of the acknowledgements: TA105 for the interchange, AK905 for a group, AK502 for a set.
"""

from collections.abc import Iterator

from oms.intake.edi.segments import (
    MAX_BYTES,
    MAX_SEGMENTS,
    Characters,
    Document,
    Group,
    Interchange,
    Mistake,
    Segment,
    refuse,
    same_number,
    says,
)
from oms.kernel.errors import TooLargeError

_ISA_ELEMENTS = 16
_BREAKS = "\r\n"
_BETWEEN = frozenset({"ISB", "ISE", "TA1"})  # interchange services and answers: nothing in them for us


def decode(raw: bytes) -> str:
    """The text: UTF-8 where that is what it is, else Latin-1, which takes every byte."""
    if len(raw) > MAX_BYTES:
        raise TooLargeError(f"the file is larger than {MAX_BYTES} bytes")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def characters_of(text: str) -> Characters:
    """The delimiters as the ISA segment at the start of `text` defines them.

    Raises:
        MalformedError: there is no ISA, or its delimiters cannot be told apart.
    """
    if not text.startswith("ISA") or len(text) < len("ISA") + 2 * _ISA_ELEMENTS:
        raise refuse("ISA", "an X12 interchange begins with ISA")
    element = text[3]
    parts = text.split(element, _ISA_ELEMENTS)
    if len(parts) <= _ISA_ELEMENTS or len(parts[_ISA_ELEMENTS]) <= 1:
        raise refuse("ISA16", "ISA has 16 elements and a terminator")
    component, terminator = parts[_ISA_ELEMENTS][0], parts[_ISA_ELEMENTS][1]
    if len({element, component, terminator}) != 3 or any(each.isalnum() for each in (element, component, terminator)):  # noqa: PLR2004
        raise refuse("ISA16", "the delimiters are letters or digits, or the same")
    if any(terminator in part for part in parts[:_ISA_ELEMENTS]):
        raise refuse("ISA", "ISA has 16 elements")
    return Characters(element, component, terminator)


def read(raw: bytes) -> list[Interchange]:
    """All interchanges of a file with their mistakes.

    Raises:
        MalformedError: no interchange, or something before, between or behind them.
        TooLargeError: see `decode`.
    """
    text = decode(raw).strip()
    interchanges: list[Interchange] = []
    while text:
        interchange, rest = _interchange(text)
        interchange.text = text[: len(text) - len(rest)]
        interchanges.append(interchange)
        text = rest
    if not interchanges:
        raise refuse("ISA", "the file is empty")
    return interchanges


def _interchange(text: str) -> tuple[Interchange, str]:
    """The first interchange of `text`, and what follows its IEA (or the next ISA where that is missing)."""
    characters = characters_of(text)
    reader: _Reader | None = None
    for segment, end in _segments(text, characters):
        if reader is None:
            reader = _Reader(Interchange(segment, characters))
            continue
        if segment.tag == "ISA":
            reader.cut_off()
            return reader.interchange, text[text.rindex("ISA", 0, end) :]
        reader.take(segment)
        if segment.tag == "IEA":
            return reader.interchange, text[end:].strip()
    if reader is None:
        raise refuse("ISA", "an X12 interchange begins with ISA")
    reader.cut_off()
    return reader.interchange, ""


def _segments(text: str, characters: Characters) -> Iterator[tuple[Segment, int]]:
    """Segments with the place behind their terminator. A sender that wraps at a fixed width breaks lines anywhere."""
    start = count = 0
    wraps = characters.terminator not in _BREAKS
    while start < len(text):
        end = text.find(characters.terminator, start)
        end = len(text) if end < 0 else end
        row = text[start:end].strip()
        start = end + 1
        if not row:
            continue
        count += 1
        if count > MAX_SEGMENTS:
            raise TooLargeError(f"the interchange has more than {MAX_SEGMENTS} segments")
        if wraps and ("\n" in row or "\r" in row):
            row = row.replace("\r", "").replace("\n", "")
        tag, *elements = row.split(characters.element)
        whole = tag == "ISA"  # ISA16 is the component delimiter itself
        yield (
            Segment(
                tag.strip(), tuple((each,) if whole else tuple(each.split(characters.component)) for each in elements)
            ),
            start,
        )


class _Reader:
    """Puts segments into their envelopes."""

    def __init__(self, interchange: Interchange) -> None:
        self.interchange = interchange
        self.group: Group | None = None
        self.document: Document | None = None

    def take(self, segment: Segment) -> None:
        match segment.tag:
            case "GS":
                self._end_group()
                self.group = Group(segment)
                self.interchange.groups.append(self.group)
            case "ST":
                self._begin_document(segment)
            case "SE":
                self._close_document(segment)
            case "GE":
                self._close_group(segment)
            case "IEA":
                self._close(segment)
            case _:
                self._content(segment)

    def cut_off(self) -> None:
        """The interchange ended without its IEA."""
        self._end_group()
        self.interchange.mistakes.append(Mistake("023", "IEA", "is missing: the interchange was cut off"))

    def _begin_document(self, segment: Segment) -> None:
        self._end_document()
        if self.group is None:
            self._stray(segment)
            return
        self.document = Document(segment.get(1), segment.get(2), [segment._replace(place=1)])
        self.group.documents.append(self.document)

    def _content(self, segment: Segment) -> None:
        if self.document is not None:
            self.document.segments.append(segment._replace(place=len(self.document.segments) + 1))
        elif segment.tag not in _BETWEEN or self.group is not None:
            self._stray(segment)

    def _stray(self, segment: Segment) -> None:
        self.interchange.mistakes.append(
            Mistake("022", segment.tag[:10] or "segment", "stands outside of any group or transaction set")
        )

    def _close_document(self, segment: Segment) -> None:
        document = self.document
        if document is None:
            self._stray(segment)
            return
        document.segments.append(segment._replace(place=len(document.segments) + 1))
        count = len(document.segments)
        if not says(segment.get(1), count):
            message = f"says {segment.get(1)[:10] or 'nothing'}, there are {count} segments"
            document.mistakes.append(Mistake("4", "SE01", message))
        if not same_number(segment.get(2), document.control):
            document.mistakes.append(Mistake("3", "SE02", "is not the control number of ST02"))
        self.document = None

    def _end_document(self) -> None:
        if self.document is not None:
            self.document.segments.append(Segment("SE", (), len(self.document.segments) + 1))
            self.document.mistakes.append(Mistake("2", "SE", "is missing: the transaction set was cut off"))
            self.document = None

    def _close_group(self, segment: Segment) -> None:
        self._end_document()
        if self.group is None or self.group.header is None:
            self._stray(segment)
            return
        count = len(self.group.documents)
        self.group.stated = segment.get(1)[:6]
        if not says(segment.get(1), count):
            message = f"says {segment.get(1)[:10] or 'nothing'}, there are {count} transaction sets"
            self.group.mistakes.append(Mistake("5", "GE01", message))
        if not same_number(segment.get(2), self.group.header.get(6)):
            self.group.mistakes.append(Mistake("4", "GE02", "is not the control number of GS06"))
        self.group = None

    def _end_group(self) -> None:
        self._end_document()
        if self.group is not None:
            self.group.mistakes.append(Mistake("3", "GE", "is missing: the group was cut off"))
            self.group = None

    def _close(self, segment: Segment) -> None:
        self._end_group()
        count = len(self.interchange.groups)
        if not says(segment.get(1), count):
            message = f"says {segment.get(1)[:10] or 'nothing'}, there are {count} groups"
            self.interchange.mistakes.append(Mistake("021", "IEA01", message))
        if not same_number(segment.get(2), self.interchange.header.get(13)):
            self.interchange.mistakes.append(Mistake("001", "IEA02", "is not the control number of ISA13"))
