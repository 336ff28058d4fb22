"""The checks at work: what refuses, holds, informs, and what two orders can only do together."""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from functions.intake.api_submit_orders import handler as submit
from oms.aws import clients
from oms.intake.ports import ChecksPort, Verdict
from oms.orders.model import Order
from oms.validation.policy import Policy, Rule
from oms.wiring import Wiring, wire
from tests.crash import calls_of
from tests.intake import NOW, TestClock, body_of, canonical, company, count
from tests.lambda_events import api_event

SAME = {"customer": {"name": "Zoë Krüger", "email": "zoe@example.com"}}
CLOCK = TestClock()


@pytest.fixture(autouse=True)
def shop() -> Iterator[Wiring]:
    CLOCK.now = NOW
    with company(CLOCK) as wiring:
        yield wiring


def post(number: str, **changes: Any) -> dict[str, Any]:
    body = canonical(external_order_id=number, **changes)
    return submit(api_event("POST /v1/orders", headers={"Idempotency-Key": number}, body=body), None)


def posted(number: str, **changes: Any) -> Order:
    return wire().orders.get(body_of(post(number, **changes))["order_id"])


def policy(kind: str = "POLICY", name: str = "default", **rows: dict[str, Any]) -> None:
    rules = {check: Rule.model_validate(row) for check, row in rows.items()}
    value = Policy(name=name, version=1, rules=rules, by="test", at="2026-11-23T09:00:00.000Z")
    wire().reference.put_setting(kind, name, value)


def reasons(order: Order) -> list[str]:
    return [hold.reason for hold in order.holds]


def test_a_good_order_has_nothing_to_say_for_itself() -> None:
    order = posted("A-1")
    assert (order.status, order.findings, order.holds) == ("confirmed", (), ())


def test_a_finding_holds_the_order_and_says_what_it_is_without_the_person() -> None:
    address = {
        "address_lines": ["1 Main St"],
        "city": "New York",
        "postal_code": "90058",
        "country": "US",
        "region": "NY",
    }
    order = posted("B", ship_to=address)
    assert (order.status, reasons(order)) == ("confirmed", ["incorrect_address"])
    assert order.holds[0].blocks == ("release",)
    assert order.holds[0].note == "ship_to.postal_code is not one of the region"
    (finding,) = order.findings
    assert (finding.check, finding.effect, finding.field) == ("address", "hold", "ship_to.postal_code")


def test_a_policy_decides_whether_a_finding_refuses_holds_or_informs() -> None:
    unpaid = {"payment": {"status": "pending"}}
    assert reasons(posted("held", **unpaid)) == ["awaiting_payment"]
    policy(payment={"mode": "inform"})
    informed = posted("informed", **unpaid)
    assert (informed.holds, [finding.effect for finding in informed.findings]) == ((), ["inform"])
    policy(payment={"mode": "reject"})
    refused = post("refused", **unpaid)
    assert (refused["statusCode"], body_of(refused)["code"]) == (422, "not_paid")
    policy(payment={"mode": "off"})
    assert posted("off", **unpaid).findings == ()
    policy(name="sales_desk", payment={"mode": "hold", "reason": "validation"})
    assert reasons(posted("own", **unpaid)) == ["validation"]


def test_a_refusal_names_all_faults_of_all_checks_under_the_first_code_and_stores_nothing() -> None:
    policy(order_size={"mode": "reject", "params": {"units": 2}})
    lines = [{"sku": "LMAP", "quantity": 3, "unit_price_minor": 100}]
    answer = body_of(post("A", lines=lines))
    assert answer["code"] == "unknown_sku"
    assert [fault["field"] for fault in answer["faults"]] == ["lines.0.sku", "total_minor", "lines"]
    assert (count("orders", "ORDER#"), count("orders", "GUARD#")) == (0, 0)


def test_a_draft_says_what_it_would_have_done_and_stops_nothing() -> None:
    policy(order_size={"params": {"units": 100}})
    policy("POLICY_DRAFT", order_size={"mode": "reject", "params": {"units": 2}}, payment={"mode": "off"})
    order = posted("A")
    assert (order.status, order.holds) == ("confirmed", ())
    assert [(each.check, each.effect, each.message) for each in order.findings] == [
        ("order_size", "draft_reject", "3 units are more than 2")
    ]


