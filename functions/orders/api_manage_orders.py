"""What a person decides about an order: put a hold, release one, or refuse the order over it."""

from oms.entry import examples
from oms.entry.api import Answer, Api, Request
from oms.orders import holds
from oms.orders.actions import MAY_DECIDE
from oms.orders.holding import HoldDecision, HoldOutcome, NewHold
from oms.wiring import wire

api = Api("orders")
# Who may release a hold says its reason besides (`oms.orders.holding.REASONS`).
_PROBLEMS = ("malformed_json", "not_found", "wrong_state", "conflict", "too_large", "invalid")


@api.route(
    "POST",
    "/v1/orders/{order_id}/holds",
    summary="Put a hold on an order; the steps that it blocks wait until it is released or its time is up",
    scope="orders:write",
    roles=MAY_DECIDE,
    own="order",
    body=NewHold,
    answers={200: HoldOutcome},
    problems=_PROBLEMS,
    example={
        "path": {"order_id": examples.order_id(examples.TO_HOLD)},
        "body": {"reason": "incorrect_address", "note": "House number is missing"},
    },
)
def put_hold(request: Request) -> Answer:
    done = holds.put_hold(
        request.path["order_id"],
        request.body(NewHold),
        by=f"user:{request.principal.subject}",
        orders=wire().orders,
        clock=wire().clock,
    )
    return Answer(200, done)


@api.route(
    "POST",
    "/v1/orders/{order_id}/holds/{hold_id}/release",
    summary="Release a hold; the order goes on when nothing else holds it",
    scope="orders:write",
    roles=MAY_DECIDE,
    own="order",
    body=HoldDecision,
    answers={200: HoldOutcome},
    problems=_PROBLEMS,
    example={"path": examples.held(examples.HELD), "body": {"reason": "Prepayment received"}},
)
def release_hold(request: Request) -> Answer:
    done = holds.release_hold(
        request.path["order_id"],
        request.path["hold_id"],
        reason=request.body(HoldDecision).reason,
        by=f"user:{request.principal.subject}",
        roles=request.principal.roles,
        orders=wire().orders,
        credit=wire().credit,
        clock=wire().clock,
    )
    return Answer(200, done)


@api.route(
    "POST",
    "/v1/orders/{order_id}/holds/{hold_id}/reject",
    summary="Refuse the order that waits for this hold",
    scope="orders:write",
    roles=MAY_DECIDE,
    own="order",
    body=HoldDecision,
    answers={200: HoldOutcome},
    problems=_PROBLEMS,
    example={"path": examples.held(examples.HELD_TOO), "body": {"reason": "Customer asked to stop"}},
)
def reject_hold(request: Request) -> Answer:
    done = holds.reject_order(
        request.path["order_id"],
        request.path["hold_id"],
        reason=request.body(HoldDecision).reason,
        by=f"user:{request.principal.subject}",
        roles=request.principal.roles,
        orders=wire().orders,
        clock=wire().clock,
    )
    return Answer(200, done)


handler = api.handler
