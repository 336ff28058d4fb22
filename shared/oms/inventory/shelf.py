"""How long goods must last for whoever buys them, and how much of a position does not last so long. Pure.

A position's lots end where the article's own shelf life says, reckoned from the day it lies there. A channel may ask
for more, and the buyer gets the goods later than today: a lot that ends before that is not for this buyer.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from oms.inventory.model import Lot, Position, PositionKey
from oms.kernel.time import from_text, to_text
from oms.reference.model import Item

Shelf = TypeVar("Shelf")
Answer = TypeVar("Answer")


def lasting_to(item: Item | None, channel: str, delivered_on: str | None, now: datetime, time_zone: str) -> str:
    """The instant (UTC text) behind which a lot must end for a buyer of a channel.

    `delivered_on`: the last day of the delivery promise; where none is known the goods are reckoned as delivered today.
    """
    zone = ZoneInfo(time_zone)
    today = now.astimezone(zone).date()
    day = max(today, date.fromisoformat(delivered_on)) if delivered_on else today
    more = item.shelf_days_of(channel) - item.shelf_days if item else 0
    return to_text(datetime.combine(day + timedelta(days=more), time(), zone))


def standing(
    counted: Callable[[str | None], Shelf],
    answered: Callable[[Shelf], Answer],
    last_day: Callable[[Answer], str | None],
) -> tuple[Shelf, Answer]:
    """An answer of which all that is counted lasts until the last day that the answer itself promises.

    It is reckoned with what lasts today, then without what ends before its last day, and so on until nothing more
    drops out. Lots only drop, so it ends.

    Args:
        counted: what there is of lots that last until a day; None: as if the goods were delivered at once.
        answered: the answer from that.
        last_day: the last day of the delivery window of an answer; None: it promises none.
    """
    shelf, until = counted(None), ""
    while True:
        answer = answered(shelf)
        day = last_day(answer)
        if day is None or day <= until:
            return shelf, answer
        until = day
        less = counted(until)
        if less == shelf:
            return shelf, answer
        shelf = less


def delivered_until(item: Item | None, channel: str, lot: Lot, time_zone: str) -> str | None:
    """The last day on which units of a lot may be delivered to a buyer of a channel; None: on any day."""
    if lot.ends_at is None:
        return None
    more = item.shelf_days_of(channel) - item.shelf_days if item else 0
    ends = from_text(lot.ends_at).astimezone(ZoneInfo(time_zone)).date()
    return (ends - timedelta(days=more + 1)).isoformat()


def too_short(position: Position, instant: str) -> int:
    """Units that can be taken today, and end too early."""
    return sum(lot.free for lot in position.lots if lot.ends_at and position.read_at < lot.ends_at <= instant)


def without_short(
    picture: Mapping[PositionKey, Position], needed: Mapping[PositionKey, str]
) -> Mapping[PositionKey, Position]:
    """The picture without what ends too early. `needed`: the instants, by position.

    Committed and reserved units are taken to be of the lots that last: nothing is promised twice, and what is committed
    to others of a short lot is free here as soon as they have it.
    """
    short = {key: too_short(picture[key], instant) for key, instant in needed.items() if key in picture}
    hidden = {key: units for key, units in short.items() if units}
    if not hidden:
        return picture
    changed = {
        key: picture[key]._replace(safety_stock=picture[key].safety_stock + units) for key, units in hidden.items()
    }
    return {**picture, **changed}
