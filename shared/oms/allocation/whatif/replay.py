"""Replay decisions in two courses of events: as it went, and as another strategy would have had it go. Pure.

The stock of both is what the journal says. In the tried course the units that an order was given are not taken where
they were; they are taken where the strategy takes them, and come back from there when the order gives them back.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from oms.allocation.bundled import plan_lines
from oms.allocation.decisions.model import DecisionRecord, inputs_of
from oms.allocation.rules import Demand, SourcingPlan
from oms.allocation.sourcing.desk import Sourcing
from oms.allocation.sourcing.filters import traits_of
from oms.allocation.sourcing.model import Case
from oms.allocation.sourcing.strategy import Strategy, Weights, rule_for, strategy_for
from oms.allocation.whatif.measuring import Taken, measured
from oms.allocation.whatif.model import Pair, Results, Share, Spot, State
from oms.inventory.model import Change, Entry, Position, PositionKey, Posting
from oms.kernel.time import from_text
from oms.orders.bundles import on_the_shelf, shelf_skus
from oms.orders.model import Order
from oms.orders.workload.model import Load, Workday
from oms.orders.workload.rules import workday
from oms.reference.model import Location

_OF_ORDERS = ("committed", "released")


class First(NamedTuple):
    """An order and its first decision: one record, or more of the same instant where bundles are planned apart."""

    order: Order
    records: tuple[DecisionRecord, ...]

    @property
    def at(self) -> str:
        return self.records[0].at

    @property
    def is_whole(self) -> bool:
        """Whether the records say of every unit what became of it."""
        return not any(record.left_out for record in self.records)

    @property
    def demands(self) -> list[Demand]:
        """The units that were to be had."""
        units: dict[int, int] = {}
        for record in self.records:
            for row in record.shipped:
                units[row.line] = units.get(row.line, 0) + row.units
            for number, waiting in record.waiting.items():
                units[number] = units.get(number, 0) + waiting
        skus = {line.number: line.sku for line in self.order.lines}
        return [Demand(number, skus[number], wanted) for number, wanted in sorted(units.items()) if number in skus]

    @property
    def excluded(self) -> frozenset[str]:
        return frozenset(row.location for one in self.records for row in one.excluded if row.constraint == "excluded")


def first_of(order: Order, records: Iterable[DecisionRecord]) -> First | None:
    """The first decision about an order; None when none is kept."""
    kept = sorted(records, key=lambda record: (record.attempt, record.at))
    if not kept:
        return None
    return First(order, tuple(one for one in kept if (one.attempt, one.at) == (kept[0].attempt, kept[0].at)))


class Workload:
    """How full days are in one course (port of `oms.allocation.sourcing.days`; nothing is written)."""

    def __init__(self, kept: dict[str, tuple[int, int, int]], locations: Mapping[str, Location]) -> None:
        self._kept = kept
        self._locations = locations

    def used(self, days: Iterable[Workday]) -> dict[Workday, Load]:
        return {day: Load(*self._kept.get(_name(day), Load())) for day in days}

    def take(self, _day: Workday, _load: Load, _limit: Load) -> None:
        """Nothing is written."""

    def take_beyond(self, _day: Workday, _load: Load, _seen: Load) -> None:
        """Nothing is written."""

    def add(self, taken: Iterable[Taken], at: datetime) -> None:
        """Count what an order takes of the days of its locations."""
        for location, units in _by_location(taken).items():
            day = workday(self._locations[location], at) if location in self._locations else None
            if day is not None:
                load = Load(*self._kept.get(_name(day), Load())).plus(Load(1, len(units), sum(units)))
                self._kept[_name(day)] = (load.orders, load.lines, load.units)


class Replayer:
    """Both courses from one state on. `happened` and `tried` source each of them, by the prices of the same record."""

    def __init__(
        self,
        state: State,
        *,
        happened: Sourcing,
        tried: Sourcing,
        strategies: Mapping[str, Strategy],
        workloads: Mapping[str, Workload],
    ) -> None:
        self._state = state
        self._happened = happened
        self._tried = tried
        self._strategies = strategies
        self._workloads = workloads

    def decide(self, first: First) -> None:
        """Replay one order's first decision and count it; the stock of what happened moves by the journal alone."""
        at, demands = from_text(first.at), first.demands
        for sourcing in (self._happened, self._tried):
            sourcing.days.look(at)
        _, outcomes = plan_lines(
            first.order, demands, self._picture(first, tried=False), self._happened, first.excluded, at
        )
        plan, trial = plan_lines(
            first.order, demands, self._picture(first, tried=True), self._tried, first.excluded, at
        )
        went = [Taken(row.line, row.location, row.units) for record in first.records for row in record.shipped]
        goes = [Taken(take.number, take.location, take.quantity) for take in plan.takes]
        cases = [case for case, _ in outcomes]
        known = {place.name for case in cases for place in case.places}
        self._take(first, plan)
        self._workloads["happened"].add(went, at)
        self._workloads["tried"].add(goes, at)
        if not {one.location for one in went} <= known:
            self._count(left_out=1)
            return
        same = {inputs_of(case) for case in cases} == {record.inputs for record in first.records}
        self._book(first, _whole(cases), went, _whole([case for case, _ in trial]), goes, same=same)

    def _book(
        self, first: First, went_on: Case, went: list[Taken], goes_on: Case, goes: list[Taken], *, same: bool
    ) -> None:
        weights = self._weights(goes_on)
        happened, tried = measured(went_on, went, weights), measured(goes_on, goes, weights)
        results = self._state.results
        day = first.at[:10]
        shares = dict(results.locations)
        for course, taken in (("happened", went), ("tried", goes)):
            for one in taken:
                before = shares.get(one.location, Share())
                shares[one.location] = before.model_copy(update={course: getattr(before, course) + one.units})
        self._state.results = results.model_copy(
            update={
                "total": results.total.plus(happened, tried),
                "days": {**results.days, day: results.days.get(day, Pair()).plus(happened, tried)},
                "locations": shares,
            }
        )
        self._count(replayed=1, same_inputs=int(same), changed=int(sorted(went) != sorted(goes)))

    def leave_out(self) -> None:
        """An order of which too little is kept."""
        self._count(left_out=1)

    def apply(self, posting: Posting, *, replaced: Collection[str]) -> None:
        """Move both stocks by one movement. `replaced`: orders whose first decision it belongs to."""
        spot = self._spot(posting.sku, posting.location)
        if spot is None or posting.version > spot.version:
            return
        units = available_by(posting.change)
        spot.happened += units
        own = self._state.taken.get(posting.ref or "")
        if posting.kind not in _OF_ORDERS or own is None:
            spot.tried += units
        elif posting.kind == "released":
            self._give_back(own, posting, units)
        elif posting.ref not in replaced:  # what was not replayed goes as it went
            spot.tried += units
            _add(own, posting.sku, posting.location, -units)

    def _give_back(self, own: dict[str, dict[str, int]], posting: Posting, units: int) -> None:
        places = own.get(posting.sku, {})
        for place in sorted(places, key=lambda name: (name != posting.location, name)):
            spot, back = self._spot(posting.sku, place), min(places[place], units)
            if spot is not None and back > 0:
                spot.tried += back
                places[place] -= back
                units -= back

    def _take(self, first: First, plan: SourcingPlan) -> None:
        own = self._state.taken.setdefault(first.order.id, {})
        lines = {line.number: line for line in first.order.lines}
        for take in plan.takes:
            for sku, units in on_the_shelf(lines[take.number], take.quantity).items():
                spot = self._spot(sku, take.location)
                if spot is not None:
                    spot.tried -= units
                    _add(own, sku, take.location, units)

    def _picture(self, first: First, *, tried: bool) -> dict[PositionKey, Position]:
        numbers = {demand.number for demand in first.demands}
        skus = shelf_skus(line for line in first.order.lines if line.number in numbers)
        return {
            (sku, place): Position(sku, place, spot.tried if tried else spot.happened, 0, 0)
            for sku in skus
            for place, spot in self._state.spots.get(sku, {}).items()
        }

    def _weights(self, case: Case) -> Weights:
        traits = traits_of(case)
        return rule_for(strategy_for(self._strategies, traits), traits).weights

    def _spot(self, sku: str, location: str) -> Spot | None:
        return self._state.spots.get(sku, {}).get(location)

    def _count(self, **more: int) -> None:
        results: Results = self._state.results
        self._state.results = results.model_copy(
            update={name: getattr(results, name) + units for name, units in more.items()}
        )


