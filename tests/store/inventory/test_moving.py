"""The ledger over the API: movements by kind, once per key, on the picture that the caller has seen."""

from collections.abc import Iterator
from typing import Any

import pytest

from functions.inventory import api_move_stock
from oms.aws import clients
from oms.aws.tables import commit, from_wire
from oms.inventory.model import Cause, Change, Movement, Position
from oms.kernel.time import to_text
from oms.orders.store import facts_of_stream_record
from oms.reference.model import Channel, Item
from oms.wiring import Wiring
from tests.allocation_scene import (
    assert_the_journal_explains_the_balances,
    clock,
    item_of,
    position,
    rows,
    set_up,
    text_of,
)
from tests.aws import moto_cloud
from tests.crash import calls_of, crash, crash_points, restart
from tests.lambda_events import api_event

CUP = ("CUP", "ber-1")
ROUTE = "/v1/stock/{sku}/locations/{location}"


@pytest.fixture(name="wiring")
def _wiring() -> Iterator[Wiring]:
    with moto_cloud(clock) as wiring:
        seed(wiring)
        yield wiring


def seed(wiring: Wiring) -> None:
    set_up(wiring, position("CUP", "ber-1", 10, committed=4, incoming=6))
    item = Item(sku="CUP", name="Cup", weight_g=300, length_mm=10, width_mm=10, height_mm=10)
    wiring.reference.put_item(item)
    wiring.reference.put_item(item.model_copy(update={"sku": "PEN"}))
    market = Channel(name="marketplace", kind="canonical", currencies=frozenset({"EUR"}))
    wiring.reference.put_setting("CHANNEL", "marketplace", market)


def call(method: str, path: str = "", *, at: tuple[str, str] = CUP, **more: Any) -> dict[str, Any]:
    roles = more.pop("roles", ["operator"])
    event = api_event(f"{method} {ROUTE}{path}", path={"sku": at[0], "location": at[1]}, roles=roles, **more)
    answer = api_move_stock.handler(event, None)
    return {"status": answer["statusCode"], "etag": answer["headers"].get("etag"), **text_of(answer)}


def post(kind: str, units: int, key: str = "k", *, if_match: str | None = None, **more: Any) -> dict[str, Any]:
    roles = more.pop("roles", ["operator"])
    headers = {"Idempotency-Key": key, **({"If-Match": if_match} if if_match else {})}
    return call("POST", "/movements", body={"kind": kind, "units": units, **more}, headers=headers, roles=roles)


def stored(wiring: Wiring) -> Position:
    return wiring.stock.positions_at([CUP])[CUP]


def said(wiring: Wiring) -> list[tuple[str, dict[str, Any]]]:
    """Type and data of every fact that the journal carries to the stream, in its order."""
    found = []
    for wire in clients.dynamodb().scan(TableName=wiring.setting("INVENTORY_TABLE"))["Items"]:
        if from_wire(wire)["pk"].startswith("JOURNAL#"):
            image = {"dynamodb": {"NewImage": wire}}
            found += [(fact.sequence, fact.type, fact.data) for fact in facts_of_stream_record(image)]
    return [(kind, data) for _, kind, data in sorted(found, key=lambda row: row[0])]


@pytest.mark.parametrize(
    ("kind", "units", "more", "moved"),
    [
        ("received", 8, {}, {"on_hand": 18, "incoming": 0}),
        ("received", 2, {}, {"on_hand": 12, "incoming": 4}),
        ("expected", 5, {}, {"incoming": 11}),
        ("expected", -6, {}, {"incoming": 0}),
        ("found", 1, {}, {"on_hand": 11}),
        ("lost", 1, {"reason": "stolen"}, {"on_hand": 9}),
        ("adjusted", -2, {"reason": "miscounted", "expected": {"on_hand": 10}}, {"on_hand": 8}),
        ("damaged", 3, {"reason": "broken"}, {"on_hand": 10, "damaged": 3}),
        ("quarantined", 3, {}, {"on_hand": 10, "quality_control": 3}),
    ],
)
def test_a_movement_moves_its_buckets_and_no_other(
    wiring: Wiring, kind: str, units: int, more: dict[str, Any], moved: dict[str, int]
) -> None:
    before = stored(wiring)
    done = post(kind, units, **more)
    assert (done["status"], done["etag"]) == (201, f'"{before.version + 1}"')
    assert stored(wiring)._asdict() == {
        **before._asdict(), **moved, "version": before.version + 1, "entry": done["movement_id"]
    }  # fmt: skip
    assert_the_journal_explains_the_balances(wiring)


