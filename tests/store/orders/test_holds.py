"""Holds over the handlers: put by a person, let go by the right one, and what happens when their time is up."""

import json
from datetime import datetime
from typing import Any

import pytest

from functions.allocation import queue_allocate_orders
from functions.fulfillment import cron_watch_orders
from functions.intake import api_submit_orders
from functions.orders import api_manage_orders, api_read_orders
from oms.allocation.recall import cancel_order
from oms.amending.deadlines import Deadlines
from oms.aws.tables import commit
from oms.kernel.errors import ConflictError
from oms.orders.holding import HoldSpec, hold_id_of, remorse, with_holds
from oms.orders.holds import escalate
from oms.orders.lines import replace_line
from oms.orders.model import Hold, Order
from oms.reference.model import Channel
from oms.wiring import Wiring
from tests.allocation_scene import START, assert_the_books_balance, batch
from tests.amending_scene import Clock, allocate, allocated, company, exposure, place, propose, quantity
from tests.intake import TestClock, canonical
from tests.intake import company as intake_company
from tests.lambda_events import api_event


def hold(order_id: str, sent: dict[str, Any], **more: Any) -> tuple[int, dict[str, Any]]:
    answer = api_manage_orders.handler(
        api_event("POST /v1/orders/{order_id}/holds", path={"order_id": order_id}, body=sent, **more), None
    )
    return answer["statusCode"], json.loads(answer["body"])


def decide(verb: str, order_id: str, reason: str, **more: Any) -> tuple[int, dict[str, Any]]:
    path = {"order_id": order_id, "hold_id": hold_id_of(order_id, reason)}
    route = f"POST /v1/orders/{{order_id}}/holds/{{hold_id}}/{verb}"
    answer = api_manage_orders.handler(api_event(route, path=path, body={"reason": "seen"}, **more), None)
    return answer["statusCode"], json.loads(answer["body"])


def actions(order_id: str, **more: Any) -> dict[tuple[str, str | None], dict[str, Any]]:
    event = api_event("GET /v1/orders/{order_id}/actions", path={"order_id": order_id}, **more)
    answer = api_read_orders.handler(event, None)
    assert answer["statusCode"] == 200, answer["body"]
    return {(row["action"], row.get("subject")): row for row in json.loads(answer["body"])["actions"]}


def put_holds(wiring: Wiring, order: Order, *specs: HoldSpec) -> Order:
    holds, facts = with_holds(order, specs, at=wiring.clock())
    held = order.changed(*facts, at=wiring.clock(), by="system:test", holds=holds)
    commit(wiring.orders.write(held))
    return held


def watch() -> dict[str, Any]:
    return cron_watch_orders.handler({}, None)


def test_a_person_puts_a_hold_once_and_it_blocks_the_named_steps_only() -> None:
    with company() as wiring:
        order = place(wiring)
        sent = {"reason": "incorrect_address", "note": "no house number"}
        for _ in range(2):
            hold_id = hold_id_of(order.id, "incorrect_address")
            assert hold(order.id, sent) == (200, {"order_id": order.id, "hold_id": hold_id, "outcome": "held"})
        header = wiring.orders.get(order.id)
        assert (header.version, header.holds[0].blocks, header.holds[0].owner) == (2, ("release",), "operator")
        assert (header.log[-1].by, header.log[-1].why) == ("user:tester", "incorrect_address: no house number")
        tree = allocate(wiring, order)
        assert tree.order.units_allocated == 5


def test_a_second_hold_with_another_end_or_note_is_refused_with_the_open_one_and_changes_nothing() -> None:
    with company() as wiring:
        order = place(wiring)
        sent = {"reason": "other", "note": "asks for blue", "expires_at": "2026-11-24T09:00:00Z"}
        assert hold(order.id, sent)[0] == 200
        for again in (sent, {"reason": "other"}, {**sent, "expires_at": "2026-11-24T09:00:00.000Z"}):
            assert hold(order.id, again)[0] == 200
        for other in ({**sent, "expires_at": "2026-11-25T09:00:00Z"}, {**sent, "note": "asks for red"}):
            status, problem = hold(order.id, other)
            (why,) = problem["why_not"]
            assert (status, problem["code"], why["code"]) == (409, "wrong_state", "hold_open")
            assert why["message"] == (
                f"the hold {hold_id_of(order.id, 'other')} for other is open already, until 2026-11-24T09:00:00.000Z, "
                "and was not changed"
            )
            assert why["possible"] == "leave it, or have operator release it and put it anew"
        header = wiring.orders.get(order.id)
        assert (header.version, header.holds[0].expires_at) == (2, "2026-11-24T09:00:00.000Z")
        assert decide("release", order.id, "other")[0] == 200
        assert hold(order.id, {**sent, "expires_at": "2026-11-25T09:00:00Z"})[0] == 200
        assert wiring.orders.get(order.id).holds[0].expires_at == "2026-11-25T09:00:00.000Z"


