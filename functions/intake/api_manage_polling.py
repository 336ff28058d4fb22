"""How channels are asked for their orders: what is listed, what was missing, and listing a stretch of time again."""

from oms.entry.api import Answer, Api, Request
from oms.intake.polling import care
from oms.intake.polling.model import Backfill, ChannelPolling
from oms.wiring import wire

api = Api("channels")


@api.route(
    "GET",
    "/v1/channels/{channel}/polling",
    summary="Read how a channel is asked for its orders, and the gaps that were found",
    scope="orders:read",
    roles={"operator", "auditor", "channel"},
    own="channel",
    answers={200: ChannelPolling},
    problems=("unknown_channel",),
    example={"path": {"channel": "shopify_eu"}},
)
def read_polling(request: Request) -> Answer:
    return Answer(200, care.read_polling(request.path["channel"], wire().poll_care))


@api.route(
    "POST",
    "/v1/channels/{channel}/polling/backfill",
    summary="List everything again that changed since an instant, with the next poll",
    scope="orders:write",
    roles={"operator"},
    own="channel",
    body=Backfill,
    answers={202: ChannelPolling},
    problems=("unknown_channel", "malformed"),
    example={"path": {"channel": "shopify_eu"}, "body": {"since": "2026-11-22T00:00:00Z"}},
)
def backfill(request: Request) -> Answer:
    order = request.body(Backfill)
    by = f"user:{request.principal.subject}"
    return Answer(202, care.backfill(request.path["channel"], order, by, wire().poll_care))


handler = api.handler
