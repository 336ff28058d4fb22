"""Showing a person: masked unless a purpose asks, and never without a row that says who looked."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.intake.api_submit_orders import handler as submit
from functions.privacy.api_show_persons import handler as show
from oms.aws import clients, tables
from oms.intake.rules import person_id_of
from oms.orders.natural import order_id_of
from oms.wiring import Wiring
from tests.intake import NOW, TestClock, body_of, canonical, company, count, everything_stored
from tests.lambda_events import api_event

ORDER = order_id_of("sales_desk", "A-1")
PERSON = person_id_of(ORDER)
ROUTE = "GET /v1/orders/{order_id}/person"


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def shop(clock: TestClock) -> Iterator[Wiring]:
    with company(clock) as wiring:
        assert submit(api_event("POST /v1/orders", headers={"Idempotency-Key": "a"}, body=canonical()), None)
        yield wiring


def ask(route: str = ROUTE, *, role: str = "operator", **query: str) -> tuple[int, Any]:
    answer = show(api_event(route, path={"order_id": ORDER}, query=query, roles=[role], client=f"the-{role}"), None)
    return int(answer["statusCode"]), body_of(answer)


@pytest.mark.usefixtures("shop")
def test_without_a_purpose_everything_is_masked_and_the_look_is_on_record() -> None:
    status, view = ask()
    assert (status, view["masked"], view["name"], view["email"]) == (200, True, "Z••• K•••", "Z•••@E•••.com")
    assert "Krüger" not in json.dumps(view, ensure_ascii=False)
    _, seen = ask(f"{ROUTE}/accesses", role="auditor")
    assert seen["accesses"] == [
        {
            "at": "2026-11-23T09:30:00.000Z",
            "by": "user:the-operator",
            "roles": ["operator"],
            "purpose": "masked",
            "fields": ["city", "company", "country", "email", "name", "phone", "postal_code"],
            "outcome": "shown",
        }
    ]


@pytest.mark.usefixtures("shop")
def test_a_purpose_shows_what_it_needs_in_clear() -> None:
    status, view = ask(role="warehouse-all")
    assert status == 403
    status, view = ask(purpose="customer_service", role="sales")
    assert (status, view["name"], view["phone"], view["masked"]) == (200, "Zoë Krüger", "+49 30 123", False)
    status, view = ask(purpose="invoicing", role="finance")
    assert (status, view["name"], view["hidden"]) == (
        200,
        "Zoë Krüger",
        ["address_lines", "city", "phone", "postal_code"],
    )
    assert "phone" not in view


@pytest.mark.usefixtures("shop")
def test_a_purpose_of_another_role_is_refused_and_the_refusal_is_on_record(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    status, problem = ask(purpose="data_subject_request", role="sales")
    assert (status, problem["code"]) == (403, "forbidden")
    _, seen = ask(f"{ROUTE}/accesses", role="privacy_officer")
    assert [(row["by"], row["purpose"], row["outcome"]) for row in seen["accesses"]] == [
        ("user:the-sales", "data_subject_request", "refused")
    ]
    assert "Krüger" not in caplog.text


@pytest.mark.usefixtures("shop")
def test_an_unknown_purpose_is_malformed_and_leaves_no_trace() -> None:
    assert ask(purpose="curiosity")[0] == 400
    assert count("people", "ACCESS#") == 0


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("role", ["procurement", "auditor", "channel"])
def test_other_roles_see_no_person(role: str) -> None:
    assert ask(role=role)[0] == 403
    assert count("people", "ACCESS#") == 0


@pytest.mark.usefixtures("shop")
def test_when_the_look_cannot_be_written_down_nothing_is_shown() -> None:
    def refuse(**_: object) -> None:
        raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow down"}}, "PutItem")

    events = clients.dynamodb().meta.events
    events.register("before-call.dynamodb.PutItem", refuse)
    try:
        status, problem = ask(purpose="customer_service")
    finally:
        events.unregister("before-call.dynamodb.PutItem", refuse)
    assert status == 503
    assert "Krüger" not in json.dumps(problem, ensure_ascii=False)


def test_looks_are_listed_newest_first_within_a_time_and_forgotten_after_two_years(
    shop: Wiring, clock: TestClock
) -> None:
    for _ in range(3):
        ask()
        clock.pass_time(minutes=1)
    listed = f"{ROUTE}/accesses"
    _, seen = ask(listed, role="auditor", limit="2")
    assert ([row["at"][11:16] for row in seen["accesses"]], seen["more"]) == (["09:32", "09:31"], True)
    _, rest = ask(listed, role="auditor", until=seen["accesses"][-1]["at"])
    assert ([row["at"][11:16] for row in rest["accesses"]], rest["more"]) == (["09:30"], False)
    _, later = ask(listed, role="auditor", since="2026-11-23T09:32:00Z")
    assert len(later["accesses"]) == 1
    row = next(row for row in clients.dynamodb().scan(TableName="baton-people")["Items"] if "purpose" in row)
    assert int(row["expires_at"]["N"]) == int(NOW.timestamp()) + 730 * 86_400
    stored = everything_stored()
    assert [word for word in ("Zoë", "Krüger", "Kr\\u00fcger") if word in stored] == []
    clock.pass_time(days=731)
    assert ask(listed, role="auditor")[1]["accesses"] == []
    assert shop.clock() > NOW


@pytest.mark.usefixtures("shop")
def test_a_repeated_request_is_one_look() -> None:
    event = api_event(ROUTE, path={"order_id": ORDER}, roles=["operator"])
    assert show(event, None)["body"] == show(event, None)["body"]
    assert count("people", "ACCESS#") == 1


def test_an_erased_person_cannot_be_shown(shop: Wiring) -> None:
    key = tables.Key("baton-people", f"PERSON#{PERSON}", "PERSON")
    tables.commit(tables.update(key, expression="REMOVE person_key", condition="attribute_exists(pk)", label="erase"))
    assert ask(purpose="customer_service")[0] == 404
    assert shop.orders.get(ORDER).person_id == PERSON


def test_a_person_is_found_by_phone_however_it_is_written(shop: Wiring) -> None:
    for external_id, phone in (("P-1", "+49 30 7654321"), ("P-2", "030 / 765 43 21"), ("P-3", "030 1111111")):
        body = canonical(external_order_id=external_id, customer={"name": "A", "phone": phone})
        submit(api_event("POST /v1/orders", headers={"Idempotency-Key": external_id}, body=body), None)
    found = shop.people.store.find_by_phone("0049307654321", "US")
    assert set(found) == {person_id_of(order_id_of("sales_desk", name)) for name in ("P-1", "P-2")}
    assert list(shop.people.store.find_by_phone("none", "DE")) == []
    assert "7654321" not in everything_stored()
