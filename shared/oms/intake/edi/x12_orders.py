"""X12 850 (purchase order) and what can be read of an 860 (its change): the segments that an order is made of.

Element numbers and codes are those of X12 004010; later versions only add. Segments that say nothing an order needs
(packing, marks, hash data) are passed over; what would change the order and is not understood refuses it.
"""

from collections.abc import Callable

from oms.intake.edi.purchase_order import Amount, Party, Place, PoLine, PurchaseOrder, Purpose, Word
from oms.intake.edi.segments import Document, Segment

_PURPOSES: dict[str, Purpose] = {
    "00": "order", "06": "order", "07": "order", "15": "order", "18": "order", "01": "cancellation",
    "04": "change", "05": "change", "22": "copy", "24": "copy",
}  # fmt: skip
_BLANKET = frozenset({"BE", "BK"})  # releases against it bring the orders
_ROLES = {"ST": "ship_to", "BY": "buyer", "SO": "buyer", "BT": "bill_to"}
_SHIP_BY = ("010", "038")
_DELIVER_BY = ("002", "106", "063", "067")
_PER = {"HP": 100, "TP": 1_000}
_FREE = frozenset({"NC", "FR"})
_TAX = "H850"  # the charge code (X12 1300) for sales and use tax
_MISSING_PAIR = "2"  # AK403: a conditional element is missing
WORDS = {
    "number": Word("BEG03", 3),
    "currency": Word("CUR02", tag="CUR"),
    "lines": Word("PO1", tag="PO1"),
    "product": Word("PO107", 7),
    "quantity": Word("PO102", 2),
    "price": Word("PO104", 4),
    "ship_to": Word("N1*ST", tag="N1"),
    "total": Word("AMT", tag="AMT"),
    "dates": Word("DTM", tag="DTM"),
}


