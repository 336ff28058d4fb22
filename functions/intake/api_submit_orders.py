"""POST /v1/orders: an order in the canonical shape, from a client that holds a token."""

from oms.entry.api import Answer, Api, Request
from oms.intake import service
from oms.intake.model import NewOrder, OrderAccepted
from oms.intake.store import Claim, scope_of
from oms.wiring import wire

api = Api("orders")
_EXAMPLE = {
    "channel": "sales_desk",
    "external_order_id": "EXAMPLE-1001",
    "currency": "EUR",
    "lines": [
        {"sku": "LAMP-NORD", "quantity": 1, "unit_price_minor": 12900, "discount_minor": 900, "tax_minor": 2280},
        {"sku": "MUG-BLUE", "quantity": 4, "unit_price_minor": 1450, "tax_minor": 1102},
    ],
    "shipping_minor": 690,
    "tax_minor": 3513,
    "total_minor": 22003,
    "customer": {"name": "Zoë Krüger", "email": "zoe@example.com", "phone": "+49 30 1234567"},
    "ship_to": {
        "address_lines": ["Schönhauser Allee 44a"],
        "city": "Berlin",
        "postal_code": "10435",
        "country": "DE",
    },
}


@api.route(
    "POST",
    "/v1/orders",
    summary="Submit an order",
    scope="orders:write",
    body=NewOrder,
    answers={201: OrderAccepted},
    headers={"Idempotency-Key": "Required. The same key with the same body is answered the same for 24 hours."},
    problems=(
        "malformed_json",
        "missing_idempotency_key",
        "unknown_channel",
        "idempotency_key_in_use",
        "order_exists_differently",
        "conflict",
        "too_large",
        "invalid",
        "idempotency_key_reused",
        "unknown_sku",
        "totals_do_not_add_up",
        "currency_not_accepted",
        "destination_not_served",
        "unknown_account",
        "channel_paused",
        "channel_not_canonical",
    ),
    example={"headers": {"Idempotency-Key": "example-1001"}, "body": _EXAMPLE},
)
def submit_order(request: Request) -> Answer:
    subject = request.principal.subject
    scope = scope_of(subject, "POST", "/v1/orders", request.idempotency_key())
    done = service.submit_order(
        request.body(NewOrder), claim=Claim(scope, request.request_id), by=f"user:{subject}", desk=wire().intake
    )
    return Answer(201, done.answer, {"idempotent-replayed": "true"} if done.replayed else {})


handler = api.handler
