"""POST /v1/channels/{channel}/webhooks: what a shop or marketplace sends, signed with the channel's secret."""

from oms.entry import examples
from oms.entry.api import Answer, Api, Request
from oms.intake import service
from oms.intake.model import OrderAccepted, WebhookIgnored
from oms.intake.notices import Ignored
from oms.wiring import wire

api = Api("channels")


@api.route(
    "POST",
    "/v1/channels/{channel}/webhooks",
    summary="Receive a signed webhook of a channel",
    scope=None,
    roles={"channel"},
    own="signature",
    answers={200: OrderAccepted},
    headers={
        "X-Shopify-Topic": "Shopify channels. `orders/create` makes an order; other topics are answered and ignored.",
        "X-Shopify-Hmac-Sha256": "Shopify channels: base64(HMAC-SHA256(raw body, channel secret)). "
        "The example is signed with the secret of the local cloud, over the body as `JSON.stringify(body, null, 2)`.",
    },
    problems=(
        "malformed_json",
        "malformed",
        "bad_signature",
        "unknown_channel",
        "conflict",
        "too_large",
        "invalid",
        "unknown_sku",
        "totals_do_not_add_up",
        "currency_not_accepted",
        "destination_not_served",
        "channel_paused",
    ),
    example={
        "path": {"channel": "shopify_eu"},
        "headers": {"X-Shopify-Topic": "orders/create", "X-Shopify-Hmac-Sha256": examples.WEBHOOK_SIGNATURE},
        "body": examples.WEBHOOK,
    },
)
def receive_webhook(request: Request) -> Answer:
    done = service.receive_webhook(
        request.path["channel"], headers=dict(request.headers), raw=request.raw, desk=wire().intake
    )
    if isinstance(done, Ignored):
        return Answer(200, WebhookIgnored(ignored=done.reason))
    return Answer(200, done.answer)


handler = api.handler
