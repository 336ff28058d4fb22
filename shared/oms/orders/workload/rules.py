"""Which day of a location work falls on, and what a fulfillment order takes of it."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from oms.kernel.time import from_text
from oms.orders.model import FulfillmentLine, FulfillmentOrder
from oms.orders.workload.model import Counted, Load, Workday
from oms.reference.model import Location

_LOOKED_AHEAD_DAYS = 366
_GIVEN_BACK = timedelta(days=30)  # later nobody asks any more how full a day was; well before its row goes
UNDONE = ("cancelled", "rejected")
_zone = lru_cache(maxsize=256)(ZoneInfo)


def limit_of(location: Location) -> Load:
    """What it takes a day."""
    return Load(location.daily_orders, location.daily_lines, location.daily_units)


def workday(location: Location, at: datetime) -> Workday | None:
    """The day on which it works on what it is given now: today until the cut-off, else the next day that it works.

    None: it does not work within a year.
    """
    return next(iter(workdays(location, at, 1)), None)


def workdays(location: Location, at: datetime, count: int) -> list[Workday]:
    """So many days on which it works, from the one on which it works on what it is given now; those of a year."""
    local = at.astimezone(_zone(location.time_zone))
    first = 0 if local.time() <= location.cutoff else 1
    found: list[Workday] = []
    for ahead in range(first, _LOOKED_AHEAD_DAYS + 1):
        day = local.date() + timedelta(days=ahead)
        if day.weekday() in location.working_days and day.isoformat() not in location.holidays:
            found.append(Workday(location.id, day.isoformat()))
        if len(found) == count:
            break
    return found


def begins_at(location: Location, day: str, at: datetime) -> datetime:
    """When work on a day begins: its first instant there, or now if that is later."""
    return max(at, datetime.combine(date.fromisoformat(day), time(), _zone(location.time_zone)))


def counted(day: Workday, lines: Sequence[FulfillmentLine], *, part: int = 0, beyond: bool = False) -> Counted:
    """What a fulfillment order takes of a day; a further `part` of a large order is no order of its own."""
    units = sum(line.quantity for line in lines)
    return Counted(on=day.on, orders=0 if part else 1, lines=len(lines), units=units, beyond=beyond)


def loads(works: Iterable[FulfillmentOrder]) -> dict[Workday, Load]:
    """What fulfillment orders take, by day."""
    taken: dict[Workday, Load] = {}
    for work in works:
        if work.counted is not None:
            day = Workday(work.location, work.counted.on)
            taken[day] = taken.get(day, Load()).plus(work.counted.load)
    return taken


def given_back(works: Iterable[FulfillmentOrder]) -> dict[Workday, Load]:
    """What those of the fulfillment orders that have just ended undone give back, by day."""
    return loads(work for work in works if work.counted and work.status in UNDONE and _is_recent(work))


def _is_recent(work: FulfillmentOrder) -> bool:
    if work.counted is None:
        return False
    ended = from_text(work.log[-1].at)
    return work.counted.on >= (ended - _GIVEN_BACK).date().isoformat()
