"""Whether units may join the line for an item: said once, for the answer to shops and for allocation. Pure."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from oms.inventory.waiting.model import Head
from oms.reference.model import MayWait

CAP_REACHED = "cap_reached"


class Cap(NamedTuple):
    """How many units may wait at a time, and how many do. `whose`: of what it is the cap; empty: of all orders.

    `location`: where it is the cap of one.
    """

    whose: str
    most: int
    waiting: int
    location: str | None = None

    @property
    def room(self) -> int:
        return max(self.most - self.waiting, 0)


class MayNot(NamedTuple):
    """Why units may not wait: `not_backorderable`, `closed` or `cap_reached` (`location`: at one), and in words."""

    code: str
    words: str
    location: str | None = None


def caps_on(
    policy: MayWait, channel: str, head: Head, *, same: int = 0, there: tuple[str, int] | None = None
) -> list[Cap]:
    """The caps that units of a channel would meet.

    Args:
        policy: of the item as it is sold.
        channel: of the order.
        head: of the line for the item.
        same: units of the item in the same order that join with these.
        there: the location in whose books they would wait, with the units that wait there.
    """
    found = [Cap("", policy.cap, head.sold + same)] if policy.cap is not None else []
    own = policy.channel_caps.get(channel)
    if own is not None:
        found.append(Cap(f" of {channel}", own, head.by_channel.get(channel, 0) + same))
    if there is not None and there[0] in policy.locations:
        found.append(Cap(f" at {there[0]}", policy.locations[there[0]], there[1] + same, there[0]))
    return found


def why_not_join(policy: MayWait, channel: str, units: int, caps: Sequence[Cap], today: date) -> MayNot | None:
    """Why so many units may not wait on a channel; None: they may."""
    if policy.of(channel) == "none":
        return MayNot("not_backorderable", "not_backorderable")
    if policy.until is not None and today > policy.until:
        return MayNot("closed", f"closed_since {policy.until}")
    full = next((cap for cap in caps if cap.waiting + units > cap.most), None)
    if full is None:
        return None
    words = f"{CAP_REACHED}{full.whose}, {full.waiting} of {full.most} wait, {units} more wanted"
    return MayNot(CAP_REACHED, words, full.location)
