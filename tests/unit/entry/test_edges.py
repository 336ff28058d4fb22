"""The edges: one message's bug stays with it, and an answer says nothing of our keys."""

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import pytest

from oms.entry.api import Answer, Api, Request
from oms.entry.queue import Message, queue
from oms.kernel.errors import ConflictError, TransientError
from oms.kernel.json import read_json


def _event(*bodies: str) -> dict[str, Any]:
    return {"Records": [{"messageId": body, "body": json.dumps(body)} for body in bodies]}


def _failed(answer: dict[str, Any]) -> list[str]:
    return [row["itemIdentifier"] for row in answer["batchItemFailures"]]


def test_a_message_that_ends_in_a_bug_takes_no_other_with_it() -> None:
    done: list[str] = []

    def process(messages: list[Message]) -> Mapping[str, Exception]:
        if any(message.id == "poison" for message in messages):
            raise ValueError("a bug")
        done.extend(message.id for message in messages)
        return {}

    assert _failed(queue(process)(_event("a", "poison", "b"), None)) == ["poison"]
    assert done == ["a", "b"]


def test_a_batch_that_failed_for_now_comes_again_as_a_whole_and_is_tried_once() -> None:
    tries: list[int] = []

    def process(messages: list[Message]) -> Mapping[str, Exception]:
        tries.append(len(messages))
        raise TransientError("throttled")

    assert _failed(queue(process)(_event("a", "b"), None)) == ["a", "b"]
    assert tries == [2]


def _call(api: Api, **path: str) -> dict[str, Any]:
    return api.handler({"routeKey": "GET /v1/things/{id}", "pathParameters": path}, None)


def _api(run: Any) -> Api:
    api = Api("things")
    api.route(
        "GET",
        "/v1/things/{id}",
        summary="Read",
        scope=None,
        roles={"anyone"},
        own="public",
        answers={200: "text/plain"},
    )(run)
    return api


def test_a_lost_race_is_told_without_the_name_of_what_was_raced_for() -> None:
    def run(_request: Request) -> Answer:
        raise ConflictError("condition failed: account ACME")

    answer = _call(_api(run), id="x")
    assert answer["statusCode"] == 409
    assert "ACME" not in answer["body"]
    assert json.loads(answer["body"])["code"] == "conflict"


@pytest.mark.parametrize(("name", "status"), [("x" * 255, 200), ("x" * 256, 404)])
def test_a_name_too_long_for_a_key_is_not_found(name: str, status: int) -> None:
    assert _call(_api(lambda _request: Answer(200, "here")), id=name)["statusCode"] == status


def _posted(text: str, *, base64: bool = False, length: int | None = None) -> tuple[int, str, list[bytes]]:
    seen: list[bytes] = []

    def run(request: Request) -> Answer:
        read_json(request.raw)
        seen.append(request.raw)
        return Answer(200, "taken", content_type="text/plain")

    event = {"routeKey": "GET /v1/things/{id}", "pathParameters": {"id": "x"}, "body": text, "isBase64Encoded": base64}
    headers = {"Content-Type": "application/json"} | ({} if length is None else {"Content-Length": str(length)})
    answer = _api(run).handler({**event, "headers": headers}, None)
    code = "" if answer["statusCode"] == 200 else json.loads(answer["body"])["code"]
    return answer["statusCode"], code, seen


def test_a_body_that_is_no_utf_8_is_refused_however_the_gateway_hands_it_over() -> None:
    sent = b'{"note": "caf\xe9"}'
    assert _posted(b64encode(sent).decode(), base64=True) == (400, "malformed_json", [])
    assert _posted(sent.decode(errors="replace"), length=len(sent)) == (400, "malformed_json", [])
    assert _posted(sent.decode(errors="surrogateescape")) == (400, "malformed_json", [])


def test_a_replacement_character_that_was_really_sent_is_a_character_like_any_other() -> None:
    sent = '{"note": "caf\ufffd"}'
    raw = sent.encode()
    assert _posted(sent, length=len(raw)) == (200, "", [raw])
    assert _posted(sent) == (200, "", [raw])
    assert _posted(b64encode(raw).decode(), base64=True) == (200, "", [raw])
