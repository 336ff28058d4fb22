"""The person of an order, for those who may see it, and who has seen it."""

from oms.entry import examples
from oms.entry.api import Answer, Api, Request, parse_query
from oms.privacy.service import Reader
from oms.privacy.views import Accesses, AccessQuery, PersonQuery, PersonView
from oms.wiring import wire

api = Api("people")


@api.route(
    "GET",
    "/v1/orders/{order_id}/person",
    summary="Show the person of an order: masked, or in clear what a purpose needs",
    scope="people:read",
    roles={"finance", "operator", "privacy_officer", "sales", "warehouse"},
    own="order",
    query=PersonQuery,
    answers={200: PersonView},
    problems=("malformed",),
    example={"path": {"order_id": examples.ORDER_ID}},
)
def show_person(request: Request) -> Answer:
    """Each look is written down before it is answered: who, as what, what for, which fields."""
    principal, order_id = request.principal, request.path["order_id"]
    asked = parse_query(PersonQuery, request.query)
    order = wire().orders.get(order_id)
    reader = Reader(f"user:{principal.subject}", principal.roles, order_id, request.request_id)
    return Answer(200, wire().people.show(order.person_id, reader, asked.purpose))


@api.route(
    "GET",
    "/v1/orders/{order_id}/person/accesses",
    summary="List who has looked at the person of an order",
    scope="people:read",
    roles={"auditor", "privacy_officer"},
    own="order",
    query=AccessQuery,
    answers={200: Accesses},
    problems=("malformed",),
    example={"path": {"order_id": examples.ORDER_ID}, "query": {"limit": "20"}},
)
def list_accesses(request: Request) -> Answer:
    order = wire().orders.get(request.path["order_id"])
    return Answer(200, wire().people.accesses(order.person_id, parse_query(AccessQuery, request.query)))


handler = api.handler
