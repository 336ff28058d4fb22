"""Draft orders: written under a version, kept sealed, submitted once whatever crashes."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from functions.intake.api_draft_orders import handler
from oms.aws import clients
from oms.intake.drafts.store import KEPT_S
from oms.orders.natural import order_id_of
from oms.wiring import Wiring, wire
from tests.crash import calls_of, crash, crash_points, restart
from tests.intake import NOW, TestClock, canonical, company, count, everything_stored, open_desk
from tests.lambda_events import api_event

PATH = "/v1/channels/{channel}/drafts/{draft_id}"
PARTLY = {"currency": "EUR", "customer": {"name": "Canary Quetzal"}, "lines": [{"sku": "LAMP", "quantity": 0}]}
READY = {name: value for name, value in canonical().items() if name not in ("channel", "external_order_id")}
OPEN_POINTS = {
    "order.lines.0.quantity",
    "order.lines.0.unit_price_minor",
    "order.total_minor",
    "order.ship_to",
}


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def shop(clock: TestClock) -> Iterator[Wiring]:
    with company(clock) as wiring:
        yield wiring


def call(method: str, *, draft: str = "d-1", channel: str = "sales_desk", tail: str = "", **more: Any) -> Any:
    """An answer: its status, its body, its headers."""
    event = api_event(f"{method} {PATH}{tail}", path={"channel": channel, "draft_id": draft}, **more)
    answer = handler(event, None)
    return answer["statusCode"], json.loads(answer["body"] or "null"), answer["headers"]


def put(order: Any, version: int = 0, **more: Any) -> Any:
    return call("PUT", body={"version": version, "order": order}, **more)


def submit(**more: Any) -> Any:
    return call("POST", tail="/submit", **more)


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("role", ["operator", "sales"])
def test_a_draft_is_written_bit_by_bit_and_says_what_it_still_lacks(role: str) -> None:
    status, view, _ = put(PARTLY, roles=[role])
    assert status == 200
    assert {point["field"] for point in view.pop("open_points")} == OPEN_POINTS
    assert view == {
        "draft_id": "d-1",
        "channel": "sales_desk",
        "version": 1,
        "status": "open",
        "updated_at": "2026-11-23T09:30:00.000Z",
        "expires_at": "2026-12-23T09:30:00.000Z",
        "order": PARTLY,
    }
    status, view, _ = put(READY, version=1, roles=[role])
    assert (status, view["version"], view["open_points"], view["order"]) == (200, 2, [], READY)
    assert call("GET", roles=[role])[1] == view


@pytest.mark.usefixtures("shop")
def test_who_has_seen_another_version_overwrites_nothing() -> None:
    put(PARTLY)
    put({**PARTLY, "note": "second"}, version=1)
    for version in (0, 1, 3):
        status, problem, _ = put({**PARTLY, "note": "stale"}, version=version)
        assert (status, problem["code"]) == (409, "conflict"), version
    assert call("GET")[1]["order"]["note"] == "second"
    assert put(PARTLY, version=1, draft="never")[1]["code"] == "conflict"


@pytest.mark.usefixtures("shop")
def test_a_put_whose_answer_was_lost_is_answered_the_same() -> None:
    assert put(PARTLY)[:2] == put(PARTLY)[:2]
    assert put(READY, version=1)[:2] == put(READY, version=1)[:2]
    assert call("GET")[1]["version"] == 2


@pytest.mark.usefixtures("shop")
def test_a_draft_becomes_an_order_once_and_is_answered_the_same_again() -> None:
    put(READY)
    status, first, headers = submit(roles=["sales"])
    order_id = order_id_of("sales_desk", "DRAFT-d-1")
    assert (status, first["order_id"], first["external_order_id"]) == (201, order_id, "DRAFT-d-1")
    assert "idempotent-replayed" not in headers
    status, again, headers = submit()
    assert (status, again, headers["idempotent-replayed"]) == (201, first, "true")
    assert count("orders", "ORDER#") == 1
    assert wire().orders.get(order_id).log[0].by == "user:tester"
    view = call("GET")[1]
    assert (view["status"], view["order_id"], view["open_points"], "order" in view) == (
        "submitted",
        order_id,
        [],
        False,
    )
    for refused in (put(PARTLY, version=1), call("DELETE")):
        assert (refused[0], refused[1]["code"]) == (409, "wrong_state")
        assert refused[1]["why_not"][0]["code"] == "draft_submitted"


@pytest.mark.usefixtures("shop")
def test_an_incomplete_draft_is_not_submitted_and_names_each_field() -> None:
    put(PARTLY)
    status, problem, _ = submit()
    assert (status, problem["code"]) == (422, "invalid")
    assert {fault["field"] for fault in problem["faults"]} == OPEN_POINTS
    assert count("orders", "ORDER#") == 0
    assert call("GET")[1]["status"] == "open"


@pytest.mark.usefixtures("shop")
def test_a_draft_that_intake_refuses_is_corrected_and_submitted() -> None:
    put({**READY, "total_minor": 1})
    assert submit()[1]["code"] == "totals_do_not_add_up"
    put(READY, version=1)
    assert submit()[0] == 201


@pytest.mark.usefixtures("shop")
def test_the_channel_of_the_path_counts_and_an_external_id_of_its_own_is_kept() -> None:
    put({**READY, "channel": "closed", "external_order_id": "S-77"})
    assert [submit()[1][name] for name in ("channel", "external_order_id")] == ["sales_desk", "S-77"]


def test_a_lost_process_neither_loses_nor_doubles_the_order() -> None:
    def scene(clock: TestClock) -> None:
        put(READY)
        open_desk(restart(clock))

    with company(TestClock()):
        scene(TestClock())
        points = crash_points(calls_of(submit))
    assert len(points) >= 20
    for point in points:
        clock = TestClock()
        with company(clock):
            scene(clock)
            crash(point, submit)
            clock.pass_time(seconds=31)
            open_desk(restart(clock))
            status, answer, _ = submit()
            assert status == 201, point
            assert submit()[1] == answer, point
            assert count("orders", "ORDER#") == count("people", "PERSON#") == 1, point
            assert call("GET")[1]["status"] == "submitted", point
            stored = everything_stored()
            assert [said for said in READY["customer"].values() if said in stored] == [], point


@pytest.mark.usefixtures("shop")
def test_a_draft_that_was_corrected_after_a_crash_is_not_held_up() -> None:
    put({**READY, "total_minor": 1})
    calls = calls_of(submit)
    claimed = next(point for point in crash_points(calls) if point.moment == "after" and point.operation == "PutItem")
    crash(claimed, submit)
    open_desk(restart(TestClock()))
    put(READY, version=1)
    assert submit()[0] == 201


@pytest.mark.usefixtures("shop")
def test_nothing_of_a_person_is_stored_or_logged_in_clear_and_a_reading_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    put(PARTLY)
    assert "Quetzal" not in everything_stored()
    caplog.clear()
    assert call("GET")[1]["order"] == PARTLY
    (line,) = [record.message for record in caplog.records if record.name == "baton.privacy"]
    assert json.loads(line) == {
        "message": "person read",
        "sealed": "draft sales_desk d-1",
        "purpose": "draft_order",
        "by": "user:tester",
        "fields": "all",
    }
    assert "Quetzal" not in caplog.text


@pytest.mark.usefixtures("shop")
def test_a_card_number_is_not_kept() -> None:
    for note in ("card 4111 1111 1111 1111", 4111111111111111):
        shown = put({"note": note}, draft=f"c-{len(str(note))}")[1]["order"]["note"]
        assert "1111 1111" not in shown
        assert "411111111111" not in shown
        assert call("GET", draft=f"c-{len(str(note))}")[1]["order"]["note"] == shown


@pytest.mark.usefixtures("shop")
def test_a_draft_belongs_to_its_channel() -> None:
    put(PARTLY)
    bound: dict[str, Any] = {"channels": ["shopify_eu"]}
    for status, problem, _ in (call("GET", **bound), submit(**bound), call("DELETE", **bound), put({}, **bound)):
        assert (status, problem["code"]) == (404, "unknown_channel")
    assert call("GET", channel="closed")[1]["code"] == "not_found"
    assert call("GET", channel="nobody")[1]["code"] == "unknown_channel"
    assert put(PARTLY, channel="shopify_eu")[1]["code"] == "channel_not_canonical"
    assert call("GET", roles=["finance"])[0] == 403


def test_an_expired_draft_is_gone_and_its_name_is_free(shop: Wiring, clock: TestClock) -> None:
    put(READY)
    row = clients.dynamodb().scan(TableName=shop.setting("MESSAGES_TABLE"))["Items"][0]
    assert int(row["expires_at"]["N"]) == int(NOW.timestamp()) + KEPT_S
    clock.pass_time(days=30)
    assert (call("GET")[0], submit()[0], call("DELETE")[0]) == (404, 404, 204)
    put(READY)
    clock.pass_time(days=31)
    assert put(READY, version=1)[0] == 409
    assert put(PARTLY)[1]["version"] == 1


@pytest.mark.usefixtures("shop")
def test_a_draft_is_deleted_once_and_for_all() -> None:
    put(PARTLY)
    assert [call("DELETE")[0] for _ in range(2)] == [204, 204]
    assert call("GET")[0] == 404
    assert count("messages", "DRAFT#") == 0


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("body", "draft", "code"),
    [
        ({"version": 0, "order": {"note": "x" * 200_001}}, "d-1", "too_large"),
        ({"version": 0, "order": []}, "d-1", "invalid"),
        ({"version": -1, "order": {}}, "d-1", "invalid"),
        ({"version": 0, "order": {"note": "\ud800"}}, "d-1", "invalid"),
        ({"version": 0, "order": {"\ud800": "note"}}, "d-1", "invalid"),
        ({"version": 0, "order": {"total_minor": 1.5}}, "d-1", "invalid"),
        ({"version": 0, "order": {}, "status": "submitted"}, "d-1", "invalid"),
        ({"version": 0, "order": {}}, "d#1", "malformed"),
        ({"version": 0, "order": {}}, "d" * 65, "malformed"),
        ({"version": 0, "order": {}}, "d-1\n", "malformed"),
    ],
)
def test_what_is_no_draft_is_refused(body: Any, draft: str, code: str) -> None:
    assert call("PUT", draft=draft, body=body)[1]["code"] == code
    assert count("messages", "DRAFT#") == 0
