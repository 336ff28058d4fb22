"""What Walmart, Etsy and Magento say, in exact values."""

from collections.abc import Sequence
from typing import Any

from oms.intake.channels import magento, walmart
from oms.intake.notices import Arrival, Cancellation, ChannelSecrets, Fetch, Ignored, Notice, Refund, Shipped
from tests.intake import NOW
from tests.unit.intake.shop_scene import read, refused, snapshot
from tests.unit.intake.specimens import etsy as etsy_specimen
from tests.unit.intake.specimens import magento as magento_specimen
from tests.unit.intake.specimens import walmart as walmart_specimen


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
    assert read("walmart", order(*shipped)) == [Shipped("1796277083022", "the order is shipped already")]
    refund = {"refundId": "R-1", "refundCharges": {"refundCharge": [{"charge": charge("PRODUCT", -9, 0.5)}]}}
    assert read("walmart", order({**shipped[0], "refund": refund})) == [
        Refund("1796277083022", "R-1", 950, "USD"),
        Shipped("1796277083022", "the order is shipped already"),
    ]
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
    shipped = Shipped("234567890", "the order is shipped already", "2026-11-23T09:00:00.000Z")
    assert read("etsy", receipt(is_shipped=True)) == [shipped]
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
    complete = Shipped("8", "the order is complete already", "2026-11-23T09:00:00.000Z")
    assert read("magento", order(state="complete")) == [complete]
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
