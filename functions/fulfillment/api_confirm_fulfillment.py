"""What locations did: accepted, picked, packed, shipped, short picks and rejections, up to 25 at a time."""

from oms.entry.api import Answer, Api, Request
from oms.fulfillment.examples import EXAMPLE_CONFIRMATIONS
from oms.fulfillment.model import ConfirmationResults, Confirmations
from oms.fulfillment.service import confirm_fulfillment
from oms.wiring import wire

api = Api(tag="fulfillment")


@api.route(
    "POST",
    "/v1/locations/{location}/confirmations",
    summary="Confirm what a location did with its fulfillment orders",
    scope="fulfillment:write",
    body=Confirmations,
    answers={200: ConfirmationResults},
    problems=("malformed_json", "invalid", "too_large"),
    example=EXAMPLE_CONFIRMATIONS,
)
def confirm(request: Request) -> Answer:
    """Each confirmation has a result of its own; sending the request again changes nothing more."""
    said = request.body(Confirmations).confirmations
    results = confirm_fulfillment(
        request.path["location"],
        said,
        orders=wire().orders,
        stock=wire().stock,
        bookings=wire().bookings,
        clock=wire().clock,
    )
    return Answer(200, results)


handler = api.handler
