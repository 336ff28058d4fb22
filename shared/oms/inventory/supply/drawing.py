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
