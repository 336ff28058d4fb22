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
from oms.intake.notices import Cancellation, Fetch, Ignored, Notice, Refund, Shipped, Snapshot
from oms.kernel.errors import RejectedError
from oms.kernel.money import to_decimal_text
from tests.amounts import total_faults
from tests.intake import shopify
from tests.unit.intake.specimens.shopify import CHANNEL

_GIVEN = Path("data/2_order_source_payloads/given/shopify")
# Beside this repository, in a checkout or in a work tree of it.
_ROOTS = [parent / "shared" for parent in Path(__file__).resolve().parents]
REAL = next((root / _GIVEN for root in _ROOTS if (root / _GIVEN).is_dir()), None)
needs_real = pytest.mark.skipif(REAL is None, reason="the given Shopify payloads (../shared/data) are not here")


def read(document: Any, topic: str = "orders/create") -> Notice:
    headers = {"x-shopify-topic": topic}
    (outcome,) = PLUGIN.parse(CHANNEL, headers, json.dumps(document, default=float).encode())
    return outcome


def snapshot(document: Any, topic: str = "orders/create") -> Snapshot:
    outcome = read(document, topic)
    assert isinstance(outcome, Snapshot)
    return outcome


def parse(document: Any) -> NewOrder:
    return snapshot(document).order


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
        ({"id": "gid://shopify/Order/"}, ["id"]),
        ({"shipping_address": None}, ["shipping_address"]),
        ({"line_items": []}, ["line_items"]),
        ({"line_items": [{"sku": "", "quantity": 1, "price": "1.00"}]}, ["line_items.0.sku"]),
        ({"line_items": [{"sku": "LAMP", "quantity": 0, "price": "1.00"}]}, ["line_items.0.quantity"]),
        ({"line_items": [{"sku": "LAMP", "quantity": "1.5", "price": "1.00"}]}, ["line_items.0.quantity"]),
        ({"line_items": [{"sku": "LAMP", "quantity": 1, "price": "1.001"}]}, ["line_items.0.price"]),
        ({"line_items": [{"sku": "LAMP", "quantity": 1, "price": "-1.00"}]}, ["line_items.0.price"]),
        ({"line_items": {"sku": "LAMP"}}, ["line_items"]),
        ({"total_price": "1e2"}, ["total_price"]),
        ({"total_price": "NaN"}, ["total_price"]),
        ({"currency": None}, ["currency"]),
        ({"email": "nobody"}, ["email"]),
        ({"processed_at": "yesterday"}, ["processed_at"]),
        ({"updated_at": "2026-11-23T10:00:00"}, ["updated_at"]),
        ({"financial_status": "owing"}, ["financial_status"]),
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


def test_a_cancelled_order_says_so_and_a_cancellation_is_never_lost_to_a_bad_field() -> None:
    cancelled = {"cancelled_at": "2026-11-23T00:00:00Z", "updated_at": "2026-11-23T01:00:00+01:00"}
    good = snapshot(shopify(**cancelled), "orders/cancelled")
    assert (good.cancelled, good.version, good.order.external_order_id) == (
        True,
        "2026-11-23T00:00:00.000Z",
        "5678901234567",
    )
    assert read(shopify(**cancelled, cancel_reason="customer", line_items=[]), "orders/cancelled") == Cancellation(
        "5678901234567", "customer", version="2026-11-23T00:00:00.000Z"
    )


def test_units_taken_off_are_gone_and_returned_ones_are_not() -> None:
    lines = [
        {"id": 1, "sku": "LAMP", "quantity": 3, "current_quantity": 1, "price": "10.00"},
        {"id": 2, "sku": "MUG", "quantity": 2, "current_quantity": 1, "price": "1.00"},
        {"id": 3, "sku": "MUG", "quantity": 2, "current_quantity": 2, "price": "1.00"},
    ]
    refunds = [
        {"refund_line_items": [{"line_item_id": 1, "quantity": 1, "restock_type": "cancel"}]},
        {"refund_line_items": [{"line_item_id": 2, "quantity": 1, "restock_type": "return"}]},
    ]
    assert snapshot(shopify(line_items=lines, refunds=refunds)).gone == {"1": 2}


def test_what_is_not_shipped_is_a_charge() -> None:
    lines = [
        {"sku": "LAMP", "quantity": 1, "price": "129.00"},
        {"sku": "", "quantity": 2, "price": "25.00", "total_discount": "5.00", "requires_shipping": False},
    ]
    order = parse(shopify(line_items=lines, total_discounts="5.00", total_price="180.90"))
    assert (len(order.lines), order.shipping_minor, order.discount_minor) == (1, 690 + 4500, 0)
    assert total_faults(order) == []
    assert read(shopify(line_items=lines[1:])) == Ignored("nothing of it is shipped")


