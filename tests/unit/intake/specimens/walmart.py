"""A Walmart order and the signature of its event."""

import base64
import hashlib
import hmac
import json
from typing import Any

from oms.reference.model import Channel

CHANNEL = Channel(name="walmart_us", kind="walmart", currencies=frozenset({"USD"}))
HEADERS = {"content-type": "application/json"}
STAMP = "1795426200000"  # 2026-11-23T09:30:00Z


def charge(kind: str, amount: float, tax: float = 0) -> dict[str, Any]:
    return {
        "chargeType": kind,
        "chargeName": "Item",
        "chargeAmount": {"currency": "USD", "amount": amount},
        "tax": {"taxName": "Tax1", "taxAmount": {"currency": "USD", "amount": tax}},
    }


def line(number: str, sku: str, units: int, *charges: dict[str, Any], **statuses: int) -> dict[str, Any]:
    return {
        "lineNumber": number,
        "item": {"productName": sku, "sku": sku},
        "charges": {"charge": list(charges)},
        "orderLineQuantity": {"unitOfMeasurement": "EACH", "amount": str(units)},
        "statusDate": 1795424400000,
        "orderLineStatuses": {
            "orderLineStatus": [
                {"status": status, "statusQuantity": {"unitOfMeasurement": "EACH", "amount": str(amount)}}
                for status, amount in (statuses or {"Acknowledged": units}).items()
            ]
        },
        "fulfillment": {"fulfillmentOption": "S2H", "shipMethod": "VALUE"},
    }


def order(**changes: Any) -> dict[str, Any]:
    """2 lamps for 19.99 with 1.60 tax and 4.00 shipping with 0.32; a mug for 5.00 less 1.00: 29.91 in all."""
    return {
        "purchaseOrderId": "1796277083022",
        "customerOrderId": "5281956426648",
        "customerEmailId": "3A31739D@relay.walmart.com",
        "orderDate": 1795338000000,
        "shippingInfo": {
            "phone": "5555555555",
            "estimatedDeliveryDate": 1795770000000,
            "estimatedShipDate": 1795510800000,
            "methodCode": "Value",
            "postalAddress": {
                "name": "Jane Doe",
                "address1": "123 Main Street",
                "address2": "Apt 1",
                "city": "Warners",
                "state": "NY",
                "postalCode": "13164",
                "country": "USA",
            },
        },
        "orderLines": {
            "orderLine": [
                line("1", "LAMP", 2, charge("PRODUCT", 19.99, 1.6), charge("SHIPPING", 4, 0.32)),
                line("2", "MUG", 1, charge("PRODUCT", 5), charge("DISCOUNT", -1)),
            ]
        },
        "shipNode": {"type": "SellerFulfilled"},
        **changes,
    }


MESSAGE = json.dumps(order()).encode()


def sign(raw: bytes, secret: str, target: str = "/v1/channels/walmart/webhooks") -> dict[str, str]:
    material = f"POST\n{target}\n{STAMP}\n{hashlib.sha256(raw).hexdigest()}"
    digest = hmac.new(secret.encode(), material.encode(), hashlib.sha256).digest()
    return {"wm_sec.timestamp": STAMP, "wm_sec.signature": base64.b64encode(digest).decode()}
