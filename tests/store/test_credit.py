"""Customers on account: the limit holds whatever happens at the same time; holds are decided by people."""

from collections.abc import Iterator
from typing import Any

import pytest

from functions.intake.api_submit_orders import handler as submit
from functions.orders.api_manage_orders import handler as manage
from oms.aws import tables
from oms.aws.tables import ConditionFailedError
from oms.intake.model import NewOrder
from oms.intake.rules import Decision, accept
from oms.orders.holding import HoldSpec, hold_id_of, put_on_hold, with_holds
from oms.orders.model import Promise
from oms.orders.natural import order_id_of
from oms.wiring import Wiring, wire
from tests.fulfillment_builders import a_work
from tests.intake import LIMIT, NOW, TestClock, body_of, canonical, company, count
from tests.lambda_events import api_event


@pytest.fixture
def shop() -> Iterator[Wiring]:
    with company(TestClock()) as wiring:
        yield wiring


def on_account(external_id: str, amount: int) -> dict[str, Any]:
    lines = [{"sku": "MUG", "quantity": 1, "unit_price_minor": amount}]
    amounts = {"shipping_minor": 0, "tax_minor": 0, "total_minor": amount}
    return canonical(external_order_id=external_id, account_id="ACME", lines=lines, **amounts)


def post(body: dict[str, Any]) -> dict[str, Any]:
    headers = {"Idempotency-Key": body["external_order_id"]}
    return submit(api_event("POST /v1/orders", headers=headers, body=body), None)


def exposure() -> int:
    account = wire().accounts.find("ACME")
    assert account is not None
    return account.open_orders_minor


def decide(
    verb: str, order_id: str, hold_id: str, body: Any = None, roles: tuple[str, ...] = ("operator", "finance")
) -> dict[str, Any]:
    route = f"POST /v1/orders/{{order_id}}/holds/{{hold_id}}/{verb}"
    sent = {"reason": "prepaid"} if body is None else body
    return manage(api_event(route, path={"order_id": order_id, "hold_id": hold_id}, body=sent, roles=roles), None)


def held_order() -> tuple[str, str]:
    answer = body_of(post(on_account("BIG", LIMIT + 1)))
    return answer["order_id"], answer["holds"][0]["hold_id"]


@pytest.mark.usefixtures("shop")
def test_an_order_that_just_fits_is_confirmed_and_the_next_cent_is_held() -> None:
    fits = body_of(post(on_account("A", LIMIT)))
    assert (fits["status"], exposure()) == ("confirmed", LIMIT)
    over = body_of(post(on_account("B", 1)))
    hold_id = hold_id_of(order_id_of("sales_desk", "B"), "credit_limit")
    assert (over["status"], over["holds"]) == ("validating", [{"hold_id": hold_id, "reason": "credit_limit"}])
    order = wire().orders.get(over["order_id"])
    assert [fact.type for fact in order.facts] == ["OrderSubmitted", "OrderHeld"]
    assert order.watch_at == "2026-11-24T09:30:00.000Z"
    blocking = order.blocked_by("confirm")
    assert (blocking and blocking.id, exposure()) == (hold_id, LIMIT)


@pytest.mark.usefixtures("shop")
def test_two_orders_decided_at_the_same_time_never_exceed_the_limit_together() -> None:
    """Both read the account before either writes: the second write is refused, not the first forgotten."""
    desk, writes = wire().intake, []
    for name in ("A", "B"):
        new = NewOrder.model_validate(on_account(name, 60_000))
        answer = desk.credit.assess("ACME", new.total_minor, "EUR", order_id=f"ord_{name}", at=NOW)
        assert not answer.holds
        order = accept(new, Decision(Promise(), backorder_expected=False), fingerprint="f", at=NOW, by="test")
        writes.append([desk.orders.write(order), *answer.writes])
    tables.commit(*writes[0])
    with pytest.raises(ConditionFailedError) as refused:
        tables.commit(*writes[1])
    assert refused.value.labels == ("account ACME",)
    assert (exposure(), count("orders", "ORDER#")) == (60_000, 1)
    assert body_of(post(on_account("B", 60_000)))["status"] == "validating"


