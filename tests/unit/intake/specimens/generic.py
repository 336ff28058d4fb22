"""An order of a sender who follows Standard Webhooks, and the mapping that says what its fields mean."""

import base64
import binascii
import json

from oms.reference.model import Channel
from tests import standard_webhooks

CHANNEL = Channel(
    name="partner_shop",
    kind="generic",
    currencies=frozenset({"EUR"}),
    mapping={
        "take": "starts_with(event, 'order.')",
        "external_order_id": "order.id",
        "external_number": "order.number",
        "version": "order.changed",
        "cancelled": "order.state == 'cancelled'",
        "cancel_reason": "order.state_reason",
        "refund.id": "refund.id",
        "refund.amount": "refund.amount",
        "currency": "order.currency",
        "placed_at": "order.placed",
        "lines": "order.positions[?type == 'article']",
        "lines.sku": "article",
        "lines.external_line_id": "to_string(position)",
        "lines.quantity": "count",
        "lines.unit_price": "price.amount",
        "lines.tax": "price.tax",
        "shipping": "order.postage",
        "tax": "order.tax",
        "total": "order.total",
        "customer.name": "order.receiver.name",
        "customer.email": "order.receiver.mail",
        "ship_to.address_lines": "order.receiver.[street, extra][?@]",
        "ship_to.city": "order.receiver.town",
        "ship_to.postal_code": "order.receiver.zip",
        "ship_to.country": '`"DE"`',
        "payment.status": "order.paid && 'paid' || 'pending'",
        "note": "order.wish",
    },
)
DOCUMENT = {
    "event": "order.created",
    "order": {
        "id": "P-10057",
        "number": "10057",
        "state": "open",
        "changed": "2026-11-23T10:29:00+01:00",
        "placed": "2026-11-23T10:28:58+01:00",
        "currency": "EUR",
        "paid": True,
        "total": "63.68",
        "postage": "4.90",
        "tax": "10.04",
        "wish": "Please ring twice.\nThank you!",
        "positions": [
            {
                "position": 1,
                "type": "article",
                "article": "LAMP",
                "count": 2,
                "price": {"amount": "24.37", "tax": "9.26"},
            },
            {"position": 2, "type": "text", "text": "Thank you for your order"},
        ],
        "receiver": {"name": "Zoë Krüger", "mail": "zoe@example.com", "street": "Schönhauser Allee 44a", "extra": None,
                     "town": "Berlin", "zip": "10435"},
    },
}  # fmt: skip
MESSAGE = json.dumps(DOCUMENT).encode()
HEADERS: dict[str, str] = {}


def sign(raw: bytes, secret: str) -> dict[str, str]:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        key = b""
    return standard_webhooks.sign(raw, key)
