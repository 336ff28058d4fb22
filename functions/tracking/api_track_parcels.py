"""The customer's tracking link: no account, no personal data, only a signed token."""

from oms.entry import examples
from oms.entry.api import Answer, Api, Request
from oms.tracking import service
from oms.tracking.views import TrackView
from oms.wiring import wire

api = Api("tracking")


@api.route(
    "GET",
    "/v1/track/{token}",
    summary="Follow an order by its signed link",
    scope=None,
    roles={"customer"},
    own="link",
    answers={200: TrackView},
    problems=("not_found",),
    example={"path": {"token": examples.TRACKING_TOKEN}},
)
def track_order(request: Request) -> Answer:
    view = service.track_order(
        request.path["token"],
        seal=wire().link_seal,
        orders=wire().orders,
        items=wire().reference,
        clock=wire().clock,
    )
    return Answer(200, view, {"referrer-policy": "no-referrer", "x-robots-tag": "noindex"})


handler = api.handler
