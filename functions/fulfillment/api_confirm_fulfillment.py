"""What locations did: accepted, picked, packed, shipped, short picks and rejections, up to 25 at a time."""

from oms.entry import examples
from oms.entry.api import Answer, Api, Request
from oms.fulfillment import service
from oms.fulfillment.model import ConfirmationResults, Confirmations
from oms.wiring import wire

api = Api(tag="fulfillment")


@api.route(
    "POST",
    "/v1/locations/{location}/confirmations",
    summary="Confirm what a location did with its fulfillment orders",
    scope="fulfillment:write",
    roles={"operator", "warehouse"},
    own="location",
    body=Confirmations,
    answers={200: ConfirmationResults},
    problems=("malformed_json", "invalid", "too_large"),
    example={"path": {"location": examples.LOCATION}, "body": examples.CONFIRMATIONS},
)
def confirm_fulfillment(request: Request) -> Answer:
    """Each confirmation has a result of its own; sending the request again changes nothing more."""
    said = request.body(Confirmations).confirmations
    results = service.confirm_fulfillment(
        request.path["location"],
        said,
        books=service.Books(wire().orders, wire().stock, wire().bookings, wire().credit),
        clock=wire().clock,
    )
    return Answer(200, results)


handler = api.handler