@pytest.mark.usefixtures("shop")
def test_two_orders_that_both_fit_do_not_disturb_each_other() -> None:
    answers = [wire().credit.assess("ACME", 50_000, "EUR", order_id=f"ord_{n}", at=NOW) for n in range(2)]
    for answer in answers:
        tables.commit(*answer.writes)
    assert exposure() == LIMIT


@pytest.mark.usefixtures("shop")
def test_a_released_hold_confirms_the_order_counts_it_and_says_who_and_why() -> None:
    order_id, hold_id = held_order()
    answer = decide("release", order_id, hold_id)
    assert (answer["statusCode"], body_of(answer)) == (
        200,
        {"order_id": order_id, "hold_id": hold_id, "outcome": "released"},
    )
    order = wire().orders.get(order_id)
    assert (order.status, order.version, order.holds) == ("confirmed", 2, ())
    assert [fact.type for fact in order.facts] == ["OrderHoldReleased", "OrderConfirmed"]
    assert (order.log[-1].by, order.log[-1].why) == ("user:tester", f"{hold_id} prepaid")
    assert exposure() == LIMIT + 1
    assert decide("release", order_id, hold_id)["body"] == answer["body"]
    assert (wire().orders.get(order_id).version, exposure()) == (2, LIMIT + 1)
    assert decide("reject", order_id, hold_id)["statusCode"] == 409


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("verb", ["release", "reject"])
def test_only_finance_decides_over_the_credit_limit(verb: str) -> None:
    order_id, hold_id = held_order()
    (hold,) = wire().orders.get(order_id).holds
    assert (hold.owner, hold.release_by) == ("finance", ("finance",))
    answer = decide(verb, order_id, hold_id, roles=("operator", "sales"))
    assert (answer["statusCode"], body_of(answer)["code"]) == (403, "forbidden")
    assert (wire().orders.get(order_id).version, exposure()) == (1, 0)
    assert decide(verb, order_id, hold_id, roles=("finance",))["statusCode"] == 200


@pytest.mark.usefixtures("shop")
def test_a_rejected_order_ends_and_holds_no_credit() -> None:
    order_id, hold_id = held_order()
    answers = [decide("reject", order_id, hold_id) for _ in range(2)]
    assert [answer["statusCode"] for answer in answers] == [200, 200]
    assert answers[0]["body"] == answers[1]["body"]
    order = wire().orders.get(order_id)
    assert (order.status, order.version, exposure()) == ("rejected", 2, 0)
    assert [(fact.type, fact.data["reason"]) for fact in order.facts] == [("OrderRejected", "credit_limit")]
    assert decide("release", order_id, hold_id)["statusCode"] == 409
    assert body_of(post(on_account("BIG", LIMIT + 1)))["status"] == "validating"


@pytest.mark.usefixtures("shop")
def test_an_order_waits_until_its_last_hold_is_gone() -> None:
    order_id, hold_id = held_order()
    order = wire().orders.get(order_id)
    second = order.holds[0].model_copy(update={"id": "hld_fraud", "reason": "high_risk_of_fraud"})
    both = order.changed(at=NOW, by="system:test", what="held", holds=(*order.holds, second))
    tables.commit(wire().orders.write(both))
    decide("release", order_id, hold_id)
    assert (wire().orders.get(order_id).status, exposure()) == ("validating", 0)
    decide("release", order_id, "hld_fraud")
    assert (wire().orders.get(order_id).status, exposure()) == ("confirmed", LIMIT + 1)