def test_everything_else_that_was_said_is_kept() -> None:
    billing = {"name": "Buyer Ltd", "address1": "1 Bill St", "city": "Paris", "zip": "75001", "country_code": "FR"}
    order = parse(
        shopify(
            name="#1001",
            processed_at="2026-11-23T10:30:00+01:00",
            financial_status="partially_paid",
            payment_gateway_names=["visa", "gift_card"],
            note="Ring twice\nplease",
            po_number="PO-7",
            note_attributes=[{"name": "gift", "value": "yes"}, {"name": "_utm", "value": "x"}],
            billing_address=billing,
            shipping_lines=[{"price": "6.90", "title": "DHL Express"}],
            total_price="193.90",
        )
    )
    assert (order.external_number, order.placed_at) == ("#1001", "2026-11-23T09:30:00.000Z")
    assert order.payment is not None
    assert (order.payment.status, order.payment.method) == ("partially_paid", "visa, gift_card")
    assert order.delivery is not None
    assert order.delivery.service == "DHL Express"
    assert order.note == "Ring twice\nplease\nPO number: PO-7\ngift: yes"
    assert order.bill_to is not None
    assert (order.bill_to.name, order.bill_to.country) == ("Buyer Ltd", "FR")
    same = parse(shopify(billing_address=shopify()["shipping_address"]))
    assert same.bill_to is None


def test_an_engraving_is_not_lost() -> None:
    lines = [
        {
            "sku": "LAMP",
            "quantity": 1,
            "price": "1.00",
            "properties": [{"name": "Engraving", "value": "Ada"}, {"name": "_hidden", "value": "1"}],
        }
    ]
    assert parse(shopify(line_items=lines)).note == "LAMP: Engraving: Ada"


def test_a_test_order_is_not_shipped_unless_the_channel_takes_them() -> None:
    raw = json.dumps(shopify(test=True)).encode()
    headers = {"x-shopify-topic": "orders/create"}
    assert PLUGIN.parse(CHANNEL, headers, raw) == [Ignored("a test order")]
    (taken,) = PLUGIN.parse(CHANNEL.model_copy(update={"options": {"test_orders": "take"}}), headers, raw)
    assert isinstance(taken, Snapshot)


def test_topics_without_the_order_say_what_they_mean() -> None:
    assert read({"order_edit": {"order_id": 17}}, "orders/edited") == Fetch("17")
    assert read({"id": 17}, "orders/delete") == Cancellation("17", "deleted in the shop", asked=True)
    assert read({"id": 17}, "carts/update") == Ignored("topic carts/update")
    fulfilled = shopify(fulfillment_status="fulfilled", updated_at="2026-11-23T09:06:00Z")
    shipped = Shipped("5678901234567", "the order is fulfilled already", "2026-11-23T09:06:00.000Z")
    assert read(fulfilled) == shipped


@pytest.mark.parametrize("topic", ["customers/data_request", "customers/redact", "shop/redact"])
def test_what_the_law_asks_for_is_parked_until_somebody_has_done_it(topic: str) -> None:
    with pytest.raises(RejectedError) as error:
        read({"shop_id": 1}, topic)
    assert error.value.code == "compliance_request"


def test_a_refund_says_how_much_and_for_what() -> None:
    document = {
        "id": 9,
        "order_id": 17,
        "transactions": [
            {"kind": "refund", "status": "success", "amount": "12.50", "currency": "EUR"},
            {"kind": "refund", "status": "failure", "amount": "99.00", "currency": "EUR"},
        ],
        "refund_line_items": [{"line_item_id": 1, "quantity": 2}, {"line_item_id": 1, "quantity": 1}],
    }
    assert read(document, "refunds/create") == Refund("17", "9", 1250, "EUR", {"1": 3})
    assert read({**document, "transactions": []}, "refunds/create") == Ignored("a refund that moved no money")


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
    assert read(order) == Ignored("a test order")
    alive = {**order, "cancelled_at": None, "test": False, "fulfillment_status": None}
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
    order = parse({**document, "cancelled_at": None, "test": False, "line_items": lines})
    assert (order.total_minor, order.shipping_minor) == (1000, 1000)
    assert [line.discount_minor for line in order.lines] == [0, 500]
    assert total_faults(order) == []
