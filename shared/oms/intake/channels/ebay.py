"""eBay: a notification names an order, the order is fetched from the Fulfillment API.

The signature is ECDSA over the raw body with eBay's key of that id (https://github.com/eBay/event-notification-nodejs-sdk);
whoever calls `verify` brings the key in `secrets.keys`, by the id that `key_id` names.
"""

import hashlib
from collections.abc import Mapping, Sequence

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from oms.intake.ebay.order import OWN_IDS, read
from oms.intake.notices import Arrival, ChannelSecrets, Fetch, Ignored, Notice, was_fetched
from oms.intake.reading import Document, Reader, read_object
from oms.intake.signatures import from_base64
from oms.kernel.errors import RejectedError
from oms.kernel.json import read_json
from oms.reference.model import Channel

_SIGNATURE = "x-ebay-signature"
_DIGESTS: Mapping[str, hashes.HashAlgorithm] = {"SHA1": hashes.SHA1(), "SHA256": hashes.SHA256()}  # noqa: S303  eBay's
_TOPICS = frozenset({"ORDER_CONFIRMATION"})


class Ebay:
    """The plug-in."""

    own_ids = OWN_IDS

    def verify(self, _channel: Channel, arrival: Arrival, secrets: ChannelSecrets) -> bool:
        said = _said(arrival)
        pem = secrets.keys.get(str(said.get("kid")))
        digest = _DIGESTS.get(str(said.get("digest")).upper())
        given = from_base64(str(said.get("signature")))
        if pem is None or digest is None or not given or str(said.get("alg")).upper() != "ECDSA":
            return False
        try:
            key = load_pem_public_key(pem.encode())
            if not isinstance(key, ec.EllipticCurvePublicKey):
                return False
            key.verify(given, arrival.raw, ec.ECDSA(digest))
        except (InvalidSignature, ValueError, UnsupportedAlgorithm):
            return False
        return True

    def key_id(self, arrival: Arrival) -> str | None:
        """The id of the key that the message says it was signed with: not to be believed before `verify`."""
        kid = _said(arrival).get("kid")
        return kid if isinstance(kid, str) and kid else None

    def challenge(self, code: str, *, token: str, endpoint: str) -> str:
        """The answer that proves to eBay that we own the endpoint that it is about to send to.

        https://developer.ebay.com/marketplace-account-deletion (endpoint validation): SHA-256 over code, token, URL.
        """
        return hashlib.sha256((code + token + endpoint).encode()).hexdigest()

    def message_id(self, arrival: Arrival) -> str | None:
        try:
            notification = read_object(arrival.raw).get("notification")
        except RejectedError:
            return None
        found = notification.get("notificationId") if isinstance(notification, dict) else None
        return found if isinstance(found, str) and found else None

    def parse(self, channel: Channel, headers: Mapping[str, str], raw: bytes) -> Sequence[Notice]:
        document = read_object(raw)
        return read(channel, document) if was_fetched(headers) else [_named(document)]


def _said(arrival: Arrival) -> Document:
    try:
        said = read_json(from_base64(arrival.headers.get(_SIGNATURE, "")) or b"")
    except RejectedError:
        return {}
    return said if isinstance(said, dict) else {}


def _named(document: Document) -> Notice:
    reader = Reader({})
    topic = reader.text(reader.object(document, "metadata"), "topic", "metadata")
    if topic is not None and topic not in _TOPICS:
        return Ignored(f"topic {topic[:60]}")
    if topic is None:
        reader.fault("metadata.topic", "is needed")
    notification = reader.object(document, "notification")
    data = reader.object(notification, "data", "notification")
    order = data if data.get("orderId") else reader.object(data, "order", "notification.data")
    order_id = reader.identifier(order, "orderId", "notification.data", needed=True)
    reader.refuse()
    return Fetch(order_id or "")


PLUGIN = Ebay()
