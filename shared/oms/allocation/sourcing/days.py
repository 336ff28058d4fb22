"""The days of the locations as one batch of orders sees them: how full they are, with what the batch gives out."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple, Protocol

from oms.orders.model import FulfillmentOrder
from oms.orders.workload.model import Counted, Load, Workday
from oms.orders.workload.rules import counted, limit_of, loads, workdays
from oms.reference.model import Location

NO_LOAD = Load()


class Room(NamedTuple):
    """What a location takes on a day, and what is given out of it. `later`: how many days after the one at hand.

    `on` None: its days are not counted.
    """

    takes: Load = Load()
    used: Load = Load()
    on: str | None = None
    later: int = 0


NO_LIMIT = Room()


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
        self._days: dict[str, list[Workday]] = {}
        self._seen: dict[Workday, Load] = {}
        self._used: dict[Workday, Load] = {}

    def look(self, at: datetime) -> None:
        """See how full the days are on which work of now falls; what was planned since the last look is forgotten."""
        days = {name: workdays(place, at, 1 + place.days_ahead) for name, place in self._places()}
        self._days = {name: some for name, some in days.items() if some}
        all_days = [day for some in self._days.values() for day in some]
        self._seen = dict(self._counters.used(all_days)) if self._counters and all_days else {}
        self._used = dict(self._seen)

    @property
    def limited(self) -> bool:
        """Whether some location's day is counted."""
        return bool(self._days)

    def _places(self) -> Iterable[tuple[str, Location]]:
        return [(name, self._locations[name]) for name in self._limits]

    def room(self, location: str, load: Load = NO_LOAD) -> Room:
        """The first day that has room for an order of such a load; else the first with any, else the one at hand."""
        days = self._days.get(location)
        if not days:
            return NO_LIMIT
        limit = self._limits[location]
        wanted = load.least(limit)
        fitting = next((day for day in days if self._used[day].plus(wanted).fits(limit)), None)
        some = next((day for day in days if self._used[day].has_room(limit)), days[0])
        day = fitting or some
        later = (date.fromisoformat(day.on) - date.fromisoformat(days[0].on)).days
        return Room(limit, self._used[day], day.on, later)

    def _taken_of(self, work: FulfillmentOrder, part: int, *, beyond: bool) -> Counted | None:
        """The first day that has room for this work: never later than the one that it was planned on."""
        days = self._days.get(work.location, [])
        for day in days:
            takes = counted(day, work.lines, part=part)
            if self._used[day].plus(takes.load).fits(self._limits[work.location]):
                return takes
        return counted(days[0], work.lines, part=part, beyond=beyond) if days else None

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
            takes = self._taken_of(work, known[work.location, work.attempt], beyond=beyond)
            if takes is not None:
                work = work.model_copy(update={"counted": takes})  # noqa: PLW2901  the same work, counted
                day = Workday(work.location, takes.on)
                self._used[day] = self._used[day].plus(takes.load)
            known[work.location, work.attempt] += 1
            made.append(work)
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
