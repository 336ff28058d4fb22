"""The gateways of the markets against partners on loopback that answer in the shapes of the real ones."""

import base64
import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from oms.intake.notices import Cancellation, Ignored, Notice, Refund, Shipped, Snapshot
from oms.kernel.errors import TransientError
from tests.partners import Call, Partner, Reply, partner
from tests.unit.intake import amazon_orders, market_orders
from tests.unit.intake.gateway_scene import SINCE, UNTIL, amazon, bigcommerce, ebay, form_of, square
from tests.unit.intake.specimens import ebay as ebay_specimen


@pytest.fixture(name="shop")
def _shop() -> Iterator[Partner]:
    with partner() as one:
        yield one


def test_an_order_of_amazon_is_put_together_with_a_restricted_token(shop: Partner) -> None:
    scene = amazon(shop)
    (notice,) = scene.fetched("902-3159896-1390916")
    assert isinstance(notice, Snapshot)
    assert [(line.sku, line.quantity) for line in notice.order.lines] == [("LAMP", 1), ("MUG", 2)]
    assert shop.asked() == [
        "POST /auth/o2/token",
        "POST /tokens/2021-03-01/restrictedDataToken",
        "GET /orders/v0/orders/902-3159896-1390916",
        "GET /orders/v0/orders/902-3159896-1390916/address",
        "GET /orders/v0/orders/902-3159896-1390916/orderItems",
        "GET /orders/v0/orders/902-3159896-1390916/orderItems",
    ]
    assert form_of(shop.calls[0]) == {
        "grant_type": "refresh_token",
        "refresh_token": "Atzr|refresh",
        "client_id": "app-1",
        "client_secret": "s3cret",
    }
    restricted = json.loads(shop.calls[1].body)["restrictedResources"]
    assert [each["path"] for each in restricted] == [
        "/orders/v0/orders/{orderId}",
        "/orders/v0/orders/{orderId}/orderItems",
        "/orders/v0/orders/{orderId}/address",
    ]
    assert shop.calls[1].headers["x-amz-access-token"] == "Atza|lwa"
    assert {call.headers["x-amz-access-token"] for call in shop.calls[2:]} == {"Atz.rdt"}
    assert shop.calls[5].query == {"NextToken": "n/1="}


def test_tokens_are_kept_until_a_minute_before_their_end(shop: Partner) -> None:
    scene = amazon(shop)
    for _ in range(2):
        scene.fetched("902-3159896-1390916")
    assert shop.asked().count("POST /auth/o2/token") == 1
    scene.clock.pass_time(seconds=3539)
    scene.fetched("902-3159896-1390916")
    assert shop.asked().count("POST /auth/o2/token") == 1
    scene.clock.pass_time(seconds=1)
    scene.fetched("902-3159896-1390916")
    assert shop.asked().count("POST /auth/o2/token") == 2
    assert shop.asked().count("POST /tokens/2021-03-01/restrictedDataToken") == 2


def test_a_token_that_is_refused_early_is_renewed_once(shop: Partner) -> None:
    scene = amazon(shop)
    scene.fetched("902-3159896-1390916")
    shop.faults = [Reply({"errors": [{"code": "Unauthorized"}]}, 403)]
    assert len(scene.fetched("902-3159896-1390916")) == 1
    assert shop.asked().count("POST /tokens/2021-03-01/restrictedDataToken") == 2


@pytest.mark.parametrize(("status", "said"), [("Pending", Ignored), ("Shipped", Shipped), ("Canceled", Cancellation)])
def test_an_order_that_is_not_to_be_shipped_costs_one_call(shop: Partner, status: str, said: type[Notice]) -> None:
    scene = amazon(shop)
    order = {**amazon_orders.AMAZON_ORDER, "OrderStatus": status}
    shop.on(f"GET /orders/v0/orders/{order['AmazonOrderId']}", {"payload": order})
    (notice,) = scene.fetched("902-3159896-1390916")
    assert isinstance(notice, said)
    assert shop.asked()[2:] == ["GET /orders/v0/orders/902-3159896-1390916"]


def test_amazons_changed_orders_are_listed_page_by_page_with_the_rate_it_grants(shop: Partner) -> None:
    scene = amazon(shop, marketplace_ids="A1PA6795UKMFR9,A1RKKUPIHCS9HS")
    rows = [{"AmazonOrderId": "1-1", "LastUpdateDate": "2026-11-23T08:15:00Z"}]

    def listed(call: Call) -> Reply:
        more = {} if "NextToken" in call.query else {"NextToken": "2YgYW55"}
        return Reply({"payload": {"Orders": rows, **more}}, headers={"x-amzn-RateLimit-Limit": "0.0167"})

    shop.answers["GET /orders/v0/orders"] = listed
    page = scene.list()
    assert [tuple(each) for each in page.orders] == [("1-1", "2026-11-23T08:15:00.000Z", None)]
    assert (page.cursor, page.per_s, page.total) == ("2YgYW55", 0.0167, None)
    assert shop.calls[-1].query == {
        "MarketplaceIds": "A1PA6795UKMFR9,A1RKKUPIHCS9HS",
        "MaxResultsPerPage": "100",
        "LastUpdatedAfter": "2026-11-23T08:00:00.000Z",
        "LastUpdatedBefore": "2026-11-23T09:00:00.000Z",
        "FulfillmentChannels": "MFN",
    }
    assert scene.list(page.cursor).cursor is None


