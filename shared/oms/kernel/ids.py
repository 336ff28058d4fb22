"""Identifiers.

Ids that must survive a retry are derived from what caused them, so that the conditional write of the thing itself is
the proof that it happened once (no separate deduplication record). They are not secrets.
"""

import base64
import hashlib

KEYS_KEPT_S = 24 * 3600  # idempotency keys: Stripe's practice, and what the API document promises
_LENGTH = 26  # 26 base32 characters = 130 bits: no collision to be expected below 2**65 ids


def derive_id(prefix: str, *cause: str) -> str:
    """`<prefix>_<26 characters>`, the same for the same cause on every machine, for ever.

    The parts of the cause are length-prefixed, so `("a", "bc")` and `("ab", "c")` differ.
    """
    material = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in cause)
    digest = hashlib.sha256(material).digest()
    return f"{prefix}_{base64.b32encode(digest)[:_LENGTH].decode().lower()}"


def shard_of(key: str, shards: int) -> int:
    """A stable number in `range(shards)`: spreads one index partition over several."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=4).digest(), "big") % shards


def check_digit_mod10(digits: str) -> str:
    """The GS1 check digit (GS1 General Specifications 7.9.1): weights 3 and 1 from the right."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)
