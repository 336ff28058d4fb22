"""The 997 functional acknowledgement of an X12 interchange, or the TA1 that refuses one whose envelope is broken.

Element positions follow X12 004010. Bad data is pointed at, never repeated: it may be somebody's address.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from oms.intake.edi.segments import Document, Group, Interchange, Mistake, Segment, segment, written

_MANY = 99  # AK3 and AK4 per set: who made so many mistakes reads the first ones
_ANSWERS = frozenset({"FA"})  # an acknowledgement is never acknowledged
_IN_ELEMENT, _NOT_THERE = "8", "3"  # AK304: the segment has data element errors, a mandatory segment is missing
_MISSING = "1"
_IN_SEGMENT = "5"  # AK502: one or more segments in error
_UNKNOWN_KIND = "1"  # AK502: transaction set not supported
_OURS = ("850", "860")


def acknowledge(
    interchange: Interchange, mistakes: Mapping[int, Sequence[Mistake]], *, number: int, at: datetime
) -> str | None:
    """The answer as text; None where there is nothing to answer.

    Args:
        interchange: what came.
        mistakes: of each document, by `id(document)`.
        number: our interchange control number, at most nine digits.
        at: the time that the answer says.
    """
    groups = [group for group in interchange.groups if group.header and group.header.get(1) not in _ANSWERS]
    if interchange.mistakes:
        body = [_ta1(interchange)]
        count = 0
    elif groups:
        body = [row for place, group in enumerate(groups, 1) for row in _group(group, mistakes, place, number, at)]
        count = len(groups)
    else:
        return None
    rows = [_isa(interchange, number, at), *body, segment("IEA", str(count), f"{number:09d}")]
    return written(rows, interchange.characters)


def _isa(interchange: Interchange, number: int, at: datetime) -> Segment:
    """Their header with the two sides exchanged, padded to its fixed widths."""
    theirs = interchange.header
    return segment(
        "ISA",
        "00",
        " " * 10,
        "00",
        " " * 10,
        theirs.get(7).ljust(2)[:2],
        theirs.get(8).ljust(15)[:15],
        theirs.get(5).ljust(2)[:2],
        theirs.get(6).ljust(15)[:15],
        f"{at:%y%m%d}",
        f"{at:%H%M}",
        theirs.get(11)[:1] or "U",
        theirs.get(12).rjust(5, "0")[:5],
        f"{number:09d}",
        "0",
        theirs.get(15)[:1] or "P",
        interchange.characters.component,
    )


def _ta1(interchange: Interchange) -> Segment:
    theirs = interchange.header
    code = interchange.mistakes[0].code
    return segment("TA1", theirs.get(13), theirs.get(9), theirs.get(10), "R", code)


def _group(
    group: Group, mistakes: Mapping[int, Sequence[Mistake]], place: int, number: int, at: datetime
) -> list[Segment]:
    theirs = group.header
    if theirs is None:
        return []
    sets = [(document, mistakes.get(id(document), ())) for document in group.documents]
    refused = sum(bool(found) or document.kind not in _OURS for document, found in sets)
    broken = bool(group.mistakes)
    taken = 0 if broken else len(sets) - refused
    verdict = "R" if broken or not taken else "P" if refused else "A"
    rows = [segment("ST", "997", f"{place:04d}"), segment("AK1", theirs.get(1), theirs.get(6))]
    for document, found in sets:
        rows += _set(document, found)
    codes = list(dict.fromkeys(each.code for each in group.mistakes))[:5]
    rows.append(segment("AK9", verdict, _stated(group, len(sets)), str(len(sets)), str(taken), *codes))
    rows.append(segment("SE", str(len(rows) + 1), f"{place:04d}"))
    control = f"{number}{place:02d}" if number < 10_000_000 else str(number)  # noqa: PLR2004  nine digits at most
    head = segment(
        "GS", "FA", theirs.get(3), theirs.get(2), f"{at:%Y%m%d}", f"{at:%H%M}", control, "X", theirs.get(8) or "004010"
    )
    return [head, *rows, segment("GE", "1", control)]


def _stated(group: Group, found: int) -> str:
    """AK902 is the count that the sender wrote into GE01; where it is missing, what there is."""
    return group.stated or str(found)


def _set(document: Document, mistakes: Sequence[Mistake]) -> list[Segment]:
    rows = [segment("AK2", document.kind[:3], document.control[:9])]
    if document.kind not in _OURS:
        return [*rows, segment("AK5", "R", _UNKNOWN_KIND)]
    envelope = list(dict.fromkeys(each.code for each in document.mistakes))
    inside = [each for each in mistakes if each not in document.mistakes]
    last = 0
    for mistake in sorted(inside, key=lambda each: each.place)[:_MANY]:
        if mistake.place != last:
            last = mistake.place
            rows.append(segment("AK3", mistake.tag, str(mistake.place), "", _kind(mistake)))
        if mistake.element:
            rows.append(segment("AK4", str(mistake.element), "", mistake.code))
    codes = [*envelope, *([_IN_SEGMENT] if inside else [])][:5]
    return [*rows, segment("AK5", "R" if codes else "A", *codes)]


def _kind(mistake: Mistake) -> str:
    return _NOT_THERE if not mistake.element and mistake.code == _MISSING else _IN_ELEMENT
