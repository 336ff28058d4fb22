"""The tables: who owns what, and through which index it is found."""

from infra.constructs.table import Index, TableSpec

TABLES = (
    TableSpec(
        "orders",
        indexes=(Index("live", "live_pk", "live_sk"), Index("recent", "recent_pk", "recent_sk")),
        stream=True,
        ttl="expires_at",
        hot=True,
    ),
    TableSpec(
        "inventory",
        indexes=(
            Index("reorder", "reorder_pk", "reorder_sk"),
            Index("expiring", "expiring_pk", "expiring_sk"),
            Index("listed", "listed_pk", "listed_sk"),
        ),
        stream=True,
        ttl="expires_at",
        hot=True,
    ),
    # Erasure deletes a person's key; it is complete when the last backup that holds the key is gone: 7 days, not 35.
    TableSpec(
        "people",
        indexes=(Index("blind", "blind_pk"), Index("phone", "phone_pk")),
        ttl="expires_at",
        recovery_days=7,
        hot=True,
    ),
    TableSpec("customers"),
    TableSpec("messages", indexes=(Index("received", "received_pk", "received_sk"),), ttl="expires_at", hot=True),
    TableSpec("procurement", indexes=(Index("open", "open_pk", "open_sk"),), stream=True),
    TableSpec("polls", stream=True, ttl="expires_at"),
    # Demand as it was counted, and the prices that follow from it.
    TableSpec("prices", ttl="expires_at"),
    TableSpec("reference", ttl="expires_at"),
    TableSpec("jobs", indexes=(Index("of_channel", "channel_pk", "channel_sk"),), ttl="expires_at"),
    # Token buckets of the callers: of no worth a minute later, and written the most often.
    TableSpec("limits", ttl="expires_at", hot=True),
)
