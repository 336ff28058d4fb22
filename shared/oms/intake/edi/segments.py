"""What X12 and EDIFACT have in common: segments of elements of components, inside three nested envelopes.

Both are read here without a library. The EDIFACT one that is kept up (pydifact 0.2.3) takes 63 ms to import, reads XML
directories from disk, warns where it should refuse, and fails on a byte order mark, on lines that are wrapped, and with
an `IndexError` on a short text. The X12 ones are dead, or forty times our size (pyx12).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from oms.kernel.errors import Fault, MalformedError

MAX_BYTES = 20_000_000  # of one file
MAX_SEGMENTS = 500_000


class Segment(NamedTuple):
    """One segment. Elements and components are counted from 1, as the standards do; `place` within the document."""

    tag: str
    elements: tuple[tuple[str, ...], ...]
    place: int = 0

    def get(self, element: int, component: int = 1) -> str:
        """The text of a component, without blanks around it; empty when it is not there."""
        if element > len(self.elements) or component > len(self.elements[element - 1]):
            return ""
        return self.elements[element - 1][component - 1].strip()


class Mistake(NamedTuple):
    """What is wrong, as the acknowledgement says it: `code` of the standard, where, and in words."""

    code: str
    field: str
    message: str
    tag: str = ""
    place: int = 0
    element: int = 0
    component: int = 0

    @property
    def fault(self) -> Fault:
        return Fault(self.field, self.message)


class Characters(NamedTuple):
    """The delimiters of one interchange; `release` takes the meaning from the next character (EDIFACT only)."""

    element: str
    component: str
    terminator: str
    release: str = ""


@dataclass
class Document:
    """A transaction set (X12) or message (EDIFACT), from its header to its trailer."""

    kind: str
    control: str
    segments: list[Segment]
    mistakes: list[Mistake] = field(default_factory=list)

    @property
    def header(self) -> Segment:
        return self.segments[0]

    @property
    def body(self) -> list[Segment]:
        return self.segments[1:-1]


@dataclass
class Group:
    """Documents of one kind; `stated` is how many its trailer says. EDIFACT mostly goes without: no `header` then."""

    header: Segment | None
    stated: str = ""
    documents: list[Document] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)


@dataclass
class Interchange:
    """What one sender put into one envelope; `text` is all of it as it came."""

    header: Segment
    characters: Characters
    text: str = ""
    groups: list[Group] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)

    def each(self) -> Iterator[tuple[Group, Document]]:
        for group in self.groups:
            for document in group.documents:
                yield group, document

    def mistakes_of(self, group: Group, document: Document) -> list[Mistake]:
        """All that keeps this document from being taken: its own, its group's, the interchange's."""
        return [*self.mistakes, *group.mistakes, *document.mistakes]


def same_number(one: str, other: str) -> bool:
    """Whether two control numbers are one: `3438` and `000003438` are."""
    if one.isascii() and other.isascii() and one.isdigit() and other.isdigit():
        return one.lstrip("0") == other.lstrip("0")
    return one == other


def says(text: str, count: int) -> bool:
    """Whether a count that was written is the count that is."""
    return text.isascii() and text.isdigit() and len(text) < len(str(MAX_SEGMENTS)) + 3 and int(text) == count


def refuse(where: str, message: str) -> MalformedError:
    """The error for bytes that are no interchange at all; nothing in them can be acknowledged."""
    return MalformedError(message, code="malformed", faults=[Fault(where, message)])


def written(segments: Iterable[Segment], characters: Characters) -> str:
    """Segments as text, a line each. What would be a delimiter is released, or a blank where nothing can release it."""
    newline = "" if characters.terminator in "\r\n" else "\n"
    return "".join(_row(each, characters) + newline for each in segments)


def _row(segment: Segment, characters: Characters) -> str:
    if segment.tag == "ISA":  # its last element is the component delimiter itself
        return characters.element.join(["ISA", *(each[0] for each in segment.elements)]) + characters.terminator
    elements = [characters.component.join(_released(each, characters) for each in parts) for parts in segment.elements]
    while elements and not elements[-1]:
        elements.pop()
    return characters.element.join([segment.tag, *elements]) + characters.terminator


def segment(tag: str, *elements: str | Sequence[str]) -> Segment:
    """A segment of ours; a list is a composite, without empty components at its end."""
    return Segment(tag, tuple((each,) if isinstance(each, str) else _trimmed(each) for each in elements))


def _trimmed(components: Sequence[str]) -> tuple[str, ...]:
    kept = list(components)
    while len(kept) > 1 and not kept[-1]:
        kept.pop()
    return tuple(kept)


def _released(text: str, characters: Characters) -> str:
    special = {characters.element, characters.component, characters.terminator, characters.release} - {""}
    if not any(character in special for character in text):
        return text
    release = characters.release
    return "".join((release + each if release else " ") if each in special else each for each in text)
