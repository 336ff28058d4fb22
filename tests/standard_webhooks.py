"""Sign as Standard Webhooks 1.0 does, for tests that play the sender. Written from the specification, not from ours."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def sign(
    raw: bytes, key: bytes, *, message_id: str = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W", at: datetime = NOW
) -> dict[str, str]:
    """The three headers."""
    seconds = str(int(at.timestamp()))
    digest = hmac.new(key, f"{message_id}.{seconds}.".encode() + raw, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": seconds,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
