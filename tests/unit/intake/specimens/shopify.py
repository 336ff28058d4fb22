"""A Shopify order and its signature."""

import base64
import hashlib
import hmac

from tests.intake import shopify

SPECIMEN = shopify()


def sign(raw: bytes, secret: str) -> dict[str, str]:
    digest = hmac.new(secret.encode(), raw, hashlib.sha256).digest()
    return {"x-shopify-topic": "orders/create", "x-shopify-hmac-sha256": base64.b64encode(digest).decode()}
