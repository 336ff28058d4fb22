"""Cancelling: what has not shipped comes back, one of cancel and ship wins, and asking twice changes nothing."""

from typing import Any

import pytest

from functions.allocation import api_cancel_orders, queue_allocate_orders
from oms.allocation.recall import cancel_order
from oms.aws.tables import Write, commit
from oms.credit.model import Account
from oms.credit.service import CreditDesk
from oms.kernel.errors import ConflictError, StateError
from oms.orders.model import Content, FulfillmentOrder, Order, Parcel
from oms.orders.store import OrderTree
from oms.wiring import Wiring
from tests.allocation_scene import (
    CAUSE,
    START,
    assert_the_books_balance,
    batch,
    position,
    put_order,
    rows,
    set_up,
    text_of,
)
from tests.lambda_events import api_event

CANCEL = "POST /v1/orders/{order_id}/cancel"


def cancel(order_id: str, body: Any = None, **more: Any) -> tuple[int, dict[str, Any]]:
    event = api_event(CANCEL, path={"order_id": order_id}, body=body or {"reason": "customer_request"}, **more)
    answer = api_cancel_orders.handler(event, None)
    return answer["statusCode"], text_of(answer)


def allocated(wiring: Wiring, order_id: str, units: dict[str, int], **more: Any) -> OrderTree:
    queue_allocate_orders.handler(batch(put_order(wiring, order_id, units, **more)), None)
    return wiring.orders.tree(order_id)


def put_work(wiring: Wiring, work: FulfillmentOrder, status: str, **more: Any) -> FulfillmentOrder:
    moved = work.changed(at=START, by="system:test", what=status, status=status, **more)
    commit(wiring.orders.write(moved))
    return moved


def test_cancelling_an_allocated_order_gives_all_its_stock_back(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 3, reorder_point=2), position("PEN", "lon-1", 5))
    allocated(cloud_on_moto, "ord_1", {"CUP": 4, "PEN": 2})
    assert cancel("ord_1", {"reason": "customer_request", "note": "ordered twice"}) == (
        200,
        {"order_id": "ord_1", "status": "cancelled", "cancelled_units": 6, "remaining_units": 0},
    )
    header, works = cloud_on_moto.orders.tree("ord_1")
    assert [work.status for work in works] == ["cancelled", "cancelled"]
    assert [(fact.type, fact.data) for fact in header.facts] == [
        ("OrderCancelled", {"order_id": "ord_1", "reason": "customer_request", "units": 6})
    ]
    assert (header.log[-1].by, header.log[-1].why) == ("user:tester", "customer_request: ordered twice")
    assert cloud_on_moto.stock.available(["CUP", "PEN"]) == {"CUP": {"ber-1": 3}, "PEN": {"lon-1": 5}}
    assert_the_books_balance(cloud_on_moto)


def test_cancelling_again_answers_the_same_and_writes_nothing(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 3))
    allocated(cloud_on_moto, "ord_1", {"CUP": 2})
    first = cancel("ord_1")
    before = rows(cloud_on_moto, "ORDERS_TABLE")
    assert cancel("ord_1", {"reason": "other"}) == first
    assert rows(cloud_on_moto, "ORDERS_TABLE") == before
    assert cloud_on_moto.stock.available(["CUP"]) == {"CUP": {"ber-1": 3}}


def test_an_order_that_waits_for_stock_or_for_a_check_is_cancelled_whole(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 0))
    allocated(cloud_on_moto, "ord_1", {"CUP": 2})
    put_order(cloud_on_moto, "ord_2", {"CUP": 1}, status="validating")
    assert cancel("ord_1")[1]["status"] == "cancelled"
    assert cancel("ord_2")[1] == {
        "order_id": "ord_2",
        "status": "cancelled",
        "cancelled_units": 1,
        "remaining_units": 0,
    }
    assert_the_books_balance(cloud_on_moto)


def test_a_location_that_knew_is_told_to_stop_and_labels_are_voided(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 3))
    (work,) = allocated(cloud_on_moto, "ord_1", {"CUP": 2}).fulfillment_orders
    put_work(cloud_on_moto, work, "requested", parcel_ids=("shp_1",))
    parcel = Parcel(
        id="shp_1",
        order_id="ord_1",
        fulfillment_order_id=work.id,
        location="ber-1",
        carrier="c",
        service="s",
        tracking_number="t",
        label_number="l",
        sscc="0",
        cost_minor=1,
        currency="EUR",
        weight_g=1,
        length_mm=1,
        width_mm=1,
        height_mm=1,
        contents=(Content(number=1, sku="CUP", quantity=2),),
        status="label_purchased",
    )
    commit(cloud_on_moto.orders.write(parcel.changed(at=START, by="system:test", what="Booked")))
    assert cancel("ord_1")[0] == 200
    (stopped,) = cloud_on_moto.orders.tree("ord_1").fulfillment_orders
    assert [(fact.type, fact.route, fact.data["reason"]) for fact in stopped.facts] == [
        ("FulfillmentOrderWithdrawn", "ber-1", "customer_request")
    ]
    voided = cloud_on_moto.orders.parcels(["shp_1"])["shp_1"]
    assert (voided.status, voided.facts[0].type) == ("voided", "ParcelVoided")
    assert_the_books_balance(cloud_on_moto)


def test_what_is_being_picked_is_not_cancelled_and_the_rest_is(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 3), position("PEN", "lon-1", 5))
    cup, _ = allocated(cloud_on_moto, "ord_1", {"CUP": 4, "PEN": 2}).fulfillment_orders
    put_work(cloud_on_moto, cup, "in_progress")
    done = {"order_id": "ord_1", "status": "in_fulfillment", "cancelled_units": 3, "remaining_units": 3}
    assert cancel("ord_1") == (200, done)
    assert cancel("ord_1") == (200, done)
    assert cloud_on_moto.stock.available(["CUP", "PEN"]) == {"CUP": {"ber-1": 0}, "PEN": {"lon-1": 5}}
    assert_the_books_balance(cloud_on_moto)


