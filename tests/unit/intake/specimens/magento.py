"""A Magento order, and RSA signatures by keys that stand for the contract's secrets."""

import base64
import functools
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from oms.intake.notices import ChannelSecrets
from oms.reference.model import Channel

CHANNEL = Channel(name="magento_de", kind="magento", currencies=frozenset({"EUR"}))
HEADERS = {"content-type": "application/json"}


@functools.cache
def _keys() -> dict[str, RSAPrivateKey]:
    return {}


def key_of(secret: str) -> RSAPrivateKey:
    """One key for each of the contract's secrets."""
    if secret not in _keys():
        _keys()[secret] = generate_private_key(65537, 2048)
    return _keys()[secret]


def public_key(secret: str) -> str:
    return key_of(secret).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def with_keys(secrets: ChannelSecrets) -> ChannelSecrets:
    """The channel's secrets are public keys."""
    return ChannelSecrets(public_key(secrets.current), public_key(secrets.previous) if secrets.previous else None)


def address(**changes: Any) -> dict[str, Any]:
    return {
        "address_type": "shipping",
        "firstname": "Ada",
        "lastname": "Lovelace",
        "street": ["Schönhauser Allee 44a", "Hinterhaus"],
        "city": "Berlin",
        "region_code": "BE",
        "postcode": "10435",
        "country_id": "DE",
        "telephone": "+49 30 123",
        **changes,
    }


def order(**changes: Any) -> dict[str, Any]:
    """3 lamps for 25.00 less 5.00, a configurable mug for 10.00; shipping 6.90, tax 7.01: 43.91 in all."""
    return {
        "entity_id": 8,
        "increment_id": "000000008",
        "state": "processing",
        "order_currency_code": "EUR",
        "created_at": "2026-11-22 19:28:02",
        "updated_at": "2026-11-23 09:00:00",
        "customer_email": "ada@example.com",
        "grand_total": 43.91,
        "total_paid": 43.91,
        "tax_amount": 7.01,
        "shipping_amount": 6.9,
        "discount_amount": -5,
        "shipping_description": "Flat Rate - Fixed",
        "items": [
            {"item_id": 1, "sku": "LAMP", "product_type": "simple", "qty_ordered": "3.0000", "row_total": "25.0000",
             "discount_amount": "5.0000", "tax_amount": "3.8000"},
            {"item_id": 2, "sku": "MUG", "product_type": "configurable", "qty_ordered": 1, "row_total": 10,
             "tax_amount": 1.9},
            {"item_id": 3, "parent_item_id": 2, "sku": "MUG", "product_type": "simple", "qty_ordered": 1,
             "row_total": 0},
        ],
        "payment": {"method": "paypal_express", "last_trans_id": "T-1"},
        "billing_address": address(),
        "extension_attributes": {"shipping_assignments": [{"shipping": {"address": address(), "method": "flatrate"}}]},
        **changes,
    }  # fmt: skip


MESSAGE = json.dumps(order()).encode()


def sign(raw: bytes, secret: str) -> dict[str, str]:
    signature = key_of(secret).sign(raw, PKCS1v15(), SHA256())
    return {"x-adobe-commerce-webhook-signature": base64.b64encode(signature).decode()}
