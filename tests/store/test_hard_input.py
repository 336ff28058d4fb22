"""Hard input at the edge, row by row of the fault matrix (F1 to F13): refused with a reason, or kept exactly."""

import json
import random
import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest

from functions.allocation.api_cancel_orders import handler as cancel
from functions.intake.api_submit_orders import handler as submit
from oms.intake.messages.store import reference_of
from oms.intake.rules import person_id_of
from oms.kernel.json import MAX_BYTES, MAX_DEPTH
from oms.orders.goods import MAX_LINES
from oms.orders.natural import order_id_of
from oms.reference.model import Channel
from oms.wiring import Wiring
from tests.intake import TestClock, archived, body_of, canonical, company, count, everything_stored, hook, shopify
from tests.lambda_events import api_event

ROUTE = "POST /v1/orders"
CARD = "4242424242424242"


@pytest.fixture
def shop() -> Iterator[Wiring]:
    with company(TestClock()) as wiring:
        yield wiring


def send(raw: bytes, key: str = "k-1") -> tuple[int, dict[str, Any]]:
    answer = submit(api_event(ROUTE, headers={"idempotency-key": key}, raw=raw), None)
    return int(answer["statusCode"]), body_of(answer)


def order(**changes: Any) -> bytes:
    return json.dumps(canonical(**changes), ensure_ascii=False).encode("utf-8", "surrogatepass")


def with_total(written: str) -> bytes:
    return order(total_minor="@").replace(b'"@"', written.encode())


def with_quantity(written: str) -> bytes:
    line = {"sku": "LAMP", "quantity": "@", "unit_price_minor": 5000}
    return order(lines=[line]).replace(b'"@"', written.encode())


def refused(raw: bytes, status: int, code: str, field: str | None = None) -> None:
    answered, problem = send(raw)
    assert (answered, problem["code"]) == (status, code)
    assert field in [None, *(fault["field"] for fault in problem.get("faults", []))]
    assert count("orders", "ORDER#") == count("people", "PERSON#") == 0


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("written", ["NaN", "Infinity", "-Infinity"])
def test_f1_a_price_that_is_no_number_is_refused(written: str) -> None:
    refused(with_total(written), 400, "malformed_json")


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("written", ["0.30000000000000004", "132.09", '"132.09"', '"13209"', "13209.0", "1.3209e4"])
def test_f3_money_is_whole_minor_units_and_nothing_else(written: str) -> None:
    refused(with_total(written), 422, "invalid", "total_minor")


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("written", "status"),
    [
        ("1e400", 400),
        ("-0.0", 422),
        ("-1", 422),
        ("9" * 16, 422),
        ("9" * 38, 422),
        ("9" * 39, 422),
        ("1" + "0" * 300, 400),
    ],
)
def test_f4_digits_are_bounded(written: str, status: int) -> None:
    refused(with_total(written), status, "invalid" if status == 422 else "malformed_json")


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("written", ["true", '"3"', "1.0", "1e2", "0", "-1", "null", "[1]", "1000001"])
def test_f5_a_quantity_is_a_whole_number_of_at_least_one(written: str) -> None:
    refused(with_quantity(written), 422, "invalid", "lines.0.quantity")


