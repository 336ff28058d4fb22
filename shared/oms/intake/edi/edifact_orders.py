"""EDIFACT ORDERS (D.93A to D.01B, EANCOM or not) and what can be read of an ORDCHG: the segments of an order.

Segments that say nothing an order needs are passed over; what would change the order and is not understood refuses it.
"""

from collections.abc import Callable

from oms.intake.edi.purchase_order import Amount, Party, Place, PoLine, PurchaseOrder, Purpose, Word
from oms.intake.edi.segments import Document, Segment

_PURPOSES: dict[str, Purpose] = {
    "": "order", "9": "order", "7": "order", "46": "order", "1": "cancellation", "4": "change", "5": "change",
    "31": "copy", "43": "copy",
}  # fmt: skip
_BLANKET = "221"
_ROLES = {"DP": "ship_to", "ST": "ship_to", "UC": "ship_to", "BY": "buyer", "OB": "buyer", "IV": "bill_to"}
_SHIP_BY = ("10", "200")
_DELIVER_BY = ("2", "63", "64", "69")
_ORDERED = ("4", "137")
_STATED = {"79": "goods", "86": "total"}
_ALLOWANCE, _CHARGE, _TAX = ("204",), ("23",), ("124", "176")
_LINE_AMOUNT = ("203", "66")
_INVALID, _MISSING = "12", "13"
WORDS = {
    "number": Word("BGM.1004", 2),
    "currency": Word("CUX.6345", tag="CUX"),
    "lines": Word("LIN", tag="LIN"),
    "product": Word("LIN.7140", 3),
    "quantity": Word("QTY.6060", tag="QTY"),
    "price": Word("PRI.5118", tag="PRI"),
    "ship_to": Word("NAD+DP", tag="NAD"),
    "total": Word("MOA.5004", tag="MOA"),
    "dates": Word("DTM.2380", tag="DTM"),
}


