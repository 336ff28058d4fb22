"""Serial numbers: one thing each, with where it is and what happened to it."""

from typing import Literal, NamedTuple

from oms.orders.model import Value

KEPT_MOVES = 20
SerialStatus = Literal["in_stock", "in_transit", "shipped", "lost"]


class SerialMove(Value):
    """What happened to a serial: where, and for which order (or whatever the mover named)."""

    at: str
    status: SerialStatus
    location: str
    ref: str | None = None


class Serial(NamedTuple):
    """One thing, and what happened to it, the newest last."""

    sku: str
    serial: str
    status: SerialStatus
    location: str
    ref: str | None
    past: tuple[SerialMove, ...]
    version: int = 0


class SerialView(Value):
    """A serial: where it is, or whence and for which order it left, and what happened to it before, the newest last."""

    sku: str
    serial: str
    status: SerialStatus
    location: str
    ref: str | None
    past: tuple[SerialMove, ...]
