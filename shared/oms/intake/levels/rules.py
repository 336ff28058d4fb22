"""Whether a channel is told a level now. Pure.

A channel sells between two of our messages, so what it shows may be newer than what we know. Lowering is safe at
once: it can only prevent a sale. Raising over a figure that is not the one we told could sell a unit twice, so it waits
until the difference is old enough for its order to have reached us.
"""

from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from oms.intake.levels.model import Level, Shown, Told
from oms.kernel.time import from_text, to_text

SETTLES = timedelta(minutes=10)  # an order is with us by then: webhooks are repeated for minutes, polls are every few
UNLISTED = timedelta(hours=24)  # until a channel is asked again whether it sells a SKU
Word = Literal["tell", "same", "wait", "unlisted"]


class Decision(NamedTuple):
    """What to do about one SKU, and how it is remembered if it is done."""

    word: Word
    told: Told
    level: Level | None = None


def decided(ours: int, told: Told, shown: Shown | None, now: datetime, *, reads: bool) -> Decision:
    """What a channel is told of a SKU of which it may sell `ours`.

    Args:
        ours: units that the channel may sell, zero or more.
        told: what it was told last.
        shown: what it shows now, None when it does not sell the SKU or cannot be read.
        now: the time.
        reads: whether the channel can be read.
    """
    at = to_text(now)
    if reads and shown is None:
        if told.unlisted_until is not None and told.unlisted_until > at:
            return Decision("unlisted", told)
        return Decision("unlisted", told.model_copy(update={"unlisted_until": to_text(now + UNLISTED)}))
    was = shown.units if shown else told.units
    if was == ours:
        return Decision("same", _known(told, ours))
    strange = shown is not None and told.units is not None and shown.units != told.units
    if strange and was is not None and ours > was:
        since = told.differs_since or at
        if now - from_text(since) < SETTLES:
            return Decision("wait", told.model_copy(update={"differs_since": since}))
    # A time, so that a level that was told by a run that died has another number than the one told instead.
    sequence = max(told.sequence + 1, int(now.timestamp() * 1_000))
    level = Level(told.sku, ours, was, sequence, at, shown.reference if shown else None)
    return Decision("tell", _known(told, ours).model_copy(update={"sequence": sequence, "at": at}), level)


def _known(told: Told, units: int) -> Told:
    return told.model_copy(update={"units": units, "differs_since": None, "unlisted_until": None})


def due(told: Told, now: datetime) -> bool:
    """Whether a SKU need be asked about at all: not while a channel does not sell it."""
    return told.unlisted_until is None or told.unlisted_until <= to_text(now)
