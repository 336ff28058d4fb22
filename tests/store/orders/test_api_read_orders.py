"""Reading orders over the API, on moto."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.orders.api_read_orders import handler
from functions.tracking.api_track_parcels import handler as track
from oms.kernel.signing import Seal
from oms.kernel.time import to_text
from oms.orders.model import Hold
from oms.reference.model import Channel, Item
from oms.tracking.links import order_of, token_for
from oms.wiring import Wiring, wire
from tests.aws import moto_cloud
from tests.crash import calls_of
from tests.lambda_events import api_event
from tests.order_builders import MONDAY, one_parcel_order, order, store_all

LIST, ONE, TIMELINE = "GET /v1/orders", "GET /v1/orders/{order_id}", "GET /v1/orders/{order_id}/timeline"
ORDERS = 100


@pytest.fixture(scope="module")
def shop() -> Iterator[Wiring]:
    """A hundred orders of two channels, some at the same instant, one in seven held."""
    with moto_cloud(lambda: MONDAY) as wiring:
        for name in ("web", "desk"):
            wiring.reference.put_setting("CHANNEL", name, Channel(name=name, kind="canonical", currencies={"EUR"}))
        for number in range(ORDERS):
            store_all(
                wiring.orders,
                order(
                    str(number),
                    channel="desk" if number % 3 == 0 else "web",
                    status="validating" if number % 7 == 0 else "completed",
                    submitted_at=to_text(MONDAY + timedelta(minutes=number // 2)),
                ),
            )
        yield wiring


def ask(key: str = LIST, path: Any = None, **query: str) -> tuple[int, Any, dict[str, str]]:
    answer = handler(api_event(key, path=path, query=query), None)
    return answer["statusCode"], json.loads(answer["body"]), answer["headers"]


def walk(**query: str) -> list[str]:
    """The external ids of all pages."""
    names: list[str] = []
    while True:
        status, page, _ = ask(**query)
        assert status == 200
        names += [row["external_order_id"] for row in page["orders"]]
        if "next_cursor" not in page:
            return names
        query["cursor"] = page["next_cursor"]


@settings(max_examples=6, deadline=None)
@given(
    limit=st.integers(1, 60),
    channel=st.sampled_from([None, "web", "desk"]),
    status=st.sampled_from([None, "validating", "completed", "cancelled"]),
)
def test_pages_of_any_size_show_each_order_once_newest_first(
    shop: Wiring, limit: int, channel: str | None, status: str | None
) -> None:
    filters = {key: value for key, value in (("channel", channel), ("status", status)) if value}
    expected = {
        str(number)
        for number in range(ORDERS)
        if channel in (None, "desk" if number % 3 == 0 else "web")
        and status in (None, "validating" if number % 7 == 0 else "completed")
    }
    names = walk(limit=str(max(limit, 8)), **filters)
    assert (set(names), len(names)) == (expected, len(expected))
    assert [int(name) // 2 for name in names] == sorted((int(name) // 2 for name in names), reverse=True)
    assert shop.orders


@pytest.mark.usefixtures("shop")
def test_an_order_is_found_by_its_number_in_its_channel_and_in_no_other() -> None:
    assert walk(channel="web", external_order_id="4") == ["4"]
    assert walk(channel="desk", external_order_id="4") == []
    assert walk(channel="web", external_order_id="4", status="completed", since=to_text(MONDAY)) == ["4"]
    assert walk(channel="web", external_order_id="4", status="validating") == []
    assert walk(channel="web", external_order_id="4", until=to_text(MONDAY)) == []
    status, problem, _ = ask(external_order_id="4")
    assert (status, problem["code"]) == (400, "malformed")
    assert "external_order_id needs the channel" in problem["faults"][0]["message"]


@pytest.mark.usefixtures("shop")
def test_an_order_is_found_by_its_number_with_one_consistent_read_and_only_by_who_may_see_it() -> None:
    query = {"channel": "web", "external_order_id": "4"}
    assert calls_of(lambda: ask(**query)).count("BatchGetItem") == 1
    assert "Query" not in calls_of(lambda: ask(**query))
    mine, foreign = (
        json.loads(handler(api_event(LIST, query=query, roles=["channel"], channels=[name]), None)["body"])
        for name in ("web", "desk")
    )
    assert ([row["external_order_id"] for row in mine["orders"]], foreign.get("orders", [])) == (["4"], [])


@pytest.mark.usefixtures("shop")
def test_since_is_included_and_until_is_not() -> None:
    since, until = to_text(MONDAY + timedelta(minutes=10)), to_text(MONDAY + timedelta(minutes=12))
    assert sorted(walk(since=since, until=until)) == ["20", "21", "22", "23"]
    assert walk(since=since, until=until, status="validating") == ["21"]
    assert walk(since=until, until=since) == []
    assert sorted(walk(since="2026-11-23T10:10:00+01:00", until=until)) == ["20", "21", "22", "23"]


def test_an_order_that_comes_in_between_moves_no_page(shop: Wiring) -> None:
    _, first, _ = ask(limit="10")
    store_all(shop.orders, order("late", channel="elsewhere", submitted_at=to_text(MONDAY + timedelta(days=1))))
    _, second, _ = ask(limit="10", cursor=first["next_cursor"])
    names = [int(row["external_order_id"]) for row in (*first["orders"], *second["orders"])]
    assert sorted(names) == list(range(80, 100))


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("change", ["other filter", "tampered", "garbage", "not ascii"])
def test_a_cursor_is_good_for_its_own_list_only(change: str) -> None:
    _, page, _ = ask(limit="10", channel="web")
    cursor = page["next_cursor"]
    query = {"channel": "web", "cursor": cursor}
    if change == "other filter":
        query["channel"] = "desk"
    else:
        query["cursor"] = {"tampered": "A" + cursor[1:], "garbage": "x", "not ascii": "ü"}[change]
    status, problem, _ = ask(**query)
    assert (status, problem["code"]) == (400, "bad_cursor")


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    "query",
    [{"limit": "0"}, {"limit": "101"}, {"limit": "ten"}, {"status": "lost"}, {"channel": "a#b"}, {"since": "monday"},
     {"since": "2026-11-23"}, {"colour": "red"}],
)  # fmt: skip
def test_a_filter_that_is_not_one_is_refused_by_name(query: dict[str, str]) -> None:
    status, problem, _ = ask(**query)
    assert (status, problem["code"], problem["faults"][0]["field"]) == (400, "malformed", next(iter(query)))


def test_one_order_costs_a_query_and_a_batch_read(shop: Wiring) -> None:
    header, share, box = one_parcel_order("whole", "TR-whole")
    store_all(shop.orders, header, share, box)
    assert shop.tracking_token(header)
    path = {"order_id": header.id}
    assert calls_of(lambda: ask(ONE, path)) == ["Query", "BatchGetItem"]
    status, view, headers = ask(ONE, path)
    assert (status, headers["etag"]) == (200, '"3"')
    assert view["lines"][0]["units"]["shipped"] == 2
    assert view["parcels"][0]["tracking_number"] == "TR-whole"
    status, story, _ = ask(TIMELINE, path)
    assert (status, [row["what"] for row in story["rows"]]) == (200, ["Seeded", "Seeded", "Seeded"])


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("key", [ONE, TIMELINE])
def test_an_order_that_does_not_exist_is_not_found(key: str) -> None:
    assert ask(key, {"order_id": "ord_nope"})[1]["code"] == "not_found"


@pytest.mark.usefixtures("shop")
def test_reading_needs_a_role() -> None:
    assert handler(api_event(LIST, roles=["nobody"]), None)["statusCode"] == 403
    assert handler(api_event(LIST, scope=None), None)["statusCode"] == 401


def test_the_link_shows_the_parcels_and_nothing_of_the_person(shop: Wiring) -> None:
    header, share, box = one_parcel_order("linked", "TR-linked")
    store_all(shop.orders, header, share, box)
    shop.reference.put_item(Item(sku="SKU-1", name="Mug", weight_g=300, length_mm=90, width_mm=90, height_mm=100))
    token = ask(ONE, {"order_id": header.id})[1]["tracking_token"]
    answer = track(api_event("GET /v1/track/{token}", path={"token": token}, scope=None), None)
    view = json.loads(answer["body"])
    assert (answer["statusCode"], view["status"]) == (200, "preparing")
    assert view["lines"] == [{"sku": "SKU-1", "name": "Mug", "quantity": 2}]
    assert view["parcels"][0]["tracking_number"] == "TR-linked"
    assert set(view) == {"status", "promise", "lines", "parcels"}
    assert header.person_id not in answer["body"]


@pytest.mark.usefixtures("shop")
def test_a_changed_or_expired_link_leads_nowhere() -> None:
    seal = wire().link_seal
    good = token_for("ord_a", MONDAY, seal)
    assert order_of(good, seal, at=MONDAY) == "ord_a"
    expired = token_for("ord_a", MONDAY - timedelta(days=401), seal)
    foreign = wire().cursor_seal.sign("ord_a.9999999999")
    for token in (good[:-1], "A" + good[1:], good + "A", expired, foreign, "", "ü", "a" * 5000):
        answer = track(api_event("GET /v1/track/{token}", path={"token": token}, scope=None), None)
        assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (404, "not_found")


@given(st.text(max_size=60), st.text(max_size=10), st.integers(0, 100), st.integers(1, 63))
def test_what_is_sealed_opens_unchanged_or_not_at_all(text: str, context: str, place: int, shift: int) -> None:
    seal = Seal(b"secret", "test")
    sealed = seal.sign(text, context)
    assert seal.open(sealed, context) == text
    assert seal.open(sealed, context + "!") is None
    assert Seal(b"secret", "other").open(sealed, context) is None
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    at = place % len(sealed)
    changed = sealed[:at] + alphabet[(alphabet.index(sealed[at]) + shift) % 64] + sealed[at + 1 :]
    assert seal.open(changed, context) is None


def test_a_held_order_shows_why_in_the_list(shop: Wiring) -> None:
    hold = Hold(id="h1", reason="credit", blocks=("confirm",), opened_at=to_text(MONDAY))
    store_all(shop.orders, order("held", channel="b2b", status="validating", holds=(hold,)))
    _, page, _ = ask(status="validating", channel="b2b")
    assert [(row["external_order_id"], row["holds"]) for row in page["orders"]] == [("held", ["credit"])]
