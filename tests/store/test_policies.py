"""Policies over the API: drafted beside what is in force, published once, kept as they were."""

from collections.abc import Iterator
from typing import Any

import pytest

from functions.intake.api_submit_orders import handler as submit
from functions.validation.api_manage_policies import handler as manage
from oms.wiring import Wiring, wire
from tests.intake import TestClock, body_of, canonical, company
from tests.lambda_events import api_event
from tests.partners import partner

SIZES = {"order_size": {"mode": "reject", "params": {"units": 2}}}


@pytest.fixture(autouse=True)
def shop() -> Iterator[Wiring]:
    with company(TestClock()) as wiring:
        yield wiring


def call(method: str, what: str = "", name: str = "default", body: Any = None, role: str = "operator") -> Any:
    route = f"{method} /v1/policies/{{policy}}/{what}" if what else f"{method} /v1/policies"
    answer = manage(api_event(route, path={"policy": name}, body=body, roles=(role,)), None)
    return answer["statusCode"], body_of(answer) if answer["body"] else None


def draft(name: str = "default", rules: Any = None, **more: Any) -> Any:
    return call("PUT", "draft", name, {"rules": SIZES if rules is None else rules, **more})


def publish(name: str = "default") -> Any:
    return call("POST", "publish", name)


def post(number: str) -> dict[str, Any]:
    wire().reference._settings_until = 0.0  # a minute has passed
    body = canonical(external_order_id=number)
    return submit(api_event("POST /v1/orders", headers={"Idempotency-Key": number}, body=body), None)


def test_a_draft_stops_nothing_until_it_is_published() -> None:
    status, drafted = draft(note="big orders are for people")
    assert (status, drafted["state"], drafted["version"], drafted["by"]) == (200, "draft", 0, "user:tester")
    accepted = wire().orders.get(body_of(post("A"))["order_id"])
    assert (accepted.status, [finding.effect for finding in accepted.findings]) == ("confirmed", ["draft_reject"])
    status, published = publish()
    assert (status, published["state"], published["version"], published["note"]) == (
        200,
        "published",
        1,
        "big orders are for people",
    )
    refused = body_of(post("B"))
    assert (refused["code"], [fault["message"] for fault in refused["faults"]]) == (
        "order_too_large",
        ["3 units are more than 2"],
    )
    assert publish()[0] == 404


def test_what_was_in_force_stays_readable_and_a_late_draft_is_not_published() -> None:
    draft()
    publish()
    draft(rules={"sku": {"mode": "hold"}})
    stale = wire().policy_desk.policies.draft("default")
    assert stale is not None
    publish()
    store = wire().policy_desk.policies
    kept = [store.version("default", number) for number in (1, 2)]
    assert [sorted(policy.rules) for policy in kept if policy] == [["order_size"], ["sku"]]
    store.save_draft(stale)
    assert (publish()[0], publish()[1]["code"]) == (409, "conflict")
    found = store.find("default")
    assert found is not None
    assert found.version == 2


def test_all_policies_and_all_checks_are_listed() -> None:
    draft("sales_desk")
    wire().reference._settings_until = 0.0
    status, page = call("GET", role="auditor")
    assert (status, [(row["name"], row["state"]) for row in page["policies"]]) == (200, [("sales_desk", "draft")])
    size = next(row for row in page["checks"] if row["name"] == "order_size")
    assert size == {
        "name": "order_size",
        "refuses_with": "order_too_large",
        "mode": "hold",
        "reason": "order_size",
        "params": {"amount_minor": {}, "units": 0, "lines": 0, "discount_pct": 0},
    }


def test_a_dropped_draft_is_gone_and_dropping_it_again_is_no_mistake() -> None:
    draft()
    assert [call("DELETE", "draft") for _ in range(2)] == [(204, None)] * 2
    assert publish()[0] == 404


@pytest.mark.parametrize(
    ("name", "rules", "status", "field"),
    [
        ("nowhere", {}, 404, None),
        ("default", {"no_check": {}}, 422, "rules.no_check"),
        ("default", {"order_size": {"params": {"units": "2"}}}, 422, "rules.order_size.params.units"),
        ("default", {"order_size": {"mode": "maybe"}}, 422, "rules.order_size.mode"),
        ("default", {"address": {"params": {"regions": ["usa"]}}}, 422, "rules.address.params.regions.0"),
    ],
)
def test_what_cannot_be_used_is_refused_by_field_and_not_drafted(
    name: str, rules: Any, status: int, field: str | None
) -> None:
    answered, problem = draft(name, rules)
    assert answered == status
    assert [fault["field"] for fault in problem.get("faults", [])] == ([field] if field else [])
    assert publish(name)[0] == 404


def test_only_an_operator_changes_a_policy() -> None:
    assert call("PUT", "draft", body={"rules": SIZES}, role="sales")[0] == 403
    draft()
    assert call("POST", "publish", role="auditor")[0] == 403
    assert call("DELETE", "draft", role="finance")[0] == 403
    assert call("GET", role="warehouse")[0] == 403
    assert publish()[0] == 200


def test_an_outside_scorer_holds_an_order_and_its_silence_holds_none() -> None:
    with partner() as one:
        wire().scorer._client = lambda wait_s: one.client(total_s=wait_s)
        one.on("POST /score", {"score": 90, "reasons": ["proxy"]})
        draft(rules={"outside_score": {"mode": "hold", "params": {"url": f"{one.url}/score", "timeout_ms": 500}}})
        publish()
        wire().checks._scorer = wire().score
        wire().intake.checks._scorer = wire().score  # type: ignore[attr-defined]
        held = wire().orders.get(body_of(post("A"))["order_id"])
        assert [(hold.reason, hold.note) for hold in held.holds] == [
            ("high_risk_of_fraud", "customer scored 90: proxy"),
        ]
        one.answers.clear()
        silent = wire().orders.get(body_of(post("B"))["order_id"])
        assert (silent.status, [finding.message for finding in silent.findings]) == (
            "confirmed",
            ["the outside scorer did not answer in time"],
        )
