"""Who may wait, as data over the API; and caps by channel."""

import json
from typing import Any

import pytest

from functions.allocation import api_cancel_orders
from functions.inventory import api_ask_availability, api_manage_waiting
from functions.orders import api_read_orders
from oms.reference.model import Channel, MayWait
from oms.wiring import Wiring
from tests.allocation_scene import assert_the_books_balance, clock, position, put_order, set_up
from tests.lambda_events import api_event
from tests.waiting_scene import buckets, come, found, line, sell, serve, supply, trusted

ROUTE = "/v1/items/{sku}/waiting-policy"


@pytest.fixture
def wiring(cloud_on_moto: Wiring) -> Wiring:
    cloud_on_moto.clock = clock
    set_up(cloud_on_moto, position("CUP", "ber-1", 0))
    sell(cloud_on_moto)
    for name in ("shopify_eu", "sales_desk"):
        channel = Channel(name=name, kind="canonical", currencies=frozenset({"EUR"}))
        cloud_on_moto.reference.put_setting("CHANNEL", name, channel)
    return cloud_on_moto


def put(body: dict[str, Any], sku: str = "CUP", **headers: str) -> tuple[int, dict[str, Any]]:
    event = api_event(f"PUT {ROUTE}", path={"sku": sku}, headers=headers, body=body)
    return _said(api_manage_waiting.handler(event, None))


def get(rest: str = "", sku: str = "CUP", **query: str) -> tuple[int, dict[str, Any]]:
    return _said(api_manage_waiting.handler(api_event(f"GET {ROUTE}{rest}", path={"sku": sku}, query=query), None))


def _said(answer: Any) -> tuple[int, dict[str, Any]]:
    return answer["statusCode"], json.loads(answer["body"])


def test_a_policy_is_set_seen_kept_and_decides(wiring: Wiring) -> None:
    status, shown = get()
    assert (status, shown["version"], shown["terms"]["kind"], shown["waiting_units"]) == (200, 0, "backorder", 0)
    wanted = {"kind": "backorder", "cap": 3, "channel_caps": {"sales_desk": 1}, "note": "scarce"}
    assert put(wanted)[0] == 428
    assert put(wanted, **{"if-match": '"4"'})[0] == 412
    status, made = put(wanted, **{"if-match": '"0"'})
    assert (status, made["version"], made["by"], made["terms"]["channel_caps"]) == (
        200,
        1,
        "user:tester",
        {"sales_desk": 1},
    )
    assert put(wanted) == (200, made)  # the same again
    assert put({"kind": "none"}, **{"if-match": '"0"'})[0] == 412
    assert put(wanted, **{"if-match": " "})[0] == 400
    orders = [put_order(wiring, f"ord_{n}", {"CUP": 1}, minute=n, channel="sales_desk") for n in range(2)]
    come(wiring, *orders)
    assert line(wiring) == [("ord_0", 1, "unknown")]
    (hold,) = wiring.orders.get("ord_1").holds
    assert hold.note == "CUP: cap_reached of sales_desk, 1 of 1 wait, 1 more wanted"
    shown = get()[1]
    assert (shown["waiting_units"], shown["waiting_by_channel"]) == (1, {"sales_desk": 1})
    assert put({"kind": "none"}, **{"if-match": '"1"'})[1]["version"] == 2
    rows = get("/versions", limit="1")[1]
    assert ([row["terms"]["kind"] for row in rows["policies"]], rows["next_before"]) == (["none"], 2)
    assert [row["note"] for row in get("/versions", before="2")[1]["policies"]] == ["scarce"]


def test_the_catalogue_may_be_written_again_and_the_policy_stays(wiring: Wiring) -> None:
    assert put({"kind": "none"}, **{"if-match": "*"})[0] == 200
    sell(wiring, waiting=MayWait(cap=9), min_age=18)
    wiring.reference.forget_item("CUP")
    item = wiring.reference.items(["CUP"])["CUP"]
    assert (item.waiting.kind, item.waiting.cap, item.min_age) == ("none", None, 18)


@pytest.mark.usefixtures("wiring")
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"cap": -1}, "cap"),
        ({"cap": "3"}, "cap"),
        ({"until": 0}, "until"),
        ({"until": "2026-12-24T00:00:00"}, "until"),
        ({"until": "9999-12-31"}, "until"),
        ({"channel_caps": {"nowhere": 1}}, "channel_caps.nowhere"),
        ({"locations": {"nowhere": 1}}, "locations.nowhere"),
        ({"kind": "preorder"}, "release_on"),
        ({"kind": "later"}, "kind"),
        ({"limit": 1}, "limit"),
    ],
)
def test_what_makes_no_policy_is_refused_by_its_field(body: dict[str, Any], field: str) -> None:
    status, told = put(body, **{"if-match": "*"})
    assert (status, told["code"]) == (422, "invalid")
    assert field in [fault["field"] for fault in told["faults"]]
    assert get()[1]["version"] == 0