class OrderReader:
    """Reads one message, segment by segment."""

    def __init__(self, document: Document, sent: str) -> None:
        self.order = PurchaseOrder(document.segments[0], WORDS, sent=sent)
        self.change = document.kind == "ORDCHG"
        self.party: Party | None = None
        self.line: PoLine | None = None
        self.deleted = False
        self.allowance: str = ""  # the kind of the ALC group we are in
        self.summary = False
        self.totals: list[Amount] = []  # taxes of the summary: the sum of those above, if there are any

    def read(self, document: Document) -> PurchaseOrder:
        for segment in document.body:
            known = _READERS.get(segment.tag)
            if known is not None:
                known(self, segment)
        order = self.order
        if not order.taxes and not any(line.taxes for line in order.lines):
            order.taxes = self.totals[:1]
        return order

    def begin(self, segment: Segment) -> None:
        order = self.order
        order.at = segment
        purpose = _PURPOSES.get(segment.get(3))
        if purpose is None:
            self._wrong(Place(segment, 3, name="BGM.1225"), "is no purpose that we know")
        order.purpose = "blanket" if segment.get(1) == _BLANKET else purpose or "order"
        if not self.change:
            order.number = segment.get(2)
        elif order.purpose != "cancellation":
            order.purpose = "reduction"

    def reference(self, segment: Segment) -> None:
        """RFF: a change names its order here."""
        if self.change and segment.get(1) == "ON" and self.line is None:
            self.order.number = segment.get(1, 2)

    def date(self, segment: Segment) -> None:
        kind, text = segment.get(1), segment.get(1, 2).partition("-")[0]
        if kind in _ORDERED:
            self.order.ordered_on = self.order.ordered_on or text
        elif kind in _SHIP_BY:
            self.order.ship_by = self.order.ship_by or text
        elif kind in _DELIVER_BY:
            self.order.deliver_by = self.order.deliver_by or text

    def currency(self, segment: Segment) -> None:
        self.order.currency = self.order.currency or segment.get(1, 2)

    def carrier(self, segment: Segment) -> None:
        """TDT: the carrier by name or number, else the mode."""
        texts = (segment.get(5, 4), segment.get(5), segment.get(4))
        self.order.service = self.order.service or next((text for text in texts if text), "")

    def name(self, segment: Segment) -> None:
        """NAD: structured, or name and address as lines of text."""
        role = _ROLES.get(segment.get(1))
        party = Party(segment, name=_joined(segment, 4), code=segment.get(2))
        party.address_lines = [text for text in (segment.get(5, each) for each in (1, 2, 3, 4)) if text]
        party.city, party.region = segment.get(6), segment.get(7)
        party.postal_code, party.country = segment.get(8), segment.get(9)
        loose = [text for text in (segment.get(3, each) for each in range(1, 6)) if text]
        if loose and not party.name:
            party.name, party.address_lines = loose[0], loose[1:]
        self.party = party
        if role and self.line is None:
            self.order.parties.setdefault(role, party)
        elif role == "ship_to":
            self._wrong(Place(segment, 1, name="NAD.3035"), "a place of its own for one line is not supported")

    def contact(self, segment: Segment) -> None:
        """COM, under the party before it."""
        if self.party and segment.get(1, 2) == "TE":
            self.party.phone = self.party.phone or segment.get(1)
        elif self.party and segment.get(1, 2) == "EM":
            self.party.email = self.party.email or segment.get(1)

    def text(self, segment: Segment) -> None:
        text = _joined(segment, 4)
        if text:
            self.order.notes.append(f"line {self.line.number}: {text}" if self.line else text)

    def item(self, segment: Segment) -> None:
        self.party, self.allowance = None, ""
        self.deleted = segment.get(2) == "2"
        if self.change and not self.deleted:
            self._wrong(
                Place(segment, 2, name=f"lines.{len(self.order.lines)}.LIN.1229"),
                "only lines that are deleted (2) can be changed; send a new order instead",
            )
        self.line = PoLine(segment, number=segment.get(1))
        if segment.get(3):
            self.line.numbers.append((segment.get(3, 2), segment.get(3)))
        self.order.lines.append(self.line)

    def more_numbers(self, segment: Segment) -> None:
        """PIA: product numbers beside the one of LIN."""
        if self.line and segment.get(1) in ("1", "5"):
            rows = [(segment.get(place, 2), segment.get(place)) for place in range(2, len(segment.elements) + 1)]
            self.line.numbers += [row for row in rows if row[1]]

    def quantity(self, segment: Segment) -> None:
        if self.line is None or segment.get(1) != "21":
            return
        text = segment.get(1, 2)
        self.line.quantity = Amount(_plain(text), self._in_line(segment, 1, 2, "QTY.6060"))
        self.line.unit = segment.get(1, 3)
        if self.change and self.deleted:
            if text.isascii() and text.isdigit() and len(text) < 8:  # noqa: PLR2004  a million at most
                self.order.gone[self.line.number] = text
            else:
                self._wrong(self._in_line(segment, 1, 2, "QTY.6060"), "how many units go")

    def price(self, segment: Segment) -> None:
        """PRI: the net price if there is one; `per` is its basis quantity."""
        line = self.line
        if line is None or (line.price is not None and segment.get(1) != "AAA"):
            return
        line.price = Amount(_plain(segment.get(1, 2)), self._in_line(segment, 1, 2, "PRI.5118"))
        basis = segment.get(1, 5)
        if basis:
            if not (basis.isascii() and basis.isdigit() and int(basis[:9]) > 0 and len(basis) < 8):  # noqa: PLR2004
                self._wrong(self._in_line(segment, 1, 5, "PRI.5284"), "must be a whole number above zero")
            else:
                line.per = int(basis)

    def money(self, segment: Segment) -> None:
        kind, text = segment.get(1), _plain(segment.get(1, 2))
        owner = self.order if self.summary or self.line is None else self.line
        amount = Amount(text, self._in_line(segment, 1, 2, "MOA.5004"))
        if kind in _STATED and owner is self.order:
            self.order.stated[_STATED[kind]] = amount
        elif kind in _TAX and self.summary:
            self.totals.append(amount)
        elif kind in _TAX:
            owner.taxes.append(amount)
        elif kind in _ALLOWANCE or (kind == "8" and self.allowance == "A"):
            owner.allowances.append(amount)
        elif kind in _CHARGE or (kind == "8" and self.allowance == "C"):
            owner.charges.append(amount)
        elif kind in _LINE_AMOUNT and self.line and not self.summary:
            self._line_amount(amount)

    def _line_amount(self, amount: Amount) -> None:
        """A line that names its amount and no price: the amount is the price of all its units."""
        line = self.line
        units = line.quantity.text[:9] if line and line.quantity else ""
        if line and line.price is None and units.isascii() and units.isdigit() and int(units):
            line.price, line.per = amount, int(units)

    def allowance_or_charge(self, segment: Segment) -> None:
        self.allowance = segment.get(1)

    def section(self, _segment: Segment) -> None:
        self.summary, self.party, self.allowance = True, None, ""

    def count(self, segment: Segment) -> None:
        what = {"1": "quantity", "2": "lines"}.get(segment.get(1))
        if what:
            self.order.stated[what] = Amount(_plain(segment.get(1, 2)), Place(segment, 1, 2, name="CNT.6066"))

    def many_places(self, segment: Segment) -> None:
        """LOC+7 below a line: so many units for that place (EANCOM split delivery)."""
        if self.line and segment.get(1) == "7":
            place = self._in_line(segment, 2, 1, "LOC.3225")
            self._wrong(place, "one order for many places is not supported: send one for each")

    def _in_line(self, segment: Segment, element: int, component: int, name: str) -> Place:
        inside = self.line is not None and not self.summary
        return Place(segment, element, component, len(self.order.lines) - 1 if inside else None, name)

    def _wrong(self, place: Place, message: str) -> None:
        self.order.mistakes.append(place.mistake(_INVALID, message))


def _joined(segment: Segment, element: int) -> str:
    return " ".join(text for text in (segment.get(element, each) for each in range(1, 6)) if text)


def _plain(text: str) -> str:
    """ISO 9735 takes a comma for the decimal mark as well as a point, whatever UNA says."""
    return text.replace(",", ".")


_READERS: dict[str, Callable[[OrderReader, Segment], None]] = {
    "BGM": OrderReader.begin,
    "RFF": OrderReader.reference,
    "DTM": OrderReader.date,
    "CUX": OrderReader.currency,
    "TDT": OrderReader.carrier,
    "NAD": OrderReader.name,
    "COM": OrderReader.contact,
    "FTX": OrderReader.text,
    "LIN": OrderReader.item,
    "PIA": OrderReader.more_numbers,
    "QTY": OrderReader.quantity,
    "PRI": OrderReader.price,
    "MOA": OrderReader.money,
    "ALC": OrderReader.allowance_or_charge,
    "UNS": OrderReader.section,
    "CNT": OrderReader.count,
    "LOC": OrderReader.many_places,
}