def test_an_order_that_is_all_being_picked_refuses_and_says_what_is_possible(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 3))
    (work,) = allocated(cloud_on_moto, "ord_1", {"CUP": 2}).fulfillment_orders
    put_work(cloud_on_moto, work, "in_progress")
    status, problem = cancel("ord_1")
    assert (status, problem["code"]) == (409, "wrong_state")
    assert problem["detail"] == (
        "the location is at work on all units (ber-1); possible: wait for it to reject, or a return"
    )
    assert cloud_on_moto.orders.tree("ord_1").order.version == 2


def test_an_order_that_has_shipped_says_so_and_that_a_return_is_the_way(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 3))
    (work,) = allocated(cloud_on_moto, "ord_1", {"CUP": 2}).fulfillment_orders
    put_work(cloud_on_moto, work, "closed")
    status, problem = cancel("ord_1")
    assert (status, problem["code"]) == (409, "wrong_state")
    assert problem["why_not"] == [
        {
            "code": "shipped",
            "message": "all units have shipped: their parcels are with carriers",
            "possible": "a return when they have arrived",
        }
    ]


def test_cancel_and_ship_decided_on_the_same_picture_exactly_one_wins(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 3))
    (work,) = allocated(cloud_on_moto, "ord_1", {"CUP": 2}).fulfillment_orders
    accepted = put_work(cloud_on_moto, work, "accepted")
    shipped = accepted.changed(
        at=START,
        by="location:ber-1",
        what="Shipped",
        status="closed",
        lines=tuple(line.model_copy(update={"shipped": line.quantity}) for line in accepted.lines),
    )
    assert cancel("ord_1")[0] == 200
    with pytest.raises(ConflictError):
        commit(cloud_on_moto.orders.write(shipped), *cloud_on_moto.stock.ship_writes(shipped, CAUSE))
    assert_the_books_balance(cloud_on_moto)


def test_a_cancellation_that_loses_to_a_pick_looks_again_and_refuses(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 3))
    (work,) = allocated(cloud_on_moto, "ord_1", {"CUP": 2}).fulfillment_orders

    class Meanwhile(CreditDesk):
        def moved_writes(self, before: Order, after: Order, *, let_in_by: str | None = None) -> list[Write]:
            put_work(cloud_on_moto, work, "in_progress")
            return super().moved_writes(before, after, let_in_by=let_in_by)

    with pytest.raises(StateError):
        cancel_order(
            "ord_1",
            reason="other",
            note=None,
            by="user:u",
            desk=cloud_on_moto.taking_back,
            exposure=Meanwhile(cloud_on_moto.accounts),
            now=START,
        )
    assert cloud_on_moto.orders.tree("ord_1").fulfillment_orders[0].status == "in_progress"
    assert cloud_on_moto.stock.available(["CUP"]) == {"CUP": {"ber-1": 1}}


def test_a_cancelled_order_on_account_gives_its_credit_back_once(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 3))
    cloud_on_moto.accounts.put(Account(id="acc_1", name="A", currency="EUR", limit_minor=1000))
    order = allocated(cloud_on_moto, "ord_1", {"CUP": 2}, account_id="acc_1").order
    for order_id, amount in ((order.id, order.total_minor), ("ord_2", 100)):
        commit(*cloud_on_moto.credit.assess("acc_1", amount, "EUR", order_id=order_id, at=START).writes)
    for _ in range(2):
        assert cancel("ord_1")[0] == 200
    after = cloud_on_moto.accounts.find("acc_1")
    assert after is not None
    assert after.open_orders_minor == 100


def test_an_order_too_large_for_one_transaction_is_cancelled_in_steps(cloud_on_moto: Wiring) -> None:
    units = {f"S{n:03}": 1 for n in range(110)}
    set_up(cloud_on_moto, *(position(sku, "ber-1", n % 2) for n, sku in enumerate(units)))
    allocated(cloud_on_moto, "ord_1", units)
    assert cancel("ord_1") == (
        200,
        {"order_id": "ord_1", "status": "cancelled", "cancelled_units": 110, "remaining_units": 0},
    )
    assert_the_books_balance(cloud_on_moto)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "reason"),
        ({"reason": "because"}, "reason"),
        ({"reason": "other", "note": ""}, "note"),
        ({"reason": "other", "note": "a\u0000b"}, "note"),
        ({"reason": "other", "status": "cancelled"}, "status"),
    ],
)
def test_a_bad_body_is_refused_by_field(cloud_on_moto: Wiring, body: dict[str, Any], field: str) -> None:
    put_order(cloud_on_moto, "ord_1", {"CUP": 1})
    answer = api_cancel_orders.handler(api_event(CANCEL, path={"order_id": "ord_1"}, body=body), None)
    assert answer["statusCode"] == 422
    assert [fault["field"] for fault in text_of(answer)["faults"]] == [field]


def test_nobody_cancels_without_the_role_and_nothing_that_is_not_there(cloud_on_moto: Wiring) -> None:
    put_order(cloud_on_moto, "ord_1", {"CUP": 1})
    assert cancel("ord_1", roles=["auditor"])[0] == 403
    assert cancel("ord_1", scope=None)[0] == 401
    assert cancel("ord_9")[0] == 404
    assert cloud_on_moto.orders.get("ord_1").status == "confirmed"