@pytest.mark.usefixtures("shop")
def test_an_order_that_was_let_in_and_then_changed_is_asked_for_its_credit_again() -> None:
    order_id, hold_id = held_order()
    order = wire().orders.get(order_id)
    holds, _ = with_holds(order, [HoldSpec("high_risk_of_fraud")], at=NOW)
    tables.commit(wire().orders.write(order.changed(at=NOW, by="system:test", what="held", holds=holds)))
    decide("release", order_id, hold_id)
    waits = wire().orders.get(order_id)
    more = waits.changed(at=NOW, by="user:x", what="OrderChanged", total_minor=9 * LIMIT)
    tables.commit(wire().orders.write(more))
    decide("release", order_id, hold_id_of(order_id, "high_risk_of_fraud"))
    held = wire().orders.get(order_id)
    assert (held.status, [hold.id for hold in held.holds], exposure()) == ("validating", [hold_id], 0)
    assert [body_of(decide("reject", order_id, hold_id))["outcome"] for _ in range(2)] == ["rejected", "rejected"]


@pytest.mark.usefixtures("shop")
def test_exposure_goes_back_once_with_the_order_it_belongs_to() -> None:
    order_id = body_of(post(on_account("A", 700)))["order_id"]
    before = wire().orders.get(order_id)
    lines = tuple(line.model_copy(update={"open": 0, "cancelled": line.quantity}) for line in before.lines)
    cancelled = before.changed(at=NOW, by="system:test", what="cancelled", status="cancelled", lines=lines)
    back = wire().credit.moved_writes(before, cancelled)
    tables.commit(wire().orders.write(cancelled), *back)
    with pytest.raises(ConditionFailedError):
        tables.commit(wire().orders.write(cancelled), *back)
    assert exposure() == 0
    held_id, _ = held_order()
    held = wire().orders.get(held_id)
    assert wire().credit.moved_writes(held, held) == []


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    "body", [{}, {"reason": ""}, {"reason": "  "}, {"reason": "a\nb"}, {"reason": "x", "by": "me"}]
)
def test_a_decision_needs_a_reason_and_nothing_else(body: dict[str, str]) -> None:
    order_id, hold_id = held_order()
    assert decide("release", order_id, hold_id, body)["statusCode"] == 422
    assert wire().orders.get(order_id).version == 1


@pytest.mark.usefixtures("shop")
def test_an_unknown_order_or_hold_is_404() -> None:
    order_id, _ = held_order()
    assert decide("release", "ord_nothing", "hld_nothing")["statusCode"] == 404
    assert decide("reject", order_id, "hld_nothing")["statusCode"] == 404


@pytest.mark.usefixtures("shop")
def test_releasing_a_hold_on_releases_starts_the_stopped_work_again_at_once() -> None:
    order_id = body_of(post(on_account("A", 700)))["order_id"]
    works = [a_work(status, order_id, id=f"ful_{status}", version=0, parcel_ids=()) for status in ("open", "requested")]
    for work in works:
        tables.commit(wire().orders.write(work.changed(at=NOW, by="system:test", what="made")))
    order = wire().orders.get(order_id)
    held = put_on_hold(order, "hld_parked", reason="fulfillment_failed", blocks=("release",), at=NOW, by="system:test")
    tables.commit(wire().orders.write(held))
    assert decide("release", order_id, "hld_parked")["statusCode"] == 200
    order = wire().orders.get(order_id)
    assert [fact.type for fact in order.facts] == ["OrderHoldReleased", "OrderAllocated"]
    assert order.facts[1].data["fulfillment_order_ids"] == ["ful_open"]


@pytest.mark.usefixtures("shop")
def test_releasing_a_hold_on_allocation_asks_for_stock_again_and_may_be_needed_twice() -> None:
    order_id = body_of(post(on_account("A", 700)))["order_id"]
    for attempt in (2, 3):
        order = wire().orders.get(order_id)
        held = put_on_hold(order, "hld_stock", reason="inventory", blocks=("allocate",), at=NOW, by="system:test")
        tables.commit(wire().orders.write(held))
        assert decide("release", order_id, "hld_stock")["statusCode"] == 200
        order = wire().orders.get(order_id)
        assert [fact.type for fact in order.facts] == ["OrderHoldReleased", "OrderReallocationRequested"]
        assert (order.status, order.attempt, order.holds) == ("confirmed", attempt, ())
        assert order.watch_at == "2026-11-23T09:30:00.000Z"
    assert exposure() == 700
