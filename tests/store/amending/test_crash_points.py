"""Killed before or after any AWS call and sent again: a change is made once, and all of it."""

from typing import Any

import pytest

from functions.allocation import api_cancel_orders
from functions.amending import api_change_orders
from functions.fulfillment import cron_watch_orders
from oms.aws.tables import commit
from oms.wiring import Wiring
from tests.allocation_scene import START, assert_the_books_balance, rows
from tests.amending_scene import CHANGES, TOTAL, allocated, company, exposure, propose, quantity
from tests.crash import calls_of, crash, crash_points, restart
from tests.lambda_events import api_event

EDITS = (
    quantity(1, 1),
    {
        "kind": "ship_to",
        "ship_to": {"address_lines": ["Rue 2"], "city": "Paris", "postal_code": "75001", "country": "FR"},
    },
)


def clock() -> Any:
    return START


def proposing(order_id: str) -> dict[str, Any]:
    sent = {"reason": "customer_request", "edits": list(EDITS)}
    return api_event(f"POST {CHANGES}", path={"order_id": order_id}, body=sent, headers={"Idempotency-Key": "k-1"})


def deciding(verb: str, order_id: str, change_id: str) -> dict[str, Any]:
    sent = {"reason": "no"} if verb == "decline" else {}
    path = {"order_id": order_id, "change_id": change_id}
    return api_event(f"POST {CHANGES}/{{change_id}}/{verb}", path=path, body=sent, headers={"If-Match": "*"})


def people_of(wiring: Wiring, order_id: str) -> str:
    return wiring.people.read(wiring.orders.get(order_id).person_id, purpose="test").city


def test_a_proposal_killed_anywhere_is_there_once() -> None:
    with company() as wiring:
        order, _ = allocated(wiring)
        calls = calls_of(lambda: api_change_orders.handler(proposing(order.id), None))
    assert calls.count("TransactWriteItems") == 1
    for point in crash_points(calls):
        with company() as wiring:
            order, _ = allocated(wiring)
            crash(point, lambda order=order: api_change_orders.handler(proposing(order.id), None))  # type: ignore[misc]
            again = restart(clock)
            assert api_change_orders.handler(proposing(order.id), None)["statusCode"] == 201, point
            header = again.orders.get(order.id)
            assert (header.version, header.lines) == (order.version + 1, order.lines), point
            assert exposure(again) == TOTAL


def test_a_confirmation_killed_anywhere_changes_everything_once() -> None:
    with company() as wiring:
        order, _ = allocated(wiring)
        change_id = propose(order.id, *EDITS)[1]["id"]
        calls = calls_of(lambda: api_change_orders.handler(deciding("confirm", order.id, change_id), None))
    assert calls.count("TransactWriteItems") == 1
    for point in crash_points(calls):
        with company() as wiring:
            order, _ = allocated(wiring)
            event = deciding("confirm", order.id, propose(order.id, *EDITS)[1]["id"])
            crash(point, lambda event=event: api_change_orders.handler(event, None))  # type: ignore[misc]
            again = restart(clock)
            assert api_change_orders.handler(event, None)["statusCode"] == 200, point
            header, (old,) = again.orders.tree(order.id)
            assert (header.version, header.change, old.status) == (order.version + 2, None, "cancelled"), point
            assert [(line.open, line.cancelled) for line in header.lines] == [(1, 2), (2, 0)], point
            assert (exposure(again), people_of(again, order.id)) == (header.total_minor, "Paris"), point
            assert_the_books_balance(again)


def test_a_refusal_of_a_change_killed_anywhere_leaves_the_order_as_it_was() -> None:
    with company() as wiring:
        order, _ = allocated(wiring)
        change_id = propose(order.id, *EDITS)[1]["id"]
        calls = calls_of(lambda: api_change_orders.handler(deciding("decline", order.id, change_id), None))
    for point in crash_points(calls):
        with company() as wiring:
            order, _ = allocated(wiring)
            event = deciding("decline", order.id, propose(order.id, *EDITS)[1]["id"])
            crash(point, lambda event=event: api_change_orders.handler(event, None))  # type: ignore[misc]
            again = restart(clock)
            assert api_change_orders.handler(event, None)["statusCode"] == 200, point
            header, works = again.orders.tree(order.id)
            assert (header.version, header.change, header.lines) == (order.version + 2, None, order.lines), point
            assert ([work.status for work in works], people_of(again, order.id)) == (["open"], "Berlin"), point


def addresses(wiring: Wiring) -> list[str]:
    return [row["pk"] for row in rows(wiring, "PEOPLE_TABLE") if row["sk"] == "PERSON"]


@pytest.mark.parametrize("status", ["cancelled", "rejected", "completed"])
def test_the_address_of_a_change_set_goes_when_its_order_ends_even_if_the_watchdog_dies(status: str) -> None:
    def ended(wiring: Wiring) -> tuple[str, str]:
        order, _ = allocated(wiring)
        change_id = propose(order.id, *EDITS)[1]["id"]
        assert len(addresses(wiring)) == 2
        header = wiring.orders.get(order.id)
        commit(wiring.orders.write(header.changed(at=START, by="system:test", what="ended", status=status)))
        return order.id, change_id

    def run() -> dict[str, Any]:
        return cron_watch_orders.handler({}, None)

    with company() as wiring:
        ended(wiring)
        points = [point for point in crash_points(calls_of(run)) if point.operation != "Query"]
    assert any(point.operation == "TransactWriteItems" for point in points)
    for point in points:  # dying at one of the many queries before them leaves everything as it was
        with company() as wiring:
            order_id, change_id = ended(wiring)
            crash(point, run)
            again = restart(clock)
            run()
            header = again.orders.get(order_id)
            assert (header.status, header.change) == (status, None), point
            assert again.amending.changes.get(order_id, change_id).status == "expired", point
            assert addresses(again) == [f"PERSON#{header.person_id}"], point
            version = header.version
            assert run()["looked_at"] == 0, point
            assert again.orders.get(order_id).version == version, point


def test_units_cancelled_by_a_process_that_dies_are_cancelled_once() -> None:
    sent = {"reason": "customer_request", "lines": [{"number": 1, "quantity": 1}, {"number": 2, "quantity": 2}]}

    def event(order_id: str) -> dict[str, Any]:
        route, headers = "POST /v1/orders/{order_id}/cancel", {"Idempotency-Key": "c-1"}
        return api_event(route, path={"order_id": order_id}, body=sent, headers=headers)

    with company() as wiring:
        order, _ = allocated(wiring)
        calls = calls_of(lambda: api_cancel_orders.handler(event(order.id), None))
    assert calls.count("TransactWriteItems") == 1
    for point in crash_points(calls):
        with company() as wiring:
            order, _ = allocated(wiring)
            crash(point, lambda order=order: api_cancel_orders.handler(event(order.id), None))  # type: ignore[misc]
            again = restart(clock)
            assert api_cancel_orders.handler(event(order.id), None)["statusCode"] == 200, point
            header = again.orders.get(order.id)
            assert [(line.open, line.cancelled) for line in header.lines] == [(2, 1), (0, 2)], point
            assert exposure(again) == header.total_minor, point
            assert_the_books_balance(again)
