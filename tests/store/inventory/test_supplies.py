"""Supplies over the API: books, lateness, versions; killed anywhere, goods are booked in once; what shops are told."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from functions.inventory import api_ask_availability, api_manage_supplies, api_move_stock
from oms.aws.documents import unpack
from oms.inventory.model import Position
from oms.inventory.supply.model import ChannelSafety, Supply, SupplyTerms
from oms.orders.store import facts_of_stream_record
from oms.procurement.model import Supplier
from oms.reference.model import Channel
from oms.wiring import Wiring
from tests.allocation_scene import (
    START,
    assert_the_books_balance,
    item_of,
    position,
    put_order,
    rows,
    set_up,
    text_of,
)
from tests.aws import moto_cloud
from tests.crash import calls_of, crash, crash_points, restart
from tests.lambda_events import api_event

CUP = ("CUP", "ber-1")
LINE: dict[str, Any] = {
    "kind": "purchase_order",
    "reference": "PO-7",
    "supplier": "aurora",
    "sku": "CUP",
    "location": "ber-1",
    "units": 10,
    "due_on": "2026-12-01",
    "confirmed": True,
}
TERMS = SupplyTerms(prior_days=0, prior_weight=0, processing_days=0)


class Time:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


def put(line: dict[str, Any], tag: str = "", name: str = "PO-7.1") -> tuple[int, dict[str, Any]]:
    headers = {"If-Match": tag} if tag else {}
    event = api_event(
        "PUT /v1/supplies/{supply_id}", path={"supply_id": name}, body=line, headers=headers, roles=["procurement"]
    )
    answer = api_manage_supplies.handler(event, None)
    return answer["statusCode"], text_of(answer)


def receive(units: int, receipt: str, name: str = "PO-7.1") -> tuple[int, dict[str, Any]]:
    event = api_event(
        "POST /v1/supplies/{supply_id}/receipts",
        path={"supply_id": name},
        body={"receipt_id": receipt, "units": units},
        roles=["procurement"],
    )
    answer = api_manage_supplies.handler(event, None)
    return answer["statusCode"], text_of(answer)


def books(wiring: Wiring) -> tuple[int, int]:
    """On hand and incoming."""
    found = wiring.stock.positions_at([CUP])[CUP]
    return found.on_hand, found.incoming


def facts(wiring: Wiring) -> list[tuple[str, dict[str, Any]]]:
    """Those of the last write of every supply."""
    table = [row for row in rows(wiring, "INVENTORY_TABLE") if row["pk"].startswith("SUPPLY#")]
    return [(fact.type, fact.data) for row in table for fact in unpack(Supply, row["doc"]).facts]


def ask(**query: str) -> tuple[int, dict[str, Any]]:
    asked = {"sku": "CUP", "country": "DE", "channel": "desk", **query}
    answer = api_ask_availability.handler(api_event("GET /v1/availability", query=asked, roles=["sales"]), None)
    return answer["statusCode"], text_of(answer)


def shop(wiring: Wiring, *positions: Position) -> None:
    set_up(wiring, *positions)
    for sku in {one.sku for one in positions}:
        wiring.reference.put_item(item_of(sku))
    wiring.reference.put_setting("SUPPLY", "terms", TERMS)
    desk = Channel(name="desk", kind="canonical", currencies=frozenset({"EUR"}))
    wiring.reference.put_setting("CHANNEL", "desk", desk)


def test_what_is_received_for_no_supply_takes_nothing_of_what_supplies_still_bring() -> None:
    def receive_otherwise(units: int) -> dict[str, Any]:
        event = api_event(
            "POST /v1/stock/{sku}/locations/{location}/movements",
            path={"sku": "CUP", "location": "ber-1"},
            headers={"Idempotency-Key": f"other-{units}"},
            body={"kind": "received", "units": units, "ref": "no-supply"},
        )
        answer: dict[str, Any] = text_of(api_move_stock.handler(event, None))
        return answer

    with moto_cloud(Time()) as wiring:
        shop(wiring, position("CUP", "ber-1", 3, incoming=2), position("CUP", "lon-1", 0))
        assert put(LINE)[0] == 200
        assert put({**LINE, "location": "lon-1"}, name="PO-7.2")[0] == 200
        assert books(wiring) == (3, 12)
        assert receive_otherwise(120)["position"]["incoming"] == 10
        assert receive(4, "GR-1")[1]["to_come"] == 6
        assert books(wiring) == (127, 6)
        assert receive_otherwise(1)["position"]["incoming"] == 6
        assert receive(6, "GR-2")[1]["to_come"] == 0
        assert books(wiring) == (134, 0)


def test_a_line_that_is_to_come_stands_in_the_books_until_it_is_there() -> None:
    with moto_cloud(Time()) as wiring:
        set_up(wiring, position("CUP", "ber-1", 3))
        assert put(LINE)[0] == 200
        assert books(wiring) == (3, 10)
        assert facts(wiring)[0][0] == "SupplyConfirmed"
        assert receive(4, "GR-1")[1]["to_come"] == 6
        assert books(wiring) == (7, 6)
        assert facts(wiring) == [
            (
                "SupplyReceived",
                {
                    "supply_id": "PO-7.1",
                    "sku": "CUP",
                    "location": "ber-1",
                    "receipt_id": "GR-1",
                    "units": 4,
                    "to_come": 6,
                },
            )
        ]
        assert receive(4, "GR-1")[1]["received"] == 4  # the same receipt
        assert receive(8, "GR-2")[1]["status"] == "received"  # two more than ordered
        assert books(wiring) == (15, 0)
        status, problem = receive(1, "GR-3")
        assert (status, problem["code"]) == (409, "wrong_state")
        assert_the_books_balance(wiring)


def test_a_receipt_that_comes_again_with_other_units_is_refused_and_says_what_was_recorded() -> None:
    with moto_cloud(Time()) as wiring:
        set_up(wiring, position("CUP", "ber-1", 3))
        put(LINE)
        assert receive(10, "GR-1")[1]["status"] == "received"
        status, problem = receive(4, "GR-1")
        assert (status, problem["code"]) == (422, "id_reused")
        assert problem["detail"].startswith("receipt GR-1 was used with other content before; recorded at ")
        assert problem["detail"].endswith("10 units")
        assert receive(10, "GR-1")[1]["received"] == 10
        assert books(wiring) == (13, 0)


def test_a_line_of_a_supplier_whom_nobody_knows_is_refused_where_suppliers_are_kept() -> None:
    with moto_cloud(Time()) as wiring:
        set_up(wiring, position("CUP", "ber-1", 0))
        wiring.procurement.put_supplier(Supplier(id="borealis", name="B", country="DE", offers=()))
        status, problem = put(LINE)
        assert (status, problem["faults"]) == (422, [{"field": "supplier", "message": "is unknown"}])
        assert books(wiring) == (0, 0)
        assert put({**LINE, "supplier": "borealis"})[0] == 200


def test_a_line_is_changed_by_who_has_seen_it_and_moved_dates_are_told() -> None:
    with moto_cloud(Time()) as wiring:
        set_up(wiring, position("CUP", "ber-1", 0))
        put(LINE)
        moved = {**LINE, "due_on": "2026-12-08", "units": 12}
        assert (put(moved)[0], put(moved, '"7"')[0]) == (428, 412)
        current = put(moved, '"7"')[1]["current"]
        assert current == {"units": 10, "received": 0, "to_come": 10, "version": 1}
        for garbage in ("garbage", "1", 'W/"1"', '"1" "2"', '"'):
            status, problem = put(moved, garbage)
            assert (status, problem["code"]) == (400, "malformed")
        assert books(wiring) == (0, 10)
        assert put(moved, '"1"')[1]["version"] == 2
        assert books(wiring) == (0, 12)
        ((kind, data),) = facts(wiring)
        assert (kind, data["was_due_on"], data["due_on"], data["was_units"]) == (
            "SupplyMoved", "2026-12-01", "2026-12-08", 10,
        )  # fmt: skip
        assert put(moved)[1]["version"] == 2  # the same again is nothing new
        assert put({**moved, "units": 0}, "*")[1]["status"] == "received"
        assert books(wiring) == (0, 0)
        assert_the_books_balance(wiring)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"location": "rom-1"}, "location"),
        ({"sku": "SPOON"}, "sku"),
        ({"units": 0}, "units"),
        ({"units": -1}, "units"),
        ({"units": "10"}, "units"),
        ({"due_on": "2026-02-30"}, "due_on"),
        ({"due_on": "9999-12-31"}, "due_on"),  # what many systems write for "not known"
        ({"due_on": "0001-01-01"}, "due_on"),
        ({"kind": "gift"}, "kind"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_line_that_cannot_be_is_refused_by_field(change: dict[str, Any], field: str) -> None:
    with moto_cloud(Time()) as wiring:
        set_up(wiring, position("CUP", "ber-1", 0))
        status, problem = put({**LINE, **change})
        assert (status, problem["code"]) == (422, "invalid")
        assert [fault["field"] for fault in problem["faults"]] == [field]
        assert books(wiring) == (0, 0)


def test_another_sku_is_another_supply_and_no_fewer_than_came() -> None:
    with moto_cloud(Time()) as wiring:
        set_up(wiring, position("CUP", "ber-1", 0), position("PEN", "ber-1", 0))
        put(LINE)
        receive(4, "GR-1")
        _, problem = put({**LINE, "sku": "PEN", "units": 3}, "*")
        assert [fault["field"] for fault in problem["faults"]] == ["sku", "units"]


def test_goods_are_booked_in_although_others_came_without_naming_the_line() -> None:
    with moto_cloud(Time()) as wiring:
        set_up(wiring, position("CUP", "ber-1", 0))
        put(LINE)
        wiring.stock.receive("CUP", "ber-1", 8, receipt_id="GR-0", by="user:tester")
        assert books(wiring) == (8, 2)
        assert receive(10, "GR-1")[0] == 200
        assert books(wiring) == (18, 0)
        assert_the_books_balance(wiring)


def test_what_is_not_in_the_catalogue_has_no_availability() -> None:
    with moto_cloud(Time()) as wiring:
        shop(wiring, position("CUP", "ber-1", 3))
        status, problem = ask(sku="CUP,SPOON")
        assert (status, problem["code"]) == (422, "unknown_sku")
        assert problem["faults"] == [{"field": "sku", "message": "SPOON is not in the catalogue"}]


def test_goods_killed_anywhere_are_booked_in_once() -> None:
    def scene(wiring: Wiring) -> None:
        set_up(wiring, position("CUP", "ber-1", 3))
        put(LINE)

    with moto_cloud(Time()) as wiring:
        scene(wiring)
        calls = calls_of(lambda: receive(4, "GR-1"))
    assert calls.count("TransactWriteItems") == 1
    for point in crash_points(calls):
        with moto_cloud(Time()) as wiring:
            scene(wiring)
            crash(point, lambda: receive(4, "GR-1"))
            again = restart(Time())
            assert receive(4, "GR-1")[1]["received"] == 4, point
            assert books(again) == (7, 6), point
            assert again.supplies.lateness(["aurora"], consistent=True)["aurora"].days == (-8,), point
            assert_the_books_balance(again)


def test_an_announcement_killed_anywhere_is_made_once() -> None:
    with moto_cloud(Time()) as wiring:
        set_up(wiring, position("CUP", "ber-1", 3))
        calls = calls_of(lambda: put(LINE))
    for point in crash_points(calls):
        with moto_cloud(Time()) as wiring:
            set_up(wiring, position("CUP", "ber-1", 3))
            crash(point, lambda: put(LINE))
            again = restart(Time())
            assert put(LINE)[1]["version"] == 1, point
            assert books(again) == (3, 10), point


def test_a_supplier_who_is_late_is_believed_later_however_often_it_moves_the_date() -> None:
    time = Time()
    with moto_cloud(time) as wiring:
        set_up(wiring, position("CUP", "ber-1", 0))
        wiring.reference.put_setting("SUPPLY", "terms", TERMS)
        assert put(LINE)[1]["usable_on"] == "2026-12-01"
        put({**LINE, "due_on": "2026-12-05"}, "*")
        time.now = START + timedelta(days=12)  # the fifth of December, four days after it was first stated
        receive(10, "GR-1")
        assert wiring.supplies.lateness(["aurora"], consistent=True)["aurora"].days == (4,)
        assert put({**LINE, "due_on": "2026-12-14"}, name="PO-8.1")[1]["usable_on"] == "2026-12-18"


def test_shops_are_told_what_can_be_promised_by_date() -> None:
    with moto_cloud(Time()) as wiring:
        shop(wiring, position("CUP", "ber-1", 5, safety_stock=1), position("CUP", "lon-1", 2))
        put(LINE)
        put({**LINE, "units": 30, "confirmed": False}, name="PO-9.1")  # not confirmed: not promised
        _, told = ask(quantity="8")
        assert told["skus"] == [
            {
                "sku": "CUP",
                "quantity": 8,
                "now": 6,
                "promisable_on": "2026-12-01",
                "by_date": [{"on": "2026-11-23", "units": 6}, {"on": "2026-12-01", "units": 16}],
                "waiting": {"kind": "backorder", "allowed": True, "stock_on": "2026-12-01"},
            }
        ]
        assert "promisable_on" not in ask(quantity="17")[1]["skus"][0]


def test_a_channels_safety_stock_and_demand_without_a_place_are_kept_back() -> None:
    with moto_cloud(Time()) as wiring:
        shop(wiring, position("CUP", "ber-1", 9), position("PEN", "ber-1", 4))
        wiring.reference.put_setting("SAFETY", "desk", ChannelSafety(units=1, skus={"PEN": 3}))
        put_order(wiring, "ord_1", {"CUP": 5, "PEN": 2})  # confirmed, still in the queue
        _, told = ask(sku="CUP,PEN")
        assert [(one["sku"], one["now"]) for one in told["skus"]] == [("CUP", 3), ("PEN", 0)]


def test_a_question_costs_few_calls() -> None:
    with moto_cloud(Time()) as wiring:
        shop(wiring, position("CUP", "ber-1", 5), position("PEN", "ber-1", 5))
        put(LINE)
        first = calls_of(lambda: ask(sku="CUP,PEN"))
        again = calls_of(lambda: ask(sku="CUP,PEN"))
        assert first.count("Query") == 8 + 2
        # Positions, what is to come of each SKU, one supplier; the demand without a place is kept for ten seconds.
        assert sorted(again) == ["BatchGetItem", "BatchGetItem", "Query", "Query"]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"sku": "CUP,CUP"}, 400, "malformed"),
        ({"quantity": "0"}, 400, "malformed"),
        ({"country": "de"}, 400, "malformed"),
        ({"colour": "red"}, 400, "malformed"),
        ({"channel": "nobody"}, 404, "unknown_channel"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(query: dict[str, str], status: int, code: str) -> None:
    with moto_cloud(Time()) as wiring:
        shop(wiring, position("CUP", "ber-1", 5))
        got, problem = ask(**query)
        assert (got, problem["code"]) == (status, code)


def test_a_sku_that_nobody_keeps_is_never_promised() -> None:
    with moto_cloud(Time()) as wiring:
        shop(wiring, position("CUP", "ber-1", 5))
        wiring.reference.put_item(item_of("SPOON"))
        assert ask(sku="SPOON")[1]["skus"][0]["now"] == 0


def test_facts_of_supplies_are_published() -> None:
    with moto_cloud(Time()) as wiring:
        set_up(wiring, position("CUP", "ber-1", 3))
        put(LINE)
        (row,) = [row for row in rows(wiring, "INVENTORY_TABLE") if row["pk"].startswith("SUPPLY#")]
        image = {"v": {"N": str(row["v"])}, "n": {"N": str(row["n"])}, "doc": {"B": row["doc"]}}
        assert [fact.type for fact in facts_of_stream_record({"dynamodb": {"NewImage": image}})] == ["SupplyConfirmed"]