def test_what_was_set_apart_comes_back_or_is_written_off(wiring: Wiring) -> None:
    post("damaged", 3, "1", reason="broken")
    post("repaired", 1, "2")
    post("lost", 2, "3", reason="broken", out_of="damaged")
    post("quarantined", 5, "4")
    post("cleared", 5, "5")
    assert (stored(wiring).on_hand, stored(wiring).damaged, stored(wiring).quality_control) == (8, 0, 0)
    refused = post("repaired", 1, "6")
    assert (refused["status"], refused["code"]) == (409, "short_stock")


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "lost", "units": 1},
        {"kind": "damaged", "units": 1},
        {"kind": "adjusted", "units": 1},
        {"kind": "received", "units": -1},
        {"kind": "found", "units": 0},
        {"kind": "adjusted", "units": 0, "reason": "miscounted"},
        {"kind": "found", "units": 1, "out_of": "damaged"},
        {"kind": "shipped", "units": 1},
        {"kind": "received", "units": 1.0},
        {"kind": "received", "units": 1, "extra": 1},
    ],
)
def test_a_wrong_movement_changes_nothing(wiring: Wiring, body: dict[str, Any]) -> None:
    before = rows(wiring, "INVENTORY_TABLE")
    refused = call("POST", "/movements", body=body, headers={"Idempotency-Key": "k", "If-Match": "*"})
    assert (refused["status"], refused["code"]) == (422, "invalid")
    assert rows(wiring, "INVENTORY_TABLE") == before


def test_nothing_goes_below_zero(wiring: Wiring) -> None:
    refused = post("lost", 11, reason="stolen")
    assert (refused["status"], refused["code"]) == (409, "short_stock")
    assert stored(wiring).on_hand == 10


def test_a_picture_that_is_old_is_refused_with_what_is_true_now(wiring: Wiring) -> None:
    seen = call("GET")
    post("found", 1, "other")
    stale = post("found", 1, if_match=seen["etag"])
    assert (stale["status"], stale["code"], stale["etag"]) == (412, "stale", '"2"')
    assert stale["current"]["on_hand"] == 11
    changed = post("adjusted", 1, reason="miscounted", expected={"on_hand": 10, "damaged": 0})
    assert (changed["status"], changed["code"]) == (409, "quantity_changed")
    assert changed["current"] == {
        "on_hand": 11, "committed": 4, "reserved": 0, "available": 7, "incoming": 6, "damaged": 0,
        "quality_control": 0, "version": 2,
    }  # fmt: skip
    assert stored(wiring).on_hand == 11
    assert post("adjusted", -1, if_match='"2"', reason="miscounted")["status"] == 201


def test_a_tag_must_not_be_empty(wiring: Wiring) -> None:
    assert call("PUT", body={}, headers={"If-Match": ""})["code"] == "malformed"
    assert stored(wiring).version == 1


def test_an_adjustment_must_say_what_was_seen(wiring: Wiring) -> None:
    refused = post("adjusted", 1, reason="miscounted")
    assert (refused["status"], refused["code"]) == (428, "if_match_needed")
    assert stored(wiring).version == 1


def test_a_movement_happens_once_per_key_and_is_answered_the_same(wiring: Wiring) -> None:
    first = post("received", 5, "goods-in", if_match='"1"', ref="DN-1")
    post("lost", 9, "later", reason="stolen")
    assert post("received", 5, "goods-in", if_match='"1"', ref="DN-1") == first
    reused = post("received", 6, "goods-in", if_match='"1"', ref="DN-1")
    assert (reused["status"], reused["code"]) == (422, "idempotency_key_reused")
    assert stored(wiring).on_hand == 6
    assert_the_journal_explains_the_balances(wiring)


@pytest.mark.usefixtures("wiring")
def test_who_buys_says_what_comes_and_does_not_correct_the_shelves() -> None:
    refused = post("lost", 1, reason="stolen", roles=["procurement"])
    assert (refused["status"], refused["code"]) == (403, "forbidden")
    assert post("expected", 1, roles=["procurement"])["status"] == 201
    assert post("found", 1, "2", roles=["warehouse", "location.lon-1"])["status"] == 404
    assert post("found", 1, "3", roles=["warehouse", "location.ber-1"])["status"] == 201


def test_the_bus_hears_of_each_movement_and_of_what_falls_short(wiring: Wiring) -> None:
    post("received", 1, "1", ref="DN-1")
    post("lost", 8, "2", reason="stolen")
    same = {"sku": "CUP", "location": "ber-1"}
    assert said(wiring) == [
        ("StockFreed", {**same, "available": 6}),  # when it was opened
        ("StockReceived", {**same, "kind": "received", "units": 1, "on_hand": 11, "available": 7, "ref": "DN-1"}),
        ("StockFreed", {**same, "available": 7}),
        ("StockAdjusted", {**same, "kind": "lost", "units": 8, "on_hand": 3, "available": -1, "ref": None}),
        ("StockFellShort", {**same, "shortfall": 1}),
    ]


