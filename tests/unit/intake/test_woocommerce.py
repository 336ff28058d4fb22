"""What WooCommerce says, in exact values."""

from typing import Any

import pytest

from oms.intake.channels import woocommerce
from oms.intake.notices import Arrival, Cancellation, ChannelSecrets, Ignored, Refund, Shipped, Snapshot
from oms.kernel.errors import MalformedError
from tests.intake import NOW
from tests.unit.intake.shop_scene import read, refused, snapshot
from tests.unit.intake.specimens import woocommerce as woo_specimen


def test_a_woocommerce_order_says_everything_that_matters() -> None:
    found = snapshot("woocommerce", woo_specimen.order())
    order = found.order
    assert (found.version, found.cancelled) == ("2026-11-23T09:00:00.000Z", False)
    assert (order.external_order_id, order.external_number, order.placed_at) == (
        "727",
        "1-727",
        "2026-11-22T19:28:02.000Z",
    )
    assert [
        (line.sku, line.external_line_id, line.quantity, line.unit_price_minor, line.discount_minor, line.tax_minor)
        for line in order.lines
    ] == [("LAMP", "315", 2, 300, 0, 45), ("MUG", "316", 3, 417, 101, 90)]
    assert (order.shipping_minor, order.tax_minor, order.total_minor, order.taxes_included) == (1200, 165, 3115, False)
    assert order.payment is not None
    assert (order.payment.status, order.payment.method, order.payment.reference) == ("paid", "Credit card", "ch_1")
    assert order.delivery is not None
    assert (order.delivery.service, order.delivery.pickup_location) == ("Flat rate", None)
    assert (order.customer.name, order.customer.email, order.customer.phone) == (
        "Ada Lovelace",
        "ada@example.com",
        "(555) 555-5555",
    )
    assert order.ship_to.address_lines == ["969 Market", "Apt 2"]
    assert (order.ship_to.region, order.ship_to.postal_code, order.bill_to) == ("CA", "94103", None)


@pytest.mark.parametrize(
    ("changes", "payment"),
    [
        ({"status": "on-hold", "date_paid_gmt": None}, "pending"),
        ({"status": "pending", "date_paid_gmt": None}, "pending"),
        ({"payment_method": "cod", "date_paid_gmt": None}, "none"),
    ],
)
def test_how_far_a_woocommerce_payment_is(changes: dict[str, Any], payment: str) -> None:
    order = snapshot("woocommerce", woo_specimen.order(**changes)).order
    assert order.payment is not None
    assert order.payment.status == payment


SHIPPED = Shipped("727", "the order is completed already", "2026-11-23T09:00:00.000Z")


def test_woocommerce_states_that_need_nothing_shipped() -> None:
    order = woo_specimen.order
    assert read("woocommerce", order(status="checkout-draft")) == [Ignored("the order is checkout-draft")]
    assert read("woocommerce", order(status="failed")) == [Ignored("the order is failed")]
    assert read("woocommerce", order(status="completed")) == [SHIPPED]
    (cancelled,) = read("woocommerce", order(status="cancelled"))
    assert isinstance(cancelled, Snapshot)
    assert cancelled.cancelled
    assert read("woocommerce", order(status="trash", line_items=[])) == [
        Cancellation("727", "trash", version="2026-11-23T09:00:00.000Z")
    ]


def test_woocommerce_refunds_come_with_the_order() -> None:
    refunds = [{"id": 726, "reason": "", "total": "-10.00"}, {"id": 724, "reason": "", "total": "-0.50"}]
    found = read("woocommerce", woo_specimen.order(refunds=refunds))
    assert found[1:] == [Refund("727", "726", 1000, "USD"), Refund("727", "724", 50, "USD")]
    assert read("woocommerce", woo_specimen.order(refunds=refunds, status="completed")) == [*found[1:], SHIPPED]


def test_a_negative_woocommerce_fee_is_a_discount_and_an_engraving_a_remark() -> None:
    row = {
        "id": 1, "sku": "LAMP", "quantity": 1, "subtotal": "6.00", "total": "6.00", "total_tax": "0.00",
        "meta_data": [
            {"key": "_hidden", "value": "x"}, {"key": "pa_color", "value": "red"},
            {"key": "engraving", "display_key": "Engraving", "value": "Ada"}, {"key": "list", "value": []},
        ],
    }  # fmt: skip
    document = woo_specimen.order(
        line_items=[row], fee_lines=[{"total": "-1.50"}], total="14.50", total_tax="0.00", customer_note="Ring twice"
    )
    order = snapshot("woocommerce", document).order
    assert (order.discount_minor, order.note) == (150, "Ring twice\nLAMP: Engraving: Ada")


def test_a_woocommerce_order_to_be_picked_up_names_where_and_goes_to_the_billing_address() -> None:
    rows = [
        {
            "method_title": "Pickup",
            "method_id": "pickup_location",
            "meta_data": [{"key": "pickup_location", "value": "Shop Mitte"}],
        }
    ]
    order = snapshot("woocommerce", woo_specimen.order(shipping={"address_1": ""}, shipping_lines=rows)).order
    assert order.delivery is not None
    assert (order.delivery.pickup_location, order.ship_to.city) == ("Shop Mitte", "San Francisco")


def test_a_woocommerce_ping_is_known_by_its_body_alone_and_believed_in_nothing() -> None:
    plugin, secrets = woocommerce.PLUGIN, ChannelSecrets("a", "b")
    assert plugin.is_ping(Arrival({}, b"webhook_id=12", NOW))
    assert not plugin.verify(woo_specimen.CHANNEL, Arrival({}, b"webhook_id=12", NOW), secrets)
    for raw in (b"webhook_id=12\n", b"webhook_id=", b"webhook_id=12&order=1", b'{"webhook_id":12}'):
        assert not plugin.is_ping(Arrival({}, raw, NOW))
    assert not plugin.is_ping(Arrival({"x-wc-webhook-signature": "eA=="}, b"webhook_id=12", NOW))


def test_other_woocommerce_topics() -> None:
    topic = "x-wc-webhook-topic"
    assert read("woocommerce", {"id": 727}, **{topic: "order.deleted"}) == [
        Cancellation("727", "deleted in the shop", asked=True)
    ]
    assert read("woocommerce", {"id": 1}, **{topic: "customer.created"}) == [Ignored("topic customer.created")]
    with pytest.raises(MalformedError):
        read("woocommerce", {"id": 1}, **{topic: ""})


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"id": 0}, ["id"]),
        ({"currency": ""}, ["currency"]),
        ({"total": "x"}, ["total"]),
        ({"date_modified_gmt": "soon"}, ["date_modified_gmt"]),
        ({"billing": {}, "shipping": {}}, ["shipping.last_name"]),
        ({"line_items": [{"sku": "", "quantity": 1}]}, ["line_items.0.sku"]),
        ({"line_items": [{"sku": "LAMP", "quantity": 1, "subtotal": "1.001"}]}, ["line_items.0.subtotal"]),
    ],
)
def test_what_is_wrong_with_a_woocommerce_order(changes: dict[str, Any], fields: list[str]) -> None:
    assert refused("woocommerce", woo_specimen.order(**changes))[:1] == fields
