"""A Shopify order and its signature."""

import base64
import hashlib
import hmac
import json

from oms.reference.model import Channel
from tests.intake import shopify

CHANNEL = Channel(name="shopify_eu", kind="shopify", currencies=frozenset({"EUR"}))
MESSAGE = json.dumps(shopify()).encode()
HEADERS = {"x-shopify-topic": "orders/create"}


def sign(raw: bytes, secret: str) -> dict[str, str]:
    digest = hmac.new(secret.encode(), raw, hashlib.sha256).digest()
    return {"x-shopify-hmac-sha256": base64.b64encode(digest).decode()}
