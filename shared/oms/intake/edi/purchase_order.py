"""A purchase order as X12 850 and EDIFACT ORDERS both tell it, before it becomes ours.

Texts stay as they were sent. `at` is the segment that a thing came from, so that what is wrong with it can be named in
the sender's own words and in the acknowledgement.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Literal, NamedTuple

from oms.intake.edi.segments import Mistake, Segment

_LONGEST_NUMBER = 18
Purpose = Literal["order", "change", "cancellation", "reduction", "copy", "blanket"]


class Place(NamedTuple):
    """Where in the document: names the field in a refusal and the element in an acknowledgement."""

    at: Segment
    element: int
    component: int = 1
    line: int | None = None
    name: str = ""
    tag: str = ""  # of a segment that is not there

    def mistake(self, code: str, message: str) -> Mistake:
        name = self.name or f"{self.at.tag}{self.element:02d}"
        field_name = name if self.line is None else f"lines.{self.line}.{name}"
        return Mistake(code, field_name, message, self.tag or self.at.tag, self.at.place, self.element, self.component)


class Word(NamedTuple):
    """Where a standard has one thing: the field's name, its element, and the segment where that is one of its own."""

    name: str
    element: int = 0
    tag: str = ""


@dataclass
class Party:
    """Somebody in a role: `ship_to`, `buyer`, `bill_to`. `code` is the number both sides know the place by."""

    at: Segment
    name: str = ""
    more_names: list[str] = field(default_factory=list)
    code: str = ""
    address_lines: list[str] = field(default_factory=list)
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""
    phone: str = ""
    email: str = ""


class Amount(NamedTuple):
    """An amount of money as text, and where it stands. `implied` decimals come without their point (X12 type N2)."""

    text: str
    place: Place
    implied: int = 0


@dataclass
class PoLine:
    """One line. `numbers` are its product numbers by qualifier, in their order; `per` units have the price."""

    at: Segment
    number: str
    quantity: Amount | None = None
    unit: str = ""
    price: Amount | None = None
    per: int = 1
    numbers: list[tuple[str, str]] = field(default_factory=list)
    allowances: list[Amount] = field(default_factory=list)
    charges: list[Amount] = field(default_factory=list)
    taxes: list[Amount] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass
class PurchaseOrder:
    """The whole document. Dates are as sent; `stated` are control totals, by what they count."""

    at: Segment
    words: Mapping[str, Word]
    purpose: Purpose = "order"
    number: str = ""
    release: str = ""
    sent: str = ""  # date and time of the envelope: a later one is the greater text
    ordered_on: str = ""
    currency: str = ""
    ship_by: str = ""
    deliver_by: str = ""
    service: str = ""
    terms: str = ""
    parties: dict[str, Party] = field(default_factory=dict)
    lines: list[PoLine] = field(default_factory=list)
    allowances: list[Amount] = field(default_factory=list)
    charges: list[Amount] = field(default_factory=list)
    taxes: list[Amount] = field(default_factory=list)
    stated: dict[str, Amount] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    gone: dict[str, str] = field(default_factory=dict)  # units taken off, by line (a change that only cancels)

    @property
    def name(self) -> str:
        """What names the order for ever: a release against one purchase order is an order of its own."""
        return f"{self.number}-{self.release}" if self.release else self.number

    def place(self, what: str, line: int | None = None, at: Segment | None = None) -> Place:
        """Where `what` should stand: on the given line, or in the header."""
        word = self.words[what]
        owner = at or (self.at if line is None else self.lines[line].at)
        return Place(owner, word.element, 1, line, word.name, word.tag)


def number_of(text: str, implied: int = 0) -> Decimal | None:
    """A plain decimal number, at most 18 characters; None when it is not one."""
    if not text.isascii() or len(text) > _LONGEST_NUMBER or any(each not in "0123456789.-+" for each in text):
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number.scaleb(-implied) if implied and "." not in text else number
