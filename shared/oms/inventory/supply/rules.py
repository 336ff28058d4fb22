"""Available to promise by date (domain 2.1), and when goods that are to come can be promised. Pure."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import accumulate
from typing import NamedTuple

from oms.inventory.supply.model import KEPT, Due, SupplyTerms
from oms.reference.model import Location

_ONE_DAY = timedelta(days=1)
_FAR = 400  # a calendar with no open day in so many days is a mistake in the data


class Curve(NamedTuple):
    """`atp[i]` units from `dates[i]` until the day before `dates[i + 1]`; `promisable[i]` the least from then on."""

    dates: tuple[date, ...]
    atp: tuple[int, ...]
    promisable: tuple[int, ...]


def curve(today: date, on_hand: int, committed: Iterable[Due], receipts: Iterable[Due]) -> Curve:
    """Cumulative available to promise: on hand - committed due by then + receipts due by then.

    `on_hand` is without safety stock and what is set apart. What is overdue counts as of today.
    """
    changes: dict[date, int] = {today: on_hand}
    for due in receipts:
        changes[max(due.on, today)] = changes.get(max(due.on, today), 0) + due.units
    for due in committed:
        changes[max(due.on, today)] = changes.get(max(due.on, today), 0) - due.units
    dates = tuple(sorted(changes))
    atp = tuple(accumulate(changes[day] for day in dates))
    least = tuple(accumulate(reversed(atp), min))
    return Curve(dates, atp, tuple(reversed(least)))


def promisable(found: Curve, on: date) -> int:
    """Units that can be promised for `on` without robbing an older promise; never below zero.

    Looks ahead: the minimum over every later day, so a unit already promised for next week is not sold today. The
    function does not fall as `on` moves on.
    """
    place = bisect_left(found.dates, on + _ONE_DAY) - 1
    return max(found.promisable[place], 0) if place >= 0 else 0


def promisable_on(found: Curve, quantity: int) -> date | None:
    """The first date for which `quantity` units can be promised; None: no receipt that is known covers them."""
    return next((day for day, units in zip(found.dates, found.promisable, strict=True) if units >= quantity), None)


def together(curves: Sequence[Curve], today: date, owed: int = 0) -> Curve:
    """Several locations' curves as one, less units that are owed today by one of them, nobody knows yet which.

    A location that is short does not make another one short: each counts with what it can promise.
    """
    dates = tuple(sorted({today, *(day for found in curves for day in found.dates)}))
    sums = tuple(sum(promisable(found, day) for found in curves) - owed for day in dates)
    return Curve(dates, sums, sums)


def bundled(parts: Sequence[tuple[Curve, int]]) -> Curve:
    """How many bundles can be made, from the curve of each component and its units in one: the minimum by date."""
    made = [(one.dates, tuple(units // each for units in one.promisable)) for one, each in parts]
    return least([Curve(dates, units, units) for dates, units in made])


def least(curves: Sequence[Curve]) -> Curve:
    """What all of some curves can promise, by date."""
    dates = tuple(sorted({day for one in curves for day in one.dates}))
    units = tuple(min(promisable(one, day) for one in curves) for day in dates)
    return Curve(dates, units, units)


def lateness_days(observed: Sequence[int], terms: SupplyTerms) -> int:
    """By how many days a supplier's stated date is to be shifted: never below zero, for early goods are a gift.

    The empirical quantile (nearest rank, Hyndman & Fan 1996 type 1) of the last receipts, drawn towards the prior in
    proportion to the receipts seen (as the credibility of Buehlmann 1967, n / (n + k)), rounded up.
    """
    seen = sorted(observed[-KEPT:])
    count, weight = len(seen), terms.prior_weight
    if not count:
        return terms.prior_days
    rank = -(-terms.quantile_pct * count // 100)
    quantile = seen[rank - 1]
    total = count * quantile + weight * terms.prior_days
    return max(-(-total // (count + weight)), 0)


def usable_on(due_on: date, late_days: int, location: Location, terms: SupplyTerms) -> date:
    """When units can be promised: the date shifted, taken in on a working day, and worked on for so many more.

    Raises:
        ValueError: the location never works.
    """
    day = _working(due_on + timedelta(days=late_days), location)
    for _ in range(terms.processing_days):
        day = _working(day + _ONE_DAY, location)
    return day


def _working(day: date, location: Location) -> date:
    for _ in range(_FAR):
        if day.weekday() in location.working_days and day.isoformat() not in location.holidays:
            return day
        day += _ONE_DAY
    raise ValueError(f"{location.id} never works")
