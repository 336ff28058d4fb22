"""How the orders of eBay, BigCommerce and Square become ours, in exact values."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.intake.notices import Cancellation, Fetch, Ignored, Notice, Refund, Shipped, Snapshot
from oms.kernel.errors import RejectedError
from tests.amounts import total_faults
from tests.unit.intake import market_orders
from tests.unit.intake.market_scene import SQUARE, WHOLE, amounts, changed, lines, order_of, read, refused


def test_an_order_of_ebay_is_in_the_currency_it_was_made_in() -> None:
    order = order_of("ebay", market_orders.EBAY_ORDER)
    assert lines(order) == [("68929", "10042355857307", 2, 890, 178, 0)]
    assert (order.currency, amounts(order)) == ("EUR", (100, 0, 0, False, 1702))
    assert order.customer.model_dump() == {
        "name": "Carl Consumer",
        "email": "carl@members.ebay.com",
        "phone": "0208 123",
        "company": None,
    }
    assert order.payment is not None
    assert order.payment.model_dump() == {"status": "paid", "method": "EBAY", "reference": "420004_S"}
    assert order.delivery is not None
    assert order.delivery.model_dump() == {
        "service": "Deutsche Post DE_DeutschePostBrief",
        "ship_by": "2026-11-23T21:59:59.000Z",
        "deliver_by": "2026-11-26T22:00:00.000Z",
        "pickup_location": None,
    }
    assert order.note == "Bitte beim Nachbarn abgeben"


def test_tax_that_ebay_collects_is_none_of_ours() -> None:
    tax = {"amount": {"value": "0.27", "currency": "USD", "convertedFromValue": "0.23", "convertedFromCurrency": "EUR"}}
    taxed = changed(market_orders.EBAY_ORDER, "lineItems.0.taxes", [tax])
    collected = changed(taxed, "lineItems.0.ebayCollectAndRemitTaxes", [tax])
    assert order_of("ebay", collected).lines[0].tax_minor == 0


def test_a_parcel_to_a_hub_carries_its_reference() -> None:
    hub = changed(
        market_orders.EBAY_ORDER, "fulfillmentStartInstructions.0.shippingStep.shipToReferenceId", "O-99887766-AU"
    )
    assert order_of("ebay", hub).ship_to.address_lines == ["Consumer Str. 42", "Reference #O-99887766-AU"]


def test_a_cancelled_order_of_ebay_and_one_whose_buyer_asks() -> None:
    version = "2026-11-22T12:47:54.000Z"
    cancelled = changed(
        market_orders.EBAY_ORDER,
        "cancelStatus",
        {"cancelState": "CANCELED", "cancelRequests": [{"cancelReason": "OUT_OF_STOCK", "cancelInitiator": "SELLER"}]},
    )
    assert read("ebay", cancelled) == [Cancellation("07-07160-44920343", "OUT_OF_STOCK", version=version)]
    asks = {"cancelState": "IN_PROGRESS", "cancelRequests": [{"cancelInitiator": "BUYER"}]}
    snapshot, asked = read("ebay", changed(market_orders.EBAY_ORDER, "cancelStatus", asks))
    assert isinstance(snapshot, Snapshot)
    assert asked == Cancellation("07-07160-44920343", "BUYER", asked=True, version=version)


def test_money_that_ebay_gave_back_is_told_even_when_the_parcel_has_gone() -> None:
    amount = {"value": "1.53", "currency": "USD", "convertedFromValue": "1.28", "convertedFromCurrency": "EUR"}
    rows = [
        {"amount": amount, "refundStatus": "REFUNDED", "refundReferenceId": "5244299502"},
        {"amount": amount, "refundStatus": "PENDING", "refundReferenceId": "5244299503"},
    ]
    refunded = changed(market_orders.EBAY_ORDER, "paymentSummary.refunds", rows)
    gone = changed(refunded, "orderFulfillmentStatus", "FULFILLED")
    assert read("ebay", gone) == [
        Refund("07-07160-44920343", "5244299502", 128, "EUR"),
        Shipped("07-07160-44920343", "eBay says it was shipped already", "2026-11-22T12:47:54.000Z"),
    ]


def test_a_seller_without_skus_may_say_what_to_take_instead() -> None:
    without = changed(market_orders.EBAY_ORDER, "lineItems.0.sku", None)
    assert refused("ebay", without) == ["lineItems.0.sku"]
    assert order_of("ebay", without, sku_from="sku,legacyItemId").lines[0].sku == "124145389616"


@pytest.mark.parametrize("topic", ["MARKETPLACE_ACCOUNT_DELETION", "FEEDBACK_RECEIVED"])
def test_other_topics_of_ebay_are_left(topic: str) -> None:
    assert read("ebay", {"metadata": {"topic": topic}, "notification": {}}, {}) == [Ignored(f"topic {topic}")]


def test_an_order_of_bigcommerce_comes_to_the_cent_with_four_decimals() -> None:
    order = order_of("bigcommerce", market_orders.BIGCOMMERCE)
    assert lines(order) == [("LAMP", "65", 1, 6523, 159, 924), ("MUG", "66", 2, 2001, 1, 390)]
    assert amounts(order) == (1200, 841, 1406, True, 10724)
    assert (order.currency, order.placed_at) == ("USD", "2019-03-05T21:40:11.000Z")
    assert (order.customer.name, order.customer.company) == ("Trishy Test", "Acme Pty Ltd")
    assert order.bill_to is not None
    assert (order.bill_to.name, order.bill_to.postal_code) == ("Jane Doe", "78108")
    assert order.note == "Ring twice\nDelivery Instructions: Leave in backyard\nGift wrap for LAMP: Gift box"
    assert (order.gift_message, order.payment and order.payment.status) == ("To Ann", "paid")
    (snapshot,) = read("bigcommerce", market_orders.BIGCOMMERCE)
    assert isinstance(snapshot, Snapshot)
    assert snapshot.version == "2019-03-11T15:17:25.000Z"


def test_rounding_and_credit_do_not_make_the_sums_wrong() -> None:
    rounded = changed(market_orders.BIGCOMMERCE, "order.total_inc_tax", "107.2251")
    assert amounts(order_of("bigcommerce", rounded))[1] == 842
    credit = changed(market_orders.BIGCOMMERCE, "order.store_credit_amount", "20.0000")
    assert order_of("bigcommerce", credit).total_minor == 10724
    assert order_of("bigcommerce", changed(credit, "order.total_inc_tax", "87.2400")).discount_minor == 2841


def test_sums_that_are_wrong_stay_wrong() -> None:
    wrong = changed(market_orders.BIGCOMMERCE, "order.total_inc_tax", "100.0000")
    (snapshot,) = read("bigcommerce", wrong)
    assert isinstance(snapshot, Snapshot)
    assert [fault.field for fault in total_faults(snapshot.order)] == ["total_minor"]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (0, Ignored("the checkout is not finished")),
        (2, Shipped("218", "it was shipped already", "2019-03-11T15:17:25.000Z")),
        (4, Cancellation("218", "BigCommerce status 4", version="2019-03-11T15:17:25.000Z")),
        (5, Cancellation("218", "BigCommerce status 5", version="2019-03-11T15:17:25.000Z")),
        (10, Shipped("218", "it was completed already", "2019-03-11T15:17:25.000Z")),
    ],
)
def test_the_status_of_bigcommerce_says_what_is_to_be_done(status: int, expected: Notice) -> None:
    assert read("bigcommerce", changed(market_orders.BIGCOMMERCE, "order.status_id", status)) == [expected]


def test_an_order_to_two_addresses_is_refused() -> None:
    two = changed(market_orders.BIGCOMMERCE, "shipping_addresses.1.items_total", 1)
    assert refused("bigcommerce", two) == ["shipping_addresses"]


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("store/order/created", Fetch("127")),
        ("store/order/statusUpdated", Fetch("127")),
        ("store/order/refund/created", Fetch("127")),
        ("store/channel/1/order/updated", Fetch("127")),
        ("store/order/message/created", Ignored("scope store/order/message/created")),
        ("store/cart/created", Ignored("scope store/cart/created")),
        ("store/channel/1/email/updated", Ignored("scope store/channel/1/email/updated")),
    ],
)
def test_a_webhook_of_bigcommerce_names_the_order_it_is_about(scope: str, expected: Notice) -> None:
    assert read("bigcommerce", {"scope": scope, "data": {"type": "order", "id": 127}}, {}) == [expected]
    assert read("bigcommerce", {"scope": scope, "data": {"order_id": 127, "id": 9}}, {}) == [expected]


def test_an_order_of_square_keeps_its_discounts_by_line() -> None:
    order = order_of("square", SQUARE)
    assert lines(order) == [
        ("STEAK-S", "8uSwfzvUImn3IRrvciqlXC", 1, 1599, 87, 136),
        ("STEAK-L", "v8ZuEXpOJpb0bazLuvrLDB", 2, 2250, 346, 374),
    ]
    assert amounts(order) == (0, 0, 510, False, 6176)
    assert (order.external_number, order.note) == (
        "my-order-001",
        "Leave at the door\nNew York Steak: Well\nWith pepper",
    )
    assert order.payment is not None
    assert order.payment.model_dump() == {"status": "paid", "method": "CARD", "reference": "pay-1"}
    (snapshot,) = read("square", SQUARE)
    assert isinstance(snapshot, Snapshot)
    assert snapshot.version == "000000000004"


HANDED_OVER = Shipped("CAISENgvlJ6jLWAzERDzjyHVybY", "it was handed over already", "000000000004")


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("order.fulfillments", [], Ignored("it was sold over the counter")),
        ("order.fulfillments.0.state", "COMPLETED", HANDED_OVER),
        ("order.state", "DRAFT", Ignored("it is a draft")),
        (
            "order.state",
            "CANCELED",
            Cancellation("CAISENgvlJ6jLWAzERDzjyHVybY", "cancelled at Square", version="000000000004"),
        ),
    ],
)
def test_what_square_has_done_itself_is_left(path: str, value: Any, expected: Notice) -> None:
    assert read("square", changed(SQUARE, path, value)) == [expected]


def test_a_line_of_square_without_a_sku_and_half_a_unit_are_refused() -> None:
    assert refused("square", changed(SQUARE, "skus", {})) == [
        "order.line_items.0.catalog_object_id",
        "order.line_items.1.catalog_object_id",
    ]
    assert "order.line_items.0.quantity" in refused("square", changed(SQUARE, "order.line_items.0.quantity", "0.5"))


def test_a_refund_of_square_counts_when_it_is_approved() -> None:
    rows = [
        {"id": "r1", "status": "APPROVED", "amount_money": {"amount": 100, "currency": "USD"}},
        {"id": "r2", "status": "PENDING", "amount_money": {"amount": 100, "currency": "USD"}},
    ]
    found = read("square", changed(SQUARE, "order.refunds", rows))
    assert found[1:] == [Refund("CAISENgvlJ6jLWAzERDzjyHVybY", "r1", 100, "USD")]


@pytest.mark.parametrize(
    ("kind", "holder"),
    [("order.updated", "order_updated"), ("refund.created", "refund"), ("payment.updated", "payment")],
)
def test_an_event_of_square_names_the_order_it_is_about(kind: str, holder: str) -> None:
    event = {"type": kind, "event_id": "e", "data": {"object": {holder: {"order_id": "o1"}}}}
    assert read("square", event, {}) == [Fetch("o1")]
    assert read("square", {"type": "inventory.count.updated"}, {}) == [Ignored("event inventory.count.updated")]
    if not kind.startswith("order"):
        assert read("square", {**event, "data": {"object": {holder: {}}}}, {}) == [Ignored("a payment of no order")]


_ANY: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.lists(st.integers(), max_size=2)
    | st.dictionaries(st.text(max_size=4), st.integers(), max_size=2)
)  # fmt: skip


def _paths(document: Any, path: tuple[str, ...] = ()) -> list[str]:
    rows = document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    return [
        found for key, value in rows for found in (".".join((*path, str(key))), *_paths(value, (*path, str(key))))
    ]  # fmt: skip


@pytest.mark.parametrize("kind", WHOLE)
@given(data=st.data())
def test_whatever_stands_anywhere_in_an_order_the_answer_is_notices_or_a_refusal_with_fields(
    kind: str, data: st.DataObject
) -> None:
    path = data.draw(st.sampled_from([path for path in _paths(WHOLE[kind]) if not path.rpartition(".")[2].isdigit()]))
    try:
        notices = read(kind, changed(WHOLE[kind], path, data.draw(_ANY)))
    except RejectedError as error:
        assert error.faults  # noqa: PT017  either end is right
    else:
        assert notices
