"""Signed text that strangers carry for us: nobody can make or change it, anybody can hold it."""

import base64
import binascii
import hashlib
import hmac

_SIGNATURE_BYTES = 16  # 128 bits of HMAC-SHA256 (RFC 2104 section 5 allows half): out of reach for guessing


class Seal:
    """Signs for one purpose: what one seal signed, no other seal accepts, though they share the secret."""

    def __init__(self, secret: bytes, purpose: str) -> None:
        self._key = hmac.digest(secret, b"baton/seal/" + purpose.encode(), "sha256")

    def sign(self, text: str, context: str = "") -> str:
        """`text` with a signature, in characters that need no escaping in an URL.

        Args:
            text: carried, readable by its holder.
            context: signed too but not carried: whoever opens it has to know it.
        """
        return _encode(text.encode() + self._signature(text.encode(), context))

    def open(self, sealed: str, context: str = "") -> str | None:
        """The text, or None when it was not signed by this seal for this context."""
        try:
            raw = base64.urlsafe_b64decode(sealed.encode("ascii") + b"=" * (-len(sealed) % 4))
            text, signature = raw[:-_SIGNATURE_BYTES].decode(), raw[-_SIGNATURE_BYTES:]
        except (binascii.Error, ValueError):
            return None
        genuine = hmac.compare_digest(self._signature(text.encode(), context), signature)
        return text if genuine and _encode(raw) == sealed else None

    def _signature(self, text: bytes, context: str) -> bytes:
        material = len(text).to_bytes(4, "big") + text + context.encode()
        return hmac.new(self._key, material, hashlib.sha256).digest()[:_SIGNATURE_BYTES]


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
