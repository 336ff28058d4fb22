"""An Etsy receipt and a Standard Webhooks signature."""

import base64
import binascii
import hashlib
import hmac
import json
from typing import Any

from oms.reference.model import Channel

CHANNEL = Channel(name="etsy_shop", kind="etsy", currencies=frozenset({"EUR"}))
HEADERS = {"webhook-id": "msg_1", "webhook-timestamp": "1795426200"}  # 2026-11-23T09:30:00Z


def money(amount: int, divisor: int = 100) -> dict[str, Any]:
    return {"amount": amount, "divisor": divisor, "currency_code": "EUR"}


def receipt(**changes: Any) -> dict[str, Any]:
    """A lamp at 40.00 and 2 mugs at 10.00 less 6.00, shipping 5.00, gift wrap 2.00, tax 3.20: 64.20 in all."""
    return {
        "receipt_id": 234567890,
        "status": "Paid",
        "is_paid": True,
        "is_shipped": False,
        "name": "Ada Lovelace",
        "first_line": "12 St James's Square",
        "second_line": None,
        "city": "London",
        "state": "",
        "zip": "SW1Y 4JH",
        "country_iso": "GB",
        "buyer_email": "ada@example.com",
        "payment_method": "cc",
        "message_from_buyer": "Please hurry",
        "gift_message": "Happy birthday",
        "created_timestamp": 1795338000,
        "updated_timestamp": 1795424400,
        "grandtotal": money(6420),
        "total_shipping_cost": money(500),
        "total_tax_cost": money(320),
        "total_vat_cost": money(0),
        "discount_amt": money(600),
        "gift_wrap_price": money(200),
        "transactions": [
            {
                "transaction_id": 1,
                "sku": "LAMP",
                "quantity": 1,
                "price": money(4000),
                "expected_ship_date": 1795510800,
                "shipping_method": "Royal Mail 24",
                "variations": [{"formatted_name": "Personalisation", "formatted_value": "Ada"}],
            },
            {"transaction_id": 2, "sku": "MUG", "quantity": 2, "price": money(1000), "variations": []},
        ],
        "refunds": [],
        **changes,
    }


MESSAGE = json.dumps(receipt()).encode()


def sign(raw: bytes, secret: str) -> dict[str, str]:
    try:
        key = base64.b64decode(secret)
    except binascii.Error:
        key = b""
    digest = hmac.new(key, b"msg_1.1795426200." + raw, hashlib.sha256).digest()
    return {**HEADERS, "webhook-signature": "v1," + base64.b64encode(digest).decode()}
