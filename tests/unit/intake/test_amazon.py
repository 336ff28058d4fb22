"""How Amazon's orders and notifications become ours, in exact values, from both of its APIs."""

import json

import pytest

from oms.intake.notices import Cancellation, Fetch, Ignored, Shipped, Snapshot
from tests.amounts import total_faults
from tests.unit.intake import amazon_orders
from tests.unit.intake.market_scene import AMAZON, amounts, changed, lines, order_of, read, refused
from tests.unit.intake.specimens import amazon as amazon_specimen


def test_an_order_of_amazon_keeps_every_amount_and_name() -> None:
    order = order_of("amazon", AMAZON)
    assert lines(order) == [
        ("LAMP", "05015851154158", 1, 10000, 0, 800),
        ("MUG", "79039765272157", 2, 999, 200, 119),
    ]
    assert amounts(order) == (749, 0, 987, False, 13534)
    assert order.customer.model_dump() == {
        "name": "Michigan address",
        "email": "fzyrv6gwkhbb15c@marketplace.amazon.com",
        "phone": "+1 480-386-0930 ext. 73824",
        "company": "A Company Name",
    }
    assert (order.ship_to.city, order.ship_to.region, order.ship_to.country) == ("Canton", "MI", "US")
    assert order.payment is not None
    assert (order.payment.status, order.payment.method) == ("paid", "CreditCard, GiftCertificate")
    assert order.delivery is not None
    assert order.delivery.model_dump() == {
        "service": "Std US D2D Dom",
        "ship_by": "2026-11-25T07:59:59.000Z",
        "deliver_by": "2026-12-01T07:59:59.000Z",
        "pickup_location": None,
    }
    assert order.note == "Front desk\nAsk for John\nPurchase order 1234567890123\nGift wrap for LAMP: Classic"
    assert order.gift_message == "For you!\nLove, John"


def test_amazons_european_prices_hold_the_tax() -> None:
    inside = changed(AMAZON, "order.OrderTotal.Amount", "125.47")
    assert amounts(order_of("amazon", inside)) == (749, 0, 987, True, 12547)


def test_what_three_cost_together_is_kept_to_the_cent() -> None:
    odd = changed(AMAZON, "orderItems.0.QuantityOrdered", 3)
    (line, _) = order_of("amazon", odd).lines
    assert (line.unit_price_minor, line.discount_minor) == (3334, 2)


def test_a_cancelled_item_of_amazon_is_no_line_and_a_cancelled_order_is_a_cancellation() -> None:
    without = changed(changed(AMAZON, "orderItems.1.QuantityOrdered", 0), "order.OrderTotal.Amount", "116.17")
    assert [line.sku for line in order_of("amazon", without).lines] == ["LAMP"]
    cancelled = {"order": {**AMAZON["order"], "OrderStatus": "Canceled", "OrderTotal": None}}  # type: ignore[dict-item]
    version = "2026-11-23T08:00:00.000Z"
    assert read("amazon", cancelled) == [Cancellation("902-3159896-1390916", "Amazon cancelled it", version=version)]


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("Pending", "Amazon says it is not to be shipped yet"),
        ("PendingAvailability", "Amazon says it is not to be shipped yet"),
        ("Unfulfillable", "Amazon says it cannot be fulfilled"),
    ],
)
def test_what_is_not_to_be_shipped_is_left(status: str, reason: str) -> None:
    assert read("amazon", changed(AMAZON, "order.OrderStatus", status)) == [Ignored(reason)]


def test_what_amazon_has_as_shipped_is_said() -> None:
    (said,) = read("amazon", changed(AMAZON, "order.OrderStatus", "Shipped"))
    assert said == Shipped("902-3159896-1390916", "Amazon says it was shipped already", "2026-11-23T08:00:00.000Z")


def test_what_amazon_ships_itself_is_left_in_the_notification_and_in_the_order() -> None:
    assert read("amazon", changed(AMAZON, "order.FulfillmentChannel", "AFN")) == [Ignored("Amazon fulfils it")]
    notification = json.loads(amazon_specimen.MESSAGE)
    path = "Payload.OrderChangeNotification.Summary.FulfillmentType"
    assert read("amazon", changed(notification, path, "AFN"), {}) == [Ignored("Amazon fulfils it")]