@pytest.mark.usefixtures("shop")
def test_f6_a_number_of_4301_digits_is_refused() -> None:
    refused(with_total("9" * 4301), 400, "malformed_json")
    refused(with_total("1e" + "9" * 4301), 400, "malformed_json")


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("depth", [MAX_DEPTH, 1_000, 100_000])
def test_f7_nesting_is_bounded_before_anything_is_parsed(depth: int) -> None:
    refused(with_total("[" * depth + "]" * depth), 400, "malformed_json")
    refused(b'{"a":' * depth, 400, "malformed_json")


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    "twice", [b'{"currency":"USD",', b'{"\\u0063urrency":"USD",', b'{"total_minor":1,', b'{"customer":{"name":"Eve"},']
)
def test_f8_a_key_that_stands_twice_is_refused_however_it_is_written(twice: bytes) -> None:
    refused(twice + order()[1:], 400, "malformed_json")


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"status": "shipped"}, "status"),
        ({"order_id": "ord_1"}, "order_id"),
        ({"customer": {"name": "A", "role": "operator"}}, "customer.role"),
        ({"card_number": CARD}, "card_number"),
        ({"__proto__": {}}, "__proto__"),
    ],
)
def test_f9_an_unknown_field_is_refused(changes: dict[str, Any], field: str) -> None:
    refused(order(**changes), 422, "invalid", field)


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    "text", ["a\u0000b", "a\ud800b", "a\u202eb", "a\u2066b", "\u2028", "a\u007fb", "a\u0085b", "a\nb", "  ", ""]
)
def test_f10_text_that_is_not_what_it_seems_is_refused(text: str) -> None:
    for changes in ({"customer": {"name": text}}, {"external_order_id": text}):
        raw = json.dumps(canonical(**changes)).encode()
        refused(raw, 422, "invalid", next(iter({"customer": "customer.name"}.get(name, name) for name in changes)))


@pytest.mark.usefixtures("shop")
def test_f10_a_note_of_five_megabytes_is_too_large_and_one_over_its_length_is_invalid() -> None:
    refused(order(note="a" * 5_000_000), 413, "too_large")
    refused(b" " * (MAX_BYTES + 1), 413, "too_large")
    refused(order(note="a" * 2_001), 422, "invalid", "note")
    refused(b"\xff\xfe" + order(), 400, "malformed_json")


def test_f10_text_is_kept_in_its_normal_form(shop: Wiring) -> None:
    assert send(order(customer={"name": "Zoe\u0308 Kru\u0308ger"}))[0] == 201
    assert shop.people.read(PERSON, purpose="test").name == unicodedata.normalize("NFC", "Zoë Krüger")


@pytest.mark.usefixtures("shop")
def test_f11_five_thousand_lines_are_taken_and_one_more_is_refused() -> None:
    lines = [{"sku": "MUG", "quantity": 1, "unit_price_minor": 1, "external_line_id": str(n)} for n in range(MAX_LINES)]
    sums = {"shipping_minor": 0, "tax_minor": 0}
    refused(order(lines=[*lines, lines[0]], total_minor=MAX_LINES + 1, **sums), 422, "invalid", "lines")
    assert send(order(lines=lines, total_minor=MAX_LINES, **sums))[0] == 201
    assert count("orders", "ORDER#") == 2  # the header, and what lasts of its lines


@pytest.mark.usefixtures("shop")
def test_f11_names_that_do_not_fit_an_order_are_refused_and_kept_nowhere() -> None:
    chance = random.Random(1)  # noqa: S311  the same in every run
    skus = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=64)) for _ in range(MAX_LINES)]
    lines = [{"sku": sku, "quantity": 1, "unit_price_minor": 1} for sku in skus]
    refused(order(lines=lines, total_minor=MAX_LINES), 422, "invalid", "lines")
    assert count("orders", "ORDER#") == 0


@pytest.mark.parametrize(
    ("currency", "price", "total"), [("JPY", 1200, 3600), ("KWD", 1_234, 3_702), ("EUR", 3_333, 9_999)]
)
def test_f13_minor_units_are_those_of_the_currency(shop: Wiring, currency: str, price: int, total: int) -> None:
    world = Channel(name="world", kind="canonical", currencies=frozenset({"EUR", "JPY", "KWD"}))
    shop.reference.put_setting("CHANNEL", "world", world)
    lines = [{"sku": "MUG", "quantity": 3, "unit_price_minor": price}]
    sums = {"shipping_minor": 0, "tax_minor": 0, "total_minor": total}
    assert send(order(channel="world", currency=currency, lines=lines, **sums))[0] == 201
    stored = shop.orders.get(order_id_of("world", "A-1"))
    assert (stored.currency, stored.total_minor, stored.lines[0].unit_price_minor) == (currency, total, price)


