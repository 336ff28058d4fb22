"""How full the days of locations are in one course of events; it is kept in the state of the what-if. Pure."""

from collections.abc import Iterable, Mapping

from oms.orders.model import FulfillmentOrder
from oms.orders.workload.model import Load, Workday
from oms.orders.workload.rules import loads


class Workload:
    """Port of `oms.allocation.sourcing.days`."""

    def __init__(self, kept: dict[str, tuple[int, int, int]]) -> None:
        self._kept = kept

    def used(self, days: Iterable[Workday]) -> Mapping[Workday, Load]:
        return {day: Load(*self._kept.get(_name(day), Load())) for day in days}

    def take(self, _day: Workday, _load: Load, _limit: Load) -> None:
        """Nothing is written."""

    def take_beyond(self, _day: Workday, _load: Load, _seen: Load) -> None:
        """Nothing is written."""

    def add(self, works: Iterable[FulfillmentOrder]) -> None:
        """Count what the work takes of the days that it falls on."""
        for day, load in loads(works).items():
            now = Load(*self._kept.get(_name(day), Load())).plus(load)
            self._kept[_name(day)] = (now.orders, now.lines, now.units)


def _name(day: Workday) -> str:
    return f"{day.location} {day.on}"
