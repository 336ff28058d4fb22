"""The CONTRL message that answers an EDIFACT interchange: what was taken, what was refused, and where it is wrong.

ISO 9735-4 and the EANCOM handbook: action 7 takes a level, 4 refuses it; codes are those of data element 0085.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from oms.intake.edi.segments import Document, Interchange, Mistake, Segment, segment, written

_TAKEN, _REFUSED = "7", "4"
_NOT_SUPPORTED = "18"  # unspecified error: 0085 has none for a message type that is not dealt in
_ANSWERS = frozenset({"CONTRL"})
_OURS = ("ORDERS", "ORDCHG")
_MANY = 99
_FROM_X12 = {"1": "13", "2": "13", "7": "12", "8": "12"}  # codes of the mapping, which both standards share


def acknowledge(
    interchange: Interchange, mistakes: Mapping[int, Sequence[Mistake]], *, number: int, at: datetime
) -> str | None:
    """The answer as text; None where there is nothing to answer. Arguments as for X12."""
    documents = [document for _, document in interchange.each() if document.kind not in _ANSWERS]
    if not documents and not interchange.mistakes:
        return None
    theirs = interchange.header
    broken = [*interchange.mistakes, *(each for group in interchange.groups for each in group.mistakes)]
    reference = str(number)
    body = [
        segment("UNH", "1", ["CONTRL", "D", "3", "UN"]),
        segment(
            "UCI",
            theirs.get(5),
            [each.strip() for each in _composite(theirs, 2)],
            [each.strip() for each in _composite(theirs, 3)],
            _REFUSED if broken else _TAKEN,
            *([broken[0].code] if broken else []),
        ),
    ]
    for document in [] if broken else documents:
        body += _message(document, mistakes.get(id(document), ()))
    rows = [
        segment(
            "UNB",
            _composite(theirs, 1),
            _composite(theirs, 3),
            _composite(theirs, 2),
            [f"{at:%y%m%d}", f"{at:%H%M}"],
            reference,
        ),
        *body,
        segment("UNT", str(len(body) + 1), "1"),
        segment("UNZ", "1", reference),
    ]
    advice = "" if interchange.characters.release == "?" else _una(interchange)
    return advice + written(rows, interchange.characters)


def _message(document: Document, mistakes: Sequence[Mistake]) -> list[Segment]:
    known = document.kind in _OURS
    refused = bool(mistakes) or not known
    kind = [each.strip() for each in _composite(document.header, 2)]
    envelope = [each for each in mistakes if each in document.mistakes]
    code = _NOT_SUPPORTED if not known else envelope[0].code if envelope else ""
    rows = [segment("UCM", document.control, kind, _REFUSED if refused else _TAKEN, *([code] if code else []))]
    last = 0
    inside = [each for each in mistakes if each not in document.mistakes and each.place]
    for mistake in sorted(inside, key=lambda each: each.place)[:_MANY]:
        if mistake.place != last:
            last = mistake.place
            rows.append(segment("UCS", str(mistake.place), *([] if mistake.element else [_code(mistake)])))
        if mistake.element:
            rows.append(segment("UCD", _code(mistake), [str(mistake.element), str(mistake.component)]))
    return rows


def _code(mistake: Mistake) -> str:
    return _FROM_X12.get(mistake.code, mistake.code)


def _composite(of: Segment, element: int) -> tuple[str, ...]:
    return of.elements[element - 1] if element <= len(of.elements) else ("",)


def _una(interchange: Interchange) -> str:
    characters = interchange.characters
    return f"UNA{characters.component}{characters.element}.{characters.release or ' '} {characters.terminator}\n"
