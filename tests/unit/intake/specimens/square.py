"""An event of Square names an order; the signature is over the address that Square sends to, and the body."""

import base64
import hashlib
import hmac
import json

from oms.reference.model import Channel

URL = "https://oms.example.com/v1/channels/square_us/webhooks"
CHANNEL = Channel(name="square_us", kind="square", currencies=frozenset({"USD"}), options={"notification_url": URL})
MESSAGE = json.dumps(
    {
        "merchant_id": "5S9MXCS9Y99KK",
        "type": "order.created",
        "event_id": "116038d3-2948-439f-8679-fc86dbf80f69",
        "created_at": "2020-04-16T23:14:26.129Z",
        "data": {
            "type": "order_created",
            "id": "eA3vssLHKJrv9H0IdJCM3gNqfdcZY",
            "object": {
                "order_created": {
                    "created_at": "2020-04-16T23:14:26.129Z",
                    "location_id": "FPYCBCHYMXFK1",
                    "order_id": "eA3vssLHKJrv9H0IdJCM3gNqfdcZY",
                    "state": "OPEN",
                    "version": 1,
                }
            },
        },
    }
).encode()
HEADERS: dict[str, str] = {}


def sign(raw: bytes, secret: str) -> dict[str, str]:
    digest = hmac.new(secret.encode(), URL.encode() + raw, hashlib.sha256).digest()
    return {"x-square-hmacsha256-signature": base64.b64encode(digest).decode()}
