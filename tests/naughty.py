"""Every naughty string through every text field of an order and back: what is taken, changed, or refused (F12).

kept_pairs()        # read strictly, modelled and sealed
through_storage(w)  # posted, stored, read again
"""

import json
import unicodedata
from collections import Counter
from typing import Any, NamedTuple

from pydantic import ValidationError

from functions.intake.api_submit_orders import handler as submit
from oms.intake.model import NewOrder
from oms.intake.rules import person_id_of
from oms.kernel.json import read_json, write_json
from oms.orders.model import Order
from oms.orders.natural import order_id_of
from oms.privacy.model import Person, WrappingKey
from oms.privacy.rules import RANDOM, open_sealed, seal
from oms.wiring import Wiring
from tests.intake import canonical
from tests.lambda_events import api_event
from tests.shared_data import shared_data

# Every text field of an order: where it goes in, and where it is read back.
PLACES = {
    "customer.name": "person.name",
    "customer.email": "person.email",
    "customer.phone": "person.phone",
    "customer.company": "person.company",
    "ship_to.address_lines": "person.address_lines",
    "ship_to.city": "person.city",
    "ship_to.region": "person.region",
    "ship_to.postal_code": "person.postal_code",
    "bill_to.name": "person.billing.name",
    "bill_to.company": "person.billing.company",
    "bill_to.address_lines": "person.billing.address_lines",
    "bill_to.city": "person.billing.city",
    "bill_to.region": "person.billing.region",
    "bill_to.postal_code": "person.billing.postal_code",
    "note": "person.note",
    "gift_message": "person.gift_message",
    "external_number": "order.external_number",
    "payment.method": "order.payment_method",
    "delivery.service": "order.delivery.service",
    "delivery.pickup_location": "order.delivery.pickup_location",
}
_REFUSABLE = ("Cc", "Cs", "Zl", "Zp")
_BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_LINES = ("note", "gift_message")
_NAMES = ("external_number", "delivery.pickup_location")


def naughty() -> list[str]:
    strings = json.loads(shared_data("7_security_pii", "given", "naughty", "blns.json").read_bytes())
    assert len(strings) == 515
    return [str(text) for text in strings]


def with_text(base: dict[str, Any], place: str, text: str) -> dict[str, Any]:
    """The order with the text in one field."""
    outer, _, inner = place.partition(".")
    if not inner:
        return {**base, outer: text}
    value: Any = [text] if inner == "address_lines" else text
    return {**base, outer: {**base.get(outer, {}), inner: value}}


def whole() -> dict[str, Any]:
    bill_to = {"name": "A", "address_lines": ["B"], "city": "C", "country": "DE"}
    return canonical(bill_to=bill_to, payment={"status": "paid"}, delivery={})


def taken(place: str, text: str) -> bool:
    try:
        NewOrder.model_validate(with_text(whole(), place, text))
    except ValidationError:
        return False
    return True


def may_be_refused(place: str, text: str) -> bool:
    """Blank, too long for the field, with characters that hide what a text is, or no e-mail address."""
    room = {"customer.email": 254, "customer.phone": 40, "ship_to.postal_code": 20, "bill_to.postal_code": 20}
    if place in _LINES:
        text = "".join(text.split("\n")).replace("\r", "").replace("\t", "")
    hidden = any(unicodedata.category(each) in _REFUSABLE or each in _BIDI for each in text)
    hidden = hidden or (place in _NAMES and _passes_for_another(text))
    return not text.strip() or hidden or len(text) > room.get(place, 120) or place == "customer.email"


def _passes_for_another(text: str) -> bool:
    """Whether a name has outer blanks, or a character that cannot be seen or stands for ASCII ones."""
    alike = [each for each in text if not each.isascii() and unicodedata.normalize("NFKC", each).isascii()]
    unseen = [each for each in text if unicodedata.category(each) in ("Cf", "Zs", "Mn") and each != " "]
    return text != text.strip() or bool(alike or unseen)


def read_back(place: str, person: Person, order: Order) -> Any:
    value: Any = {"person": person.model_dump(), "order": order.model_dump()}
    for step in PLACES[place].split("."):
        value = value[step]
        value = json.loads(value) if step == "billing" else value
    return value[0] if place.endswith("address_lines") else value


def normal(place: str, text: str) -> str:
    if place in _LINES:
        lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ").split("\n")
        text = "\n".join(line if line.strip() else "" for line in lines)
    return unicodedata.normalize("NFC", text)


class Pairs(NamedTuple):
    """Pairs of string and field: taken as they are in NFC, otherwise, or refused. `unsealed`: changed by the seal."""

    same: int
    changed: int
    refused: int
    unsealed: int


class Stored(NamedTuple):
    """Strings that came back as they were, those that did not, and the answers by status."""

    back: set[str]
    changed: list[tuple[str, str]]
    answers: Counter[int]


def kept_pairs() -> Pairs:
    """Each string through each text field: JSON, the model, and the envelope that is stored."""
    key, outcomes, unsealed = WrappingKey("2026-11-23", b"k" * 32), Counter[str](), 0
    for text in naughty():
        person = Person(id="per_1", name=text, note=text, address_lines=(text,))
        unsealed += open_sealed("per_1", seal(person, key, b"pepper", b"r" * RANDOM), key) != person
        outcomes.update(_kept(place, text) for place in PLACES)
    return Pairs(outcomes["same"], outcomes["changed"], outcomes["refused"], unsealed)


def _kept(place: str, text: str) -> str:
    raw = write_json(with_text(whole(), place, text)).encode()
    try:
        kept: Any = NewOrder.model_validate(read_json(raw)).model_dump()
    except ValidationError:
        return "refused"
    for step in place.split("."):
        kept = kept[step]
    return "same" if (kept[0] if isinstance(kept, list) else kept) == normal(place, text) else "changed"


def through_storage(shop: Wiring) -> Stored:
    """Post orders full of these strings, and read them and their persons from the tables again."""
    strings, places = naughty(), list(PLACES)
    found = Stored(set(), [], Counter())
    for row in range(0, len(strings), len(places)):
        document, sent = {**whole(), "external_order_id": f"N-{row}"}, {}
        for text, place in zip(strings[row:], places, strict=False):
            # What the field refuses for its form or length goes into the note, which takes any text.
            free = place if taken(place, text) else "note"
            if taken(free, text) and free not in sent:
                document, sent[free] = with_text(document, free, text), text
        found.answers[_posted(document, f"n-{row}")] += 1
        order = shop.orders.get(order_id_of("sales_desk", f"N-{row}"))
        person = shop.people.read(person_id_of(order.id), purpose="test")
        for place, text in sent.items():
            if read_back(place, person, order) == normal(place, text):
                found.back.add(text)
            else:
                found.changed.append((place, text))
    return found


def refusals() -> Counter[int]:
    """The answers to orders of buyers whose names are refused."""
    return Counter(
        _posted(with_text(whole(), "customer.name", text), "n")
        for text in naughty()
        if not taken("customer.name", text)
    )


def _posted(document: dict[str, Any], key: str) -> int:
    answer = submit(api_event("POST /v1/orders", headers={"Idempotency-Key": key}, body=document), None)
    return int(answer["statusCode"])
