"""The packing list of a shipment, as a link that works for five minutes."""

from oms.entry import examples
from oms.entry.api import Answer, Api, Request
from oms.fulfillment import documents
from oms.fulfillment.model import PackingListLink
from oms.wiring import wire

api = Api(tag="fulfillment")


@api.route(
    "GET",
    "/v1/shipments/{shipment_id}/packing-list",
    summary="Get a link to the packing list of a shipment",
    scope="orders:read",
    roles={"operator", "warehouse"},
    own="shipment",
    answers={200: PackingListLink},
    problems=("not_found", "wrong_state"),
    example={"path": {"shipment_id": examples.SHIPMENT_ID}},
)
def get_packing_list(request: Request) -> Answer:
    link = documents.get_packing_list(
        request.path["shipment_id"], orders=wire().orders, packing_lists=wire().documents, clock=wire().clock
    )
    return Answer(200, link)


handler = api.handler
