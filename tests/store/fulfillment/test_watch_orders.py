"""The watchdog on real tables with a clock of its own, and the tasks it starts."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.fulfillment import cron_watch_orders, task_assess_order, task_remind_location
from functions.orders import task_hold_order
from oms.aws import clients
from oms.fulfillment.model import ExceptionTask
from oms.fulfillment.watch import watch_orders
from oms.kernel.time import to_text
from oms.orders.lifecycle import MAX_DWELL
from oms.orders.model import Line, Order
from oms.wiring import Wiring
from tests.aws import moto_cloud
from tests.crash import calls_of, crash, crash_points, restart
from tests.fulfillment_builders import NOW, a_work, an_order, parcels_of
from tests.fulfillment_store import store


class Time:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def passes(self, **duration: float) -> None:
        self.now += timedelta(**duration)


class Workflow:
    """What was started, by name."""

    def __init__(self) -> None:
        self.started: dict[str, ExceptionTask] = {}

    def start(self, name: str, document: ExceptionTask) -> None:
        self.started.setdefault(name, document)


@contextmanager
def watched(*, early: bool = True) -> Iterator[tuple[Wiring, Time]]:
    """A cloud with one released order whose deadline in the index is early, and a state machine to start."""
    time = Time()
    with moto_cloud(time) as wiring:
        _state_machine()
        work = a_work()
        first_look = NOW + (timedelta(minutes=15) if early else timedelta(hours=4))
        store(wiring, an_order(watch_at=to_text(first_look)), work, *parcels_of(work))
        yield wiring, time


def _state_machine() -> None:
    definition = {"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}
    clients.stepfunctions().create_state_machine(
        name="resolve_exception",
        definition=json.dumps(definition),
        roleArn="arn:aws:iam::123456789012:role/workflow",
    )


def watch() -> dict[str, Any]:
    return cron_watch_orders.handler({}, None)


def report(**counts: int) -> dict[str, Any]:
    return {
        "looked_at": 0,
        "rearmed": 0,
        "started": 0,
        "expired": 0,
        "contended": 0,
        "unreadable": 0,
        "unfinished": False,
        **counts,
    }


def executions(wiring: Wiring) -> list[str]:
    arn = wiring.setting("RESOLVE_EXCEPTION_ARN")
    return [row["name"] for row in clients.stepfunctions().list_executions(stateMachineArn=arn)["executions"]]


def test_before_any_deadline_nothing_is_looked_at() -> None:
    with watched():
        assert watch() == report()


def test_an_early_deadline_moves_on_without_fact_or_log() -> None:
    with watched() as (wiring, time):
        time.passes(minutes=16)
        assert watch() == report(looked_at=1, rearmed=1)
        order = wiring.orders.get("ord_1")
        assert (order.version, order.watch_at, len(order.log), order.facts) == (2, "2026-11-23T13:00:00.000Z", 1, ())
        assert watch() == report()
        assert executions(wiring) == []


def test_an_order_that_cannot_be_read_holds_up_no_other() -> None:
    with watched() as (wiring, time):
        time.passes(minutes=15)
        table, key = wiring.orders.table, {"pk": {"S": f"ORDER#{a_work().order_id}"}, "sk": {"S": "ORDER"}}
        clients.dynamodb().update_item(
            TableName=table,
            Key=key,
            UpdateExpression="SET doc = :doc",
            ExpressionAttributeValues={":doc": {"B": b"no order"}},
        )
        assert watch() == report(looked_at=1, unreadable=1)


def test_a_silent_location_starts_the_workflow_once() -> None:
    with watched(early=False) as (wiring, time):
        time.passes(hours=4)
        assert watch() == report(looked_at=1, started=1)
        assert executions(wiring) == ["ord_1-fulfillment_order-requested-1"]
        assert wiring.orders.get("ord_1").watch_at == "2026-11-24T01:00:00.000Z"
        assert watch() == report()


def test_a_run_that_died_anywhere_and_came_again_starts_it_once() -> None:
    with watched(early=False) as (_, time):
        time.passes(hours=4)
        calls = calls_of(watch)
    assert [call for call in calls if call != "Query"] == ["BatchGetItem", "StartExecution", "PutItem"]
    for point in crash_points(calls):
        if point.operation == "Query":
            continue  # a run that died reading has done nothing; 25 queries would make 50 equal cases
        with watched(early=False) as (_, time):
            time.passes(hours=4)
            crash(point, watch)
            again = restart(time)
            watch()
            assert executions(again) == ["ord_1-fulfillment_order-requested-1"], point
            assert again.orders.get("ord_1").watch_at == "2026-11-24T01:00:00.000Z"


def test_work_is_bounded_and_the_next_run_goes_on() -> None:
    time, workflow = Time(), Workflow()
    with moto_cloud(time) as wiring:
        for number in range(7):
            store(wiring, waiting(f"ord_{number}", "confirmed", NOW))
        time.passes(hours=1)
        looks = [
            watch_orders(orders=wiring.orders, workflow=workflow, deadlines=wiring.deadlines, clock=time, limit=3)
            for _ in range(4)
        ]
        assert [(look.looked_at, look.unfinished) for look in looks] == [(3, True), (3, True), (1, False), (0, False)]
        assert sorted(document.order_id for document in workflow.started.values()) == [f"ord_{n}" for n in range(7)]


def waiting(order_id: str, status: str, since: datetime) -> Order:
    line = Line(number=1, sku="MUG-RED", quantity=1, unit_price_minor=1, open=1)
    text = to_text(since)
    return an_order(order_id, status, lines=(line,), entered_at=text, watch_at=text)


STATES = st.sampled_from(
    [
        ("validating", None),
        ("confirmed", None),
        *(("in_fulfillment", state) for state in ("open", "booked", "requested", "accepted", "in_progress")),
        ("in_fulfillment", "handed_over"),
    ]
)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(STATES, st.integers(0, 12 * 24)), min_size=1, max_size=12))
def test_every_order_beyond_its_dwell_is_found_and_no_other(cases: list[tuple[tuple[str, str | None], int]]) -> None:
    """Ages in hours; the index knows only when the header was written, so it is early for most."""
    time, workflow = Time(), Workflow()
    time.passes(days=13)
    late = set()
    with moto_cloud(time) as wiring:
        for number, ((status, below), hours) in enumerate(cases):
            order_id = f"ord_{number}"
            since = time.now - timedelta(hours=hours)
            state = f"order.{status}"
            if below is None:
                store(wiring, waiting(order_id, status, since))
            else:
                state = "parcel.handed_over" if below == "handed_over" else f"fulfillment_order.{below}"
                _store_work(wiring, order_id, below, since)
            if since + MAX_DWELL[state] <= time.now:
                late.add((order_id, state))
        watch_orders(orders=wiring.orders, workflow=workflow, deadlines=wiring.deadlines, clock=time)
        assert {(document.order_id, document.state) for document in workflow.started.values()} == late
        assert (
            watch_orders(orders=wiring.orders, workflow=workflow, deadlines=wiring.deadlines, clock=time).looked_at == 0
        )


def _store_work(wiring: Wiring, order_id: str, below: str, since: datetime) -> None:
    work = a_work("closed" if below == "handed_over" else below, order_id, entered_at=to_text(since))
    parcels = parcels_of(work, "handed_over" if below == "handed_over" else "label_purchased")
    rows = tuple(row.model_copy(update={"at": to_text(since), "what": "handed_over"}) for row in parcels[0].log)
    store(
        wiring,
        an_order(order_id, watch_at=to_text(since)),
        work,
        *(parcel.model_copy(update={"log": rows}) for parcel in parcels),
    )


def document(state: str, subject: str, **changes: Any) -> dict[str, Any]:
    return {
        "order_id": "ord_1",
        "state": state,
        "subject": subject,
        "reason": "location_silent",
        "entered_at": "2026-11-23T09:00:00.000Z",
        **changes,
    }


def test_a_silent_location_is_reminded_twice_then_its_work_goes_elsewhere() -> None:
    with watched(early=False) as (wiring, time):
        time.passes(hours=5)
        paper = document("fulfillment_order.requested", "ful_ord_1")
        outcomes = []
        for _ in range(3):
            paper = task_assess_order.handler(paper, None)
            outcomes.append((paper["outcome"], paper["round"], paper["fulfillment_order_ids"]))
            if paper["outcome"] == "remind":
                assert task_remind_location.handler(paper, None)["outcome"] == "reminded"
                assert task_remind_location.handler(paper, None)["outcome"] == "reminded"
        assert outcomes == [("remind", 1, []), ("remind", 2, []), ("resource", 3, ["ful_ord_1"])]
        work = wiring.orders.get_fulfillment_order("ord_1", "ful_ord_1")
        assert (work.reminders, work.version) == (2, 3)
        assert (work.facts[0].type, work.facts[0].route) == ("FulfillmentOrderReminded", "ber-1")


def test_an_order_that_moved_meanwhile_is_resolved() -> None:
    with watched(early=False) as (wiring, time):
        time.passes(hours=5)
        work = wiring.orders.get_fulfillment_order("ord_1", "ful_ord_1")
        store(wiring, work.changed(at=time.now, by="test", status="accepted", entered_at=to_text(time.now)))
        paper = task_assess_order.handler(document("fulfillment_order.requested", "ful_ord_1"), None)
        assert paper["outcome"] == "resolved"


def test_a_hold_is_put_once_and_covers_the_order_until_a_person_lets_go() -> None:
    with watched(early=False) as (wiring, time):
        time.passes(hours=5)
        paper = document("fulfillment_order.requested", "ful_ord_1", round=4, error={"Error": "Boom", "Cause": "x"})
        assert task_hold_order.handler(paper, None)["outcome"] == "held"
        assert task_hold_order.handler(paper, None)["outcome"] == "held"
        order = wiring.orders.get("ord_1")
        (hold,) = order.holds
        assert (hold.reason, hold.blocks, order.version) == ("location_silent", (), 2)
        assert hold.note == "fulfillment_order.requested of ful_ord_1 after 4 round(s); Boom"
        assert [fact.type for fact in order.facts] == ["OrderHeld"]
        assert watch() == report(looked_at=1, rearmed=1)
        assert wiring.orders.get("ord_1").watch_at == "2026-11-24T14:00:00.000Z"
        let_go = wiring.orders.get("ord_1").changed(at=time.now, by="user:anna", why=f"{hold.id} ok", holds=())
        store(wiring, let_go)
        time.passes(days=2)
        assert watch() == report(looked_at=1, started=1)
        again = task_assess_order.handler(paper, None)
        task_hold_order.handler(again, None)
        (other,) = wiring.orders.get("ord_1").holds
        assert other.id != hold.id


def test_the_owner_of_a_decision_that_is_overdue_is_reminded_once() -> None:
    time = Time()
    with moto_cloud(time) as wiring:
        hold = {"id": "hld_1", "reason": "credit", "blocks": ("confirm",), "opened_at": to_text(NOW)}
        order = waiting("ord_1", "validating", NOW)
        store(wiring, Order.model_validate({**order.model_dump(), "holds": [hold]}))
        time.passes(hours=25)
        paper = task_assess_order.handler(document("order.validating", "ord_1"), None)
        assert paper["outcome"] == "hold"
        for _ in range(2):
            assert task_hold_order.handler(paper, None)["outcome"] == "held"
        found = wiring.orders.get("ord_1")
        assert (found.version, len(found.holds), found.facts[0].data["hold_id"]) == (2, 1, "hld_1")


def test_an_order_that_has_ended_is_not_held() -> None:
    time = Time()
    with moto_cloud(time) as wiring:
        store(wiring, an_order(status="completed"))
        assert task_hold_order.handler(document("parcel.handed_over", "shp_1"), None)["outcome"] == "resolved"
        assert wiring.orders.get("ord_1").version == 1


def test_an_order_that_lacks_nothing_but_its_completion_is_completed() -> None:
    time = Time()
    with moto_cloud(time) as wiring:
        work = a_work("closed")
        parcels = [one.model_copy(update={"tracking_status": "delivered"}) for one in parcels_of(work, "closed")]
        store(wiring, an_order(), work, *parcels)
        time.passes(days=2)
        paper = task_assess_order.handler(document("order.in_fulfillment", "ord_1"), None)
        assert paper["outcome"] == "resolved"
        assert wiring.orders.get("ord_1").status == "completed"


@pytest.mark.parametrize("attempt", [6, 7])
def test_after_six_attempts_to_source_it_a_person_decides(attempt: int) -> None:
    time = Time()
    with moto_cloud(time) as wiring:
        store(wiring, waiting("ord_1", "confirmed", NOW).model_copy(update={"attempt": attempt}))
        time.passes(hours=1)
        assert task_assess_order.handler(document("order.confirmed", "ord_1"), None)["outcome"] == "hold"
