"""What of a SKU is left for whom: those who came before take first, each from where it may ship to them. Pure."""

from collections.abc import Iterable, Mapping
from datetime import date
from itertools import accumulate
from typing import NamedTuple

from oms.inventory.supply.rules import Curve, promisable
from oms.orders.mayship import Places


class Ahead(NamedTuple):
    """Units that somebody who came before gets, and the locations that may ship them to him."""

    units: int
    places: Places = None


class Drawing:
    """Units by the day and the location where they come free. Whoever draws takes the earliest that he may have.

    Of the same day from where most come, then by the name of the location. What one takes is gone for all later ones,
    also when it is too little for him: nobody passes him.
    """

    def __init__(self, curves: Mapping[str, Curve]) -> None:
        self._dates = {name: found.dates for name, found in curves.items()}
        rows = [(day, name, units) for name, found in curves.items() for day, units in _gains(found)]
        self._rows = sorted(rows, key=lambda row: (row[0], -row[2], row[1]))
        self._left = [units for _, _, units in self._rows]
        self._first = 0

    def draw(self, units: int, places: Places = None) -> date | None:
        """The day on which all the units are there; None: no supply that is known covers them."""
        wanted = units
        for at in range(self._first, len(self._rows)):
            day, name, _ = self._rows[at]
            part = min(self._left[at], wanted) if places is None or name in places else 0
            self._left[at] -= part
            wanted -= part
            if at == self._first and not self._left[at]:
                self._first += 1
            if part and not wanted:
                return day
        return None

    def draw_whole(self, wanted: Ahead) -> dict[str, int]:
        """By location how many units of those of today are drawn; with them those that come later, the earliest first.

        Nothing, and nothing is drawn, when no supply that is known covers all that is wanted.
        """
        parts: list[tuple[int, int]] = []
        for at, (_, name, _) in enumerate(self._rows):
            if wanted.places is None or name in wanted.places:
                parts.append((at, self._left[at]))
        return self._drawn(wanted.units, parts) or {}

    def draw_late(self, wanted: Ahead, by: date, free: Mapping[str, int]) -> dict[str, int] | None:
        """The same, but the latest first of what is there on a day, and of those of today no more than `free`.

        So as little as can be is kept from others who may have it from anywhere. None: it is too little by then.
        """
        parts: list[tuple[int, int]] = []
        for at in range(len(self._rows) - 1, -1, -1):
            day, name, _ = self._rows[at]
            if day <= by and (wanted.places is None or name in wanted.places):
                is_now = day == self._dates[name][0]
                parts.append((at, min(self._left[at], free.get(name, 0)) if is_now else self._left[at]))
        return self._drawn(wanted.units, parts)

    def _drawn(self, units: int, parts: Iterable[tuple[int, int]]) -> dict[str, int] | None:
        """Draw from rows, each with how many units it may give, until it is enough; None: it is not."""
        taken: list[tuple[int, int]] = []
        for at, most in parts:
            part = min(most, units)
            units -= part
            taken.append((at, part))
            if not units:
                break
        if units:
            return None
        now: dict[str, int] = {}
        for at, part in taken:
            self._left[at] -= part
            day, name, _ = self._rows[at]
            if part and day == self._dates[name][0]:
                now[name] = part
        return now

    def let_before(self, others: Iterable[Ahead]) -> "Drawing":
        """Let others draw."""
        for one in others:
            self.draw(one.units, one.places)
        return self

    def left(self) -> dict[str, Curve]:
        """What is left at each location."""
        gains: dict[str, dict[date, int]] = {name: dict.fromkeys(dates, 0) for name, dates in self._dates.items()}
        for (day, name, _), units in zip(self._rows, self._left, strict=True):
            gains[name][day] += units
        found: dict[str, Curve] = {}
        for name, by_day in gains.items():
            sums = tuple(accumulate(by_day.values()))
            found[name] = Curve(tuple(by_day), sums, sums)
        return found


def _gains(found: Curve) -> Iterable[tuple[date, int]]:
    """By how many units more can be promised from each day on."""
    before = 0
    for day in found.dates:
        units = promisable(found, day)
        if units > before:
            yield day, units - before
            before = units
