"""A notification of eBay names an order. Its key is made of the secret's text: a test has as many as it likes."""

import base64
import hashlib
import json

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from oms.intake.notices import ChannelSecrets
from oms.reference.model import Channel

CHANNEL = Channel(name="ebay_de", kind="ebay", currencies=frozenset({"EUR"}))
MESSAGE = json.dumps(
    {
        "metadata": {"topic": "ORDER_CONFIRMATION", "schemaVersion": "1.0", "deprecated": False},
        "notification": {
            "notificationId": "49feeaeb-4982-42d9-a377-9645b8479411_33f7e043-fed8-442b-9d44-791923bd9a6d",
            "eventDate": "2026-11-23T09:29:58.462Z",
            "publishDate": "2026-11-23T09:29:59.679Z",
            "publishAttemptCount": 1,
            "data": {"orderId": "07-07160-44920343", "username": "nfc21-consumer-01"},
        },
    }
).encode()
HEADERS: dict[str, str] = {}


def key_of(secret: str) -> ec.EllipticCurvePrivateKey:
    number = int.from_bytes(hashlib.sha256(secret.encode()).digest(), "big")
    return ec.derive_private_key(number % (2**255) + 1, ec.SECP256R1())


def kid_of(secret: str) -> str:
    return hashlib.sha256(b"kid" + secret.encode()).hexdigest()[:36]


def pem_of(secret: str) -> str:
    public = key_of(secret).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def with_keys(secrets: ChannelSecrets) -> ChannelSecrets:
    """What eBay would answer for the ids of these."""
    return secrets._replace(keys={kid_of(each): pem_of(each) for each in (secrets.current, secrets.previous) if each})


def sign(raw: bytes, secret: str, *, alg: str = "ecdsa", digest: str = "SHA1") -> dict[str, str]:
    signature = key_of(secret).sign(raw, ec.ECDSA(hashes.SHA1()))  # noqa: S303  eBay's
    said = {"alg": alg, "kid": kid_of(secret), "signature": base64.b64encode(signature).decode(), "digest": digest}
    return {"x-ebay-signature": base64.b64encode(json.dumps(said).encode()).decode()}
