"""POST /v1/channels/{channel}/webhooks: what a shop or marketplace sends, signed with the channel's secret."""

from oms.entry.api import Answer, Api, Request
from oms.intake import service
from oms.intake.model import Ignored, OrderAccepted, WebhookIgnored
from oms.wiring import wire

api = Api("channels")
_EXAMPLE = {
    "id": 5678901234567,
    "currency": "EUR",
    "email": "zoe@example.com",
    "taxes_included": True,
    "total_discounts": "0.00",
    "total_price": "193.90",
    "total_tax": "30.96",
    "line_items": [
        {"sku": "LAMP-NORD", "quantity": 1, "price": "129.00", "tax_lines": [{"price": "20.60"}]},
        {"sku": "MUG-BLUE", "quantity": 4, "price": "14.50", "tax_lines": [{"price": "9.26"}]},
    ],
    "shipping_lines": [{"price": "6.90", "tax_lines": [{"price": "1.10"}]}],
    "shipping_address": {
        "name": "Zoë Krüger",
        "address1": "Schönhauser Allee 44a",
        "city": "Berlin",
        "zip": "10435",
        "country_code": "DE",
        "phone": "+49 30 1234567",
    },
}


@api.route(
    "POST",
    "/v1/channels/{channel}/webhooks",
    summary="Receive a signed webhook of a channel",
    scope=None,
    answers={200: OrderAccepted},
    headers={
        "X-Shopify-Topic": "Shopify channels. `orders/create` makes an order; other topics are answered and ignored.",
        "X-Shopify-Hmac-Sha256": "Shopify channels: base64(HMAC-SHA256(raw body, channel secret)).",
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
        # The one part of the example that cannot be written down: sign the body with the channel's secret.
        "headers": {"X-Shopify-Topic": "orders/create", "X-Shopify-Hmac-Sha256": "{signature}"},
        "body": _EXAMPLE,
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
