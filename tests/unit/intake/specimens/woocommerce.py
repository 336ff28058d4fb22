"""A WooCommerce order and its signature."""

import base64
import hashlib
import hmac
import json
from typing import Any

from oms.reference.model import Channel

CHANNEL = Channel(name="woo_us", kind="woocommerce", currencies=frozenset({"USD"}))
HEADERS = {"x-wc-webhook-topic": "order.updated"}


def order(**changes: Any) -> dict[str, Any]:
    """2 lamps at 3.00 and 3 mugs for 12.50, less 1.00; postage 10.00, gift wrap 2.00, tax 1.65: 30.15 in all."""
    person = {"first_name": "Ada", "last_name": "Lovelace", "company": "", "country": "US"}
    place = {"address_1": "969 Market", "address_2": "Apt 2", "city": "San Francisco", "state": "CA"}
    return {
        "id": 727,
        "number": "1-727",
        "status": "processing",
        "currency": "USD",
        "date_created_gmt": "2026-11-22T19:28:02",
        "date_modified_gmt": "2026-11-23T09:00:00",
        "date_paid_gmt": "2026-11-22T19:28:08",
        "shipping_total": "10.00",
        "total": "31.15",
        "total_tax": "1.65",
        "prices_include_tax": True,
        "customer_note": "",
        "billing": {**person, **place, "postcode": "94103", "email": "ada@example.com", "phone": "(555) 555-5555"},
        "shipping": {**person, **place, "postcode": "94103"},
        "payment_method": "stripe",
        "payment_method_title": "Credit card",
        "transaction_id": "ch_1",
        "line_items": [
            {"id": 315, "sku": "LAMP", "quantity": 2, "subtotal": "6.00", "total": "6.00", "total_tax": "0.45"},
            {"id": 316, "sku": "MUG", "quantity": 3, "subtotal": "12.50", "total": "11.50", "total_tax": "0.90"},
        ],
        "shipping_lines": [{"id": 317, "method_title": "Flat rate", "method_id": "flat_rate:1", "total": "10.00"}],
        "fee_lines": [{"id": 318, "total": "2.00", "total_tax": "0.30"}],
        "refunds": [],
        **changes,
    }


MESSAGE = json.dumps(order()).encode()


def sign(raw: bytes, secret: str) -> dict[str, str]:
    digest = hmac.new(secret.encode(), raw, hashlib.sha256).digest()
    return {"x-wc-webhook-signature": base64.b64encode(digest).decode()}
