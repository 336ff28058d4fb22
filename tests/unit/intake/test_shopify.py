"""How Shopify's amounts and fields become ours; the real payloads as far as they are at hand."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.intake.channels.shopify import PLUGIN
from oms.intake.model import NewOrder
from oms.intake.notices import Ignored, Notice, Snapshot
from oms.kernel.errors import RejectedError
from oms.kernel.money import to_decimal_text
from oms.validation.rules import total_faults
from tests.intake import shopify
from tests.unit.intake.specimens.shopify import CHANNEL

TOPIC = {"x-shopify-topic": "orders/create"}
_GIVEN = Path("data/2_order_source_payloads/given/shopify")
# Beside this repository, in a checkout or in a work tree of it.
_ROOTS = [parent / "shared" for parent in Path(__file__).resolve().parents]
REAL = next((root / _GIVEN for root in _ROOTS if (root / _GIVEN).is_dir()), None)
needs_real = pytest.mark.skipif(REAL is None, reason="the given Shopify payloads (../shared/data) are not here")


def read(document: Any) -> Notice:
    (outcome,) = PLUGIN.parse(CHANNEL, TOPIC, json.dumps(document, default=float).encode())
    return outcome


def parse(document: Any) -> NewOrder:
    outcome = read(document)
    assert isinstance(outcome, Snapshot)
    return outcome.order


def refusal(document: Any) -> list[tuple[str, str]]:
    with pytest.raises(RejectedError) as refused:
        read(document)
    return [(fault.field, fault.message) for fault in refused.value.faults]


def test_tax_inside_the_prices_stays_inside() -> None:
    order = parse(shopify())
    assert order.taxes_included
    assert [(line.unit_price_minor, line.tax_minor) for line in order.lines] == [(12900, 2060), (1450, 926)]
    assert (order.shipping_minor, order.tax_minor, order.total_minor) == (690, 3096, 19390)
    assert total_faults(order) == []


def test_tax_on_top_of_the_prices_is_added() -> None:
    order = parse(shopify(taxes_included=False, total_price="224.86"))
    assert (order.taxes_included, order.tax_minor, order.total_minor) == (False, 3096, 22486)
    assert total_faults(order) == []


def test_discounts_of_lines_stay_with_them_and_the_rest_is_the_orders() -> None:
    lines = [
        {
            "sku": "LAMP",
            "quantity": 1,
            "price": "100.00",
            "total_discount": "0.00",
            "discount_allocations": [{"amount": "5.00"}, {"amount": "2.50"}],
        },
        {"sku": "MUG", "quantity": 2, "price": "10.00", "total_discount": "1.00", "discount_allocations": []},
    ]
    order = parse(shopify(line_items=lines, total_discounts="10.00", total_price="116.90", total_tax="0.00"))
    assert [line.discount_minor for line in order.lines] == [750, 100]
    assert order.discount_minor == 150
    assert total_faults(order) == []


def test_duties_and_tip_are_charges_and_removed_shipping_is_none() -> None:
    order = parse(
        shopify(
            shipping_lines=[{"price": "6.90"}, {"price": "99.00", "is_removed": True}],
            original_total_duties_set={"shop_money": {"amount": "12.00", "currency_code": "EUR"}},
            total_tip_received="3.10",
            total_price="209.00",
        )
    )
    assert order.shipping_minor == 2200
    assert total_faults(order) == []


def test_a_currency_without_cents_has_none() -> None:
    lines = [{"sku": "LAMP", "quantity": 3, "price": "1200"}]
    order = parse(shopify(currency="JPY", line_items=lines, shipping_lines=[], total_tax="0", total_price="3600.0"))
    assert (order.lines[0].unit_price_minor, order.total_minor) == (1200, 3600)
    assert refusal(shopify(currency="JPY", line_items=[{"sku": "LAMP", "quantity": 1, "price": "1.50"}]))[0][0] == (
        "line_items.0.price"
    )


@given(minor=st.integers(min_value=0, max_value=10**12), quantity=st.integers(min_value=1, max_value=50))
def test_an_amount_comes_over_to_the_minor_unit(minor: int, quantity: int) -> None:
    price = to_decimal_text(minor, "EUR")
    total = to_decimal_text(minor * quantity, "EUR")
    lines = [{"sku": "LAMP", "quantity": quantity, "price": price}]
    order = parse(shopify(line_items=lines, shipping_lines=[], total_tax=None, total_price=total))
    assert order.total_minor == minor * quantity
    assert total_faults(order) == []


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"id": None}, ["id"]),
        ({"id": True}, ["id"]),
        ({"id": "17"}, ["id"]),
        ({"shipping_address": None}, ["shipping_address"]),
        ({"line_items": []}, ["line_items"]),
        ({"line_items": [{"sku": "", "quantity": 1, "price": "1.00"}]}, ["line_items.0.sku"]),
        ({"line_items": [{"sku": "LAMP", "quantity": 0, "price": "1.00"}]}, ["line_items.0.quantity"]),
        ({"line_items": [{"sku": "LAMP", "quantity": "1", "price": "1.00"}]}, ["line_items.0.quantity"]),
        ({"line_items": [{"sku": "LAMP", "quantity": 1, "price": "1.001"}]}, ["line_items.0.price"]),
        ({"line_items": [{"sku": "LAMP", "quantity": 1, "price": "-1.00"}]}, ["line_items.0.price"]),
        ({"line_items": {"sku": "LAMP"}}, ["line_items"]),
        ({"total_price": "1e2"}, ["total_price"]),
        ({"total_price": "NaN"}, ["total_price"]),
        ({"currency": None}, ["currency"]),
        ({"email": "nobody"}, ["customer.email"]),
    ],
)
def test_what_is_wrong_is_named_in_the_senders_own_words(changes: dict[str, Any], fields: list[str]) -> None:
    assert [field for field, _ in refusal(shopify(**changes))] == fields


def test_an_address_is_taken_apart() -> None:
    address = {
        "first_name": "Ada",
        "last_name": "Lovelace",
        "address1": "12 St James's Square",
        "address2": "",
        "city": "London",
        "zip": "SW1Y 4JH",
        "province": "England",
        "province_code": None,
        "country_code": "GB",
        "company": "Engines Ltd",
    }
    order = parse(shopify(shipping_address=address, email=None, contact_email="ada@example.com"))
    assert (order.customer.name, order.customer.company) == ("Ada Lovelace", "Engines Ltd")
    assert order.customer.email == "ada@example.com"
    assert (order.ship_to.address_lines, order.ship_to.region) == (["12 St James's Square"], "England")


def test_an_order_that_was_cancelled_already_is_no_order() -> None:
    outcome = read(shopify(cancelled_at="2026-11-23T00:00:00Z"))
    assert outcome == Ignored("the order is cancelled already")


def _real_orders() -> list[Any]:
    if REAL is None:
        return []
    found = []
    for path in sorted((REAL / "webhooks_2024-10").glob("orders.*.json")):
        document = json.loads(path.read_text(), parse_float=Decimal)
        if "line_items" in document["body"]:
            found.append(pytest.param(document["body"], id=path.stem))
    for name in ("order.json", "orders.json", "order_with_transaction.json"):
        document = json.loads((REAL / "go-shopify" / name).read_text(), parse_float=Decimal)
        found += [pytest.param(order, id=name) for order in document.get("orders") or [document["order"]]]
    return found


@needs_real
def test_the_real_payloads_are_all_looked_at() -> None:
    assert len(_real_orders()) >= 9


@needs_real
@pytest.mark.parametrize("order", _real_orders())
def test_a_real_order_maps_or_is_refused_with_a_reason(order: dict[str, Any]) -> None:
    assert isinstance(read(order), Ignored)
    alive = {**order, "cancelled_at": None}
    if all(row["sku"] for row in order["line_items"]):
        mapped = parse(alive)
        assert total_faults(mapped) == []
        assert (mapped.total_minor, mapped.discount_minor, mapped.shipping_minor) == (38800, 2000, 1000)
    else:
        assert {field for field, _ in refusal(alive)} == {"line_items.0.sku", "line_items.1.sku"}


@needs_real
def test_a_real_order_with_skus_of_ours_adds_up() -> None:
    assert REAL is not None
    document = json.loads((REAL / "go-shopify/order.json").read_text(), parse_float=Decimal)["order"]
    lines = [{**row, "sku": "LAMP"} for row in document["line_items"]]
    order = parse({**document, "cancelled_at": None, "line_items": lines})
    assert (order.total_minor, order.shipping_minor) == (1000, 1000)
    assert [line.discount_minor for line in order.lines] == [0, 500]
    assert total_faults(order) == []
