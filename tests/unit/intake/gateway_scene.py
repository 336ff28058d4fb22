"""A channel, its partner on loopback, and the way out to it: one scene for each market."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from oms.aws.secrets import Secrets
from oms.intake.fetching import Page, Partners
from oms.intake.notices import FETCHED, ChannelPlugin, Notice
from oms.kernel.plugins import find_plugin
from oms.reference.model import Channel
from tests.intake import TestClock
from tests.partners import Call, Partner, Reply
from tests.unit.intake import amazon_orders, market_orders

SINCE, UNTIL = datetime(2026, 11, 23, 8, tzinfo=UTC), datetime(2026, 11, 23, 9, tzinfo=UTC)
CREDENTIALS = {
    "current": "k",
    "client_id": "app-1",
    "client_secret": "s3cret",
    "refresh_token": "Atzr|refresh",
    "access_token": "EAAA-token",
}


class KnownSecrets(Secrets):
    """Secrets that are told."""

    def __init__(self, documents: dict[str, dict[str, str]]) -> None:
        super().__init__()
        self.documents = documents
        self.reads: list[float] = []

    def read(self, name: str, *, max_age_s: float = 300.0) -> dict[str, str]:
        self.reads.append(max_age_s)
        return self.documents[name]


class Scene:
    """A partner, a channel of it, and the way out to it."""

    def __init__(self, shop: Partner, kind: str, **options: str) -> None:
        self.shop = shop
        self.clock = TestClock()
        self.http = shop.client(clock=self.clock)
        self.secrets = KnownSecrets({f"ch/{kind}_1": dict(CREDENTIALS)})
        self.channel = Channel(
            name=f"{kind}_1",
            kind=kind,
            currencies=frozenset({"EUR"}),
            options={"base_url": shop.url, "token_url": f"{shop.url}/auth/o2/token", **options},
        )
        self.partners = Partners(http=self.http, secrets=self.secrets, secret_prefix="ch/", clock=self.clock)

    def fetched(self, order_id: str) -> list[Notice]:
        document = self.partners.fetch(self.channel, order_id)
        assert document is not None
        plugin: ChannelPlugin | None = find_plugin("oms.intake.channels", self.channel.kind)
        assert plugin is not None
        return list(plugin.parse(self.channel, FETCHED, document))

    def list(self, cursor: str | None = None) -> Page:
        return self.partners.list_orders(self.channel, SINCE, UNTIL, cursor)


def form_of(call: Call) -> dict[str, str]:
    return dict(parse_qsl(call.body.decode()))


def amazon(shop: Partner, **options: str) -> Scene:
    order_id = amazon_orders.AMAZON_ORDER["AmazonOrderId"]
    path = f"/orders/v0/orders/{order_id}"
    shop.on("POST /auth/o2/token", {"access_token": "Atza|lwa", "token_type": "bearer", "expires_in": 3600})
    shop.on("POST /tokens/2021-03-01/restrictedDataToken", {"restrictedDataToken": "Atz.rdt", "expiresIn": 3600})
    shop.on(f"GET {path}", {"payload": amazon_orders.AMAZON_ORDER}, x_amzn_ratelimit_limit="0.5")
    shop.on(f"GET {path}/address", {"payload": amazon_orders.AMAZON_ADDRESS})
    first, second = amazon_orders.AMAZON_ITEMS[:1], amazon_orders.AMAZON_ITEMS[1:]

    def items(call: Call) -> Reply:
        page = {"OrderItems": second} if "NextToken" in call.query else {"OrderItems": first, "NextToken": "n/1="}
        return Reply({"payload": {"AmazonOrderId": order_id, **page}})

    shop.answers[f"GET {path}/orderItems"] = items
    return Scene(shop, "amazon", **options)


def ebay(shop: Partner) -> Scene:
    shop.on("POST /identity/v1/oauth2/token", {"access_token": "v^1.1#t", "expires_in": 7200, "token_type": "User"})
    shop.on("GET /sell/fulfillment/v1/order/07-07160-44920343", market_orders.EBAY_ORDER)
    return Scene(shop, "ebay")


def bigcommerce(shop: Partner, **changes: Any) -> Scene:
    base = "/stores/abc/v2/orders/218"
    shop.on(f"GET {base}", {**market_orders.BIGCOMMERCE["order"], **changes})
    shop.on(f"GET {base}/products", market_orders.BIGCOMMERCE["products"])
    shop.on(f"GET {base}/shippingaddresses", market_orders.BIGCOMMERCE["shipping_addresses"])
    shop.on(
        "GET /stores/abc/v3/orders/218/payment_actions/refunds", {"data": market_orders.BIGCOMMERCE_REFUNDS, "meta": {}}
    )
    return Scene(shop, "bigcommerce", store_hash="abc")


def square(shop: Partner, order: Any) -> Scene:
    shop.on(f"GET /v2/orders/{order['id']}", {"order": order})
    objects = [{"id": name, "item_variation_data": {"sku": sku}} for name, sku in market_orders.SQUARE_SKUS.items()]
    shop.on("POST /v2/catalog/batch-retrieve", {"objects": objects})
    shop.on(f"GET /v2/locations/{order['location_id']}", {"location": market_orders.SQUARE_LOCATION})
    return Scene(shop, "square")


SCENES = {
    "amazon": (amazon, "902-3159896-1390916"),
    "ebay": (ebay, "07-07160-44920343"),
    "bigcommerce": (bigcommerce, "218"),
    "square": (lambda shop: square(shop, market_orders.SQUARE_SHIPMENT), market_orders.SQUARE_SHIPMENT["id"]),
}
