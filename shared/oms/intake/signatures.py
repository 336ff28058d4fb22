"""Signature schemes that several senders share: compared in constant time, and never raising on what strangers send."""

import base64
import binascii
import hmac
import re
from collections.abc import Callable, Iterator
from datetime import datetime

from oms.intake.notices import Arrival, ChannelSecrets

TOLERANCE_S = 300  # Standard Webhooks' and Stripe's practice
_SECONDS = re.compile(r"\d{1,12}\Z", re.ASCII)
_STANDARD_PREFIX = "whsec_"


def from_base64(text: str) -> bytes | None:
    """The bytes, or None when it is not base64."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def signed(
    given: bytes | None,
    material: bytes,
    secrets: ChannelSecrets,
    *,
    key: Callable[[str], bytes | None] = str.encode,
) -> bool:
    """Whether `given` is the HMAC-SHA256 of the material under the current or the previous secret."""
    if not given:
        return False
    matches = [hmac.compare_digest(given, hmac.digest(each, material, "sha256")) for each in _keys(secrets, key)]
    return any(matches)


def fresh(seconds: str | None, now: datetime, tolerance_s: int = TOLERANCE_S) -> bool:
    """Whether a time in whole seconds since 1970 is near enough to now, on either side."""
    if seconds is None or not _SECONDS.match(seconds):
        return False
    return abs(int(seconds) - now.timestamp()) <= tolerance_s


def standard_key(secret: str) -> bytes | None:
    """The key in a `whsec_` secret."""
    return from_base64(secret.removeprefix(_STANDARD_PREFIX))


def standard_webhook(
    arrival: Arrival, secrets: ChannelSecrets, *, key: Callable[[str], bytes | None] = standard_key
) -> bool:
    """Standard Webhooks 1.0: `v1` signatures, several separated by a blank, over `id.timestamp.body`.

    `key` makes the key of a secret, for senders who have their own idea of it.
    https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    """
    headers = arrival.headers
    message_id, seconds = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not message_id or not fresh(seconds, arrival.at):
        return False
    try:
        material = f"{message_id}.{seconds}.".encode() + arrival.raw
    except UnicodeEncodeError:  # a lone surrogate
        return False
    versions = (entry.partition(",") for entry in headers.get("webhook-signature", "").split(" "))
    given = [from_base64(value) for version, _, value in versions if version == "v1"]
    matches = [signed(each, material, secrets, key=key) for each in given]
    return any(matches)


def _keys(secrets: ChannelSecrets, key: Callable[[str], bytes | None]) -> Iterator[bytes]:
    for secret in (secrets.current, secrets.previous):
        if secret and (found := key(secret)):
            yield found


def signed_by_key(given: bytes | None, material: bytes, public_key: str) -> bool:
    """Whether `given` is the RSA-SHA256 signature (PKCS #1 v1.5) of the material by the owner of this PEM key."""
    if not given or not public_key:
        return False
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  only senders with keys pay for it
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415

    try:
        key = load_pem_public_key(public_key.encode())
        if not isinstance(key, RSAPublicKey):
            return False
        key.verify(given, material, PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True