@pytest.mark.usefixtures("wiring")
def test_what_is_in_no_catalogue_has_no_policy() -> None:
    assert (put({}, "NONE", **{"if-match": "*"})[0], get("", "NONE")[0], get("/versions", "NONE")[0]) == (404, 404, 404)


def test_the_order_says_what_waits_since_when_and_why_and_shops_are_told_before(wiring: Wiring) -> None:
    trusted(wiring)
    sell(wiring, waiting=MayWait(cap=3, channel_caps={"shopify_eu": 2}))
    supply(wiring, "PO-1", 1, "2026-12-01")

    def told(quantity: int, channel: str = "shopify_eu") -> tuple[int, dict[str, Any]]:
        query = {"sku": "CUP", "quantity": str(quantity), "country": "DE", "channel": channel}
        (row,) = _said(api_ask_availability.handler(api_event("GET /v1/availability", query=query), None))[1]["skus"]
        return row["now"], row["waiting"]

    assert told(1) == (0, {"kind": "backorder", "allowed": True, "room": 2, "stock_on": "2026-12-01"})
    come(wiring, put_order(wiring, "ord_1", {"CUP": 1}), put_order(wiring, "ord_2", {"CUP": 1}, minute=1))
    assert told(1) == (0, {"kind": "backorder", "allowed": False, "why_not": "cap_reached", "room": 0})
    assert told(1, "sales_desk") == (0, {"kind": "backorder", "allowed": True, "room": 1})
    assert told(2, "sales_desk")[1]["why_not"] == "cap_reached"
    views = [
        _said(api_read_orders.handler(api_event("GET /v1/orders/{order_id}", path={"order_id": name}), None))[1]
        for name in ("ord_1", "ord_2")
    ]
    since = "2026-11-23T09:00:00.000Z"
    assert [view["lines"][0]["waiting"] for view in views] == [
        {"units": 1, "location": "ber-1", "since": since, "stock_on": "2026-12-01", "why": "supply"},
        {"units": 1, "location": "ber-1", "since": since, "why": "no_supply"},
    ]
    sell(wiring, waiting=MayWait.model_validate({"kind": "preorder", "release_on": "2026-12-24"}))
    wiring.reference.forget_item("CUP")
    found(wiring, 5)
    assert told(2) == (0, {"kind": "preorder", "allowed": True, "stock_on": "2026-12-24"})
    sell(wiring, waiting=MayWait(kind="none"))
    wiring.reference.forget_item("CUP")
    assert told(9) == (3, {"kind": "none", "allowed": False, "why_not": "not_backorderable"})


def test_a_channel_has_its_own_cap_and_whoever_leaves_makes_room_in_it(wiring: Wiring) -> None:
    sell(wiring, waiting=MayWait(cap=4, channel_caps={"sales_desk": 2}))
    desk = [put_order(wiring, f"desk_{n}", {"CUP": 1}, minute=n, channel="sales_desk") for n in range(3)]
    shop = [put_order(wiring, f"shop_{n}", {"CUP": 1}, minute=9 + n) for n in range(3)]
    come(wiring, *desk, *shop)
    assert [name for name, _, _ in line(wiring)] == ["desk_0", "desk_1", "shop_0", "shop_1"]
    assert wiring.orders.get("shop_2").holds[0].note == "CUP: cap_reached, 4 of 4 wait, 1 more wanted"
    event = api_event("POST /v1/orders/{order_id}/cancel", path={"order_id": "desk_0"}, body={"reason": "other"})
    assert api_cancel_orders.handler(event, None)["statusCode"] == 200
    found(wiring, 1)
    serve()
    assert buckets(wiring, "desk_1") == (0, 0, 1)
    assert wiring.waiting_lines.heads(["CUP"])["CUP"].by_channel == {"sales_desk": 0, "shopify_eu": 2}
    come(wiring, put_order(wiring, "desk_4", {"CUP": 2}, minute=30, channel="sales_desk"))
    assert [name for name, _, _ in line(wiring)] == ["shop_0", "shop_1", "desk_4"]
    assert_the_books_balance(wiring)
