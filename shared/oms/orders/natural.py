"""What names an order outside: the channel that it comes from, and its number there."""

from oms.kernel.ids import derive_id


def order_id_of(channel: str, external_order_id: str) -> str:
    """One id for ever per natural key: the proof that an order is taken once."""
    return derive_id("ord", channel, external_order_id)