class OrderReader:
    """Reads one transaction set, segment by segment."""

    def __init__(self, document: Document, sent: str) -> None:
        self.order = PurchaseOrder(document.segments[0], WORDS, sent=sent)
        self.party: Party | None = None
        self.line: PoLine | None = None
        self.summary = False

    def read(self, document: Document) -> PurchaseOrder:
        for segment in document.body:
            known = _READERS.get(segment.tag)
            if known is not None:
                known(self, segment)
        return self.order

    def begin(self, segment: Segment) -> None:
        """BEG, the beginning of a purchase order."""
        order = self.order
        order.at = segment
        self._purpose(segment)
        if segment.get(2) in _BLANKET:
            order.purpose = "blanket"
        order.number, order.release, order.ordered_on = segment.get(3), segment.get(4), segment.get(5)

    def begin_change(self, segment: Segment) -> None:
        """BCH, the beginning of a change of one."""
        self.order.at = segment
        self._purpose(segment)
        if self.order.purpose != "cancellation":
            self.order.purpose = "reduction"
        self.order.number, self.order.release = segment.get(3), segment.get(4)

    def _purpose(self, segment: Segment) -> None:
        purpose = _PURPOSES.get(segment.get(1))
        if purpose is None:
            self._wrong(Place(segment, 1), "is no purpose that we know")
        self.order.purpose = purpose or "order"

    def currency(self, segment: Segment) -> None:
        code = segment.get(2)
        if self.order.currency and code != self.order.currency:
            self._wrong(Place(segment, 2), f"the order is in {self.order.currency} already")
        self.order.currency = code

    def date(self, segment: Segment) -> None:
        """The first date of a kind is the order's, wherever it stands."""
        if segment.get(1) in _SHIP_BY:
            self.order.ship_by = self.order.ship_by or segment.get(2)
        elif segment.get(1) in _DELIVER_BY:
            self.order.deliver_by = self.order.deliver_by or segment.get(2)

    def terms(self, segment: Segment) -> None:
        self.order.terms = segment.get(12)

    def carrier(self, segment: Segment) -> None:
        self.order.service = self.order.service or segment.get(5) or segment.get(3)

    def name(self, segment: Segment) -> None:
        role = _ROLES.get(segment.get(1))
        self.party = Party(segment, name=segment.get(2), code=segment.get(4))
        if role and self.line is None:
            self.order.parties.setdefault(role, self.party)
        elif role == "ship_to":
            self._wrong(Place(segment, 1), "a place of its own for one line is not supported")

    def more_name(self, segment: Segment) -> None:
        if self.party:
            self.party.more_names += [each for each in (segment.get(1), segment.get(2)) if each]

    def street(self, segment: Segment) -> None:
        if self.party:
            self.party.address_lines += [each for each in (segment.get(1), segment.get(2)) if each]

    def city(self, segment: Segment) -> None:
        if self.party:
            self.party.city, self.party.region = segment.get(1), segment.get(2)
            self.party.postal_code, self.party.country = segment.get(3), segment.get(4)

    def contact(self, segment: Segment) -> None:
        """PER: pairs of a kind of number and the number, from the third element on."""
        if self.party is None:
            return
        for place in (3, 5, 7):
            if segment.get(place) == "TE":
                self.party.phone = segment.get(place + 1)
            elif segment.get(place) == "EM":
                self.party.email = segment.get(place + 1)

    def item(self, segment: Segment) -> None:
        """PO1, a line."""
        place = len(self.order.lines)
        line = PoLine(segment, number=segment.get(1), unit=segment.get(3), per=_PER.get(segment.get(5), 1))
        if segment.get(2):
            line.quantity = Amount(segment.get(2), Place(segment, 2, line=place))
        if segment.get(4) or segment.get(5) in _FREE:
            line.price = Amount(segment.get(4) or "0", Place(segment, 4, line=place))
        for element in range(6, len(segment.elements) + 1, 2):
            qualifier, number = segment.get(element), segment.get(element + 1)
            if qualifier and number:
                line.numbers.append((qualifier, number))
            elif qualifier or number:
                missing = element if number else element + 1
                self.order.mistakes.append(
                    Place(segment, missing, line=place).mistake(
                        _MISSING_PAIR, "is missing: a qualifier and a number go together"
                    )
                )
        self.party, self.line = None, line
        self.order.lines.append(line)

    def price(self, segment: Segment) -> None:
        """CTP, a price beside the line's own."""
        if self.line and self.line.price is None and segment.get(3):
            self.line.price = Amount(segment.get(3), self._in_line(segment, 3))

    def allowance(self, segment: Segment) -> None:
        """SAC, an allowance or charge; its amount has two implied decimals."""
        kind = segment.get(1)
        if kind not in ("A", "C"):
            return
        place = self._in_line(segment, 5)
        if not segment.get(5):
            self.order.mistakes.append(place.mistake(_MISSING_PAIR, "an allowance or charge without an amount"))
            return
        owner = self.line if self.line and not self.summary else self.order
        rows = owner.allowances if kind == "A" else owner.taxes if segment.get(2) == _TAX else owner.charges
        rows.append(Amount(segment.get(5), place, implied=2))

    def tax(self, segment: Segment) -> None:
        place = self._in_line(segment, 2)
        if not segment.get(2):
            self.order.mistakes.append(place.mistake(_MISSING_PAIR, "a tax without an amount"))
            return
        owner = self.line if self.line and not self.summary else self.order
        owner.taxes.append(Amount(segment.get(2), place))

    def message(self, segment: Segment) -> None:
        text = segment.get(1)
        if text:
            self.order.notes.append(f"line {self.line.number}: {text}" if self.line and not self.summary else text)

    def many_places(self, segment: Segment) -> None:
        self._wrong(self._in_line(segment, 3), "one order for many places is not supported: send one for each")

    def count(self, segment: Segment) -> None:
        """CTT: the number of lines and the sum of their quantities."""
        self.summary = True
        if segment.get(1):
            self.order.stated["lines"] = Amount(segment.get(1), Place(segment, 1))
        if segment.get(2):
            self.order.stated["quantity"] = Amount(segment.get(2), Place(segment, 2))

    def total(self, segment: Segment) -> None:
        what = {"1": "goods", "TT": "total"}.get(segment.get(1))
        if what and (self.summary or self.line is None) and segment.get(2):
            self.order.stated[what] = Amount(segment.get(2), Place(segment, 2))

    def changed_line(self, segment: Segment) -> None:
        """POC, a line of a change: the deletion of a line is understood, nothing else."""
        if segment.get(2) != "DI":
            self._wrong(Place(segment, 2), "only lines that are deleted (DI) can be changed; send a new order instead")
            return
        quantity = segment.get(3)
        if not (quantity.isascii() and quantity.isdigit() and 0 < len(quantity) < 8):  # noqa: PLR2004  a million at most
            self._wrong(Place(segment, 3), "how many units go")
            return
        self.order.gone[segment.get(1)] = quantity

    def _in_line(self, segment: Segment, element: int) -> Place:
        inside = self.line is not None and not self.summary
        return Place(segment, element, line=len(self.order.lines) - 1 if inside else None)

    def _wrong(self, place: Place, message: str) -> None:
        self.order.mistakes.append(place.mistake("7", message))


_READERS: dict[str, Callable[[OrderReader, Segment], None]] = {
    "BEG": OrderReader.begin,
    "BCH": OrderReader.begin_change,
    "CUR": OrderReader.currency,
    "DTM": OrderReader.date,
    "ITD": OrderReader.terms,
    "TD5": OrderReader.carrier,
    "N1": OrderReader.name,
    "N2": OrderReader.more_name,
    "N3": OrderReader.street,
    "N4": OrderReader.city,
    "PER": OrderReader.contact,
    "PO1": OrderReader.item,
    "CTP": OrderReader.price,
    "SAC": OrderReader.allowance,
    "TXI": OrderReader.tax,
    "MSG": OrderReader.message,
    "MTX": OrderReader.message,
    "SDQ": OrderReader.many_places,
    "CTT": OrderReader.count,
    "AMT": OrderReader.total,
    "POC": OrderReader.changed_line,
}
