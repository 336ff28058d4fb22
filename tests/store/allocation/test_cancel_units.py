"""Cancelling by quantity: all that was asked for or nothing, the rest is sourced again, and once per key."""

from typing import Any

import pytest

from functions.allocation import api_cancel_orders
from oms.aws.tables import commit
from oms.orders.model import Content, FulfillmentOrder, Parcel, Scan
from oms.wiring import Wiring
from tests.allocation_scene import START, assert_the_books_balance, rows, text_of
from tests.amending_scene import TOTAL, allocate, allocated, company, exposure, place
from tests.lambda_events import api_event
from tests.order_builders import parcel

CANCEL = "POST /v1/orders/{order_id}/cancel"


def cancel(order_id: str, units: dict[int, int] | None, *, key: str | None = "k-1") -> tuple[int, dict[str, Any]]:
    lines = [{"number": number, "quantity": count} for number, count in units.items()] if units else None
    body = {"reason": "customer_request", **({"lines": lines} if lines else {})}
    headers = {"Idempotency-Key": key} if key else {}
    answer = api_cancel_orders.handler(api_event(CANCEL, path={"order_id": order_id}, body=body, headers=headers), None)
    return answer["statusCode"], text_of(answer)


def put_work(wiring: Wiring, work: FulfillmentOrder, status: str, **more: Any) -> None:
    commit(wiring.orders.write(work.changed(at=START, by="system:test", what=status, status=status, **more)))


def test_units_go_and_the_amounts_and_the_credit_with_them() -> None:
    with company() as wiring:
        order, (work,) = allocated(wiring)
        done = {"order_id": order.id, "status": "confirmed", "cancelled_units": 1, "remaining_units": 4}
        assert cancel(order.id, {1: 1}) == (200, done)
        header, (old,) = wiring.orders.tree(order.id)
        line = header.lines[0]
        assert (line.open, line.cancelled, line.discount_minor, line.tax_minor) == (2, 1, 67, 368)
        assert header.total_minor == TOTAL - 1000 + 33 - 183 == exposure(wiring)
        assert [fact.type for fact in header.facts] == ["OrderCancelled", "OrderReallocationRequested"]
        assert (old.id, old.status) == (work.id, "cancelled")
        assert_the_books_balance(wiring)
        again = allocate(wiring, header)
        assert {line.sku: line.quantity for line in again.fulfillment_orders[1].lines} == {"CUP": 2, "PEN": 2}
        assert_the_books_balance(wiring)


def test_the_same_key_cancels_nothing_more_and_another_body_is_refused() -> None:
    with company() as wiring:
        order, _ = allocated(wiring)
        first = cancel(order.id, {1: 1})
        before = rows(wiring, "ORDERS_TABLE")
        assert cancel(order.id, {1: 1}) == first
        assert cancel(order.id, {1: 2})[1]["code"] == "idempotency_key_reused"
        assert cancel(order.id, {1: 1}, key=None)[1]["code"] == "missing_idempotency_key"
        assert rows(wiring, "ORDERS_TABLE") == before
        assert cancel(order.id, {1: 1}, key="k-2")[1]["cancelled_units"] == 2


def test_open_units_go_first_and_no_work_is_touched_for_them() -> None:
    with company(cups=1) as wiring:
        order, (work,) = allocated(wiring)
        assert wiring.orders.get(order.id).lines[0].backordered == 2
        assert cancel(order.id, {1: 2})[0] == 200
        header, (kept,) = wiring.orders.tree(order.id)
        assert (kept.version, header.lines[0].allocated, header.lines[0].waits_at) == (work.version, 1, None)
        assert [fact.type for fact in header.facts] == ["OrderCancelled"]
        assert_the_books_balance(wiring)


def test_more_than_is_free_is_refused_whole_and_says_how_many_are() -> None:
    with company(cups=2) as wiring:
        order, (work,) = allocated(wiring)
        put_work(wiring, work, "in_progress")
        status, problem = cancel(order.id, {1: 2, 2: 1})
        assert (status, problem["code"]) == (409, "wrong_state")
        assert [why["message"] for why in problem["why_not"]] == [
            "line 1: 1 unit(s) are not being picked and have not shipped, not 2",
            "line 2: 0 unit(s) are not being picked and have not shipped, not 1",
        ]
        assert sum(line.cancelled for line in wiring.orders.get(order.id).lines) == 0
        assert cancel(order.id, {1: 1})[0] == 200
        assert_the_books_balance(wiring)


def test_all_units_of_all_lines_is_the_end_of_the_order() -> None:
    with company() as wiring:
        order = place(wiring)
        assert cancel(order.id, {1: 3, 2: 2})[1]["status"] == "cancelled"
        assert (wiring.orders.get(order.id).total_minor, exposure(wiring)) == (0, 0)


@pytest.mark.parametrize("units", [{7: 1}, {1: 0}])
def test_a_line_that_is_not_there_or_no_unit_at_all_is_invalid(units: dict[int, int]) -> None:
    with company() as wiring:
        order = place(wiring)
        assert cancel(order.id, units)[1]["code"] == "invalid"
        assert wiring.orders.get(order.id).version == 1


def test_a_parcel_that_its_carrier_has_scanned_is_not_restocked_though_the_location_said_nothing() -> None:
    with company() as wiring:
        order, (work,) = allocated(wiring)
        box = _scanned(work)
        commit(wiring.orders.write(box.changed(at=START, by="system:test", what="Booked")))
        put_work(wiring, work, "requested", parcel_ids=(box.id,))
        assert cancel(order.id, None)[0] == 409
        assert cancel(order.id, {1: 1})[0] == 409
        assert wiring.orders.tree(order.id).fulfillment_orders[0].status == "requested"
        assert wiring.stock.available(["CUP"]) == {"CUP": {"ber-1": 2}}


def _scanned(work: FulfillmentOrder) -> Parcel:
    contents = tuple(Content(number=line.number, sku=line.sku, quantity=line.quantity) for line in work.lines)
    scans = (Scan(id="s", status="picked_up", at="2026-11-23T10:00:00Z"),)
    return parcel(work, status="label_purchased", contents=contents, tracking_status="picked_up", scans=scans)
