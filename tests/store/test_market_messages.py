"""What the markets send, from the message to the order: signed, named only, by queue, and fetched from a partner."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from functions.intake.api_receive_webhooks import handler as receive
from functions.intake.queue_receive_notifications import handler as notified
from oms.aws import clients
from oms.reference.model import Channel
from oms.wiring import Wiring, wire
from tests import standard_webhooks
from tests.intake import TestClock, archived, body_of, company, count, message_rows, work_off
from tests.lambda_events import api_event, sqs_event
from tests.partners import Partner, Reply, partner
from tests.unit.intake import amazon_orders, market_orders
from tests.unit.intake.market_scene import changed
from tests.unit.intake.specimens import amazon, bigcommerce, ebay, generic, square

WEBHOOKS = "/v1/channels/{channel}/webhooks"
AMAZON_ID = "903-8868176-2219830"
SECRET = "bmV3LXNlY3JldC1vZi0yNC1ieXRlcw=="
ENDPOINT = "https://oms.example.com/v1/channels/ebay_de/webhooks"
TOKEN = "a-verification-token-of-32-characters"


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture(name="shop")
def _shop() -> Iterator[Partner]:
    with partner() as one:
        yield one


@pytest.fixture(autouse=True)
def _markets(clock: TestClock, shop: Partner) -> Iterator[Wiring]:
    with company(clock) as wiring:
        found_markets(wiring, shop)
        yield wiring
        wiring.partners.close()


def found_markets(wiring: Wiring, shop: Partner) -> None:
    """A channel of each market, with its secret; the partner is all of their APIs."""
    shared = {"base_url": shop.url, "token_url": f"{shop.url}/auth/o2/token"}
    own: dict[str, dict[str, str]] = {"ebay_de": {"notification_url": ENDPOINT}}
    for module in (amazon, ebay, bigcommerce, square, generic):
        given = module.CHANNEL
        options = {**shared, **given.options, **own.get(given.name, {})}
        found = Channel(**{**given.model_dump(), "options": options, "currencies": frozenset({"EUR", "USD"})})
        wiring.reference.put_setting("CHANNEL", found.name, found)
        secret = {"current": SECRET, "client_id": "c", "client_secret": "s", "refresh_token": "r", "access_token": "a"}
        secret |= {"verification_token": TOKEN} if given.name == "ebay_de" else {}
        clients.secretsmanager().create_secret(Name=f"baton/test/channel/{given.name}", SecretString=json.dumps(secret))
    shop.on("POST /auth/o2/token", {"access_token": "lwa", "expires_in": 3600})
    shop.on("POST /tokens/2021-03-01/restrictedDataToken", {"restrictedDataToken": "rdt", "expiresIn": 3600})
    shop.on("POST /identity/v1/oauth2/token", {"access_token": "bearer", "expires_in": 7200})
    sells(shop, amazon_orders.AMAZON_ORDER)
    bought = changed(market_orders.EBAY_ORDER, "lineItems.0.sku", "MUG")
    shop.on("GET /sell/fulfillment/v1/order/07-07160-44920343", bought)
    key = {"algorithm": "ECDSA", "digest": "SHA1", "key": ebay.pem_of(SECRET).replace("\n", "")}
    shop.on(f"GET /commerce/notification/v1/public_key/{ebay.kid_of(SECRET)}", key)


def sells(shop: Partner, order: Any) -> None:
    """Amazon has this order under the id of the notification."""
    path = f"/orders/v0/orders/{AMAZON_ID}"
    shop.on(f"GET {path}", {"payload": {**order, "AmazonOrderId": AMAZON_ID}})
    shop.on(f"GET {path}/address", {"payload": amazon_orders.AMAZON_ADDRESS})
    shop.on(f"GET {path}/orderItems", {"payload": {"OrderItems": amazon_orders.AMAZON_ITEMS}})


def post(channel: str, raw: bytes, headers: dict[str, str]) -> dict[str, Any]:
    event = api_event(f"POST {WEBHOOKS}", path={"channel": channel}, headers=headers, raw=raw, scope=None)
    answer: dict[str, Any] = receive(event, None)
    return answer


def ask(channel: str, **query: str) -> dict[str, Any]:
    event = api_event(f"GET {WEBHOOKS}", path={"channel": channel}, query=query, scope=None)
    answer: dict[str, Any] = receive(event, None)
    return answer


def notify(document: Any) -> list[str]:
    """Amazon puts a notification in the queue; the numbers of those that come again."""
    answer = notified(sqs_event([document]), None)
    return [row["itemIdentifier"] for row in answer["batchItemFailures"]]


def notification() -> Any:
    return json.loads(amazon.MESSAGE)


def outcomes() -> list[str]:
    return sorted(str(row.get("outcome") or row.get("reason")) for row in message_rows().values())


# -- eBay: keys and challenge


def test_ebays_key_is_asked_for_once_and_the_order_comes_in(shop: Partner) -> None:
    headers = ebay.sign(ebay.MESSAGE, SECRET)
    first, second = post("ebay_de", ebay.MESSAGE, headers), post("ebay_de", ebay.MESSAGE, headers)
    assert (first["statusCode"], body_of(second)) == (202, body_of(first))
    assert sum("public_key" in call.path for call in shop.calls) == 1
    assert len(archived()) == 1
    assert work_off() == []
    assert outcomes() == ["created"]
    assert count("orders", "ORDER#") == 1


def test_who_signs_with_another_key_is_not_ebay() -> None:
    assert post("ebay_de", ebay.MESSAGE, ebay.sign(ebay.MESSAGE, "c3RyYW5nZXI="))["statusCode"] == 401
    assert post("ebay_de", ebay.MESSAGE, {})["statusCode"] == 401
    assert post("ebay_de", ebay.MESSAGE + b" ", ebay.sign(ebay.MESSAGE, SECRET))["statusCode"] == 401
    assert archived() == []


@pytest.mark.parametrize("fault", [Reply({}, 500), Reply({}, 401), Reply({}, 429, {"retry-after": "3"})])
def test_while_ebay_does_not_give_its_key_it_is_told_to_come_again(shop: Partner, fault: Reply) -> None:
    shop.faults = [fault] * 6
    assert post("ebay_de", ebay.MESSAGE, ebay.sign(ebay.MESSAGE, SECRET))["statusCode"] == 503
    assert archived() == []
    shop.faults = []
    assert post("ebay_de", ebay.MESSAGE, ebay.sign(ebay.MESSAGE, SECRET))["statusCode"] == 202


def test_ebays_question_is_answered_with_the_hash_of_code_token_and_address() -> None:
    answer = ask("ebay_de", challenge_code="71745723-d031-455c-bfa5-f90d11b4f20a")
    expected = hashlib.sha256(f"71745723-d031-455c-bfa5-f90d11b4f20a{TOKEN}{ENDPOINT}".encode()).hexdigest()
    assert (answer["statusCode"], body_of(answer)) == (200, {"challengeResponse": expected})


@pytest.mark.parametrize(
    ("channel", "query", "status", "code"),
    [
        ("ebay_de", {}, 400, "malformed"),
        ("ebay_de", {"challenge_code": "x" * 201}, 400, "malformed"),
        ("square_us", {"challenge_code": "x"}, 404, "unknown_channel"),
        ("sales_desk", {"challenge_code": "x"}, 404, "unknown_channel"),
        ("nowhere", {"challenge_code": "x"}, 404, "unknown_channel"),
    ],
)
def test_a_question_that_is_none_is_not_answered(channel: str, query: dict[str, str], status: int, code: str) -> None:
    answer = ask(channel, **query)
    assert (answer["statusCode"], body_of(answer)["code"]) == (status, code)


def test_a_channel_without_a_token_says_so() -> None:
    clients.secretsmanager().put_secret_value(SecretId="baton/test/channel/ebay_de", SecretString='{"current":"x"}')
    answer = ask("ebay_de", challenge_code="x")
    assert (answer["statusCode"], body_of(answer)["code"]) == (422, "credentials_missing")


# -- Amazon: by queue


def test_a_notification_of_amazon_becomes_an_order_once_however_often_it_is_delivered() -> None:
    assert notify(notification()) == notify(notification()) == []
    (key,) = archived()
    assert key.startswith("messages/amazon_us/")
    assert work_off() == work_off() == []
    assert outcomes() == ["created"]
    (row,) = message_rows().values()
    assert row["source"] == "notification"
    order = wire().orders.get(row["order_ids"][0])
    assert (order.external_order_id, order.total_minor, order.external_version) == (
        AMAZON_ID,
        13534,
        "2026-11-23T08:00:00.000Z",
    )


def test_a_notification_of_a_stranger_stays_where_a_person_finds_it() -> None:
    stranger = changed(notification(), "Payload.OrderChangeNotification.SellerId", "SOMEBODY")
    assert notify(stranger) == ["m0"]
    assert notify({"hello": "world"}) == ["m0"]
    assert archived() == []


def test_nobody_is_amazon_over_http() -> None:
    for headers in ({}, standard_webhooks.sign(amazon.MESSAGE, SECRET.encode()), square.sign(amazon.MESSAGE, SECRET)):
        assert post("amazon_us", amazon.MESSAGE, headers)["statusCode"] == 401
    assert archived() == []


def test_what_ended_before_it_was_ours_to_ship_is_no_order_that_is_still_to_come(shop: Partner) -> None:
    sells(shop, {**amazon_orders.AMAZON_ORDER, "OrderStatus": "Canceled"})
    notify(notification())
    assert work_off() == []
    assert (outcomes(), count("orders", "ORDER#")) == (["ignored"], 0)


def test_an_order_that_amazon_cancels_later_is_cancelled(shop: Partner, clock: TestClock) -> None:
    notify(notification())
    work_off()
    later = {"OrderStatus": "Canceled", "LastUpdateDate": "2026-11-23T09:40:00Z"}
    sells(shop, {**amazon_orders.AMAZON_ORDER, **later})
    clock.pass_time(minutes=15)
    notify(changed(notification(), "NotificationMetadata.NotificationId", "another"))
    assert work_off() == []
    assert outcomes() == ["cancelled", "created"]
    (row,) = [row for row in message_rows().values() if row["outcome"] == "cancelled"]
    assert wire().orders.get(row["order_ids"][0]).status == "cancelled"


def test_a_buyers_wish_to_cancel_holds_the_order(shop: Partner) -> None:
    asks = {"IsBuyerRequestedCancel": "true", "BuyerCancelReason": "Changed mind"}
    items = [{**row, "BuyerRequestedCancel": asks} for row in amazon_orders.AMAZON_ITEMS]
    shop.on(f"GET /orders/v0/orders/{AMAZON_ID}/orderItems", {"payload": {"OrderItems": items}})
    notify(notification())
    assert work_off() == []
    assert outcomes() == ["created+held"]
    (row,) = message_rows().values()
    assert "cancellation_asked" in [hold.reason for hold in wire().orders.get(row["order_ids"][0]).holds]


@pytest.mark.parametrize("fault", [Reply({}, 429, {"retry-after": "30"}), Reply({}, 503), Reply(drop=True)])
def test_while_a_partner_is_not_well_the_message_waits(shop: Partner, fault: Reply) -> None:
    notify(notification())
    shop.faults = [fault] * 4
    assert work_off() == ["m0"]
    assert message_rows() == {}
    shop.faults = []
    assert work_off() == []
    assert outcomes() == ["created"]


def test_a_message_whose_order_may_not_be_asked_for_is_parked_with_the_reason(shop: Partner) -> None:
    notify(notification())
    shop.faults = [Reply({}, 403)] * 8
    assert work_off() == []
    assert outcomes() == ["partner_refused_credentials"]


# -- BigCommerce, Square, generic


def test_a_replayed_webhook_of_bigcommerce_is_one_message_and_one_order(shop: Partner) -> None:
    path = "/stores/abc/v2/orders/250"
    shop.on(f"GET {path}", {**market_orders.BIGCOMMERCE["order"], "id": 250})
    shop.on(f"GET {path}/products", market_orders.BIGCOMMERCE["products"])
    shop.on(f"GET {path}/shippingaddresses", market_orders.BIGCOMMERCE["shipping_addresses"])
    headers = bigcommerce.sign(bigcommerce.MESSAGE, SECRET)
    answers = [post("bigcommerce_us", bigcommerce.MESSAGE, headers) for _ in range(3)]
    assert {body_of(answer)["message_id"] for answer in answers} == {body_of(answers[0])["message_id"]}
    assert work_off() == work_off() == []
    assert (outcomes(), count("orders", "ORDER#"), len(archived())) == (["created"], 1, 1)


def test_a_sale_over_the_counter_and_its_refund_leave_no_order(shop: Partner) -> None:
    refund = [{"id": "r1", "status": "APPROVED", "amount_money": {"amount": 100, "currency": "USD"}}]
    order = {**market_orders.SQUARE_SHIPMENT, "fulfillments": [], "refunds": refund}
    shop.on("GET /v2/orders/eA3vssLHKJrv9H0IdJCM3gNqfdcZY", {"order": order})
    answer = post("square_us", square.MESSAGE, square.sign(square.MESSAGE, SECRET))
    assert answer["statusCode"] == 202
    assert work_off() == []
    assert (outcomes(), count("orders", "ORDER#")) == (["ignored"], 0)


def test_nobody_makes_a_webhook_pass_for_an_answer_that_we_fetched(shop: Partner) -> None:
    order = {**market_orders.SQUARE_SHIPMENT, "fulfillments": []}
    shop.on("GET /v2/orders/eA3vssLHKJrv9H0IdJCM3gNqfdcZY", {"order": order})
    headers = {**square.sign(square.MESSAGE, SECRET), "x-baton-fetched": "1"}
    assert post("square_us", square.MESSAGE, headers)["statusCode"] == 202
    assert work_off() == []
    assert outcomes() == ["ignored"]
    assert shop.asked() == ["GET /v2/orders/eA3vssLHKJrv9H0IdJCM3gNqfdcZY"]


def test_an_order_that_its_sender_has_lost_is_parked() -> None:
    post("square_us", square.MESSAGE, square.sign(square.MESSAGE, SECRET))
    assert work_off() == []
    assert outcomes() == ["order_gone"]


def test_a_sender_that_is_only_data_brings_orders_cancellations_and_refunds() -> None:
    def send(document: Any, name: str) -> None:
        raw = json.dumps(document).encode()
        signed = standard_webhooks.sign(raw, b"new-secret-of-24-bytes", message_id=name)
        assert post("partner_shop", raw, signed)["statusCode"] == 202

    send(generic.DOCUMENT, "m1")
    send({**generic.DOCUMENT, "refund": {"id": "R-1", "amount": "10.00"}}, "m2")
    send({"event": "stock.changed"}, "m3")
    assert work_off() == []
    assert outcomes() == ["created", "ignored", "refund_noted"]
    gone = changed(generic.DOCUMENT, "order.state", "cancelled")
    send(changed(gone, "order.changed", "2026-11-23T10:31:00+01:00"), "m4")
    assert work_off() == []
    assert outcomes() == ["cancelled", "created", "ignored", "refund_noted"]
