"""Looking after messages: the log, the replay, the sweep and the proof that nothing is missing."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from functions.intake.api_manage_messages import handler as manage
from functions.intake.cron_sweep_messages import handler as sweep
from functions.intake.queue_process_messages import handler as process
from oms.aws import clients
from oms.intake.messages.service import prove
from oms.wiring import Wiring, wire
from tests.intake import TestClock, archived, body_of, company, hook, message_rows, shopify, work_off
from tests.lambda_events import api_event

QUEUE = "https://sqs.us-east-1.amazonaws.com/123456789012/baton-message"
LIST, ONE = "GET /v1/channels/{channel}/messages", "GET /v1/channels/{channel}/messages/{message_id}"
REPLAY, REPLAY_ONE = (
    "POST /v1/channels/{channel}/messages/replay",
    "POST /v1/channels/{channel}/messages/{message_id}/replay",
)
DAY = "2026-11-23"


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture(autouse=True)
def shop(clock: TestClock) -> Iterator[Wiring]:
    with company(clock) as wiring:
        yield wiring


def call(route: str, channel: str = "shopify_eu", **more: Any) -> dict[str, Any]:
    path = {"channel": channel, **more.pop("path", {})}
    answer: dict[str, Any] = manage(api_event(route, path=path, **more), None)
    return answer


def queued() -> list[Any]:
    """What is on the message queue, taken off it."""
    found: list[Any] = []
    while True:
        got = clients.sqs().receive_message(QueueUrl=QUEUE, MaxNumberOfMessages=10).get("Messages", [])
        if not got:
            return found
        found += [json.loads(message["Body"]) for message in got]
        for message in got:
            clients.sqs().delete_message(QueueUrl=QUEUE, ReceiptHandle=message["ReceiptHandle"])


def deliver(documents: list[Any]) -> None:
    records = [{"messageId": str(n), "body": json.dumps(each)} for n, each in enumerate(documents)]
    assert process({"Records": records}, None) == {"batchItemFailures": []}


def unknown_sku(number: int) -> dict[str, Any]:
    return shopify(id=number, line_items=[{"sku": "NOPE", "quantity": 1, "price": "187.00"}])


def three_messages() -> tuple[str, str, str]:
    """One that makes an order, one that is parked, one that asks nothing."""
    answers = (hook(shopify()), hook(unknown_sku(2)), hook({"id": 3}, topic="products/update"))
    work_off()
    made, parked, ignored = (body_of(answer)["message_id"] for answer in answers)
    return made, parked, ignored


def test_the_log_tells_what_each_message_came_to() -> None:
    made, parked, ignored = three_messages()
    page = body_of(call(LIST))
    assert page["messages"][0]["message_id"] == parked
    assert {row["message_id"]: row.get("outcome") for row in page["messages"]} == {
        made: "created",
        parked: None,
        ignored: "ignored",
    }
    assert "next_cursor" not in page
    only = body_of(call(LIST, query={"status": "parked", "on": DAY}))["messages"]
    assert [(row["message_id"], row["reason"]) for row in only] == [(parked, "unknown_sku")]
    assert body_of(call(LIST, query={"on": "2026-11-22"})) == {"messages": []}
    one = body_of(call(ONE, path={"message_id": parked}))
    assert (one["status"], one["faults"]) == ("parked", only[0]["faults"])
    assert one["detail"] == "1 check(s) failed: unknown_sku (lines.0.sku)"
    assert one["faults"] == ["lines.0.sku: NOPE is not in the catalogue"]


def test_pages_show_every_message_once_whatever_its_partition() -> None:
    for number in range(1, 8):
        hook(unknown_sku(number))
    work_off()
    seen: list[str] = []
    query = {"limit": "3"}
    while True:
        page = body_of(call(LIST, query=query))
        seen += [row["message_id"] for row in page["messages"]]
        if "next_cursor" not in page:
            break
        query = {"limit": "3", "cursor": page["next_cursor"]}
    assert len(seen) == len(set(seen)) == 7
    assert body_of(call(LIST, query={"cursor": "nonsense"}))["code"] == "bad_cursor"
    other_list = {"limit": "3", "status": "parked", "cursor": query["cursor"]}
    assert body_of(call(LIST, query=other_list))["code"] == "bad_cursor"


@pytest.mark.parametrize(
    ("route", "channel", "message_id", "code"),
    [
        (LIST, "nobody", "", "unknown_channel"),
        (ONE, "shopify_eu", "msg_nothing", "not_found"),
        (ONE, "nobody", "msg_nothing", "unknown_channel"),
        (REPLAY_ONE, "shopify_eu", "msg_nothing", "not_found"),
    ],
)
def test_what_is_not_there_is_404(route: str, channel: str, message_id: str, code: str) -> None:
    answer = call(route, channel, path={"message_id": message_id})
    assert (answer["statusCode"], body_of(answer)["code"]) == (404, code)


def test_a_parked_message_is_replayed_and_ends_well_once_its_cause_is_mended() -> None:
    _, parked, _ = three_messages()
    item = wire().reference.items(["MUG"])["MUG"]
    assert call(REPLAY_ONE, path={"message_id": parked})["statusCode"] == 202
    deliver(queued())
    assert (message_rows()[parked]["status"], message_rows()[parked]["tries"]) == ("parked", 2)
    wire().reference.put_item(item.model_copy(update={"sku": "NOPE"}))
    assert call(REPLAY_ONE, path={"message_id": parked})["statusCode"] == 202
    deliver(queued())
    assert message_rows()[parked]["outcome"] == "created"
    again = call(REPLAY_ONE, path={"message_id": parked})
    assert (again["statusCode"], body_of(again)["code"], queued()) == (409, "wrong_state", [])


def test_all_parked_messages_of_a_reason_are_replayed_page_by_page() -> None:
    for number in range(1, 13):
        hook(unknown_sku(number))
    hook({"id": "x"})
    work_off()
    first = body_of(call(REPLAY, body={"reason": "unknown_sku", "limit": 10}))
    rest = body_of(call(REPLAY, body={"reason": "unknown_sku", "limit": 10, "cursor": first["next_cursor"]}))
    assert first["replayed"] + rest["replayed"] == 12
    assert "next_cursor" not in rest
    documents = queued()
    assert len(documents) == 12
    deliver(documents)
    assert {row["tries"] for row in message_rows().values() if row["reason"] == "unknown_sku"} == {2}
    assert body_of(call(REPLAY, body={"reason": "malformed"})) == {"replayed": 0}


def test_a_reason_that_nothing_is_parked_for_is_refused_with_those_that_there_are() -> None:
    three_messages()
    answer = call(REPLAY, body={"reason": "nothing_such"})
    assert (answer["statusCode"], body_of(answer)["code"]) == (422, "invalid")
    (fault,) = body_of(answer)["faults"]
    assert fault["field"] == "reason"
    assert fault["message"].startswith("is no reason that messages are parked for; these are: age_not_checked, ")
    assert queued() == []


def test_in_is_processed_plus_parked_plus_waiting_and_a_missing_row_is_named() -> None:
    three_messages()
    desk = wire().message_care
    before = prove("shopify_eu", DAY, desk)
    assert (before.archived, before.processed, before.parked, list(before.missing)) == (3, 2, 1, [])
    assert (dict(before.outcomes), dict(before.reasons)) == ({"created": 1, "ignored": 1}, {"unknown_sku": 1})
    assert before.holds
    fresh = body_of(hook(shopify(id=9, email="c@example.com")))["message_id"]
    waiting = prove("shopify_eu", DAY, desk)
    assert [reference.message_id for reference in waiting.missing] == [fresh]
    assert waiting.holds, "it has just come in"


def test_a_forgotten_message_is_found_by_the_sweep_and_not_before_it_is_due(clock: TestClock) -> None:
    import datetime as dt  # noqa: PLC0415  moto stamps objects with the true time

    clock.now = dt.datetime.now(dt.UTC)
    forgotten = body_of(hook(shopify()))["message_id"]
    hook(unknown_sku(2))
    work_off(*[key for key in archived() if not key.endswith(forgotten)])
    assert sweep({}, None) == {"forgotten": 0, "waiting_for_their_order": 0}
    clock.pass_time(minutes=20)
    overdue = prove("shopify_eu", clock.now.date().isoformat(), wire().message_care)
    assert [reference.message_id for reference in overdue.overdue] == [forgotten] or clock.now.hour == 0
    assert sweep({}, None) == {"forgotten": 1, "waiting_for_their_order": 0}
    deliver(queued())
    assert message_rows()[forgotten]["outcome"] == "created"
    assert sweep({}, None) == {"forgotten": 0, "waiting_for_their_order": 0}
    assert queued() == []
