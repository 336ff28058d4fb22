"""The secrets of the local cloud: fixed, so that documented examples are right as they stand; worth nothing elsewhere.

An AWS account generates its pepper, and its operator stores each channel's secret there.
"""

from infra.local.company import SIGNED_CHANNELS

PEPPER = "local-only-pepper"
CHANNEL_SECRETS = {
    channel: {
        "current": f"local-only-{channel}",
        "previous": f"local-only-{channel}-before",
        # What a sender that asks first shares with us (eBay: 32 to 80 characters).
        "verification_token": f"local-only-{channel}-verification-token",
    }
    for channel in SIGNED_CHANNELS
}
