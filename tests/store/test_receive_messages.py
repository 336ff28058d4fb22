"""A channel's message on its way into the archive: genuine or not, once, and nothing done before the answer."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

import pytest

from functions.intake.api_receive_webhooks import handler as receive
from functions.intake.queue_process_messages import handler as process
from infra.local.dev_secrets import CHANNEL_SECRETS
from oms.aws import clients
from oms.intake.messages.model import Reference
from oms.intake.messages.store import reference_of
from oms.wiring import Wiring, wire
from tests.crash import calls_of
from tests.intake import SECRET, TestClock, archived, body_of, company, count, hook, message_rows, shopify, work_off
from tests.lambda_events import shopify_event


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture(autouse=True)
def shop(clock: TestClock) -> Iterator[Wiring]:
    with company(clock) as wiring:
        yield wiring


def raw_event(raw: bytes, **headers: str) -> dict[str, Any]:
    """These very bytes, signed."""
    event = shopify_event("shopify_eu", {}, SECRET)
    event["body"] = base64.b64encode(raw).decode()
    digest = hmac.new(SECRET.encode(), raw, hashlib.sha256).digest()
    event["headers"] |= {"x-shopify-hmac-sha256": base64.b64encode(digest).decode(), **headers}
    return event


def test_a_genuine_message_is_in_the_archive_before_the_answer_and_no_order_is_touched() -> None:
    answer = hook(shopify())
    assert answer["statusCode"] == 202
    (key,) = archived()
    reference = reference_of(key)
    assert reference == Reference("shopify_eu", "2026-11-23T09", body_of(answer)["message_id"])
    letter = wire().archive.load(reference)
    assert json.loads(letter.raw) == shopify()
    assert (letter.source, letter.received_at) == ("webhook", "2026-11-23T09:30:00.000Z")
    assert letter.headers["x-shopify-topic"] == "orders/create"
    assert count("orders", "") == count("people", "PERSON#") == count("messages", "") == 0


def test_nothing_readable_of_it_rests_in_the_archive() -> None:
    hook(shopify())
    (key,) = archived()
    stored = clients.s3().get_object(Bucket="baton-archive", Key=key)["Body"].read()
    for word in ("Zoë Krüger", "zoe@example.com", "orders/create", "Berlin"):
        assert word.encode() not in stored
        assert word not in key


def test_a_warm_message_costs_one_call() -> None:
    hook(shopify())
    assert calls_of(lambda: hook(shopify(id=2))) == ["PutObject"]


def test_what_is_sent_again_is_the_same_message_and_what_differs_is_another() -> None:
    first, again = hook(shopify()), hook(shopify())
    assert (again["statusCode"], again["body"]) == (202, first["body"])
    assert len(archived()) == 1
    other = raw_event(json.dumps(shopify(note="x")).encode())
    other["headers"]["x-shopify-webhook-id"] = shopify_event("shopify_eu", shopify(), SECRET)["headers"][
        "x-shopify-webhook-id"
    ]
    assert receive(other, None)["statusCode"] == 202
    assert len(archived()) == 2, "an id that is not signed must not be able to hide a message"


def test_a_repeat_of_another_day_is_archived_again_and_has_no_second_effect(clock: TestClock) -> None:
    first = hook(shopify())
    work_off()
    clock.pass_time(days=2)
    assert hook(shopify())["body"] == first["body"]
    assert len(archived()) == 2
    work_off()
    assert (count("messages", "MSG#"), count("orders", "ORDER#")) == (1, 1)
    assert message_rows()[body_of(first)["message_id"]]["outcome"] == "created"


def test_the_previous_secret_is_good_during_a_rotation() -> None:
    assert hook(shopify(), secret=CHANNEL_SECRETS["shopify_eu"]["previous"])["statusCode"] == 202


def test_a_rotated_secret_is_noticed_by_the_first_signature_that_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    hook(shopify())
    clients.secretsmanager().put_secret_value(
        SecretId="baton/test/channel/shopify_eu", SecretString=json.dumps({"current": "new", "previous": SECRET})
    )
    assert hook(shopify(id=2), secret="new")["statusCode"] == 401
    kept = wire().secrets._kept
    monkeypatch.setitem(
        kept, "baton/test/channel/shopify_eu", (kept["baton/test/channel/shopify_eu"][0] - 31, {"current": SECRET})
    )
    assert hook(shopify(id=2), secret="new")["statusCode"] == 202


@pytest.mark.parametrize("signature", ["", "nonsense", "%%%", "AAAA", "é", base64.b64encode(b"x" * 32).decode()])
def test_a_bad_signature_is_401_and_nothing_is_archived(signature: str) -> None:
    event = shopify_event("shopify_eu", shopify(), SECRET)
    event["headers"]["x-shopify-hmac-sha256"] = signature
    answer = receive(event, None)
    assert (answer["statusCode"], body_of(answer)["code"]) == (401, "bad_signature")
    assert archived() == []


def test_one_changed_byte_breaks_the_signature() -> None:
    event = shopify_event("shopify_eu", shopify(), SECRET)
    raw = base64.b64decode(event["body"])
    event["body"] = base64.b64encode(raw + b" ").decode()
    assert receive(event, None)["statusCode"] == 401
    assert archived() == []


def test_header_names_may_be_written_in_any_case() -> None:
    event = shopify_event("shopify_eu", shopify(), SECRET)
    event["headers"] = {name.upper(): value for name, value in event["headers"].items()}
    assert receive(event, None)["statusCode"] == 202


@pytest.mark.parametrize("channel", ["nowhere", "sales_desk", "../shopify"])
def test_a_channel_without_webhooks_is_404(channel: str) -> None:
    answer = hook(shopify(), channel=channel)
    assert (answer["statusCode"], body_of(answer)["code"]) == (404, "unknown_channel")
    assert archived() == []


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (b'{"id": 1, "id": 2}', 400, "malformed_json"),
        (b"[" * 100_000, 400, "malformed_json"),
        (b'{"total": NaN}', 400, "malformed_json"),
        (b'{"note": "' + b"x" * 2_000_000 + b'"}', 413, "too_large"),
    ],
    ids=["twice", "deep", "nan", "large"],
)
def test_what_no_replay_could_mend_is_refused_at_once(raw: bytes, status: int, code: str) -> None:
    answer = receive(raw_event(raw), None)
    assert (answer["statusCode"], body_of(answer)["code"]) == (status, code)
    assert archived() == []


def test_what_is_no_json_and_does_not_claim_to_be_is_kept() -> None:
    assert receive(raw_event(b"webhook_id=3"), None)["statusCode"] == 202
    answer = receive(raw_event(b"oops", **{"content-type": "application/json"}), None)
    assert body_of(answer)["code"] == "malformed_json"
    work_off()
    (row,) = message_rows().values()
    assert (row["status"], row["reason"]) == ("parked", "malformed_json")


def test_the_queue_is_not_disturbed_by_the_bucket_trying_it_out() -> None:
    trial = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "baton-archive"}
    event = {"Records": [{"messageId": "m", "body": json.dumps(trial), "attributes": {}}]}
    assert process(event, None) == {"batchItemFailures": []}