@pytest.mark.usefixtures("shop")
def test_f13_a_cent_too_much_over_five_thousand_lines_is_refused() -> None:
    line = {"sku": "MUG", "quantity": 3, "unit_price_minor": 333, "discount_minor": 1, "tax_minor": 7}
    sums = {"shipping_minor": 0, "tax_minor": 7 * MAX_LINES}
    total = MAX_LINES * (3 * 333 - 1 + 7)
    refused(order(lines=[line] * MAX_LINES, total_minor=total + 1, **sums), 422, "totals_do_not_add_up")
    assert send(order(lines=[line] * MAX_LINES, total_minor=total, **sums))[0] == 201


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"lines": [{"sku": "MUG", "quantity": 1, "unit_price_minor": -1}]}, "invalid"),
        ({"lines": [{"sku": "MUG", "quantity": 1, "unit_price_minor": 1, "currency": "USD"}]}, "invalid"),
        ({"currency": "USD"}, "currency_not_accepted"),
        ({"currency": "eur"}, "invalid"),
    ],
)
def test_f13_negative_prices_and_other_currencies_are_refused(changes: dict[str, Any], code: str) -> None:
    refused(order(**changes), 422, code)


PERSON = person_id_of(order_id_of("sales_desk", "A-1"))


def test_a_card_number_in_any_text_is_cut_down_before_it_is_stored_or_logged(
    shop: Wiring, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    place = {"address_lines": [CARD], "city": f"c {CARD}", "region": CARD, "postal_code": CARD, "country": "DE"}
    changes = {
        "customer": {"name": f"Zoë {CARD}", "email": f"{CARD}@example.com", "phone": CARD, "company": CARD},
        "ship_to": place,
        "bill_to": {"name": CARD, "company": CARD, **place},
        "payment": {"status": "paid", "method": f"visa {CARD}", "reference": CARD},
        "delivery": {"service": CARD},
        "note": "my card is 4242 4242\n4242 4242, cvv 123",
        "gift_message": "４２４２４２４２４２４２４２４２",  # noqa: RUF001  full-width on purpose
    }
    assert send(order(**changes))[0] == 201
    order_id = order_id_of("sales_desk", "A-1")
    note = {"reason": "customer_request", "note": f"pay back to {CARD}"}
    assert cancel(api_event("POST /v1/orders/{order_id}/cancel", path={"order_id": order_id}, body=note), None)
    person = shop.people.read(PERSON, purpose="test")
    assert person.note == "my card is 4242 42XX\nXXXX 4242, cvv " + 3 * "X"
    assert (person.name, person.phone) == ("Zoë 424242XXXXXX4242", "424242XXXXXX4242")
    said = shop.orders.get(order_id).log[-1].why or ""
    assert "pay back to 424242XXXXXX4242" in said
    printed = capsys.readouterr()
    everything = everything_stored() + caplog.text + printed.out + printed.err + person.model_dump_json()
    assert CARD not in everything
    assert "4242 4242" not in everything


@pytest.mark.usefixtures("shop")
def test_a_refusal_does_not_repeat_a_card_number() -> None:
    lines = [{"sku": CARD, "quantity": 1, "unit_price_minor": 13209}]
    status, problem = send(order(lines=lines, shipping_minor=0, tax_minor=0))
    assert (status, problem["code"]) == (422, "card_number")
    assert CARD not in json.dumps(problem)


def test_a_card_number_in_a_webhook_is_not_even_in_the_sealed_archive_and_what_the_shop_counts_is_untouched(
    shop: Wiring,
) -> None:
    told = {"note": f"charge {CARD} please", "note_attributes": [{"name": "card", "value": CARD}], "name": f"#{CARD}"}
    sent = shopify(id=30569309025904, email="zoe@example.com", **told)
    assert hook(sent)["statusCode"] == 202
    (key,) = archived()
    reference = reference_of(key)
    assert reference
    kept = json.loads(shop.archive.load(reference).raw)
    assert kept == {
        **sent,
        "name": "#424242XXXXXX4242",
        "note": "charge 424242XXXXXX4242 please",
        "note_attributes": [{"name": "card", "value": "424242XXXXXX4242"}],
    }
