"""Two who decide on the same picture: one wins, the other reads again or is told; nothing is split between them.

The one who comes in between does so at a chosen AWS call of the other, so every interleaving of two runs is tried.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from functions.allocation import api_cancel_orders, queue_allocate_orders
from functions.fulfillment import api_confirm_fulfillment, task_release_fulfillment
from oms.aws import clients
from oms.aws.tables import commit
from oms.kernel.time import to_text
from oms.orders.model import Content, FulfillmentOrder, Order, Parcel
from oms.wiring import Wiring
from tests.allocation_scene import START, assert_the_books_balance, batch
from tests.amending_scene import TOTAL, allocated, company, confirm, exposure, place, propose, quantity
from tests.crash import _drop_clients, calls_of
from tests.lambda_events import api_event
from tests.order_builders import parcel


@contextmanager
def before_call(number: int, meanwhile: Callable[[], object]) -> Iterator[None]:
    """Let `meanwhile` happen just before the n-th AWS call of what runs inside."""
    seen = 0

    def hook(**_: Any) -> None:
        nonlocal seen
        seen += 1
        if seen == number + 1:
            meanwhile()

    _drop_clients()
    session = clients.session()
    session.register("before-call", hook)
    try:
        yield
    finally:
        session.unregister("before-call", hook)
        _drop_clients()


def allocate_again(order: Order) -> None:
    asks = [fact for fact in order.facts if fact.type == "OrderConfirmed"]
    queue_allocate_orders.handler(batch(order.model_copy(update={"facts": tuple(asks)})), None)


def assert_one_world(wiring: Wiring, order_id: str) -> None:
    """Whoever won: books, buckets, credit and change set agree."""
    header = wiring.orders.get(order_id)
    assert exposure(wiring) == (0 if header.status == "cancelled" else header.total_minor)
    assert_the_books_balance(wiring)


def test_confirm_against_allocate_at_every_call_one_picture_wins() -> None:
    with company() as wiring:
        order = place(wiring)
        change_id = propose(order.id, quantity(1, 1))[1]["id"]
        calls = calls_of(lambda: confirm(order.id, change_id))
    outcomes = set()
    for number in range(len(calls)):
        with company() as wiring:
            order = place(wiring)
            _, view, tag = propose(order.id, quantity(1, 1))
            with before_call(number, lambda order=order: allocate_again(order)):  # type: ignore[misc]
                status, _, _ = confirm(order.id, view["id"], tag)
            header, works = wiring.orders.tree(order.id)
            outcomes.add((status, header.units_allocated, header.lines[0].cancelled, len(works)))
            assert_one_world(wiring, order.id)
    # Whoever allocates before the write makes the preview stale; whoever comes after it allocates the changed order.
    assert outcomes == {(412, 5, 0, 1), (200, 3, 2, 1)}


def test_confirm_against_release_at_every_call_the_location_is_told_of_one_world_only() -> None:
    with company() as wiring:
        order, _ = allocated(wiring)
        change_id = propose(order.id, quantity(1, 1))[1]["id"]
        calls = calls_of(lambda: confirm(order.id, change_id))
    outcomes = set()
    for number in range(len(calls)):
        with company() as wiring:
            order, (work,) = allocated(wiring)
            booked = work.changed(at=START, by="system:test", what="booked", status="booked", ship_by="2026-11-24")
            commit(wiring.orders.write(booked))
            change_id = propose(order.id, quantity(1, 1))[1]["id"]
            document = {"order_id": order.id, "fulfillment_order_id": work.id}
            with before_call(number, lambda document=document: task_release_fulfillment.handler(document, None)):  # type: ignore[misc]
                status, _, _ = confirm(order.id, change_id)
            header, (after,) = wiring.orders.tree(order.id)
            outcomes.add((status, after.status, header.lines[0].cancelled))
            assert_one_world(wiring, order.id)
    assert outcomes == {(409, "requested", 0), (200, "cancelled", 2)}


def test_release_that_comes_after_a_confirmation_finds_the_work_taken_back() -> None:
    with company() as wiring:
        order, (work,) = allocated(wiring)
        _, view, tag = propose(order.id, quantity(1, 1))
        assert confirm(order.id, view["id"], tag)[0] == 200
        document = {"order_id": order.id, "fulfillment_order_id": work.id}
        assert task_release_fulfillment.handler(document, None)["outcome"] == "done"


def shipping(order: Order, work_id: str) -> dict[str, Any]:
    told = {"confirmation_id": "s-1", "order_id": order.id, "fulfillment_order_id": work_id, "kind": "shipped"}
    route = "POST /v1/locations/{location}/confirmations"
    return api_event(route, path={"location": "ber-1"}, body={"confirmations": [told]})


def test_cancel_against_ship_at_every_call_exactly_one_wins() -> None:
    """D3: units that left are not restocked, units that are restocked did not leave."""
    cancelling = api_event("POST /v1/orders/{order_id}/cancel", body={"reason": "customer_request"})

    def cancel(order_id: str) -> int:
        event = {**cancelling, "pathParameters": {"order_id": order_id}}
        return int(api_cancel_orders.handler(event, None)["statusCode"])

    def released(wiring: Wiring) -> tuple[Order, str]:
        order, (work,) = allocated(wiring)
        parcel = _parcel(order, work.id)
        commit(wiring.orders.write(parcel))
        asked = work.changed(at=START, by="t", what="r", status="accepted", parcel_ids=(parcel.id,))
        commit(wiring.orders.write(asked))
        return order, work.id

    with company() as wiring:
        order, work_id = released(wiring)
        calls = calls_of(lambda: cancel(order.id))
    with company() as wiring:
        order, work_id = released(wiring)
        ships = calls_of(lambda: api_confirm_fulfillment.handler(shipping(order, work_id), None))
    outcomes = set()
    for number in range(len(calls)):
        with company() as wiring:
            order, work_id = released(wiring)
            event = shipping(order, work_id)
            with before_call(number, lambda event=event: api_confirm_fulfillment.handler(event, None)):  # type: ignore[misc]
                status = cancel(order.id)
            outcomes.add(_world(wiring, order.id, status))
    for number in range(len(ships)):
        with company() as wiring:
            order, work_id = released(wiring)
            with before_call(number, lambda order=order: cancel(order.id)):  # type: ignore[misc]
                api_confirm_fulfillment.handler(shipping(order, work_id), None)
            outcomes.add(_world(wiring, order.id, 200))
    assert outcomes == {(409, "closed", 2, TOTAL), (200, "cancelled", 5, 0)}


def _world(wiring: Wiring, order_id: str, status: int) -> tuple[int, str, int, int]:
    header, (work,) = wiring.orders.tree(order_id)
    assert_the_books_balance(wiring) if work.status == "cancelled" else None
    on_hand = wiring.stock.positions_at([("CUP", "ber-1")])["CUP", "ber-1"].on_hand
    assert exposure(wiring) in (header.total_minor, 0)
    return status, work.status, on_hand, header.total_minor


def _parcel(order: Order, work_id: str) -> Parcel:
    contents = (Content(number=1, sku="CUP", quantity=3), Content(number=2, sku="PEN", quantity=2))
    share = FulfillmentOrder(
        id=work_id,
        order_id=order.id,
        location="ber-1",
        attempt=1,
        status="booked",
        lines=(),
        currency="EUR",
        entered_at=to_text(START),
    )
    box = parcel(share, status="label_purchased", contents=contents)
    return box.changed(at=START, by="system:test", what="Booked")
