"""Tracking links: a signed token that names one order and ends one day."""

from datetime import datetime, timedelta

from oms.kernel.errors import NotFoundError
from oms.kernel.signing import Seal

VALID = timedelta(days=400)  # from submission: longer than any guarantee period, shorter than the privacy clock


def token_for(order_id: str, submitted_at: datetime, seal: Seal) -> str:
    """The token of an order; the same whenever it is asked for, so the link can be sent again."""
    return seal.sign(f"{order_id}.{int((submitted_at + VALID).timestamp())}")


def order_of(token: str, seal: Seal, *, at: datetime) -> str:
    """The order that a token names.

    Raises:
        NotFoundError: not ours, changed, or past its end; which of these is not told.
    """
    order_id, _, ends = (seal.open(token) or "").partition(".")
    if not ends.isdigit() or int(ends) < at.timestamp():
        raise NotFoundError("this link does not lead anywhere; ask the shop for a new one")
    return order_id
