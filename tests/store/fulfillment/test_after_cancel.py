"""What a location gives back of an order that was cancelled meanwhile is not wanted: it is not sourced again."""

from typing import Any

from functions.allocation import api_cancel_orders
from functions.fulfillment import api_confirm_fulfillment
from oms.aws.tables import commit
from oms.orders.model import Content, FulfillmentOrder
from oms.orders.store import OrderTree
from oms.wiring import Wiring
from tests.allocation_scene import START, rows, text_of
from tests.amending_scene import allocated, company, exposure
from tests.crash import calls_of, crash, crash_points, restart
from tests.lambda_events import api_event
from tests.order_builders import parcel

ROUTE = "POST /v1/locations/{location}/confirmations"


def told(order_id: str, work_id: str, kind: str, **more: Any) -> dict[str, Any]:
    row = {"confirmation_id": f"c-{kind}", "order_id": order_id, "fulfillment_order_id": work_id, "kind": kind, **more}
    return api_event(ROUTE, path={"location": "ber-1"}, body={"confirmations": [row]})


def outcome(event: dict[str, Any]) -> str:
    return str(text_of(api_confirm_fulfillment.handler(event, None))["results"][0]["outcome"])


def cancelled_at_work(wiring: Wiring) -> OrderTree:
    """Cups are being picked; pens waited for stock and were cancelled with the order."""
    order, (work,) = allocated(wiring)
    contents = (Content(number=1, sku="CUP", quantity=3),)
    box = parcel(work, status="label_purchased", contents=contents).changed(at=START, by="t", what="Booked")
    commit(wiring.orders.write(box))
    commit(wiring.orders.write(_at_work(work, box.id)))
    event = api_event(
        "POST /v1/orders/{order_id}/cancel", path={"order_id": order.id}, body={"reason": "customer_request"}
    )
    assert text_of(api_cancel_orders.handler(event, None))["cancelled_units"] == 2
    return wiring.orders.tree(order.id)


def _at_work(work: FulfillmentOrder, parcel_id: str) -> FulfillmentOrder:
    return work.changed(at=START, by="system:test", what="x", status="in_progress", parcel_ids=(parcel_id,))


def test_a_rejection_ends_the_order_and_gives_stock_and_credit_back() -> None:
    with company(pens=0) as wiring:
        order, (work,) = cancelled_at_work(wiring)
        event = told(order.id, work.id, "short_pick", lines=[{"number": 1, "quantity": 3}])
        assert outcome(event) == "applied"
        header = wiring.orders.get(order.id)
        assert (header.status, header.total_minor, exposure(wiring)) == ("cancelled", 0, 0)
        assert [(line.open, line.allocated, line.cancelled) for line in header.lines] == [(0, 0, 3), (0, 0, 2)]
        assert [(fact.type, fact.data["units"]) for fact in header.facts] == [("OrderCancelled", 3)]
        assert header.attempt == order.attempt
        before = rows(wiring, "ORDERS_TABLE")
        assert outcome(event) != "applied"
        assert rows(wiring, "ORDERS_TABLE") == before


def test_a_short_pick_keeps_what_is_there_and_cancels_what_is_not() -> None:
    with company(pens=0) as wiring:
        order, (work,) = cancelled_at_work(wiring)
        outcome(told(order.id, work.id, "short_pick", lines=[{"number": 1, "quantity": 1}]))
        header = wiring.orders.get(order.id)
        assert (header.status, header.lines[0].allocated, header.lines[0].cancelled) == ("in_fulfillment", 2, 1)
        assert exposure(wiring) == header.total_minor
        assert outcome(told(order.id, work.id, "shipped")) == "applied"
        assert wiring.stock.positions_at([("CUP", "ber-1")])["CUP", "ber-1"].committed == 0


def test_a_short_pick_killed_anywhere_cancels_once() -> None:
    with company(pens=0) as wiring:
        order, (work,) = cancelled_at_work(wiring)
        event = told(order.id, work.id, "short_pick", lines=[{"number": 1, "quantity": 1}])
        calls = calls_of(lambda: api_confirm_fulfillment.handler(event, None))
    for point in crash_points(calls):
        with company(pens=0) as wiring:
            order, (work,) = cancelled_at_work(wiring)
            event = told(order.id, work.id, "short_pick", lines=[{"number": 1, "quantity": 1}])
            crash(point, lambda event=event: api_confirm_fulfillment.handler(event, None))  # type: ignore[misc]
            again = restart(lambda: START)
            api_confirm_fulfillment.handler(event, None)
            header = again.orders.get(order.id)
            assert (header.lines[0].cancelled, exposure(again)) == (1, header.total_minor), point
