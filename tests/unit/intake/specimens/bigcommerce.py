"""A webhook of BigCommerce names an order; the key is the client secret's own bytes."""

import json

from oms.reference.model import Channel
from tests import standard_webhooks

CHANNEL = Channel(
    name="bigcommerce_us", kind="bigcommerce", currencies=frozenset({"USD"}), options={"store_hash": "abc"}
)
MESSAGE = json.dumps(
    {
        "scope": "store/order/created",
        "store_id": "1025646",
        "data": {"type": "order", "id": 250},
        "hash": "dd70c0976e06b67aaf671e73f49dcb79230ebf9d",
        "created_at": 1561479335,
        "producer": "stores/abc",
    }
).encode()
HEADERS: dict[str, str] = {}


def sign(raw: bytes, secret: str) -> dict[str, str]:
    return standard_webhooks.sign(raw, secret.encode())
