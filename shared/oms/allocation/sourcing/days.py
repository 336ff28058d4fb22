"""The days of the locations as one batch of orders sees them: how full they are, with what the batch gives out."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from oms.orders.model import FulfillmentOrder
from oms.orders.workload.model import Load, Workday
from oms.orders.workload.rules import counted, limit_of, loads, workday
from oms.reference.model import Location

NO_LIMIT = (Load(), Load())


class Counters(Protocol):
    """What is given out of the days, wherever it is kept (`oms.orders.workload.store`)."""

    def used(self, days: Iterable[Workday]) -> Mapping[Workday, Load]: ...
    def take(self, day: Workday, load: Load, limit: Load) -> Any: ...
    def take_beyond(self, day: Workday, load: Load, seen: Load) -> Any: ...


class Days:
    """Locations without a limit are not counted, and cost nothing."""

    def __init__(self, locations: Mapping[str, Location], counters: Counters | None = None) -> None:
        self._counters = counters
        self._locations = locations if counters is not None else {}
        self._limits = {name: limit for name, place in self._locations.items() if any(limit := limit_of(place))}
        self._days: dict[str, Workday] = {}
        self._seen: dict[Workday, Load] = {}
        self._used: dict[Workday, Load] = {}

    def look(self, at: datetime) -> None:
        """See how full the days are on which work of now falls; what was planned since the last look is forgotten."""
        days = {name: workday(self._locations[name], at) for name in self._limits}
        self._days = {name: day for name, day in days.items() if day is not None}
        self._seen = dict(self._counters.used(self._days.values())) if self._counters and self._days else {}
        self._used = dict(self._seen)

    @property
    def limited(self) -> bool:
        """Whether some location's day is counted."""
        return bool(self._days)

    def room(self, location: str) -> tuple[Load, Load]:
        """What it takes on its day, and what is given out of it."""
        day = self._days.get(location)
        return (self._limits[location], self._used[day]) if day else NO_LIMIT

    def counted(
        self, works: Sequence[FulfillmentOrder], before: Iterable[FulfillmentOrder], *, beyond: bool
    ) -> tuple[FulfillmentOrder, ...]:
        """New fulfillment orders with what they take of their days. Whoever is planned next finds the days so.

        Args:
            works: of one order.
            before: the other fulfillment orders of this order: a further part at a location is no order of its own.
            beyond: it was decided that days may be given more than they take.
        """
        if not self._days:
            return tuple(works)
        known = Counter((work.location, work.attempt) for work in before)
        made = []
        for work in works:
            day = self._days.get(work.location)
            if day is not None:
                takes = counted(day, work.lines, part=known[work.location, work.attempt], beyond=beyond)
                work = work.model_copy(update={"counted": takes})  # noqa: PLW2901  the same work, counted
            known[work.location, work.attempt] += 1
            made.append(work)
        for taken, load in loads(made).items():
            self._used[taken] = self._used[taken].plus(load)
        return tuple(made)

    def writes(self, works: Collection[FulfillmentOrder]) -> list[Any]:
        """A write per day that the works take of: it fails when that is more than there is left."""
        if self._counters is None:
            return []
        over = {Workday(work.location, work.counted.on) for work in works if work.counted and work.counted.beyond}
        return [
            self._counters.take_beyond(day, load, self._seen[day])
            if day in over
            else self._counters.take(day, load, self._limits[day.location])
            for day, load in sorted(loads(works).items())
        ]

    def written(self, works: Iterable[FulfillmentOrder]) -> None:
        """The next write finds the days so."""
        for day, load in loads(works).items():
            self._seen[day] = self._seen[day].plus(load)
