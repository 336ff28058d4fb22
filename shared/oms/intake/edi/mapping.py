"""From a purchase order to our own, by the terms agreed with the partner.

What a purchase order leaves out because both sides know it stands in the options of the channel:

| option | what |
|---|---|
| `currency`, `country` | where the document names none |
| `account_id` | the customer account that the orders are on |
| `sender` | the partner's ids in the envelope, comma separated; any when absent |
| `numbers` | qualifiers of product numbers that are SKUs, best first |
| `sku.<number>` | our SKU for a product number of theirs |
| `price.<sku>` | the agreed price, where a line names none |
| `unit.<code>` | how many of our units one of theirs is |
| `place.<code>` | name and address (JSON) of a place that is named by its number |
| `place` | the same of the one place of a partner that names none |
| `own_ids_digits` | how many digits their order numbers have, where one may look like a card number |
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from pydantic import ValidationError

from oms.intake.edi.dates import instant_of
from oms.intake.edi.purchase_order import Amount, Party, Place, PoLine, PurchaseOrder, number_of
from oms.intake.edi.segments import Mistake
from oms.intake.model import NewOrder
from oms.intake.notices import own_ids_of
from oms.kernel.errors import RejectedError, words_of
from oms.kernel.identifiers import OWN_IDS, code_of
from oms.kernel.json import read_json
from oms.kernel.money import exponent
from oms.orders.goods import MAX_LINES

MISSING, INVALID = "1", "7"  # X12 AK403: mandatory element missing, invalid code value; CONTRL has its own
# Each, piece, unit, and no unit at all: X12 355 and UN/ECE 20 alike. All else is a matter of agreement.
_SINGLE = frozenset({"", "EA", "PC", "PCE", "UN", "C62", "NAR", "ST", "PCS"})
_FIXED = {"DZ": 12, "DZN": 12}
_SKU_NUMBERS = "VN,VP,VA,SA,SK,SRV,EN,UP,EO,UK"
_NOTE = 2_000
_TOLD = 100  # mistakes that are named; who makes more has made one of them often
_MAX_QUANTITY = 1_000_000


class UnreadableError(RejectedError):
    """A document that is no order of ours, with its mistakes as an acknowledgement names them."""

    def __init__(self, mistakes: list[Mistake], *, code: str = "invalid") -> None:
        told = [mistake.fault for mistake in mistakes[:_TOLD]]
        super().__init__(f"{len(mistakes)} mistake(s) in the document", code=code, faults=told)
        self.mistakes = mistakes


class Mapper:
    """Maps one purchase order and collects what is wrong with it."""

    def __init__(self, channel: str, options: Mapping[str, str], order: PurchaseOrder) -> None:
        self.channel = channel
        self.options = options
        self.order = order
        self.currency = order.currency or options.get("currency", "")
        self.mistakes = list(order.mistakes)
        self.extra_charges = 0

    def map(self) -> NewOrder:
        """Our order.

        Raises:
            UnreadableError: all that is wrong with it.
        """
        self._require(self.order.number, self.order.place("number"), "the purchase order has no number")
        self._require(self.currency, self.order.place("currency"), "no currency: none is sent, none agreed")
        if not 0 < len(self.order.lines) <= MAX_LINES:
            self.mistakes.append(
                self.order.place("lines").mistake(MISSING, f"1 to {MAX_LINES} lines, not {len(self.order.lines)}")
            )
        lines = [self._line(line, place) for place, line in enumerate(self.order.lines[:MAX_LINES])]
        ours = self._order(lines)
        self._check_totals(ours)
        if self.mistakes:
            raise UnreadableError(self.mistakes)
        try:
            return NewOrder.model_validate(ours, context={OWN_IDS: own_ids_of(None, self.options)})
        except ValidationError as error:
            rows = error.errors(include_url=False)
            raise UnreadableError([self._named(row) for row in rows], code=code_of(rows)) from None

    def _order(self, lines: list[dict[str, Any]]) -> dict[str, Any]:
        order = self.order
        tax = sum(line["tax_minor"] for line in lines) + self._sum(order.taxes)
        discount, charges = self._sum(order.allowances), self._sum(order.charges) + self.extra_charges
        goods = sum(line["quantity"] * line["unit_price_minor"] - line["discount_minor"] for line in lines)
        total = goods - discount + charges + tax
        if total < 0:
            self.mistakes.append(order.place("total").mistake(INVALID, "allowances are more than the goods"))
        account = self.options.get("account_id")
        return {
            "channel": self.channel,
            "external_order_id": order.name,
            "external_number": order.number,
            "currency": self.currency,
            "lines": lines,
            "shipping_minor": charges,
            "discount_minor": discount,
            "tax_minor": tax,
            "total_minor": max(total, 0),
            "account_id": account,
            "placed_at": self._instant(order.ordered_on),
            "payment": {"status": "none", "method": order.terms[:120] or "account"} if account or order.terms else None,
            "delivery": self._delivery(),
            "note": "\n".join(order.notes)[:_NOTE] or None,
            **self._people(),
        }

    def _line(self, line: PoLine, place: int) -> dict[str, Any]:
        sku = self._sku(line, place)
        factor = self._factor(line, place)
        ordered = self._quantity(line, place)
        units = ordered * factor
        if units != units.to_integral_value():
            message = f"{ordered} {line.unit[:20]} are no whole number of our units"
            self.mistakes.append(self.order.place("quantity", place).mistake(INVALID, message))
        amount = self._amount_of(line, place, sku, ordered)
        unit_price = -(-amount // int(units)) if units >= 1 else 0
        self.extra_charges += self._sum(line.charges)
        return {
            "sku": sku,
            "external_line_id": line.number or str(place + 1),
            "quantity": int(units),
            "unit_price_minor": unit_price,
            # A price finer than the minor unit is rounded up; what that is too much comes off the line again.
            "discount_minor": unit_price * int(units) - amount + self._sum(line.allowances),
            "tax_minor": self._sum(line.taxes),
        }

    def _sku(self, line: PoLine, place: int) -> str:
        for _, number in line.numbers:
            if f"sku.{number}" in self.options:
                return self.options[f"sku.{number}"]
        known = dict(reversed(line.numbers))
        for qualifier in self.options.get("numbers", _SKU_NUMBERS).split(","):
            if known.get(qualifier):
                return known[qualifier]
        if line.numbers:
            return line.numbers[0][1]
        self.mistakes.append(self.order.place("product", place).mistake(MISSING, "the line names no product"))
        return "?"

    def _factor(self, line: PoLine, place: int) -> Decimal:
        agreed = number_of(self.options.get(f"unit.{line.unit}", ""))
        if agreed is not None and agreed > 0:
            return agreed
        if line.unit in _SINGLE:
            return Decimal(1)
        if line.unit in _FIXED:
            return Decimal(_FIXED[line.unit])
        at = line.quantity.place if line.quantity else self.order.place("quantity", place)
        message = f"no agreement says how many units one {line.unit[:20]} is (option unit.{line.unit[:20]})"
        self.mistakes.append(at.mistake(INVALID, message))
        return Decimal(1)

    def _quantity(self, line: PoLine, place: int) -> Decimal:
        if line.quantity is None:
            self.mistakes.append(self.order.place("quantity", place).mistake(MISSING, "the line has no quantity"))
            return Decimal(1)
        number = number_of(line.quantity.text)
        if number is None or not 0 < number <= _MAX_QUANTITY or number != number.to_integral_value():
            self.mistakes.append(line.quantity.place.mistake(INVALID, "must be a whole number above zero"))
            return Decimal(1)
        return number

    def _amount_of(self, line: PoLine, place: int, sku: str, ordered: Decimal) -> int:
        """Minor units of the whole line, rounded half up once."""
        price = line.price
        if price is None:
            agreed = number_of(self.options.get(f"price.{sku}", ""))
            if agreed is None:
                message = "the line has no price and none is agreed"
                self.mistakes.append(self.order.place("price", place).mistake(MISSING, message))
                return 0
            return self._minor(agreed * ordered)
        number = number_of(price.text, price.implied)
        if number is None or number < 0:
            self.mistakes.append(price.place.mistake(INVALID, "must be a plain decimal amount"))
            return 0
        return self._minor(number * ordered / line.per)

    def _sum(self, amounts: list[Amount]) -> int:
        total = 0
        for amount in amounts:
            number = number_of(amount.text, amount.implied)
            if number is None or number < 0:
                self.mistakes.append(amount.place.mistake(INVALID, "must be a plain decimal amount"))
                continue
            total += self._minor(number)
        return total

    def _minor(self, amount: Decimal) -> int:
        return int(amount.scaleb(exponent(self.currency)).quantize(Decimal(1), ROUND_HALF_UP))

    def _check_totals(self, ours: Mapping[str, Any]) -> None:
        """What the sender counted is what we count: a line lost on the way is noticed."""
        readable = not self.mistakes  # amounts that could not be read make every sum wrong
        lines = ours["lines"]
        goods = sum(line["quantity"] * line["unit_price_minor"] - line["discount_minor"] for line in lines)
        quantities = [number_of(line.quantity.text) for line in self.order.lines if line.quantity]
        found = {
            "lines": Decimal(len(self.order.lines)),
            "quantity": sum((each for each in quantities if each is not None), Decimal(0)),
            "goods": goods,
            "total": ours["total_minor"],
        }
        for what, stated in self.order.stated.items():
            number = number_of(stated.text, stated.implied)
            money = what in ("goods", "total")
            if number is None:
                self.mistakes.append(stated.place.mistake(INVALID, "must be a number"))
            elif money and not readable:
                continue
            elif (self._minor(number) if money else number) != found[what]:
                self.mistakes.append(
                    stated.place.mistake(INVALID, f"says {stated.text}, the {what} come to {found[what]}")
                )

    def _delivery(self) -> dict[str, Any] | None:
        delivery = {
            "service": self.order.service[:120] or None,
            "ship_by": self._instant(self.order.ship_by, end=True),
            "deliver_by": self._instant(self.order.deliver_by, end=True),
        }
        return delivery if any(delivery.values()) else None

    def _instant(self, text: str, *, end: bool = False) -> str | None:
        if not text:
            return None
        instant = instant_of(text, end=end)
        if instant is None:
            self.mistakes.append(self.order.place("dates").mistake("8", f"{text[:20]} is not a date"))
        return instant

    def _people(self) -> dict[str, Any]:
        parties = {role: self._known(party) for role, party in self.order.parties.items()}
        to = parties.get("ship_to")
        if to is None and "place" in self.options:
            to = self._filled(Party(self.order.at), self.options["place"])
        buyer = parties.get("buyer")
        to = to or (buyer if buyer and buyer.address_lines else None)
        if to is None or not to.address_lines:
            at = to.at if to else self.order.at
            code = f" (option place.{to.code[:40]})" if to and to.code else ""
            self.mistakes.append(self.order.place("ship_to", at=at).mistake(MISSING, f"no address to send to{code}"))
            return {}
        name = next((each for each in (to.name, buyer.name if buyer else "", to.code) if each), "")
        company = buyer.name if buyer and buyer.name and buyer.name != name else None
        contact = [to, *([buyer] if buyer else [])]
        bill_to = parties.get("bill_to")
        return {
            "customer": {
                "name": " ".join([name, *to.more_names])[:200],
                "email": next((each.email for each in contact if each.email), None),
                "phone": next((each.phone for each in contact if each.phone), None),
                "company": company,
            },
            "ship_to": self._address(to),
            "bill_to": {"name": bill_to.name or name, **self._address(bill_to)}
            if bill_to and bill_to.address_lines
            else None,
        }

    def _address(self, party: Party) -> dict[str, Any]:
        place = {
            "address_lines": party.address_lines[:4],
            "city": party.city,
            "region": party.region,
            "postal_code": party.postal_code,
            "country": party.country or self.options.get("country", ""),
        }
        return {part: said for part, said in place.items() if said}

    def _known(self, party: Party) -> Party:
        """The party, with what we know of the place where the document only gives its number."""
        if party.address_lines or not party.code or f"place.{party.code}" not in self.options:
            return party
        return self._filled(party, self.options[f"place.{party.code}"])

    def _filled(self, party: Party, record: str) -> Party:
        try:
            known = read_json(record.encode())
            return Party(**{**vars(party), **known, "at": party.at, "name": party.name or known.get("name", "")})
        except (RejectedError, TypeError, AttributeError):
            message = f"our record of the place {party.code[:40]} cannot be read"
            self.mistakes.append(self.order.place("ship_to", at=party.at).mistake(INVALID, message))
            return party

    def _require(self, text: str, place: Place, message: str) -> None:
        if not text:
            self.mistakes.append(place.mistake(MISSING, message))

    def _named(self, row: Any) -> Mistake:
        """A fault of our model, with the segment that the value came from."""
        path = [str(part) for part in row["loc"]]
        at = self.order.at
        if path[0] == "lines" and len(path) > 1 and path[1].isdigit():
            at = self.order.lines[int(path[1])].at
        elif path[0] in ("ship_to", "customer", "bill_to"):
            party = self.order.parties.get("bill_to" if path[0] == "bill_to" else "ship_to")
            at = party.at if party else at
        return Place(at, 0, name=".".join([*path, at.tag])).mistake(INVALID, words_of(row["msg"]))
