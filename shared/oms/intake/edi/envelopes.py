"""The three nested envelopes of X12 and EDIFACT, put together from segments and checked: one way, two sets of words."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from oms.intake.edi.segments import Document, Group, Interchange, Mistake, Segment, same_number, says


class Level(NamedTuple):
    """One envelope. Its closing segment says how many `parts` it has (element 1), and repeats a number (element 2).

    `number` is the element of the opening segment that is repeated. The mistakes: `counted` and `repeated` with the
    code and the name of the element, `repeated` and `cut_off` with words. `placed`: they say at which segment they are.
    """

    opens: str
    closes: str
    number: int
    parts: str
    counted: tuple[str, str]
    repeated: tuple[str, str, str]
    cut_off: tuple[str, str]
    placed: bool = False


class Terms(NamedTuple):
    """How a standard calls its envelopes.

    `kind` is the element of a document's opening segment that says what it is; `stray` the code and words of a segment
    where none may be, except for `between` groups. `bare`: documents may do without a group.
    """

    document: Level
    group: Level
    interchange: Level
    kind: int
    stray: tuple[str, str]
    between: frozenset[str] = frozenset()
    bare: bool = False


class Envelopes:
    """Takes segment after segment of one interchange."""

    def __init__(self, interchange: Interchange, terms: Terms) -> None:
        self.interchange = interchange
        self._terms = terms
        self._group: Group | None = None
        self._document: Document | None = None
        self._steps: dict[str, Callable[[Segment], None]] = {
            terms.group.opens: self._begin_group,
            terms.document.opens: self._begin_document,
            terms.document.closes: self._close_document,
            terms.group.closes: self._close_group,
            terms.interchange.closes: self._close,
        }

    def take(self, segment: Segment) -> None:
        """The next segment."""
        self._steps.get(segment.tag, self._content)(segment)

    def cut_off(self) -> None:
        """The interchange ended without its closing segment."""
        self._end_group()
        self.interchange.mistakes.append(_missing(self._terms.interchange))

    def _begin_group(self, segment: Segment) -> None:
        self._end_group()
        self._open(Group(segment))

    def _open(self, group: Group) -> Group:
        self._group = group
        self.interchange.groups.append(group)
        return group

    def _begin_document(self, segment: Segment) -> None:
        self._end_document()
        group = self._group or (self._open(Group(None)) if self._terms.bare else None)
        if group is None:
            self._stray(segment)
            return
        level = self._terms.document
        self._document = Document(segment.get(self._terms.kind), segment.get(level.number), [segment._replace(place=1)])
        group.documents.append(self._document)

    def _content(self, segment: Segment) -> None:
        if self._document is not None:
            self._document.segments.append(segment._replace(place=len(self._document.segments) + 1))
        elif segment.tag not in self._terms.between or self._group is not None:
            self._stray(segment)

    def _stray(self, segment: Segment) -> None:
        code, words = self._terms.stray
        self.interchange.mistakes.append(Mistake(code, segment.tag[:10] or "segment", words))

    def _close_document(self, segment: Segment) -> None:
        document = self._document
        if document is None:
            self._stray(segment)
            return
        self._content(segment)
        count = len(document.segments)
        document.mistakes += _wrong(self._terms.document, segment, count, document.control, at=count)
        self._document = None

    def _end_document(self) -> None:
        if self._document is not None:
            level = self._terms.document
            self._document.segments.append(Segment(level.closes, (), len(self._document.segments) + 1))
            self._document.mistakes.append(_missing(level))
            self._document = None

    def _close_group(self, segment: Segment) -> None:
        self._end_document()
        group, level = self._group, self._terms.group
        if group is None or group.header is None:
            self._stray(segment)
            return
        group.stated = segment.get(1)[:6]
        group.mistakes += _wrong(level, segment, len(group.documents), group.header.get(level.number))
        self._group = None

    def _end_group(self) -> None:
        self._end_document()
        if self._group is not None and self._group.header is not None:
            self._group.mistakes.append(_missing(self._terms.group))
        self._group = None

    def _close(self, segment: Segment) -> None:
        """Counted are the groups or, where the sender does without, the documents."""
        self._end_group()
        groups, level = self.interchange.groups, self._terms.interchange
        count = sum(group.header is not None for group in groups) or sum(len(group.documents) for group in groups)
        self.interchange.mistakes += _wrong(level, segment, count, self.interchange.header.get(level.number))


def _missing(level: Level) -> Mistake:
    code, words = level.cut_off
    return Mistake(code, level.closes, f"is missing: {words} was cut off")


def _wrong(level: Level, segment: Segment, count: int, number: str, *, at: int = 0) -> Sequence[Mistake]:
    """What is wrong with a closing segment, the `at`-th of its document."""
    found: list[Mistake] = []
    tag, place = (level.closes, at) if level.placed else ("", 0)
    if not says(segment.get(1), count):
        code, name = level.counted
        words = f"says {segment.get(1)[:10] or 'nothing'}, there are {count} {level.parts}".rstrip()
        found.append(Mistake(code, name, words, tag, place, 1 if level.placed else 0))
    if not same_number(segment.get(2), number):
        code, name, words = level.repeated
        found.append(Mistake(code, name, words, tag, place, 2 if level.placed else 0))
    return found
