"""Who is served first of what is scarce, as data over the API."""

import json
from typing import Any

import pytest

from functions.allocation import api_manage_fairness
from functions.allocation.queue_allocate_orders import handler as allocate
from oms.reference.model import Channel
from oms.wiring import Wiring
from tests.allocation_scene import batch, clock, position, put_order, set_up
from tests.lambda_events import api_event
from tests.waiting_scene import sell

ROUTE = "/v1/items/{sku}/fairness"
SHARE = {"rule": "share", "shares_pct": {"market": 50}, "note": "before Christmas"}


@pytest.fixture
def wiring(cloud_on_moto: Wiring) -> Wiring:
    cloud_on_moto.clock = clock
    set_up(cloud_on_moto, position("CUP", "ber-1", 4))
    sell(cloud_on_moto)
    for name in ("shop", "market"):
        channel = Channel(name=name, kind="canonical", currencies=frozenset({"EUR"}))
        cloud_on_moto.reference.put_setting("CHANNEL", name, channel)
    return cloud_on_moto


def put(body: dict[str, Any], sku: str = "CUP", **headers: str) -> tuple[int, dict[str, Any]]:
    event = api_event(f"PUT {ROUTE}", path={"sku": sku}, headers=headers, body=body)
    return _said(api_manage_fairness.handler(event, None))


def get(rest: str = "", sku: str = "CUP", **query: str) -> tuple[int, dict[str, Any]]:
    return _said(api_manage_fairness.handler(api_event(f"GET {ROUTE}{rest}", path={"sku": sku}, query=query), None))


def _said(answer: Any) -> tuple[int, dict[str, Any]]:
    return answer["statusCode"], json.loads(answer["body"])


def served(wiring: Wiring) -> list[int]:
    """Units that three early orders of the shop and three late ones of the market got, of the four that there are."""
    orders = [put_order(wiring, f"sho_{n}", {"CUP": 1}, minute=n, channel="shop") for n in range(3)]
    orders += [put_order(wiring, f"mar_{n}", {"CUP": 1}, minute=60 + n, channel="market") for n in range(3)]
    allocate(batch(*orders), None)
    return [wiring.orders.get(order.id).units_allocated for order in orders]


def test_a_rule_is_set_seen_kept_and_decides_who_is_served(wiring: Wiring) -> None:
    status, shown = get()
    assert (status, shown["version"], shown["terms"]["rule"], shown["from_all"]) == (200, 0, "first_come", False)
    assert put(SHARE)[0] == 428
    assert put(SHARE, **{"if-match": '"4"'})[0] == 412
    status, made = put(SHARE, **{"if-match": '"0"'})
    assert (status, made["version"], made["by"], made["terms"]["shares_pct"]) == (200, 1, "user:tester", {"market": 50})
    assert put(SHARE) == (200, made)  # the same again
    assert served(wiring) == [1, 1, 0, 1, 1, 0]
    assert put({"rule": "first_come"}, **{"if-match": '"1"'})[1]["version"] == 2
    rows = get("/versions", limit="1")[1]
    assert ([row["terms"]["rule"] for row in rows["policies"]], rows["next_before"]) == (["first_come"], 2)
    assert [row["note"] for row in get("/versions", before="2")[1]["policies"]] == ["before Christmas"]


def test_what_has_no_rule_of_its_own_goes_by_that_of_all(wiring: Wiring) -> None:
    assert put({"rule": "priority", "ranks": {"market": 1}}, "*", **{"if-match": "*"})[0] == 200
    assert (get()[1]["from_all"], get()[1]["terms"]["ranks"]) == (True, {"market": 1})
    assert served(wiring) == [1, 0, 0, 1, 1, 1]


@pytest.mark.usefixtures("wiring")
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"rule": "share", "shares_pct": {"market": 60, "shop": 41}}, "shares_pct"),
        ({"rule": "share", "shares_pct": {"nowhere": 1}}, "shares_pct.nowhere"),
        ({"rule": "priority", "ranks": {"nowhere": 1}}, "ranks.nowhere"),
        ({"rule": "priority", "ranks": {"shop": 0}}, "ranks.shop"),
        ({"rule": "priority", "ranks": {"shop": "1"}}, "ranks.shop"),
        ({"rule": "whoever"}, "rule"),
        ({"weights": 1}, "weights"),
    ],
)
def test_what_makes_no_rule_is_refused_by_its_field(body: dict[str, Any], field: str) -> None:
    status, told = put(body, **{"if-match": "*"})
    assert (status, told["code"]) == (422, "invalid")
    assert field in [fault["field"] for fault in told["faults"]]
    assert get()[1]["version"] == 0


@pytest.mark.usefixtures("wiring")
@pytest.mark.parametrize(
    "body", [{"rule": "share"}, {"ranks": {"shop": 1}}, {"rule": "priority", "shares_pct": {"shop": 1}}]
)
def test_what_would_be_said_in_vain_is_refused(body: dict[str, Any]) -> None:
    assert put(body, **{"if-match": "*"})[0] == 422
    assert get()[1]["version"] == 0


@pytest.mark.usefixtures("wiring")
def test_what_is_in_no_catalogue_has_no_rule() -> None:
    assert (put({}, "NONE", **{"if-match": "*"})[0], get("", "NONE")[0], get("/versions", "NONE")[0]) == (404, 404, 404)
