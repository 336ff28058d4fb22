"""What WooCommerce, Walmart, Etsy and Magento say, in exact values."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from oms.intake.channels import etsy, magento, walmart, woocommerce
from oms.intake.notices import Arrival, Cancellation, ChannelSecrets, Fetch, Ignored, Notice, Refund, Snapshot
from oms.kernel.errors import MalformedError, RejectedError
from tests.amounts import total_faults
from tests.intake import NOW
from tests.unit.intake.specimens import etsy as etsy_specimen
from tests.unit.intake.specimens import magento as magento_specimen
from tests.unit.intake.specimens import walmart as walmart_specimen
from tests.unit.intake.specimens import woocommerce as woo_specimen

PLUGINS: dict[str, Any] = {"woocommerce": woocommerce, "walmart": walmart, "etsy": etsy, "magento": magento}
SPECIMENS: dict[str, Any] = {
    "woocommerce": woo_specimen,
    "walmart": walmart_specimen,
    "etsy": etsy_specimen,
    "magento": magento_specimen,
}


def read(kind: str, document: Any, **headers: str) -> Sequence[Notice]:
    specimen = SPECIMENS[kind]
    found: Sequence[Notice] = PLUGINS[kind].PLUGIN.parse(
        specimen.CHANNEL, {**specimen.HEADERS, **headers}, json.dumps(document).encode()
    )
    return found


def snapshot(kind: str, document: Any) -> Snapshot:
    (notice,) = read(kind, document)
    assert isinstance(notice, Snapshot)
    assert total_faults(notice.order) == []
    return notice


def refused(kind: str, document: Any) -> list[str]:
    with pytest.raises(RejectedError) as error:
        read(kind, document)
    return [fault.field for fault in error.value.faults]


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


def test_woocommerce_states_that_need_nothing_shipped() -> None:
    order = woo_specimen.order
    assert read("woocommerce", order(status="checkout-draft")) == [Ignored("the order is checkout-draft")]
    assert read("woocommerce", order(status="failed")) == [Ignored("the order is failed")]
    assert read("woocommerce", order(status="completed")) == [Ignored("the order is completed already")]
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
    assert read("woocommerce", woo_specimen.order(refunds=refunds, status="completed")) == found[1:]


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


def test_a_walmart_order_says_everything_that_matters() -> None:
    found = snapshot("walmart", {"order": walmart_specimen.order()})
    order = found.order
    assert (found.version, dict(found.gone)) == ("2026-11-23T09:00:00.000Z", {})
    assert (order.external_order_id, order.external_number) == ("1796277083022", "5281956426648")
    assert order.placed_at == "2026-11-22T09:00:00.000Z"
    assert [
        (line.sku, line.external_line_id, line.quantity, line.unit_price_minor, line.discount_minor, line.tax_minor)
        for line in order.lines
    ] == [("LAMP", "1", 2, 1000, 1, 160), ("MUG", "2", 1, 500, 100, 0)]
    assert (order.currency, order.shipping_minor, order.tax_minor, order.total_minor) == ("USD", 400, 192, 2991)
    assert order.delivery is not None
    assert (order.delivery.service, order.delivery.ship_by, order.delivery.deliver_by) == (
        "Value",
        "2026-11-24T09:00:00.000Z",
        "2026-11-27T09:00:00.000Z",
    )
    assert (order.customer.name, order.customer.phone, order.customer.email) == (
        "Jane Doe",
        "5555555555",
        "3A31739D@relay.walmart.com",
    )
    assert (order.ship_to.country, order.ship_to.region, order.ship_to.address_lines) == (
        "US",
        "NY",
        ["123 Main Street", "Apt 1"],
    )


def test_walmart_lines_have_states_of_their_own() -> None:
    line, charge = walmart_specimen.line, walmart_specimen.charge

    def order(*rows: dict[str, Any]) -> dict[str, Any]:
        return walmart_specimen.order(orderLines={"orderLine": list(rows)})

    some = snapshot("walmart", order(line("1", "LAMP", 3, charge("PRODUCT", 9), Acknowledged=1, Cancelled=2)))
    assert (dict(some.gone), some.cancelled) == ({"1": 2}, False)
    assert snapshot("walmart", order(line("1", "LAMP", 1, charge("PRODUCT", 0), Cancelled=1))).cancelled
    shipped = [line("1", "LAMP", 1, charge("PRODUCT", 9), Shipped=1), line("2", "MUG", 1, Cancelled=1)]
    assert read("walmart", order(*shipped)) == [Ignored("the order is shipped already")]
    refund = {"refundId": "R-1", "refundCharges": {"refundCharge": [{"charge": charge("PRODUCT", -9, 0.5)}]}}
    assert read("walmart", order({**shipped[0], "refund": refund})) == [Refund("1796277083022", "R-1", 950, "USD")]
    assert read("walmart", walmart_specimen.order(shipNode={"type": "WFSFulfilled"})) == [
        Ignored("Walmart fulfills it")
    ]


def test_walmart_events_ask_for_the_order() -> None:
    def event(kind: str, sub: str | None = None) -> Sequence[Notice]:
        payload = {"order": {"purchaseOrderId": "17"}, "subEventType": sub} if sub else {"purchaseOrderId": "17"}
        return read("walmart", {"source": {"eventType": kind, "eventId": "e"}, "payload": payload})

    assert event("PO_CREATED") == [Fetch("17")]
    assert event("ORDER_UPDATES", "FRAUD_CANCEL") == [Fetch("17")]
    assert event("ORDER_UPDATES", "INTENT_TO_CANCEL") == [Cancellation("17", "the buyer asks to cancel", asked=True)]
    assert event("OFFER_UNPUBLISHED") == [Ignored("event OFFER_UNPUBLISHED")]


def test_walmart_signs_the_way_the_message_came_and_when() -> None:
    raw, secrets = walmart_specimen.MESSAGE, ChannelSecrets("secret")
    path = "/v1/channels/walmart/webhooks"
    signed = Arrival(walmart_specimen.sign(raw, "secret"), raw, NOW, "POST", path)
    with_query = Arrival(walmart_specimen.sign(raw, "secret", f"{path}?a=1"), raw, NOW, "POST", path, "a=1")

    def good(arrival: Arrival) -> bool:
        return walmart.PLUGIN.verify(walmart_specimen.CHANNEL, arrival, secrets)

    assert good(signed)
    assert good(with_query)
    assert not good(signed._replace(path="/v1/channels/other/webhooks"))
    assert not good(signed._replace(method="PUT"))
    assert not good(with_query._replace(query="a=2"))
    assert not good(signed._replace(at=NOW.replace(hour=10)))


def test_an_etsy_receipt_says_everything_that_matters() -> None:
    found = snapshot("etsy", etsy_specimen.receipt())
    order = found.order
    assert (found.version, order.external_order_id) == ("2026-11-23T09:00:00.000Z", "234567890")
    assert [(line.sku, line.external_line_id, line.quantity, line.unit_price_minor) for line in order.lines] == [
        ("LAMP", "1", 1, 4000),
        ("MUG", "2", 2, 1000),
    ]
    assert (order.shipping_minor, order.discount_minor, order.tax_minor, order.total_minor) == (700, 600, 320, 6420)
    assert order.delivery is not None
    assert (order.delivery.service, order.delivery.ship_by) == ("Royal Mail 24", "2026-11-24T09:00:00.000Z")
    assert (order.note, order.gift_message) == ("Please hurry\nLAMP: Personalisation: Ada", "Happy birthday")
    assert (order.ship_to.country, order.ship_to.region, order.customer.email) == ("GB", None, "ada@example.com")


def test_etsy_vat_is_inside_or_on_top_as_the_total_tells() -> None:
    money = etsy_specimen.money
    inside = snapshot("etsy", etsy_specimen.receipt(total_vat_cost=money(1070))).order
    assert (inside.taxes_included, inside.tax_minor, inside.total_minor) == (True, 1390, 6420)
    on_top = snapshot("etsy", etsy_specimen.receipt(total_vat_cost=money(1000), grandtotal=money(7420))).order
    assert (on_top.taxes_included, on_top.tax_minor, on_top.total_minor) == (False, 1320, 7420)


def test_etsy_states() -> None:
    receipt = etsy_specimen.receipt
    assert read("etsy", receipt(is_shipped=True)) == [Ignored("the order is shipped already")]
    assert read("etsy", receipt(status="Payment Processing")) == [Ignored("the order is payment processing")]
    assert snapshot("etsy", receipt(status="Canceled")).cancelled
    refunds = [{"amount": etsy_specimen.money(250), "created_timestamp": 1795424400}]
    found = read("etsy", receipt(status="Partially Refunded", refunds=refunds))
    assert found[1] == Refund("234567890", "1795424400", 250, "EUR")
    digital = [{**row, "is_digital": True} for row in receipt()["transactions"]]
    assert read("etsy", receipt(transactions=digital)) == [Ignored("nothing of it is shipped")]


def test_an_etsy_event_names_the_receipt_to_fetch() -> None:
    url = "https://openapi.etsy.com/v3/application/shops/12345/receipts/54321"
    assert read("etsy", {"event_type": "order.paid", "resource_url": url, "shop_id": 42}) == [Fetch("54321")]
    assert read("etsy", {"event_type": "ORDER_PAID", "resource_url": f"{url}?x=1"}) == [Fetch("54321")]
    assert read("etsy", {"event_type": "shop.updated"}) == [Ignored("event shop.updated")]
    assert refused("etsy", {"event_type": "order.paid", "resource_url": "https://x/receipts/abc"}) == ["resource_url"]


def test_a_magento_order_says_everything_that_matters() -> None:
    found = snapshot("magento", magento_specimen.order())
    order = found.order
    assert (found.version, order.external_order_id, order.external_number) == (
        "2026-11-23T09:00:00.000Z",
        "8",
        "000000008",
    )
    assert [
        (line.sku, line.external_line_id, line.quantity, line.unit_price_minor, line.discount_minor, line.tax_minor)
        for line in order.lines
    ] == [("LAMP", "1", 3, 834, 502, 380), ("MUG", "2", 1, 1000, 0, 190)]
    assert (order.shipping_minor, order.discount_minor, order.tax_minor, order.total_minor) == (690, 0, 701, 4391)
    assert order.payment is not None
    assert (order.payment.status, order.payment.method, order.payment.reference) == ("paid", "paypal_express", "T-1")
    assert (order.ship_to.address_lines, order.ship_to.country) == (["Schönhauser Allee 44a", "Hinterhaus"], "DE")
    assert (order.customer.name, order.customer.email, order.bill_to) == ("Ada Lovelace", "ada@example.com", None)


def test_a_magento_bundle_is_what_is_in_it() -> None:
    items = [
        {"item_id": 1, "sku": "SET", "product_type": "bundle", "qty_ordered": 1, "row_total": 10, "tax_amount": "1.01"},
        {"item_id": 2, "parent_item_id": 1, "sku": "LAMP", "qty_ordered": 1, "row_total": 0},
        {"item_id": 3, "parent_item_id": 1, "sku": "MUG", "qty_ordered": 2, "row_total": 0},
    ]
    fixed = snapshot(
        "magento", magento_specimen.order(items=items, discount_amount=0, tax_amount="1.01", grand_total="17.91")
    ).order
    assert [
        (line.sku, line.quantity, line.quantity * line.unit_price_minor - line.discount_minor, line.tax_minor)
        for line in fixed.lines
    ] == [("LAMP", 1, 333, 34), ("MUG", 2, 667, 67)]
    priced = [items[0], {**items[1], "row_total": 4}, {**items[2], "row_total": 6}]
    dynamic = snapshot(
        "magento", magento_specimen.order(items=priced, discount_amount=0, tax_amount=0, grand_total="16.90")
    ).order
    assert [line.unit_price_minor for line in dynamic.lines] == [400, 300]


def test_magento_gift_cards_pay_and_downloads_are_charges() -> None:
    items = [
        *magento_specimen.order()["items"],
        {"item_id": 4, "sku": "PDF", "product_type": "downloadable", "qty_ordered": 1, "row_total": 5},
    ]
    order = snapshot(
        "magento",
        magento_specimen.order(
            items=items,
            grand_total="38.91",
            extension_attributes={
                "gift_cards_amount": "10.00",
                "shipping_assignments": [{"shipping": {"address": magento_specimen.address()}}],
            },
        ),
    ).order
    assert ([line.sku for line in order.lines], order.shipping_minor, order.total_minor) == (
        ["LAMP", "MUG"],
        1190,
        4891,
    )


def test_magento_states() -> None:
    order = magento_specimen.order
    assert read("magento", order(state="complete")) == [Ignored("the order is complete already")]
    assert read("magento", order(is_virtual=1)) == [Ignored("nothing of it is shipped")]
    assert snapshot("magento", order(state="canceled")).cancelled
    waiting = snapshot("magento", order(state="payment_review")).order
    assert waiting.payment is not None
    assert waiting.payment.status == "pending"
    items = order()["items"]
    items[0].update(qty_canceled=1, qty_refunded=1, qty_shipped=0)
    assert snapshot("magento", order(items=items)).gone == {"1": 2}


def test_magento_events_carry_the_order_in_envelopes() -> None:
    kind = "com.adobe.commerce.observer.sales_order_save_after"
    whole = snapshot("magento", {"id": "e", "type": kind, "data": {"key": "k", "value": magento_specimen.order()}})
    assert whole.order.external_order_id == "8"
    addresses = [magento_specimen.address(), magento_specimen.address(address_type="billing", firstname="Charles")]
    flat = magento_specimen.order(extension_attributes={}, billing_address=None, addresses=addresses)
    assert snapshot("magento", {"order": flat}).order.bill_to is not None
    assert read("magento", {"type": kind, "data": {"value": {"entity_id": "3", "status": "new"}}}) == [Fetch("3")]
    assert read("magento", {"type": "com.adobe.commerce.observer.catalog_save", "data": {"value": {"id": 1}}}) == [
        Ignored("event com.adobe.commerce.observer.catalog_save")
    ]


def test_a_magento_credit_memo_is_a_refund() -> None:
    memo = {
        "order_id": 8,
        "increment_id": "000000003",
        "grand_total": "12.90",
        "order_currency_code": "EUR",
        "items": [{"order_item_id": 1, "qty": 2}, {"order_item_id": 2, "qty": 0}],
    }
    kind = "com.adobe.commerce.observer.sales_order_creditmemo_save_after"
    assert read("magento", {"type": kind, "data": {"value": memo}}) == [Refund("8", "000000003", 1290, "EUR", {"1": 2})]


def test_adobe_events_are_signed_by_one_of_two_named_keys() -> None:
    raw = magento_specimen.MESSAGE
    signature = magento_specimen.sign(raw, "adobe")["x-adobe-commerce-webhook-signature"]
    secrets = ChannelSecrets("", keys={"/prod/keys/pub-key-1.pem": magento_specimen.public_key("adobe")})

    def good(**headers: str) -> bool:
        arrival = Arrival({name.replace("_", "-"): value for name, value in headers.items()}, raw, NOW)
        return magento.PLUGIN.verify(magento_specimen.CHANNEL, arrival, secrets)

    name = "/prod/keys/pub-key-1.pem"
    assert good(x_adobe_digital_signature_1=signature, x_adobe_public_key1_path=name)
    assert good(x_adobe_digital_signature_2=signature, x_adobe_public_key2_path=name)
    assert not good(x_adobe_digital_signature_1=signature, x_adobe_public_key1_path="/prod/keys/other.pem")
    assert not good(x_adobe_digital_signature_1=signature)
    assert not good()
