"""The contract of the Idempotency-Key, case by case (faults H8, H9): Stripe's nine, and the trap of a missing key."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from functions.intake.api_submit_orders import handler as submit
from functions.orders.api_read_orders import handler as read
from oms.intake.model import NewOrder
from oms.intake.rules import body_text
from oms.intake.store import Claim, scope_of
from oms.wiring import Wiring, wire
from tests.crash import CrashPoint, crash, restart
from tests.intake import TestClock, body_of, canonical, company, count, open_desk
from tests.lambda_events import api_event

ROUTE = "POST /v1/orders"
OTHER = {"external_order_id": "A-2", "customer": {"name": "Anna", "email": "anna@example.com"}}


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture(autouse=True)
def shop(clock: TestClock) -> Iterator[Wiring]:
    with company(clock) as wiring:
        yield wiring


def post(body: Any, key: str | None = "k1", client: str = "tester", raw: bytes | None = None) -> dict[str, Any]:
    headers = {} if key is None else {"Idempotency-Key": key}
    return submit(api_event(ROUTE, headers=headers, body=body, raw=raw, client=client), None)


def said(answer: dict[str, Any]) -> tuple[int, str | None]:
    return answer["statusCode"], body_of(answer).get("code")


def test_1_the_same_key_and_body_is_answered_word_for_word_and_says_so() -> None:
    first, again = post(canonical()), post(canonical())
    assert (again["statusCode"], again["body"]) == (201, first["body"])
    assert ("idempotent-replayed" in first["headers"], again["headers"]["idempotent-replayed"]) == (False, "true")
    assert count("orders", "ORDER#") == 1


def test_2_the_same_key_with_another_body_is_refused() -> None:
    post(canonical())
    assert said(post(canonical(**OTHER))) == (422, "idempotency_key_reused")
    assert count("orders", "ORDER#") == 1


def test_3_a_refusal_is_not_kept_so_that_the_corrected_body_may_use_the_key() -> None:
    assert said(post(canonical(total_minor=1))) == (422, "totals_do_not_add_up")
    assert said(post(canonical())) == (201, None)


def test_4_a_key_in_flight_is_refused_for_now(clock: TestClock) -> None:
    fingerprint = wire().people.fingerprint(body_text(NewOrder.model_validate(canonical())))
    scope = scope_of("tester", "POST", "/v1/orders", "k1")
    assert wire().intake.claims.begin(Claim(scope, "another request"), fingerprint, clock()) is None
    answer = post(canonical())
    assert said(answer) == (409, "idempotency_key_in_use")
    assert int(answer["headers"]["retry-after"]) > 0
    assert body_of(answer)["retryable"] is True


@pytest.mark.parametrize(("length", "status"), [(255, 201), (256, 400)])
def test_5_a_key_has_at_most_255_characters(length: int, status: int) -> None:
    assert post(canonical(), "k" * length)["statusCode"] == status


def test_6_a_key_is_free_again_after_a_day_and_the_order_is_not_forgotten(clock: TestClock) -> None:
    first = post(canonical())
    clock.pass_time(hours=25)
    assert said(post(canonical(**OTHER))) == (201, None)
    assert post(canonical(), "k2")["body"] == first["body"]
    assert count("orders", "ORDER#") == 2


def test_7_reading_pays_no_attention_to_keys() -> None:
    post(canonical())
    answers = [read(api_event("GET /v1/orders", headers={"Idempotency-Key": "k1"}), None) for _ in range(2)]
    assert [answer["statusCode"] for answer in answers] == [200, 200]
    post(canonical(**OTHER), "k2")
    assert len(body_of(read(api_event("GET /v1/orders", headers={"Idempotency-Key": "k1"}), None))["orders"]) == 2


def test_8_work_that_was_cut_short_is_completed_by_the_retry_and_not_answered_as_it_failed(clock: TestClock) -> None:
    post(canonical(**OTHER), "warm")
    crash(CrashPoint(0, "after", "PutItem"), lambda: post(canonical()))
    open_desk(restart(clock))
    clock.pass_time(seconds=31)
    assert said(post(canonical())) == (201, None)
    assert count("orders", "ORDER#") == 2


def test_9_white_space_and_the_order_of_keys_make_no_other_body() -> None:
    first = post(canonical())
    text = json.dumps(dict(reversed(canonical().items())), indent=4).encode()
    again = post(None, raw=text)
    assert (again["statusCode"], again["body"]) == (201, first["body"])


def test_10_orders_without_a_key_never_get_each_others_answer() -> None:
    assert said(post(canonical(), None)) == (400, "missing_idempotency_key")
    assert said(post(canonical(**OTHER), None)) == (400, "missing_idempotency_key")
    assert count("orders", "") == 0


def test_a_key_of_another_caller_is_another_key() -> None:
    post(canonical())
    assert said(post(canonical(**OTHER), client="somebody else")) == (201, None)


@pytest.mark.parametrize(
    ("principal", "method", "route", "key"),
    [
        ("other", "POST", "/v1/orders", "k"),
        ("me", "PUT", "/v1/orders", "k"),
        ("me", "POST", "/v1/orders/x/cancel", "k"),
        ("me", "POST", "/v1/orders", "k2"),
        ("mePOST", "", "/v1/orders", "k"),
    ],
)
def test_keys_of_other_callers_methods_and_routes_never_meet(principal: str, method: str, route: str, key: str) -> None:
    assert scope_of(principal, method, route, key) != scope_of("me", "POST", "/v1/orders", "k")
