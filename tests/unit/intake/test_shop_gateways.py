"""The shops' gateways against partners on loopback: what they ask, what they hand over."""

from collections.abc import Iterator
from typing import Any

import pytest

from oms.intake.fetching import Page
from oms.intake.notices import Snapshot
from oms.kernel.errors import NotNowError, TransientError
from oms.kernel.time import to_text
from tests.partners import HTML, Call, Partner, Reply, partner
from tests.unit.intake.gateway_scene import SINCE, UNTIL, Scene
from tests.unit.intake.specimens import etsy, magento, walmart, woocommerce

WOO = {"consumer_key": "ck_1", "consumer_secret": "cs_1"}
SHOPIFY_ORDER = {
    "id": 17,
    "updated_at": "2026-11-23T09:30:00+01:00",
    "currency": "EUR",
    "total_price": "12.00",
    "line_items": [{"id": 1, "sku": "LAMP", "quantity": 1, "price": "12.00"}],
    "shipping_address": {"name": "Ada", "address1": "1 A St", "city": "Berlin", "zip": "10435", "country_code": "DE"},
}


@pytest.fixture
def shop() -> Iterator[Partner]:
    with partner() as one:
        yield one


def scene_of(shop: Partner, kind: str, **options: str) -> Scene:
    scene = Scene(shop, kind, **options)
    scene.secrets.documents[f"ch/{kind}_1"].update(WOO)
    shop.answers["POST /auth/o2/token"] = lambda _call: Reply({"access_token": "t-1", "expires_in": 900})
    return scene


def listed(page: Page) -> list[tuple[str, str | None]]:
    return [(each.external_order_id, each.version) for each in page.orders]


def whole(scene: Scene, order_id: str) -> Snapshot:
    (notice,) = scene.fetched(order_id)
    assert isinstance(notice, Snapshot)
    return notice


def test_shopify_orders_are_listed_by_its_cursor_and_counted_by_the_shop(shop: Partner) -> None:
    scene = scene_of(shop, "shopify")
    link = f'<{shop.url}/admin/api/2024-10/orders.json?limit=25&page_info=p2>; rel="next"'
    base = "GET /admin/api/2024-10"
    shop.on(f"{base}/orders.json", {"orders": [SHOPIFY_ORDER]}, link=link)
    shop.on(f"{base}/orders/count.json", {"count": 26})
    first = scene.partners.list_orders(scene.channel, SINCE, UNTIL)
    assert (listed(first), first.cursor, first.total) == ([("17", "2026-11-23T08:30:00.000Z")], "p2", 26)
    asked = shop.calls[0]
    assert asked.headers["x-shopify-access-token"] == "EAAA-token"
    assert (asked.query["updated_at_min"], asked.query["updated_at_max"], asked.query["status"]) == (
        to_text(SINCE),
        to_text(UNTIL),
        "any",
    )
    shop.on(f"{base}/orders.json", {"orders": []})
    last = scene.partners.list_orders(scene.channel, SINCE, UNTIL, first.cursor)
    assert (last.orders, last.cursor, last.total) == ([], None, None)
    assert dict(shop.calls[2].query) == {"limit": "25", "page_info": "p2"}


def test_a_shopify_order_is_one_call_and_read_without_a_topic(shop: Partner) -> None:
    scene = scene_of(shop, "shopify")
    shop.on("GET /admin/api/2024-10/orders/17.json", {"order": SHOPIFY_ORDER})
    found = whole(scene, "17")
    assert (found.order.external_order_id, found.order.total_minor, found.version) == (
        "17",
        1200,
        "2026-11-23T08:30:00.000Z",
    )
    assert scene.partners.fetch(scene.channel, "18") is None


def test_woocommerce_lists_go_on_from_the_last_change(shop: Partner) -> None:
    scene = scene_of(shop, "woocommerce")
    rows = [woocommerce.order(id=number, date_modified_gmt="2026-11-23T08:30:00") for number in range(1, 26)]
    shop.on("GET /wp-json/wc/v3/orders", rows, x_wp_total="40")
    page = scene.partners.list_orders(scene.channel, SINCE, UNTIL)
    assert (len(page.orders), page.cursor, page.total) == (25, "2026-11-23T08:30:00.000Z|1", 40)
    scene.partners.list_orders(scene.channel, SINCE, UNTIL, page.cursor)
    assert [(call.query["modified_after"], call.query["page"]) for call in shop.calls] == [
        ("2026-11-23T07:59:59", "1"),
        ("2026-11-23T08:29:59", "1"),
    ]
    again = scene.partners.list_orders(scene.channel, SINCE, UNTIL, "2026-11-23T08:30:00.000Z|1")
    assert again.cursor == "2026-11-23T08:30:00.000Z|2"
    assert shop.calls[0].headers["authorization"] == "Basic Y2tfMTpjc18x"


