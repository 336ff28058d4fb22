"""Why an order ships from where it does."""

from oms.allocation.decisions.model import DecisionPage
from oms.allocation.decisions.service import read_decisions
from oms.entry import examples
from oms.entry.api import Answer, Api, Request
from oms.wiring import wire

api = Api("decisions")


@api.route(
    "GET",
    "/v1/orders/{order_id}/decisions",
    summary="Read why an order ships from where it does: why this place, why split, why not the nearer one",
    scope="orders:read",
    roles={"operator", "sales", "finance", "auditor"},
    own="order",
    answers={200: DecisionPage},
    example={"path": {"order_id": examples.ORDER_ID}},
)
def explain_order(request: Request) -> Answer:
    wiring = wire()
    return Answer(200, read_decisions(request.path["order_id"], orders=wiring.orders, decisions=wiring.decisions))


handler = api.handler