def test_a_window_that_amazon_would_refuse_is_cut_and_an_empty_one_is_not_asked_for(shop: Partner) -> None:
    scene = amazon(shop)
    scene.clock.now = UNTIL + timedelta(seconds=30)
    shop.on("GET /orders/v0/orders", {"payload": {"Orders": []}})
    scene.list()
    assert shop.calls[-1].query["LastUpdatedBefore"] == "2026-11-23T08:58:30.000Z"
    scene.clock.now = SINCE + timedelta(seconds=60)
    before = len(shop.calls)
    assert scene.list().orders == []
    assert len(shop.calls) == before


def test_the_api_of_2026_tells_all_in_one_call(shop: Partner) -> None:
    scene = amazon(shop, api="2026-01-01")
    shop.on("GET /orders/2026-01-01/orders/123-4567890-1234567", {"order": amazon_orders.AMAZON_2026})
    notice, asked = scene.fetched("123-4567890-1234567")
    assert isinstance(notice, Snapshot)
    assert isinstance(asked, Cancellation)
    assert shop.asked() == ["POST /auth/o2/token", "GET /orders/2026-01-01/orders/123-4567890-1234567"]
    assert "RECIPIENT" in shop.calls[1].query["includedData"].split(",")
    row = {"orderId": "123-4567890-1234567", "lastUpdatedTime": "2026-11-23T08:45:00Z"}
    shop.on("GET /orders/2026-01-01/orders", {"orders": [row], "pagination": {"nextToken": "t2"}})
    page = scene.list()
    assert (page.orders[0].version, page.cursor) == ("2026-11-23T08:45:00.000Z", "t2")


def test_an_order_of_ebay_is_one_call(shop: Partner) -> None:
    (notice,) = ebay(shop).fetched("07-07160-44920343")
    assert isinstance(notice, Snapshot)
    token, order = shop.calls
    assert token.headers["authorization"] == "Basic " + base64.b64encode(b"app-1:s3cret").decode()
    assert form_of(token)["scope"] == "https://api.ebay.com/oauth/api_scope/sell.fulfillment.readonly"
    assert order.headers["authorization"] == "Bearer v^1.1#t"


def test_ebays_changed_orders_come_whole_and_counted(shop: Partner) -> None:
    scene = ebay(shop)
    row = {**market_orders.EBAY_ORDER, "lastModifiedDate": "2026-11-23T08:15:00.000Z"}

    def listed(call: Call) -> Reply:
        return Reply({"total": 3, "orders": [row, row] if call.query["offset"] == "0" else [row]})

    shop.answers["GET /sell/fulfillment/v1/order"] = listed
    page = scene.list()
    assert (len(page.orders), page.total, page.cursor) == (2, 3, "2")
    assert json.loads(page.orders[0].document or b"")["orderId"] == "07-07160-44920343"
    assert shop.calls[-1].query["filter"] == ("lastmodifieddate:[2026-11-23T08:00:00.000Z..2026-11-23T09:00:00.000Z]")
    assert scene.list("2").cursor is None


def test_ebays_public_key_is_fetched_once_an_hour_and_outlives_an_outage(shop: Partner) -> None:
    scene = ebay(shop)
    kid = ebay_specimen.kid_of("k")
    one_line = ebay_specimen.pem_of("k").replace("\n", "")
    shop.on(
        f"GET /commerce/notification/v1/public_key/{kid}", {"algorithm": "ECDSA", "digest": "SHA1", "key": one_line}
    )
    for _ in range(2):
        assert scene.partners.public_key(scene.channel, kid) == ebay_specimen.pem_of("k")
    assert shop.asked().count(f"GET /commerce/notification/v1/public_key/{kid}") == 1
    assert form_of(shop.calls[0]) == {
        "grant_type": "client_credentials",
        "scope": "https://api.ebay.com/oauth/api_scope",
    }
    scene.clock.pass_time(hours=1)
    shop.faults = [Reply({}, 500)]
    assert scene.partners.public_key(scene.channel, kid) == ebay_specimen.pem_of("k")
    assert len(shop.calls) == 3


