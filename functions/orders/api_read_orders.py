"""Reading orders: one in full, a page of many, and what happened to one."""

from oms.entry import examples
from oms.entry.api import Answer, Api, Request, parse_query
from oms.orders import service
from oms.orders.actions import Actions
from oms.orders.listing import OrderQuery
from oms.orders.promises import Promises
from oms.orders.views import OrderPage, OrderView, Timeline
from oms.wiring import wire

api = Api("orders")
_READERS = frozenset(
    {"operator", "sales", "warehouse", "finance", "procurement", "privacy_officer", "auditor", "channel"}
)


@api.route(
    "GET",
    "/v1/orders",
    summary="List orders, newest first",
    scope="orders:read",
    roles=_READERS,
    own="orders",
    query=OrderQuery,
    answers={200: OrderPage},
    problems=("malformed", "bad_cursor"),
    example={"query": {"limit": "20"}},
)
def list_orders(request: Request) -> Answer:
    query = parse_query(OrderQuery, request.query)
    page = service.find_orders(
        query,
        orders=wire().orders,
        reference=wire().reference,
        seal=wire().cursor_seal,
        bounds=request.principal.bounds,
    )
    return Answer(200, page)


@api.route(
    "GET",
    "/v1/orders/{order_id}",
    summary="Read one order with its fulfillment orders, parcels and tracking",
    scope="orders:read",
    roles=_READERS,
    own="order",
    answers={200: OrderView},
    example={"path": {"order_id": examples.ORDER_ID}},
)
def read_order(request: Request) -> Answer:
    found = service.read_order(
        request.path["order_id"],
        orders=wire().orders,
        token_of=wire().tracking_token,
        base_url=request.base_url,
        under_way=wire().transfers.under_way,
        bounds=request.principal.bounds,
    )
    return Answer(200, found.view, {"etag": found.tag})


@api.route(
    "GET",
    "/v1/orders/{order_id}/timeline",
    summary="Read what happened to an order: when, to what, by whom and why",
    scope="orders:read",
    roles=_READERS,
    own="order",
    answers={200: Timeline},
    example={"path": {"order_id": examples.ORDER_ID}},
)
def read_timeline(request: Request) -> Answer:
    return Answer(
        200, service.read_timeline(request.path["order_id"], orders=wire().orders, bounds=request.principal.bounds)
    )


@api.route(
    "GET",
    "/v1/orders/{order_id}/promises",
    summary="Read what delivery was promised for an order, and each change: when, by whom, why, from what to what",
    scope="orders:read",
    roles=_READERS,
    own="order",
    answers={200: Promises},
    example={"path": {"order_id": examples.ORDER_ID}},
)
def read_promises(request: Request) -> Answer:
    return Answer(200, service.read_promises(request.path["order_id"], orders=wire().orders))


@api.route(
    "GET",
    "/v1/orders/{order_id}/actions",
    summary="Read what you can do with an order now and, of what you cannot, why not and what would make it possible",
    scope="orders:read",
    roles=_READERS,
    own="order",
    answers={200: Actions},
    example={"path": {"order_id": examples.ORDER_ID}},
)
def read_actions(request: Request) -> Answer:
    order_id, roles = request.path["order_id"], request.principal.roles
    return Answer(200, service.read_actions(order_id, roles=roles, orders=wire().orders, clock=wire().clock))


handler = api.handler