def test_a_suspicion_against_a_confirmed_order_stops_it_although_it_is_confirmed() -> None:
    with company() as wiring:
        order = place(wiring)
        hold(order.id, {"reason": "high_risk_of_fraud"})
        assert wiring.orders.get(order.id).holds[0].blocks == ("allocate", "release")
        asks = order.model_copy(update={"facts": order.facts[-1:]})
        queue_allocate_orders.handler(batch(asks), None)
        assert wiring.orders.get(order.id).units_allocated == 0
        assert decide("release", order.id, "high_risk_of_fraud")[0] == 200
        released = wiring.orders.get(order.id)
        assert [fact.type for fact in released.facts] == ["OrderHoldReleased", "OrderReallocationRequested"]
        assert allocate(wiring, released).order.units_allocated == 5


@pytest.mark.parametrize(
    ("reason", "roles", "status"),
    [
        ("overdue_invoices", ("operator",), 403),
        ("overdue_invoices", ("sales",), 403),
        ("overdue_invoices", ("finance",), 200),
        ("incorrect_address", ("sales",), 200),
        ("incorrect_address", ("finance",), 403),
    ],
)
def test_only_the_roles_of_its_reason_release_a_hold(reason: str, roles: tuple[str, ...], status: int) -> None:
    with company() as wiring:
        order = place(wiring)
        hold(order.id, {"reason": reason})
        done, answer = decide("release", order.id, reason, roles=roles)
        assert done == status
        assert bool(wiring.orders.get(order.id).holds) is (status == 403)
        if status == 403:
            assert answer["why_not"][0]["code"] == "role_needed"
            row = actions(order.id, roles=roles)["release_hold", hold_id_of(order.id, reason)]
            assert (row["allowed"], row["why_not"][0]["possible"]) == (False, answer["why_not"][0]["possible"])


def test_a_hold_that_would_end_in_the_past_or_on_an_ended_order_is_refused() -> None:
    with company() as wiring:
        order = place(wiring)
        for until in ("2026-11-23T09:00:00Z", "2026-99-99T00:00:00Z"):
            assert hold(order.id, {"reason": "other", "expires_at": until})[0] == 422
        assert hold(order.id, {"reason": "because"})[0] == 422
        _, view, _ = propose(order.id, quantity(1, 0), quantity(2, 0))
        ended = wiring.orders.get(order.id)
        commit(wiring.orders.write(ended.changed(at=START, by="system:test", what="x", status="cancelled")))
        status, problem = hold(order.id, {"reason": "other"})
        assert (status, problem["why_not"][0]["code"], view["status"]) == (409, "order_ended", "pending")


def test_the_remorse_window_ends_by_itself_to_the_minute_and_the_order_goes_on() -> None:
    clock = Clock()
    with company(clock) as wiring:
        until = START.replace(minute=20)
        order = put_holds(wiring, place(wiring), HoldSpec("remorse", expires_at=until))
        clock.passes(minutes=19)
        assert watch()["looked_at"] == 0
        clock.passes(minutes=1)
        assert (watch()["expired"], wiring.orders.get(order.id).holds) == (1, ())
        released = wiring.orders.get(order.id)
        assert (released.log[-1].by, released.log[-1].why) == (
            "system:watch_orders",
            f"{hold_id_of(order.id, 'remorse')} expired",
        )
        assert allocate(wiring, released).order.units_allocated == 5
        assert watch()["expired"] == 0


def test_an_unpaid_order_is_cancelled_when_its_time_is_up_and_everything_goes_back() -> None:
    clock = Clock()
    with company(clock) as wiring:
        order, _ = allocated(wiring)
        order = put_holds(wiring, order, HoldSpec("awaiting_payment"))
        clock.passes(days=7)
        watch()
        header, works = wiring.orders.tree(order.id)
        assert (header.status, header.holds, [work.status for work in works]) == ("cancelled", (), ["cancelled"])
        assert (header.log[-1].why, exposure(wiring)) == ("awaiting_payment: expired", 0)
        assert_the_books_balance(wiring)
        assert watch()["looked_at"] == 0