def test_invented_key_ids_cost_ebay_six_calls_a_minute_and_no_more(shop: Partner) -> None:
    scene = ebay(shop)
    for number in range(6):
        assert scene.partners.public_key(scene.channel, f"kid-{number}") is None
    with pytest.raises(TransientError):
        scene.partners.public_key(scene.channel, "kid-6")
    for nonsense in ("", "../order/1", "a" * 65, "kid 1", "kid\n"):
        assert scene.partners.public_key(scene.channel, nonsense) is None
    assert sum("public_key" in call.path for call in shop.calls) == 6
    scene.clock.pass_time(seconds=60)
    assert scene.partners.public_key(scene.channel, "kid-7") is None


def test_an_order_of_bigcommerce_is_put_together(shop: Partner) -> None:
    (notice,) = bigcommerce(shop).fetched("218")
    assert isinstance(notice, Snapshot)
    assert [line.sku for line in notice.order.lines] == ["LAMP", "MUG"]
    assert {call.headers["x-auth-token"] for call in shop.calls} == {"EAAA-token"}
    assert shop.asked() == [
        "GET /stores/abc/v2/orders/218",
        "GET /stores/abc/v2/orders/218/products",
        "GET /stores/abc/v2/orders/218/shippingaddresses",
    ]


def test_refunds_are_asked_for_only_when_money_went_back(shop: Partner) -> None:
    snapshot, refund = bigcommerce(shop, refunded_amount="10.0000").fetched("218")
    assert isinstance(snapshot, Snapshot)
    assert refund == Refund("218", "3", 1000, "USD", {"66": 1})


def test_an_empty_list_of_bigcommerce_has_no_body(shop: Partner) -> None:
    scene = bigcommerce(shop)
    quota = {"x-rate-limit-requests-quota": "150", "x-rate-limit-time-window-ms": "30000"}
    shop.on("GET /stores/abc/v2/orders", None, 204, **quota)
    page = scene.list()
    assert (page.orders, page.cursor, page.per_s) == ([], None, 5.0)
    assert shop.calls[-1].query["min_date_modified"] == "Mon, 23 Nov 2026 08:00:00 +0000"


def test_a_full_page_of_bigcommerce_has_a_next_one(shop: Partner) -> None:
    scene = bigcommerce(shop)
    row = {"id": 7, "date_modified": "Mon, 23 Nov 2026 08:30:00 +0000"}
    shop.answers["GET /stores/abc/v2/orders"] = lambda call: Reply([row] * (250 if call.query["page"] == "1" else 1))
    page = scene.list()
    assert (len(page.orders), page.cursor, page.orders[0].version) == (250, "2", "2026-11-23T08:30:00.000Z")
    assert scene.list("2").cursor is None


def test_the_skus_of_a_square_order_come_from_its_catalogue(shop: Partner) -> None:
    (notice,) = square(shop, market_orders.SQUARE_SHIPMENT).fetched(market_orders.SQUARE_SHIPMENT["id"])
    assert isinstance(notice, Snapshot)
    assert [line.sku for line in notice.order.lines] == ["STEAK-S", "STEAK-L"]
    assert json.loads(shop.calls[1].body) == {"object_ids": sorted(market_orders.SQUARE_SKUS)}
    assert shop.calls[0].headers["authorization"] == "Bearer EAAA-token"
    assert len(shop.calls) == 2


def test_a_pickup_at_a_square_store_goes_to_the_stores_address(shop: Partner) -> None:
    (notice,) = square(shop, market_orders.SQUARE_PICKUP).fetched(market_orders.SQUARE_PICKUP["id"])
    assert isinstance(notice, Snapshot)
    assert notice.order.delivery is not None
    assert notice.order.delivery.pickup_location == "057P5VYJ4A5X1"
    assert notice.order.ship_to.address_lines == ["1455 Market St"]
    assert notice.order.customer.name == "Jaiden Urie"


def test_a_sale_over_the_counter_costs_one_call(shop: Partner) -> None:
    order = {**market_orders.SQUARE_SHIPMENT, "fulfillments": []}
    assert square(shop, order).fetched(order["id"]) == [Ignored("it was sold over the counter")]
    assert len(shop.calls) == 1


def test_squares_changed_orders_are_listed_by_version(shop: Partner) -> None:
    scene = square(shop, market_orders.SQUARE_SHIPMENT)
    rows = [{"order_id": "o1", "location_id": "L", "version": 7}, {"order_id": "o2", "location_id": "L"}]
    shop.on("POST /v2/orders/search", {"order_entries": rows, "cursor": "123"})
    page = scene.list()
    assert [(each.external_order_id, each.version) for each in page.orders] == [
        ("o1", "000000000007"),
        ("o2", "000000000001"),
    ]
    assert page.cursor == "123"
    assert json.loads(shop.calls[-1].body)["query"]["filter"]["date_time_filter"]["updated_at"] == {
        "start_at": "2026-11-23T08:00:00.000Z",
        "end_at": "2026-11-23T09:00:00.000Z",
    }