def test_many_faults_of_one_check_are_cut_short() -> None:
    policy(quantity={"mode": "inform", "params": {"per_line": 1}})
    lines = [{"sku": "MUG", "quantity": 2, "unit_price_minor": 0}] * 9
    findings = posted("A", lines=lines, shipping_minor=0, tax_minor=0, total_minor=0).findings
    assert [each.message for each in findings] == ["is more than 1"] * 3 + ["and 6 more"]


def test_the_same_order_again_under_another_number_is_held_and_the_first_is_not() -> None:
    first, second = posted("A", **SAME), posted("B", **SAME)
    assert (first.status, first.holds) == ("confirmed", ())
    assert (second.status, reasons(second)) == ("validating", ["possible_duplicate"])
    assert posted("C", **SAME, lines=first_lines(3), total_minor=18209).status == "confirmed"
    assert (body_of(post("A", **SAME))["status"], count("orders", "ORDER#")) == ("confirmed", 3)
    CLOCK.pass_time(minutes=30)
    assert posted("D", **SAME).status == "confirmed"
    assert reasons(posted("E", **SAME)) == ["possible_duplicate"]


def first_lines(lamps: int) -> list[dict[str, Any]]:
    lines = canonical()["lines"]
    return [{**lines[0], "quantity": lamps}, lines[1]]


def test_one_order_more_than_a_buyer_makes_is_held() -> None:
    policy(velocity={"params": {"orders": 3}}, duplicate={"mode": "off"})
    found = [reasons(posted(str(number), **SAME)) for number in range(5)]
    assert found == [[], [], [], ["high_risk_of_fraud"], ["high_risk_of_fraud"]]
    CLOCK.pass_time(hours=1)
    assert reasons(posted("later", **SAME)) == []


def test_orders_that_come_late_are_judged_by_when_they_were_placed() -> None:
    hours = ("07:00", "08:00", "08:20", "07:40", "06:00")
    orders = [posted(hour, **SAME, placed_at=f"2026-11-22T{hour}:00Z") for hour in hours]
    assert [reasons(order) for order in orders] == [[], [], ["possible_duplicate"], ["possible_duplicate"], []]
    assert reasons(posted("never", **SAME, placed_at="2026-13-45T00:00:00Z")) == []


def test_a_guard_that_only_informs_lets_the_order_go_on() -> None:
    policy(duplicate={"mode": "inform"})
    posted("A", **SAME)
    second = posted("B", **SAME)
    assert (second.status, [each.check for each in second.findings]) == ("confirmed", ["duplicate"])


def test_guards_cost_no_call_unless_they_trip_and_go_by_themselves() -> None:
    posted("warm")
    assert calls_of(lambda: post("A", **SAME)) == ["PutItem", "BatchGetItem", "TransactWriteItems"]
    rows = clients.dynamodb().scan(TableName="baton-orders")["Items"]
    guards = [row for row in rows if row["pk"]["S"].startswith("GUARD#")]
    assert len(guards) == 4
    assert all("n" not in row and int(row["expires_at"]["N"]) > CLOCK.now.timestamp() for row in guards)
    assert not any("zoe" in repr(row).casefold() for row in guards)


def test_two_orders_decided_at_the_same_time_do_not_both_slip_through() -> None:
    """The second was looked at before the first was written: its transaction fails, and it is looked at again."""
    desk = wire().intake
    meanwhile = Meanwhile(desk.checks, lambda: reasons(posted("B", **SAME)))
    wire().intake = dataclasses.replace(desk, checks=meanwhile)
    first = posted("A", **SAME)
    assert (meanwhile.found, reasons(first)) == ([], ["possible_duplicate"])
    assert count("orders", "ORDER#") == 2


class Meanwhile:
    """The checks, with something that happens once between their verdict and the write."""

    def __init__(self, checks: ChecksPort, happens: Callable[[], list[str]]) -> None:
        self._checks, self._happens = checks, happens
        self.found: list[str] | None = None
        self.short = checks.short

    def check(self, *order: Any, **options: Any) -> Verdict:
        verdict = self._checks.check(*order, **options)
        if self.found is None:
            self.found = []
            self.found = self._happens()
        return verdict
