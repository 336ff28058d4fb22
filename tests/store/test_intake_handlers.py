"""Orders over the API, through the handler, on moto. Messages of channels: test_messages.py."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from functions.intake.api_submit_orders import handler as submit
from oms.intake.rules import person_id_of
from oms.orders.natural import order_id_of
from oms.orders.store import OrderStore
from oms.reference.model import MayWait
from oms.wiring import Wiring, wire
from tests.crash import calls_of
from tests.intake import TestClock, body_of, canonical, company, count
from tests.lambda_events import api_event

Response = dict[str, Any]
ROUTE = "POST /v1/orders"


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def shop(clock: TestClock) -> Iterator[Wiring]:
    with company(clock) as wiring:
        yield wiring


def post(body: Any, key: str = "k1", **more: Any) -> Response:
    return submit(api_event(ROUTE, headers={"Idempotency-Key": key}, body=body, **more), None)


def stored(order_id: str) -> Any:
    return OrderStore("baton-orders").get(order_id)


@pytest.mark.usefixtures("shop")
def test_an_order_is_confirmed_with_its_first_promise_and_both_facts() -> None:
    answer = post(canonical())
    order_id = order_id_of("sales_desk", "A-1")
    assert answer["statusCode"] == 201
    assert body_of(answer) == {
        "order_id": order_id,
        "channel": "sales_desk",
        "external_order_id": "A-1",
        "status": "confirmed",
        "promise": {"earliest_on": "2026-11-25", "latest_on": "2026-11-27"},
        "holds": [],
        "backorder_expected": False,
    }
    order = stored(order_id)
    assert (order.version, order.status, order.total_minor) == (1, "confirmed", 13209)
    assert [(fact.type, fact.sequence) for fact in order.facts] == [("OrderSubmitted", 1), ("OrderConfirmed", 1)]
    assert order.watch_at == "2026-11-23T10:00:00.000Z"
    assert (order.destination.country, order.destination.postal_area) == ("DE", "104")
    assert [line.open for line in order.lines] == [2, 1]
    assert order.log[0].by == "user:tester"


@pytest.mark.usefixtures("shop")
def test_the_same_key_and_body_is_answered_the_same_word_for_word() -> None:
    first, second = post(canonical()), post(canonical())
    assert (second["statusCode"], second["body"]) == (201, first["body"])
    assert "idempotent-replayed" not in first["headers"]
    assert second["headers"]["idempotent-replayed"] == "true"
    assert count("orders", "ORDER#") == count("people", "PERSON#") == 1


@pytest.mark.usefixtures("shop")
def test_white_space_and_key_order_make_no_other_body() -> None:
    first = post(canonical())
    text = json.dumps(dict(reversed(canonical().items())), indent=3).encode()
    again = post(None, raw=text)
    assert (again["statusCode"], again["body"]) == (201, first["body"])


@pytest.mark.usefixtures("shop")
def test_another_body_under_the_key_is_refused_and_changes_nothing() -> None:
    post(canonical())
    answer = post(canonical(external_order_id="A-2"))
    assert (answer["statusCode"], body_of(answer)["code"]) == (422, "idempotency_key_reused")
    assert count("orders", "ORDER#") == 1


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("key", ["", " ", "x" * 256, "schlüssel"])
def test_a_missing_or_unusable_key_is_refused_before_anything_is_read(key: str) -> None:
    post(canonical(), "a first one, so that the caller's rate is known")
    count_before = count("orders", "")
    assert calls_of(lambda: post(canonical(), key)) == []
    answer = post(canonical(), key)
    assert count("orders", "") == count_before
    assert (answer["statusCode"], body_of(answer)["code"]) == (400, "missing_idempotency_key")


@pytest.mark.usefixtures("shop")
def test_a_key_in_flight_is_refused_until_its_deadline_and_then_taken_over(clock: TestClock) -> None:
    from oms.intake.model import NewOrder  # noqa: PLC0415
    from oms.intake.rules import body_text  # noqa: PLC0415
    from oms.intake.store import Claim, scope_of  # noqa: PLC0415

    lost = Claim(scope_of("tester", "POST", "/v1/orders", "k1"), "a request that was lost")
    fingerprint = wire().people.fingerprint(body_text(NewOrder.model_validate(canonical())))
    assert wire().intake.claims.begin(lost, fingerprint, clock()) is None
    again = wire().intake.claims.begin(lost, fingerprint, clock())
    assert again is None, "a put whose answer was lost is found by its own retry"
    answer = post(canonical())
    assert (answer["statusCode"], body_of(answer)["code"]) == (409, "idempotency_key_in_use")
    assert answer["headers"]["retry-after"] == "2"
    clock.pass_time(seconds=29)
    assert post(canonical())["statusCode"] == 409
    clock.pass_time(seconds=2)
    assert post(canonical())["statusCode"] == 201


@pytest.mark.usefixtures("shop")
def test_a_refused_order_frees_its_key_for_the_corrected_one() -> None:
    refused = post(canonical(total_minor=13208))
    assert (refused["statusCode"], body_of(refused)["code"]) == (422, "totals_do_not_add_up")
    assert body_of(refused)["faults"] == [{"field": "total_minor", "message": "the parts come to 13209, not 13208"}]
    assert count("orders", "") == count("people", "PERSON#") == 0
    assert post(canonical())["statusCode"] == 201


@pytest.mark.usefixtures("shop")
def test_a_key_is_forgotten_after_a_day_and_the_order_is_not(clock: TestClock) -> None:
    first = post(canonical())
    clock.pass_time(hours=25)
    again = post(canonical())
    assert (again["statusCode"], again["body"]) == (201, first["body"])
    assert again["headers"]["idempotent-replayed"] == "true"
    other = post(canonical(external_order_id="A-2"), "k1")
    assert body_of(other)["code"] == "idempotency_key_reused"
    assert count("orders", "ORDER#") == 1


@pytest.mark.usefixtures("shop")
def test_keys_of_two_callers_never_meet() -> None:
    post(canonical())
    event = api_event(ROUTE, headers={"Idempotency-Key": "k1"}, body=canonical(external_order_id="A-2"))
    event["requestContext"]["authorizer"]["jwt"]["claims"]["sub"] = "somebody else"
    assert submit(event, None)["statusCode"] == 201
    assert count("orders", "ORDER#") == 2


@pytest.mark.usefixtures("shop")
def test_the_same_order_under_a_new_key_is_the_same_order_even_after_it_moved_on(clock: TestClock) -> None:
    first = post(canonical())
    order = stored(order_id_of("sales_desk", "A-1"))
    moved = order.changed(
        at=clock(),
        by="system:test",
        what="moved",
        status="cancelled",
        promise=order.promise.model_copy(update={"latest_on": None}),
    )
    from oms.aws import tables  # noqa: PLC0415

    tables.commit(OrderStore("baton-orders").write(moved))
    again = post(canonical(), "k2")
    assert (again["statusCode"], again["body"]) == (201, first["body"])
    assert again["headers"]["idempotent-replayed"] == "true"
    assert post(canonical(), "k2")["body"] == first["body"]


@pytest.mark.usefixtures("shop")
def test_another_order_under_a_taken_order_id_is_refused() -> None:
    first = body_of(post(canonical()))["order_id"]
    answer = post(canonical(customer={"name": "Somebody Else"}), "k2")
    assert (answer["statusCode"], body_of(answer)["code"]) == (409, "order_exists_differently")
    assert body_of(answer)["faults"] == [{"field": "external_order_id", "message": f"is taken by order {first}"}]
    assert body_of(answer)["why_not"][0]["possible"].startswith(f"read it at /v1/orders/{first}; ")
    assert count("people", "PERSON#") == 1


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("changes", "status", "code", "fields"),
    [
        ({"status": "shipped"}, 422, "invalid", ["status"]),
        ({"channel": "nowhere"}, 404, "unknown_channel", ["channel"]),
        ({"channel": "shopify_eu"}, 422, "channel_not_canonical", []),
        ({"channel": "closed"}, 422, "channel_paused", []),
        ({"currency": "USD"}, 422, "currency_not_accepted", ["currency"]),
        ({"account_id": "NOBODY"}, 422, "unknown_account", ["account_id"]),
        ({"account_id": "DOLLAR"}, 422, "currency_not_accepted", ["currency"]),
        ({"tax_minor": 2013, "total_minor": 13113}, 422, "totals_do_not_add_up", ["tax_minor"]),
        (
            {"ship_to": {"address_lines": ["1 rue X"], "city": "Paris", "postal_code": "75001", "country": "FR"}},
            422,
            "destination_not_served",
            ["ship_to.country"],
        ),
    ],
)
def test_a_bad_order_is_refused_by_name_and_nothing_is_stored(
    changes: dict[str, Any], status: int, code: str, fields: list[str]
) -> None:
    answer = post(canonical(**changes))
    problem = body_of(answer)
    assert (answer["statusCode"], problem["code"]) == (status, code)
    assert [fault["field"] for fault in problem.get("faults", [])] == fields
    assert count("orders", "") == count("people", "PERSON#") == 0


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("quantity", [0, -1, True, "3", 1.0, 1.5, None, 10**40])
def test_a_quantity_is_a_positive_integer_and_nothing_like_one(quantity: Any) -> None:
    lines = [{"sku": "LAMP", "quantity": quantity, "unit_price_minor": 0}]
    answer = post(canonical(lines=lines))
    assert answer["statusCode"] in (400, 422)
    assert count("orders", "ORDER#") == 0


@pytest.mark.usefixtures("shop")
def test_an_unknown_sku_is_named_by_its_line() -> None:
    lines = [*canonical()["lines"], {"sku": "NOPE", "quantity": 1, "unit_price_minor": 0}]
    answer = post(canonical(lines=lines))
    assert (answer["statusCode"], body_of(answer)["code"]) == (422, "unknown_sku")
    assert body_of(answer)["faults"] == [{"field": "lines.2.sku", "message": "NOPE is not in the catalogue"}]


@pytest.mark.usefixtures("shop")
def test_short_stock_is_taken_as_a_backorder_without_a_date() -> None:
    lines = [{"sku": "STOOL", "quantity": 1, "unit_price_minor": 12600}]
    answer = body_of(post(canonical(lines=lines, tax_minor=109)))
    assert (answer["status"], answer["promise"], answer["backorder_expected"]) == ("confirmed", {}, True)


@pytest.mark.usefixtures("shop")
def test_a_warm_canonical_order_costs_three_calls_and_four_on_account() -> None:
    post(canonical())
    fresh = canonical(external_order_id="A-2", customer={"name": "Anna"})
    assert calls_of(lambda: post(fresh, "k2")) == ["PutItem", "BatchGetItem", "TransactWriteItems"]
    on_account = canonical(external_order_id="A-3", account_id="ACME")
    assert calls_of(lambda: post(on_account, "k3")) == ["PutItem", "BatchGetItem", "BatchGetItem", "TransactWriteItems"]


@pytest.mark.usefixtures("shop")
def test_a_thousand_lines_are_taken_and_more_than_five_thousand_are_not() -> None:
    line = {"sku": "MUG", "quantity": 1, "unit_price_minor": 0}
    empty = {"shipping_minor": 0, "tax_minor": 0, "total_minor": 0}
    assert post(canonical(lines=[line] * 1000, **empty))["statusCode"] == 201
    answer = post(canonical(lines=[line] * 5001, external_order_id="A-2", **empty), "k2")
    assert (answer["statusCode"], body_of(answer)["faults"][0]["field"]) == (422, "lines")


@pytest.mark.usefixtures("shop")
def test_the_person_is_found_by_any_spelling_of_the_address_only() -> None:
    post(canonical())
    person_id = person_id_of(order_id_of("sales_desk", "A-1"))
    assert list(wire().people.store.find_by_email(" zoe@EXAMPLE.com ")) == [person_id]
    assert list(wire().people.store.find_by_email("zoe@example.org")) == []


def test_intake_is_wired_to_the_stock_the_promise_and_the_rate_cards_of_the_house(shop: Wiring) -> None:
    del shop.intake
    answer = post(canonical())
    assert (answer["statusCode"], body_of(answer)["code"]) == (422, "destination_not_served")


def test_a_preorder_is_promised_from_its_day_on_although_it_lies_there(shop: Wiring) -> None:
    early = body_of(post(canonical()))["promise"]
    for sku in ("LAMP", "MUG"):
        item = shop.reference.items([sku])[sku]
        policy = MayWait.model_validate({"kind": "preorder", "release_on": "2026-12-24"})
        shop.reference.put_item(item.model_copy(update={"waiting": policy}))
        shop.reference.forget_item(sku)
    late = body_of(post(canonical(external_order_id="A-2"), "k2"))["promise"]
    assert early == {"earliest_on": "2026-11-25", "latest_on": "2026-11-27"}
    assert late == {"earliest_on": "2026-12-26", "latest_on": "2026-12-28"}


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({"kind": "none"}, False),
        ({"kind": "backorder", "channels": {"sales_desk": "none"}}, False),
        ({"kind": "backorder", "until": "2026-11-22"}, False),
        ({"kind": "backorder", "until": "2026-11-23"}, True),
        ({"kind": "backorder", "cap": 0}, False),
        ({"kind": "backorder", "cap": 1}, True),
        ({"kind": "preorder", "release_on": "2026-12-24"}, True),
    ],
)
def test_no_backorder_is_expected_of_what_may_not_wait(shop: Wiring, policy: dict[str, Any], expected: bool) -> None:
    item = shop.reference.items(["STOOL"])["STOOL"]
    shop.reference.put_item(item.model_copy(update={"waiting": MayWait.model_validate(policy)}))
    shop.reference.forget_item("STOOL")
    lines = [{"sku": "STOOL", "quantity": 1, "unit_price_minor": 12600}]
    answer = body_of(post(canonical(lines=lines, tax_minor=109)))
    assert (answer["status"], answer["promise"]) == ("confirmed", {})
    assert answer["backorder_expected"] is expected
