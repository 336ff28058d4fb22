"""When a parcel leaves and arrives (domain 2.2). Cut-offs are local wall-clock times, so DST moves them in UTC only.

Pure: the instant comes in as an argument. A moment exactly at a cut-off is still in time.
"""

from collections.abc import Container
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from oms.reference.model import Location
from oms.shipping.model import Service, Window

_ONE_DAY = timedelta(days=1)
_FAR = 400  # a calendar with no open day in so many days is a mistake in the data

_zone = lru_cache(maxsize=256)(ZoneInfo)


def handover_date(service: Service, location: Location, at: datetime) -> date:
    """The date on which the carrier takes what is ordered `at`: processing first, then the next pickup.

    Processing: an order after the location's cut-off, or on a day off, starts on the next working day; then
    `handling_days` working days more. Pickup: a day on which the location works and the carrier comes; on the very day
    of the order only until the pickup cut-off.

    Raises:
        ValueError: the calendars never meet.
    """
    local = at.astimezone(_zone(location.time_zone))
    today, clock = local.date(), local.time()
    ready = today if clock <= location.cutoff else today + _ONE_DAY
    ready = _working(ready, location)
    for _ in range(location.handling_days):
        ready = _working(ready + _ONE_DAY, location)
    if ready == today and clock > service.pickup_cutoff:
        ready += _ONE_DAY
    for _ in range(_FAR):
        ready = _working(ready, location)
        if ready.weekday() in service.pickup_days:
            return ready
        ready += _ONE_DAY
    raise ValueError(f"{location.id} and {service.code} have no pickup day in common")


def delivery_date(service: Service, ship_on: date, transit_days: int, holidays: Container[str]) -> date:
    """Transit days are counted on transit days only; the result is pushed past days without delivery.

    Raises:
        ValueError: the delivery calendar has no open day.
    """
    day = ship_on
    left = transit_days
    while left:
        day += _ONE_DAY
        left -= day.weekday() in service.transit_days
    for _ in range(_FAR):
        if day.weekday() in service.delivery_days and day.isoformat() not in holidays:
            return day
        day += _ONE_DAY
    raise ValueError(f"{service.code} never delivers")


def promise_window(
    service: Service, transit: tuple[int, int], location: Location, at: datetime, holidays: Container[str]
) -> Window:
    """Ship date, and delivery with the shortest and the longest transit."""
    ship_on = handover_date(service, location, at)
    shortest, longest = transit
    earliest = delivery_date(service, ship_on, shortest, holidays)
    latest = earliest if shortest == longest else delivery_date(service, ship_on, longest, holidays)
    return Window(ship_on, earliest, latest)


def _working(day: date, location: Location) -> date:
    for _ in range(_FAR):
        if day.weekday() in location.working_days and day.isoformat() not in location.holidays:
            return day
        day += _ONE_DAY
    raise ValueError(f"{location.id} never works")