def available_by(change: Change) -> int:
    """By how much what may be taken moves (`oms.inventory.model.Position.available`)."""
    kept = change.committed + change.reserved + change.safety_stock + change.damaged + change.quality_control
    return change.on_hand - kept


def rewound(state: State, entry: Entry) -> None:
    """Undo an entry in the stock as it was read."""
    for posting in entry.postings:
        spot = state.spots.get(posting.sku, {}).get(posting.location)
        if spot is not None and posting.version <= spot.version:
            units = available_by(posting.change)
            spot.happened -= units
            spot.tried -= units


def _whole(cases: Sequence[Case]) -> Case:
    """One case of the lines that were planned apart."""
    if len(cases) == 1:
        return cases[0]
    places = {place.name: place for case in cases for place in case.places}
    return replace(cases[0], lines=tuple(line for case in cases for line in case.lines), places=tuple(places.values()))


def _by_location(taken: Iterable[Taken]) -> dict[str, list[int]]:
    units: dict[str, list[int]] = {}
    for one in taken:
        units.setdefault(one.location, []).append(one.units)
    return units


def _add(own: dict[str, dict[str, int]], sku: str, location: str, units: int) -> None:
    places = own.setdefault(sku, {})
    places[location] = places.get(location, 0) + units


def _name(day: Workday) -> str:
    return f"{day.location} {day.on}"