def test_a_buyer_who_wants_out_asks_and_the_order_still_comes() -> None:
    asks = {"IsBuyerRequestedCancel": "true", "BuyerCancelReason": "Found cheaper somewhere else."}
    one = changed(AMAZON, "orderItems.1.BuyerRequestedCancel", asks)
    snapshot, asked = read("amazon", one)
    assert isinstance(snapshot, Snapshot)
    assert asked == Cancellation(
        "902-3159896-1390916",
        "Found cheaper somewhere else.",
        {"79039765272157": 2},
        asked=True,
        version="2026-11-23T08:00:00.000Z",
    )
    both = changed(one, "orderItems.0.BuyerRequestedCancel", asks)
    whole = read("amazon", both)[1]
    assert isinstance(whole, Cancellation)
    assert whole.units is None
    no_more = {**asks, "IsBuyerRequestedCancel": "false"}
    assert len(read("amazon", changed(AMAZON, "orderItems.1.BuyerRequestedCancel", no_more))) == 1


def test_cash_on_delivery_is_not_paid_and_a_pickup_names_its_store() -> None:
    order = changed(changed(AMAZON, "order.PaymentMethod", "COD"), "order.IsISPU", True)
    store = order_of("amazon", changed(order, "orderItems.0.StoreChainStoreId", "ISPU_1"))
    assert store.payment is not None
    assert store.delivery is not None
    assert (store.payment.status, store.delivery.pickup_location) == ("pending", "ISPU_1")


def test_an_amount_in_another_currency_is_no_amount_of_the_order() -> None:
    pounds = changed(AMAZON, "orderItems.0.ItemTax.CurrencyCode", "GBP")
    assert refused("amazon", pounds) == ["orderItems.0.ItemTax.CurrencyCode"]
    assert refused("amazon", changed(AMAZON, "address", {})) == ["address.ShippingAddress"]
    assert refused("amazon", changed(AMAZON, "orderItems.1.SellerSKU", "")) == ["orderItems.1.SellerSKU"]


def test_the_same_order_in_the_api_of_2026() -> None:
    snapshot, asked = read("amazon", amazon_orders.AMAZON_2026)
    assert isinstance(snapshot, Snapshot)
    order = snapshot.order
    assert total_faults(order) == []
    assert lines(order) == [
        ("LAMP", "12345678901234", 2, 4999, 1000, 500),
        ("MUG", "12345678901235", 1, 4999, 0, 300),
    ]
    assert amounts(order) == (1100, 0, 840, False, 15937)
    assert order.customer.company == "Smith Industries LLC"
    assert order.ship_to.address_lines == ["123 Main Street", "Suite 456"]
    assert order.note == "Front desk reception\nMain lobby\nPurchase order PO-2024-12345\nGift wrap for LAMP: PREMIUM"
    assert (order.gift_message, snapshot.version) == ("Happy Holidays!", "2026-11-22T14:45:00.000Z")
    assert isinstance(asked, Cancellation)
    assert (asked.units, asked.asked, asked.reason) == ({"12345678901235": 1}, True, "Changed mind")
    for status, kind in (("PENDING", Ignored), ("SHIPPED", Shipped), ("CANCELLED", Cancellation)):
        (notice,) = read("amazon", changed(amazon_orders.AMAZON_2026, "fulfillment.fulfillmentStatus", status))
        assert isinstance(notice, kind)


def test_a_notification_of_another_seller_or_of_something_else_is_left() -> None:
    document = json.loads(amazon_specimen.MESSAGE)
    assert read("amazon", document, {}) == [Fetch("903-8868176-2219830")]
    assert read("amazon", {"version": "0", "detail": document}, {}) == [Fetch("903-8868176-2219830")]
    assert read("amazon", document, {}, seller_id="SOMEBODY") == [Ignored("of another seller")]
    other = {**document, "NotificationType": "ANY_OFFER_CHANGED"}
    assert read("amazon", other, {}) == [Ignored("notification ANY_OFFER_CHANGED")]
