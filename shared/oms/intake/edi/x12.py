"""ANSI X12: ISA/GS/ST envelopes read and checked (X12.5, X12.6; versions 00200 to 00501), with any delimiters.

Codes of mistakes are those of the acknowledgements: TA105 for the interchange, AK905 for a group, AK502 for a set.
"""

from collections.abc import Iterator

from oms.intake.edi.envelopes import Envelopes, Level, Terms
from oms.intake.edi.segments import MAX_BYTES, MAX_SEGMENTS, Characters, Interchange, Segment, refuse
from oms.kernel.errors import TooLargeError

_ISA_ELEMENTS = 16
_BREAKS = "\r\n"
_TERMS = Terms(
    Level(
        "ST",
        "SE",
        2,
        "segments",
        ("4", "SE01"),
        ("3", "SE02", "is not the control number of ST02"),
        ("2", "the transaction set"),
    ),
    Level(
        "GS",
        "GE",
        6,
        "transaction sets",
        ("5", "GE01"),
        ("4", "GE02", "is not the control number of GS06"),
        ("3", "the group"),
    ),
    Level(
        "ISA",
        "IEA",
        13,
        "groups",
        ("021", "IEA01"),
        ("001", "IEA02", "is not the control number of ISA13"),
        ("023", "the interchange"),
    ),
    kind=1,
    stray=("022", "stands outside of any group or transaction set"),
    between=frozenset({"ISB", "ISE", "TA1"}),  # interchange services and answers: nothing in them for us
)


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
    reader: Envelopes | None = None
    for segment, end in _segments(text, characters):
        if reader is None:
            reader = Envelopes(Interchange(segment, characters), _TERMS)
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
