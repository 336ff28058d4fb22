"""Cancel what has not shipped of an order."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from oms.allocation import recall
from oms.allocation.model import Cancellation
from oms.entry import examples
from oms.entry.api import Answer, Api, Request
from oms.kernel.text import Remark
from oms.wiring import wire

api = Api("orders")


class CancelOrder(BaseModel):
    """Why. `note` is shown in the order's timeline: no personal data."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    reason: Literal["customer_request", "payment_failed", "fraud", "out_of_stock", "duplicate", "other"]
    note: Remark | None = None


@api.route(
    "POST",
    "/v1/orders/{order_id}/cancel",
    summary="Cancel every unit of an order that has not shipped and is not being picked",
    scope="orders:write",
    roles={"operator", "sales", "channel"},
    own="order",
    body=CancelOrder,
    answers={200: Cancellation},
    problems=("not_found", "wrong_state", "conflict", "invalid", "malformed_json", "too_large"),
    example={
        "path": {"order_id": examples.order_id(examples.BACKORDERED)},
        "body": {"reason": "customer_request", "note": "ordered twice"},
    },
)
def cancel_order(request: Request) -> Answer:
    body = request.body(CancelOrder)
    wiring = wire()
    done = recall.cancel_order(
        request.path["order_id"],
        reason=body.reason,
        note=body.note,
        by=f"user:{request.principal.subject}",
        orders=wiring.orders,
        stock=wiring.stock,
        bookings=wiring.bookings,
        release_writes=wiring.credit.release_writes,
        now=wiring.clock(),
    )
    return Answer(200, done)


handler = api.handler