def test_a_woocommerce_order_is_one_call(shop: Partner) -> None:
    scene = scene_of(shop, "woocommerce")
    shop.on("GET /wp-json/wc/v3/orders/727", woocommerce.order())
    assert whole(scene, "727").order.total_minor == 3115


def test_magento_orders_are_searched_by_their_last_change(shop: Partner) -> None:
    scene = scene_of(shop, "magento")
    shop.on("GET /rest/V1/orders", {"items": [magento.order()], "total_count": 1})
    shop.on("GET /rest/V1/orders/8", magento.order())
    page = scene.partners.list_orders(scene.channel, SINCE, UNTIL)
    assert (listed(page), page.cursor, page.total) == ([("8", "2026-11-23T09:00:00.000Z")], None, 1)
    query = shop.calls[0].query
    assert query["searchCriteria[filter_groups][0][filters][0][value]"] == "2026-11-23 08:00:00"
    assert query["searchCriteria[filter_groups][1][filters][0][condition_type]"] == "lt"
    assert whole(scene, "8").order.total_minor == 4391


def test_walmart_gives_a_token_for_a_quarter_of_an_hour_and_a_cursor_that_is_a_query(shop: Partner) -> None:
    scene = scene_of(shop, "walmart")
    cursor = "?limit=100&hasMoreElements=true&soIndex=200&poIndex=100"
    answer: dict[str, Any] = {"list": {"meta": {"totalCount": 2, "nextCursor": cursor}, "elements": {"order": []}}}
    answer["list"]["elements"]["order"].append(walmart.order())
    shop.on("GET /v3/orders", answer)
    shop.on("GET /v3/orders/1796277083022", {"order": walmart.order()})
    page = scene.partners.list_orders(scene.channel, SINCE, UNTIL)
    assert (listed(page), page.cursor, page.total) == ([("1796277083022", None)], cursor, 2)
    scene.partners.list_orders(scene.channel, SINCE, UNTIL, cursor)
    assert whole(scene, "1796277083022").order.total_minor == 2991
    assert shop.asked() == [
        "POST /auth/o2/token",
        "GET /v3/orders",
        "GET /v3/orders",
        "GET /v3/orders/1796277083022",
    ]
    assert shop.calls[2].query["soIndex"] == "200"
    assert shop.calls[1].headers["wm_sec.access_token"] == "t-1"
    assert shop.calls[1].query["shipNodeType"] == "SellerFulfilled"


def test_etsy_receipts_are_listed_by_their_last_change(shop: Partner) -> None:
    scene = scene_of(shop, "etsy", shop_id="42")
    base = "GET /v3/application/shops/42/receipts"
    shop.on(base, {"count": 1, "results": [etsy.receipt()]})
    shop.on(f"{base}/234567890", etsy.receipt())
    page = scene.partners.list_orders(scene.channel, SINCE, UNTIL)
    assert (listed(page), page.cursor, page.total) == ([("234567890", "2026-11-23T09:00:00.000Z")], None, 1)
    asked = shop.calls[1]
    assert asked.query["min_last_modified"] == str(int(SINCE.timestamp()))
    assert (asked.headers["x-api-key"], asked.headers["authorization"]) == ("app-1", "Bearer t-1")
    assert b"grant_type=refresh_token" in shop.calls[0].body
    assert whole(scene, "234567890").order.total_minor == 6420


_LISTS = {
    "shopify": "GET /admin/api/2024-10/orders.json",
    "woocommerce": "GET /wp-json/wc/v3/orders",
    "magento": "GET /rest/V1/orders",
    "walmart": "GET /v3/orders",
    "etsy": "GET /v3/application/shops/42/receipts",
}


@pytest.mark.parametrize("kind", _LISTS)
def test_a_shop_that_misbehaves_says_try_again_and_for_how_long(shop: Partner, kind: str) -> None:
    scene = scene_of(shop, kind, shop_id="42")

    def answering(reply: Reply) -> None:
        def answer(_call: Call) -> Reply:
            return reply

        shop.answers[_LISTS[kind]] = answer

    for reply in (HTML, Reply(status=502), Reply("a text"), Reply(drop=True)):
        answering(reply)
        with pytest.raises(TransientError):
            scene.partners.list_orders(scene.channel, SINCE, UNTIL)
    answering(Reply(status=429, headers={"retry-after": "17"}))
    with pytest.raises(NotNowError) as later:
        scene.partners.list_orders(scene.channel, SINCE, UNTIL)
    assert later.value.after_s == 17


@pytest.mark.parametrize("kind", _LISTS)
def test_a_shop_publishes_a_rate_to_begin_with(shop: Partner, kind: str) -> None:
    scene = scene_of(shop, kind)
    assert scene.partners.lists(scene.channel)
    rate = scene.partners.rate(scene.channel, "list")
    assert rate is not None
    assert rate.burst > 0
    assert rate.per_s > 0
