"""F12: every naughty string through every text field of an order and back, identical in NFC; or refused with 422."""

import json
import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from functions.intake.api_submit_orders import handler as submit
from oms.intake.model import NewOrder
from oms.intake.rules import order_id_of, person_id_of
from oms.kernel.json import read_json, write_json
from oms.orders.model import Order
from oms.privacy.model import Person, WrappingKey
from oms.privacy.rules import RANDOM, open_sealed, seal
from oms.wiring import Wiring
from tests.intake import TestClock, canonical, company
from tests.lambda_events import api_event
from tests.shared_data import shared_data

# Every text field of an order: where it goes in, and where it is read back.
_PLACES = {
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


@pytest.fixture
def shop() -> Iterator[Wiring]:
    with company(TestClock()) as wiring:
        yield wiring


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
    return not text.strip() or hidden or len(text) > room.get(place, 120) or place == "customer.email"


def read_back(place: str, person: Person, order: Order) -> Any:
    value: Any = {"person": person.model_dump(), "order": order.model_dump()}
    for step in _PLACES[place].split("."):
        value = value[step]
        value = json.loads(value) if step == "billing" else value
    return value[0] if place.endswith("address_lines") else value


def normal(place: str, text: str) -> str:
    if place in _LINES:
        lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ").split("\n")
        text = "\n".join(line if line.strip() else "" for line in lines)
    return unicodedata.normalize("NFC", text)


def test_f12_what_is_refused_is_refused_for_a_reason_and_most_is_taken() -> None:
    strings = naughty()
    refused = [(place, text) for place in _PLACES for text in strings if not taken(place, text)]
    assert [each for each in refused if not may_be_refused(*each)] == []
    kept = {text for text in strings if taken("note", text)}
    assert len(kept) == 495


def test_f12_every_naughty_string_is_kept_by_every_text_field_through_json_and_the_envelope() -> None:
    key, pairs = WrappingKey("2026-11-23", b"k" * 32), 0
    for text in naughty():
        person = Person(id="per_1", name=text, note=text, address_lines=(text,))
        assert open_sealed("per_1", seal(person, key, b"pepper", b"r" * RANDOM), key) == person
        for place in _PLACES:
            raw = write_json(with_text(whole(), place, text)).encode()
            try:
                new = NewOrder.model_validate(read_json(raw))
            except ValidationError:
                continue
            kept: Any = new.model_dump()
            for step in place.split("."):
                kept = kept[step]
            assert (kept[0] if isinstance(kept, list) else kept) == normal(place, text)
            pairs += 1
    assert pairs == 8_557


def test_f12_every_naughty_string_comes_back_from_what_is_stored(shop: Wiring) -> None:
    strings, places, back = naughty(), list(_PLACES), set()
    for row in range(0, len(strings), len(places)):
        document, sent = {**whole(), "external_order_id": f"N-{row}"}, {}
        for text, place in zip(strings[row:], places, strict=False):
            # What the field refuses for its form or length goes into the note, which takes any text.
            free = place if taken(place, text) else "note"
            if taken(free, text) and free not in sent:
                document, sent[free] = with_text(document, free, text), text
        answer = submit(api_event("POST /v1/orders", headers={"Idempotency-Key": f"n-{row}"}, body=document), None)
        assert answer["statusCode"] == 201, answer["body"]
        order = shop.orders.get(order_id_of("sales_desk", f"N-{row}"))
        person = shop.people.read(person_id_of(order.id), purpose="test")
        assert {place: read_back(place, person, order) for place in sent} == {
            place: normal(place, text) for place, text in sent.items()
        }
        back |= set(sent.values())
    assert len(back) == 424


def test_f12_a_naughty_string_that_is_refused_is_answered_422_and_never_500(shop: Wiring) -> None:
    asked = 0
    for text in naughty():
        if not taken("customer.name", text):
            body = with_text(whole(), "customer.name", text)
            answer = submit(api_event("POST /v1/orders", headers={"Idempotency-Key": "n"}, body=body), None)
            assert answer["statusCode"] == 422, answer["body"]
            asked += 1
    assert asked > 10
    assert shop.orders.find(order_id_of("sales_desk", "A-1")) is None
