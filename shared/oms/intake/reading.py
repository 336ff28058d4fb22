"""The reading kit of the channel plug-ins: what every sender's document needs, so that a plug-in is mapping only.

A `Reader` takes values out of one document and collects everything that is wrong with it, in the sender's own words:
the caller reads on, and `order` refuses once, with all faults. Absent, null and blank are the same to it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from pydantic import ValidationError

from oms.intake.model import NewOrder
from oms.kernel.errors import Fault, MalformedError, RejectedError, words_of
from oms.kernel.identifiers import OWN_IDS, code_of
from oms.kernel.json import read_json
from oms.kernel.money import to_minor
from oms.kernel.postal import needs
from oms.kernel.time import from_text, to_text

Document = Mapping[str, Any]
_BREAKS = re.compile(r"[\t\n\v\f\r]+")  # shops let buyers type them into single-line fields
_WHOLE = re.compile(r"\d{1,15}(?:\.0{1,6})?\Z", re.ASCII)
_EPOCH_LIMIT_MS = 253_402_300_800_000  # the year 10000
MAX_NOTE = 2_000  # characters
_LINES = 4  # address lines that an order of ours has


def read_object(raw: bytes) -> Document:
    """The document of a message that must be a JSON object.

    Raises:
        MalformedError: it is not.
        TooLargeError: see `read_json`.
    """
    document = read_json(raw)
    if not isinstance(document, dict):
        raise MalformedError("the message must be a JSON object", faults=[Fault("body", "must be an object")])
    return document


def apart(amount_minor: int, units: int) -> tuple[int, int]:
    """Unit price and line discount that make exactly this line amount, for senders that say only the amount.

    The price is rounded up, so what is discounted is less than one minor unit for each of the units.
    """
    price = -(-amount_minor // units) if units > 0 else amount_minor
    return price, price * units - amount_minor if units > 0 else 0


def settled(ours: dict[str, Any]) -> dict[str, Any]:
    """The order with its sender's rounding made visible: a unit for each line and for shipping, no more.

    Senders that round every amount by itself miss their own total now and then. The total is what the buyer paid, so
    it stays; the difference becomes a charge or a discount. A greater difference stays too, for the checks to find.
    """
    lines = ours["lines"]
    amounts = sum(line["quantity"] * line["unit_price_minor"] - line["discount_minor"] for line in lines)
    parts = amounts - ours["discount_minor"] + ours["shipping_minor"]
    parts += 0 if ours.get("taxes_included") else ours["tax_minor"]
    difference = ours["total_minor"] - parts
    if not 0 < abs(difference) <= len(lines) + 1:
        return ours
    name = "shipping_minor" if difference > 0 else "discount_minor"
    return {**ours, name: ours[name] + abs(difference)}


class AddressNames(NamedTuple):
    """What a sender calls the parts of an address. Where several are named, the first that is not blank is taken."""

    name: Sequence[str] = ("name",)
    parts_of_name: Sequence[str] = ("first_name", "last_name")
    company: str = "company"
    lines: Sequence[str] = ("address1", "address2")
    city: str = "city"
    region: Sequence[str] = ("region",)
    postal_code: str = "postal_code"
    country: str = "country"
    phone: str = "phone"


class Reader:
    """Reads one document.

    `theirs` says where our fields stand in it, with `*` for the place in a list: `{"lines": "line_items",
    "lines.*.sku": "line_items.*.sku"}`. The longest beginning that is named counts.
    """

    own_ids: re.Pattern[str] | None = None  # how ids look that the sender counts itself, see `CountsIds`

    def __init__(self, theirs: Mapping[str, str], currency: str = "") -> None:
        self._faults: dict[Fault, None] = {}  # in order, each once though a list be read twice
        self.currency = currency
        self._theirs = theirs

    def fault(self, path: str, message: str) -> None:
        self._faults[Fault(path, message)] = None

    @property
    def faults(self) -> tuple[Fault, ...]:
        return tuple(self._faults)

    def text(self, owner: Document, name: str, path: str = "") -> str | None:
        """A text without line breaks and outer blanks; a number is taken as it is written."""
        value = owner.get(name)
        if value is None:
            return None
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            return str(value)
        if isinstance(value, str):
            return _BREAKS.sub(" ", value).strip() or None
        self.fault(at(path, name), "must be a text")
        return None

    def long_text(self, owner: Document, name: str, path: str = "") -> str | None:
        """A text of several lines, such as the buyer's note."""
        value = owner.get(name)
        if value is None or isinstance(value, str):
            return (value or "").strip() or None
        self.fault(at(path, name), "must be a text")
        return None

    def first(self, owner: Document, names: Sequence[str], path: str = "") -> str | None:
        """The first of several fields that says something."""
        return next((found for name in names if (found := self.text(owner, name, path))), None)

    def identifier(self, owner: Document, name: str, path: str = "", *, needed: bool = False) -> str | None:
        """The sender's name of a thing: a text, or a positive number."""
        value = owner.get(name)
        if isinstance(value, bool) or (isinstance(value, int) and value <= 0) or isinstance(value, Decimal):
            self.fault(at(path, name), "must be a text or a positive integer")
            return None
        found = self.text(owner, name, path)
        if needed and found is None:
            self.fault(at(path, name), "is needed")
        return found

    def number(self, owner: Document, name: str, path: str = "") -> int:
        """Whole units, also where they are written as `"3"` or `3.0000`; none is nothing."""
        value = owner.get(name)
        if value is None or value == "":
            return 0
        written = format(value, "f") if isinstance(value, Decimal) else str(value)
        if not isinstance(value, bool) and _WHOLE.match(written):
            return int(Decimal(written))
        self.fault(at(path, name), "must be a whole number, not negative")
        return 0

    def money(self, owner: Document, name: str, path: str = "") -> int:
        """Minor units of an amount; none is nothing."""
        amount = self.signed(owner, name, path)
        if amount < 0:
            self.fault(at(path, name), "must not be negative")
        return max(amount, 0)

    def signed(self, owner: Document, name: str, path: str = "") -> int:
        """As `money`, for an amount that may be negative."""
        value = owner.get(name)
        if value is None or value == "":
            return 0
        if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
            self.fault(at(path, name), "must be an amount")
            return 0
        try:
            return to_minor(format(value, "f") if isinstance(value, Decimal) else str(value), self.currency)
        except ValueError as error:
            self.fault(at(path, name), str(error))
            return 0

    def instant(self, owner: Document, name: str, path: str = "", *, naive_utc: bool = False) -> str | None:
        """An ISO 8601 instant as UTC text; one without an offset only where the sender means UTC (`naive_utc`)."""
        written = self.text(owner, name, path)
        if written is None:
            return None
        try:
            if naive_utc and datetime.fromisoformat(written).tzinfo is None:
                written += "Z"
            return to_text(from_text(written))
        except ValueError:
            self.fault(at(path, name), "must be an ISO 8601 instant" + ("" if naive_utc else " with its offset"))
            return None

    def epoch(self, owner: Document, name: str, path: str = "", *, unit_ms: int = 1) -> str | None:
        """An instant counted since 1970, in units of `unit_ms` milliseconds, as UTC text."""
        value = self.number(owner, name, path) * unit_ms
        if value >= _EPOCH_LIMIT_MS:
            self.fault(at(path, name), "is out of range")
            return None
        return (
            to_text(datetime.fromtimestamp(value // 1000, UTC).replace(microsecond=value % 1000 * 1000))
            if value
            else None
        )

    def rows(self, owner: Document, name: str, path: str = "") -> Sequence[Document]:
        """A list of objects; none is the empty list."""
        value = owner.get(name)
        if value is None:
            return []
        if isinstance(value, list) and all(isinstance(row, dict) for row in value):
            return value
        self.fault(at(path, name), "must be a list of objects")
        return []

    def object(self, owner: Document, name: str, path: str = "") -> Document:
        """An object; none is the empty one."""
        value = owner.get(name)
        if value is None or value == []:  # PHP writes an empty map so
            return {}
        if isinstance(value, dict):
            return value
        self.fault(at(path, name), "must be an object")
        return {}

    def person(self, owner: Document, names: AddressNames, path: str = "") -> dict[str, Any]:
        """Name, company and telephone that stand in an address."""
        parts = [part for name in names.parts_of_name if (part := self.text(owner, name, path))]
        return {
            "name": self.first(owner, names.name, path) or " ".join(parts) or self.text(owner, names.company, path),
            "company": self.text(owner, names.company, path),
            "phone": self.text(owner, names.phone, path),
        }

    def address(self, owner: Document, names: AddressNames, path: str = "") -> dict[str, Any]:
        """The place, without what is not said. Lines beyond the fourth join it, so that none is lost."""
        lines = [line for name in names.lines if (line := self.text(owner, name, path))]
        if len(lines) > _LINES:
            lines[_LINES - 1 :] = [", ".join(lines[_LINES - 1 :])]
        place = {
            "address_lines": lines,
            "city": self.text(owner, names.city, path),
            "region": self.first(owner, names.region, path),
            "postal_code": self.text(owner, names.postal_code, path),
            "country": self.text(owner, names.country, path),
        }
        return {part: said for part, said in place.items() if said is not None}

    def bill_to(self, owner: Document, names: AddressNames, path: str, ship_to: Document) -> dict[str, Any] | None:
        """Who is billed, where that is another than `ship_to` (with its name) and complete enough to mean somebody."""
        person = self.person(owner, names, path)
        billed = {"name": person["name"], "company": person["company"], **self.address(owner, names, path)}
        needed = ("name", "address_lines", "country", *(["city"] if needs("city", billed.get("country", "")) else []))
        complete = all(billed.get(part) for part in needed)
        same = all(ship_to.get(part) == value for part, value in billed.items())
        return billed if complete and not same else None

    def order(self, ours: Document) -> NewOrder:
        """The order, when nothing was wrong on the way and nothing is with the result.

        Raises:
            RejectedError: code `invalid`, or `card_number` where an identifier carries one, with every fault found.
        """
        self.refuse()
        try:
            return NewOrder.model_validate(ours, context={OWN_IDS: self.own_ids})
        except ValidationError as error:
            rows = error.errors(include_url=False, include_input=False)
            for row in rows:
                self.fault(self._their_path(row["loc"]), words_of(row["msg"]))
            self.refuse(code_of(rows))
            raise

    def refuse(self, code: str = "invalid") -> None:
        """Refuse the document if anything is wrong with it.

        Raises:
            RejectedError: with this code and every fault found.
        """
        if self.faults:
            raise RejectedError(f"{len(self.faults)} field(s) are not valid", code=code, faults=self.faults)

    def _their_path(self, location: tuple[int | str, ...]) -> str:
        """`lines.0.sku` as `line_items.0.sku`."""
        places = [str(part) for part in location if isinstance(part, int)]
        parts = ["*" if isinstance(part, int) else part for part in location]
        for end in range(len(parts), 0, -1):
            found = self._theirs.get(".".join(parts[:end]))
            if found is not None:
                parts = [*found.split("."), *parts[end:]]
                break
        filled = iter(places)
        return ".".join(next(filled, "*") if part == "*" else part for part in parts)


def note_of(first: str | None, extras: Iterable[str]) -> str | None:
    """The buyer's note with what else was said, a line each; what does not fit is cut visibly (the archive has it)."""
    said = "\n".join([first] if first else []) + "".join(f"\n{extra}" for extra in extras)
    said = said.strip()
    return (said if len(said) <= MAX_NOTE else said[: MAX_NOTE - 1] + "…") or None


def at(path: str, name: str | int) -> str:
    """The path of a field inside of `path`."""
    return f"{path}.{name}" if path else str(name)
