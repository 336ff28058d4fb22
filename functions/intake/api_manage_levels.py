"""What channels are told of our stock: what one knows of a SKU, and telling it again."""

from oms.entry.api import Answer, Api, Request
from oms.intake.levels import care
from oms.intake.levels.model import PushView, Resend, ToldView
from oms.wiring import wire

api = Api("channels")


@api.route(
    "GET",
    "/v1/channels/{channel}/levels/{sku}",
    summary="Read what a channel was told of a SKU, and what it may sell now",
    scope="orders:read",
    roles={"operator", "sales", "auditor", "channel"},
    own="channel",
    answers={200: ToldView},
    problems=("unknown_channel",),
    example={"path": {"channel": "shopify_eu", "sku": "MUG-BLUE"}},
)
def read_level(request: Request) -> Answer:
    return Answer(200, care.read_level(request.path["channel"], request.path["sku"], wire().level_care))


@api.route(
    "POST",
    "/v1/channels/{channel}/levels/resend",
    summary="Tell a channel again what it may sell of these SKUs, with the next run",
    scope="orders:write",
    roles={"operator"},
    own="channel",
    body=Resend,
    answers={202: PushView},
    problems=("unknown_channel", "unknown_sku", "wrong_state", "malformed_json", "invalid", "too_large"),
    example={"path": {"channel": "shopify_eu"}, "body": {"skus": ["MUG-BLUE", "LAMP-NORD"]}},
)
def resend_levels(request: Request) -> Answer:
    return Answer(202, care.resend_levels(request.path["channel"], request.body(Resend), wire().level_care))


handler = api.handler