def test_a_position_is_opened_once_and_its_levels_are_set_on_the_picture_seen(wiring: Wiring) -> None:
    pen = ("PEN", "lon-1")
    levels = {"safety_stock": 0, "reorder_point": 3, "order_up_to": 9, "channels": {"marketplace": 2}}
    opened = call("PUT", at=pen, body=levels)
    assert (opened["status"], opened["etag"], opened["on_hand"], opened["reorder_point"]) == (201, '"1"', 0, 3)
    assert call("PUT", at=pen, body=levels)["status"] == 200  # repeated: as it was
    assert call("PUT", at=pen, body={"reorder_point": 4})["status"] == 428
    changed = call("PUT", at=pen, body={"reorder_point": 4, "safety_stock": 1}, headers={"If-Match": '"1"'})
    assert (changed["status"], changed["etag"], changed["order_up_to"], changed["channels"]) == (200, '"2"', 0, {})
    history = call("GET", "/movements", at=pen)["movements"]
    assert [(row["kind"], row["units"], row["levels"]) for row in history] == [
        ("guarded", {"safety_stock": 1}, {"channel:marketplace": 0, "order_up_to": 0, "reorder_point": 4}),
        ("opened", {}, {"channel:marketplace": 2, "order_up_to": 9, "reorder_point": 3}),
    ]
    assert [kind for kind, _ in said(wiring)] == ["PositionOpened", "StockFreed", "StockLevelsSet"]
    assert_the_journal_explains_the_balances(wiring)


@pytest.mark.usefixtures("wiring")
def test_only_known_skus_are_kept_at_known_locations() -> None:
    assert call("PUT", at=("NOTHING", "ber-1"), body={})["code"] == "unknown_sku"
    assert call("PUT", at=("PEN", "mars-1"), body={})["status"] == 404
    assert call("GET", at=("PEN", "ber-1"))["status"] == 404


def test_a_bundle_has_no_stock_of_its_own(wiring: Wiring) -> None:
    wiring.reference.put_item(item_of("SET").model_copy(update={"components": (("PEN", 2),)}))
    refused = call("PUT", at=("SET", "ber-1"), body={})
    assert (refused["status"], refused["code"], refused["faults"][0]["field"]) == (422, "invalid", "sku")
    assert call("GET", at=("SET", "ber-1"))["status"] == 404


@pytest.mark.usefixtures("wiring")
def test_nothing_is_bought_up_to_less_than_where_buying_begins() -> None:
    refused = call("PUT", at=("PEN", "ber-1"), body={"reorder_point": 9, "order_up_to": 8})
    assert (refused["status"], [fault["field"] for fault in refused["faults"]]) == (422, ["order_up_to"])
    assert call("PUT", at=("PEN", "ber-1"), body={"reorder_point": 9, "order_up_to": 9})["status"] == 201


@pytest.mark.usefixtures("wiring")
def test_the_history_is_read_page_by_page_to_its_beginning() -> None:
    for number in range(5):
        post("found", 1, f"k{number}", ref=f"R{number}")
    refs: list[str | None] = []
    cursor: dict[str, str] = {}
    while True:
        page = call("GET", "/movements", query={"limit": "2", **cursor})
        refs += [row.get("ref") for row in page["movements"]]
        if "next_cursor" not in page:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert refs == ["R4", "R3", "R2", "R1", "R0", None, None]
    assert call("GET", "/movements", query={"cursor": "nothing"})["code"] == "bad_cursor"


def test_a_process_may_be_lost_anywhere_and_the_movement_counts_once() -> None:
    def run() -> object:
        return post("received", 5, "goods-in", ref="DN-1")

    with moto_cloud(clock) as wiring:
        seed(wiring)
        calls = calls_of(run)
    assert calls[-4:] == ["BatchGetItem", "Query", "BatchGetItem", "TransactWriteItems"]  # before: who calls, how often
    for point in crash_points(calls):
        with moto_cloud(clock) as wiring:
            seed(wiring)
            crash(point, run)
            reborn = restart(clock)
            assert post("received", 5, "goods-in", ref="DN-1")["status"] == 201, point
            assert stored(reborn).on_hand == 15, point
            assert_the_journal_explains_the_balances(reborn)


def test_who_is_bound_to_a_location_sees_no_names_of_carts_and_orders(wiring: Wiring) -> None:
    taken = Movement("committed", CUP, Change(committed=1), ref="ord_1")
    commit(*wiring.stock.writes([taken], {CUP: stored(wiring)}, Cause("t", to_text(clock()))))
    post("found", 1, ref="R1")
    shown = {
        name: [row.get("ref") for row in call("GET", "/movements", roles=roles)["movements"]]
        for name, roles in (("all", ["operator"]), ("bound", ["warehouse", "location.ber-1"]))
    }
    assert shown == {"all": ["R1", "ord_1", None, None], "bound": ["R1", None, None, None]}
