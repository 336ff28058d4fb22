"""Cancel what has not shipped of an order: all of it, or units of its lines."""

from oms.allocation.model import Cancellation, CancelOrder
from oms.allocation.partial import Asked, cancel_units
from oms.allocation.recall import cancel_order as cancel_all
from oms.entry import examples
from oms.entry.api import Answer, Api, Request
from oms.orders.actions import MAY_CANCEL
from oms.wiring import wire

api = Api("orders")


@api.route(
    "POST",
    "/v1/orders/{order_id}/cancel",
    summary="Cancel every unit that has not shipped and is not being picked, or so many units of some lines",
    scope="orders:write",
    roles=MAY_CANCEL,
    own="order",
    body=CancelOrder,
    headers={"Idempotency-Key": "Needed with `lines`: a request that comes again under it cancels nothing more"},
    answers={200: Cancellation},
    problems=(
        "not_found",
        "wrong_state",
        "conflict",
        "invalid",
        "malformed_json",
        "too_large",
        "missing_idempotency_key",
        "idempotency_key_reused",
    ),
    example={
        "path": {"order_id": examples.order_id(examples.BACKORDERED)},
        "headers": {"Idempotency-Key": "cancel-1"},
        "body": {"reason": "customer_request", "note": "ordered twice"},
    },
)
def cancel_order(request: Request) -> Answer:
    body = request.body(CancelOrder)
    order_id = request.path["order_id"]
    by = f"user:{request.principal.subject}"
    desk, exposure, now = wire().taking_back, wire().credit, wire().clock()
    if body.lines is None:
        done = cancel_all(order_id, reason=body.reason, note=body.note, by=by, desk=desk, exposure=exposure, now=now)
    else:
        asked = Asked(body.units, request.idempotency_key(), body.reason, body.note, by)
        done = cancel_units(order_id, asked, desk=desk, exposure=exposure, now=now)
    return Answer(200, done)


handler = api.handler