def test_a_hold_that_stopped_work_and_sourcing_lets_both_go_on() -> None:
    with company() as wiring:
        order = put_holds(wiring, allocated(wiring).order, HoldSpec("cancellation_asked"))
        (work,) = wiring.orders.tree(order.id).fulfillment_orders
        lines = replace_line(order.lines, {2: {"allocated": 0, "open": 2}})
        commit(wiring.orders.write(order.changed(at=START, by="system:test", what="Reopened", lines=lines)))
        assert decide("release", order.id, "cancellation_asked")[0] == 200
        facts = {fact.type: fact.data for fact in wiring.orders.get(order.id).facts}
        assert set(facts) == {"OrderHoldReleased", "OrderAllocated", "OrderReallocationRequested"}
        assert facts["OrderAllocated"]["fulfillment_order_ids"] == [work.id]
        assert facts["OrderReallocationRequested"]["attempt"] == order.attempt + 1


def test_who_lets_a_hold_go_at_the_moment_its_time_is_up_saves_the_order() -> None:
    clock = Clock()
    with company(clock) as wiring:
        order = put_holds(wiring, allocated(wiring).order, HoldSpec("awaiting_payment"))
        released = order.changed(at=START, by="user:erna", what="OrderHoldReleased", holds=())

        def cancel(order_id: str, hold: Hold, by: str, now: datetime) -> Any:
            commit(wiring.orders.write(released))
            return cancel_order(
                order_id,
                reason=hold.reason,
                note=None,
                by=by,
                desk=wiring.taking_back,
                exposure=wiring.credit,
                now=now,
                while_held=hold.id,
            )

        clock.passes(days=7)
        with pytest.raises(ConflictError):
            Deadlines(wiring.amending, cancel, lambda *_: 0).keep(order.id)
        with pytest.raises(ConflictError):
            escalate(released, order.holds[0], by="system:test", at=clock(), orders=wiring.orders)
        assert wiring.orders.get(order.id) == released


def test_a_hold_that_must_stay_is_escalated_once_and_its_owner_told() -> None:
    clock = Clock()
    with company(clock) as wiring:
        order = put_holds(wiring, place(wiring), HoldSpec("high_risk_of_fraud"))
        clock.passes(days=2)
        assert watch()["looked_at"] == 1
        held = wiring.orders.get(order.id)
        assert ([hold.overdue for hold in held.holds], held.status) == ([True], "confirmed")
        assert [(fact.type, fact.data["owner"]) for fact in held.facts] == [("OrderHoldOverdue", "operator")]
        clock.passes(minutes=1)
        watch()
        after = wiring.orders.get(order.id)
        assert [row.what for row in after.log].count("OrderHoldOverdue") == 1


def test_actions_say_what_can_be_done_and_what_would_make_the_rest_possible() -> None:
    with company() as wiring:
        order, (work,) = allocated(wiring)
        free = actions(order.id)
        assert {name for (name, _), row in free.items() if not row["allowed"]} == {"confirm_change", "decline_change"}
        assert free["lower_quantity", "1"]["at_most"] == 3
        commit(wiring.orders.write(work.changed(at=START, by="t", what="x", status="in_progress")))
        late = actions(order.id)
        refused = {name: row["why_not"][0] for (name, _), row in late.items() if not row["allowed"]}
        assert refused["cancel"] == {
            "code": "location_at_work",
            "message": "the location is at work on all units (ber-1)",
            "possible": "wait for it to reject, or a return",
        }
        assert refused["change_address"]["code"] == "released"
        assert late["add_line", None]["allowed"]
        for_auditor = actions(order.id, roles=("auditor",))
        assert not any(row["allowed"] for (name, _), row in for_auditor.items() if name not in ("allocate", "release"))


def test_a_channel_with_a_remorse_window_holds_its_orders_from_when_they_were_placed() -> None:
    at = START
    until = remorse(30, at, "2026-11-23T08:45:00Z")
    assert until == (HoldSpec("remorse", expires_at=START.replace(minute=15)),)
    assert remorse(30, at, "2026-11-23T08:30:00Z") == ()
    assert remorse(30, at, "2027-01-01T00:00:00Z") == (HoldSpec("remorse", expires_at=START.replace(minute=30)),)
    assert remorse(0, at) == ()


def test_an_order_of_such_a_channel_is_confirmed_and_takes_no_stock_until_the_window_ends() -> None:
    clock = TestClock()
    with intake_company(clock) as wiring:
        desk = Channel(name="sales_desk", kind="canonical", currencies=frozenset({"EUR"}), remorse_minutes=10)
        wiring.reference.put_setting("CHANNEL", "sales_desk", desk)
        event = api_event("POST /v1/orders", headers={"Idempotency-Key": "r-1"}, body=canonical())
        answer = json.loads(api_submit_orders.handler(event, None)["body"])
        assert (answer["status"], [hold["reason"] for hold in answer["holds"]]) == ("confirmed", ["remorse"])
        order = wiring.orders.get(answer["order_id"])
        assert (order.holds[0].blocks, order.look_at) == (("allocate",), "2026-11-23T09:40:00.000Z")
