"""POST /v1/orders: an order in the canonical shape, from a client that holds a token."""

from oms.entry import examples
from oms.entry.api import Answer, Api, Request
from oms.entry.problems import ORDER_PROBLEMS
from oms.intake import service
from oms.intake.model import NewOrder, OrderAccepted
from oms.intake.store import Claim, scope_of
from oms.wiring import wire

api = Api("orders")


@api.route(
    "POST",
    "/v1/orders",
    summary="Submit an order",
    scope="orders:write",
    roles={"operator", "sales", "channel"},
    own="channel",
    body=NewOrder,
    answers={201: OrderAccepted},
    headers={"Idempotency-Key": "Required. The same key with the same body is answered the same for 24 hours."},
    problems=(
        "malformed_json",
        "missing_idempotency_key",
        "idempotency_key_reused",
        "conflict",
        "too_large",
        "invalid",
        *ORDER_PROBLEMS,
    ),
    example={"headers": {"Idempotency-Key": "example-1001"}, "body": examples.NEW_ORDER},
)
def submit_order(request: Request) -> Answer:
    subject = request.principal.subject
    scope = scope_of(subject, "POST", "/v1/orders", request.idempotency_key())
    done = service.submit_order(
        request.body(NewOrder), claim=Claim(scope, request.request_id), by=f"user:{subject}", desk=wire().intake
    )
    return Answer(201, done.answer, {"idempotent-replayed": "true"} if done.replayed else {})


handler = api.handler
