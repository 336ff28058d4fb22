"""UN/EDIFACT: UNA/UNB/UNG/UNH envelopes read and checked (ISO 9735 syntax versions 1 to 4).

Codes of mistakes are those of data element 0085 in a CONTRL message.
"""

from collections.abc import Iterator

from oms.intake.edi.envelopes import Envelopes, Level, Terms
from oms.intake.edi.segments import MAX_SEGMENTS, Characters, Interchange, Segment, refuse
from oms.intake.edi.x12 import decode
from oms.kernel.errors import TooLargeError

DEFAULT = Characters("+", ":", "'", "?")
_UNA = 9  # UNA and its six characters
MISSING, NO_MATCH, WRONG_COUNT, MISPLACED = "13", "28", "29", "15"
_BREAKS = "\r\n"
_TERMS = Terms(
    Level(
        "UNH",
        "UNT",
        1,
        "segments",
        (WRONG_COUNT, "UNT.0074"),
        (NO_MATCH, "UNT.0062", "is not the reference of UNH"),
        (MISSING, "the message"),
        placed=True,
    ),
    Level(
        "UNG",
        "UNE",
        5,
        "messages",
        (WRONG_COUNT, "UNE.0060"),
        (NO_MATCH, "UNE.0048", "is not the reference of UNG"),
        (MISSING, "the group"),
    ),
    Level(
        "UNB",
        "UNZ",
        5,
        "",
        (WRONG_COUNT, "UNZ.0036"),
        (NO_MATCH, "UNZ.0020", "is not the reference of UNB"),
        (MISSING, "the interchange"),
    ),
    kind=2,
    stray=(MISPLACED, "stands outside of any message"),
    bare=True,
)


def read(raw: bytes) -> list[Interchange]:
    """All interchanges of a file with their mistakes.

    Raises:
        MalformedError: no interchange, or something before, between or behind them.
        TooLargeError: too large a file.
    """
    text = decode(raw).strip()
    interchanges: list[Interchange] = []
    while text:
        interchange, rest = _interchange(text)
        interchange.text = text[: len(text) - len(rest)]
        interchanges.append(interchange)
        text = rest
    if not interchanges:
        raise refuse("UNB", "the file is empty")
    return interchanges


def characters_of(text: str) -> tuple[Characters, int]:
    """The delimiters, from UNA or by the standard, and where the first segment starts.

    Raises:
        MalformedError: neither UNA nor UNB, or delimiters that cannot be told apart.
    """
    if text.startswith("UNB"):
        return DEFAULT, 0
    if not text.startswith("UNA") or len(text) <= _UNA:
        raise refuse("UNB", "an EDIFACT interchange begins with UNA or UNB")
    component, element, release, terminator = text[3], text[4], text[6].strip(), text[8]
    used = [component, element, terminator, *([release] if release else [])]
    if len(set(used)) != len(used) or any(each.isalnum() for each in used):
        raise refuse("UNA", "the delimiters are letters or digits, or the same")
    return Characters(element, component, terminator, release), _UNA


def _interchange(text: str) -> tuple[Interchange, str]:
    characters, start = characters_of(text)
    reader: Envelopes | None = None
    for segment, begin, end in _segments(text, start, characters):
        if reader is None:
            if segment.tag != "UNB":
                raise refuse("UNB", "an EDIFACT interchange begins with UNB")
            reader = Envelopes(Interchange(segment, characters), _TERMS)
        elif segment.tag in ("UNA", "UNB") or segment.tag.startswith("UNA"):
            reader.cut_off()
            return reader.interchange, text[begin:].strip()
        else:
            reader.take(segment)
            if segment.tag == "UNZ":
                return reader.interchange, text[end:].strip()
    if reader is None:
        raise refuse("UNB", "an EDIFACT interchange begins with UNB")
    reader.cut_off()
    return reader.interchange, ""


def _segments(text: str, start: int, characters: Characters) -> Iterator[tuple[Segment, int, int]]:
    """Segments with the places of their first character and behind their terminator.

    Line breaks are between segments, and inside one only where a sender wraps at a fixed width: they carry nothing.
    """
    count = 0
    place = begin = start
    while place < len(text):
        end = _terminator(text, place, characters)
        row = text[begin:end]
        lead = len(row) - len(row.lstrip())
        row = "".join(character for character in row.strip() if character not in _BREAKS)
        if row:
            count += 1
            if count > MAX_SEGMENTS:
                raise TooLargeError(f"the interchange has more than {MAX_SEGMENTS} segments")
            yield _segment(row, characters), begin + lead, min(end + 1, len(text))
        place = begin = end + 1


def _terminator(text: str, start: int, characters: Characters) -> int:
    """The place of the next terminator that is not released; the end of the text when there is none."""
    place = text.find(characters.terminator, start)
    while place >= 0 and characters.release and _is_released(text, place, start, characters.release):
        place = text.find(characters.terminator, place + 1)
    return place if place >= 0 else len(text)


def _is_released(text: str, place: int, start: int, release: str) -> bool:
    """An odd number of release characters before it: an even number release one another."""
    count = 0
    while place - count - 1 >= start and text[place - count - 1] == release:
        count += 1
    return count % 2 == 1


def _segment(row: str, characters: Characters) -> Segment:
    tag, *elements = _split(row, characters.element, characters)
    composites = tuple(
        tuple(_unreleased(each, characters.release) for each in _split(element, characters.component, characters))
        for element in elements
    )
    return Segment(tag.strip(), composites)


def _split(text: str, delimiter: str, characters: Characters) -> list[str]:
    release = characters.release
    if not release or release not in text:
        return text.split(delimiter)
    parts: list[str] = []
    current: list[str] = []
    released = False
    for character in text:
        if character == delimiter and not released:
            parts.append("".join(current))
            current = []
            continue
        current.append(character)
        released = character == release and not released
    return [*parts, "".join(current)]


def _unreleased(text: str, release: str) -> str:
    if not release or release not in text:
        return text
    kept: list[str] = []
    released = False
    for character in text:
        if character == release and not released:
            released = True
            continue
        kept.append(character)
        released = False
    return "".join(kept)
