"""Replay decisions in two courses of events: as it went, and as another strategy would have had it go. Pure.

Both are decided by the code that decides when orders are allocated, with fallbacks, own units of channels, and the days
of locations. What happened is counted as the records say it, what is tried as it comes out.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from oms.allocation.decisions.model import inputs_of
from oms.allocation.planned import Planned, planned
from oms.allocation.rules import Demand, Take, shares_of
from oms.allocation.sourcing.desk import Sourcing
from oms.allocation.sourcing.filters import traits_of
from oms.allocation.sourcing.model import Case, Outcome
from oms.allocation.sourcing.strategy import Strategy, Weights, rule_for, strategy_for
from oms.allocation.whatif import books
from oms.allocation.whatif.books import Course
from oms.allocation.whatif.first import First, takes_of
from oms.allocation.whatif.measuring import Shipping, measured
from oms.allocation.whatif.model import ByFallback, FallbackShare, Pair, Results, Share, State
from oms.allocation.whatif.workload import Workload
from oms.kernel.time import from_text
from oms.orders.bundles import shelf_skus
from oms.orders.model import FulfillmentLine, FulfillmentOrder, Order


@dataclass(frozen=True)
class Replayed:
    """One course of an order's first decision: who ships what, decided from what, and what its fallbacks did.

    `again` are what fallbacks had shipped after all, each with what that was decided from.
    """

    own: Sequence[Take]
    cases: Sequence[Case]
    again: Sequence[tuple[str, Sequence[Take], Case]]
    fell: Mapping[str, int]
    beyond: bool

    @property
    def takes(self) -> list[Take]:
        return [*self.own, *(one for _, takes, _ in self.again for one in takes)]

    @property
    def shipping(self) -> Shipping:
        """All of it."""
        return Shipping((*self.cases, *(case for _, _, case in self.again)), self.takes)

    @property
    def sold(self) -> dict[Take, int]:
        """Units by line, SKU and location, however they are divided."""
        units: Counter[Take] = Counter()
        for take in self.takes:
            units[take._replace(quantity=1)] += take.quantity
        return units


class Replayer:
    """Both courses from one state on. `happened` and `tried` source each of them, by the prices of the same record."""

    def __init__(
        self,
        state: State,
        *,
        happened: Sourcing,
        tried: Sourcing,
        strategies: Mapping[str, Strategy],
        workloads: Mapping[Course, Workload],
    ) -> None:
        self._state = state
        self._sourcings: Mapping[Course, Sourcing] = {"happened": happened, "tried": tried}
        self._strategies = strategies
        self._workloads = workloads

    def decide(self, first: First) -> None:
        """Replay one order's first decision and count it; the stock of what happened moves by the journal alone."""
        order, at = first.asked, from_text(first.at)
        found, trial = self._planned(first, order, at, "happened"), self._planned(first, order, at, "tried")
        went, goes = self._as_it_went(first, order, found, at), as_planned(trial)
        books.take(self._state, first, trial)
        for course, one in (("happened", went), ("tried", goes)):
            self._work(order, one, course)  # type: ignore[arg-type]  # the two that there are
        if not {take.location for take in went.takes} <= went.shipping.places.keys():
            self._count(left_out=1)
            return
        self._book(first, went, goes)
        made_from = {inputs_of(case) for case in (*went.cases, *(again.case for again in found.fell.again))}
        same = made_from == {record.inputs for record in (*first.records, *first.again)}
        self._count(replayed=1, same_inputs=int(same), changed=int(went.sold != goes.sold))

    def _planned(self, first: First, order: Order, at: datetime, course: Course) -> Planned:
        sourcing, channel = self._sourcings[course], order.channel
        sourcing.days.look(at)
        skus = shelf_skus(line for line in order.lines if line.open)
        return planned(
            order,
            first.demands,
            books.picture(self._state, skus, channel, course),
            sourcing,
            at,
            excluded=first.excluded,
            look=lambda names: books.picture(self._state, names, channel, course),
        )

    def _as_it_went(self, first: First, order: Order, found: Planned, at: datetime) -> Replayed:
        """What was recorded, with what it was decided from as far as that is found again."""
        again = []
        for record in first.again:
            takes = takes_of(record)
            again.append((record.again_by or "", takes, self._case(order, takes, at)))
        return Replayed(
            own=[take for record in first.records for take in takes_of(record)],
            cases=[case for case, _ in found.outcomes],
            again=again,
            fell=first.fell,
            beyond=any("capacity" in record.relaxed for record in (*first.records, *first.again)),
        )

    def _case(self, order: Order, takes: Sequence[Take], at: datetime) -> Case:
        """The places that ship something, with what they ask for it."""
        demands = [Demand(take.number, take.sku, take.quantity) for take in takes]
        stock: dict[str, dict[str, int]] = {}
        for take in takes:
            stock.setdefault(take.sku, {})[take.location] = take.quantity
        among = {take.location for take in takes}
        return self._sourcings["happened"].case(order, demands, stock, (), at, among=among)

    def _work(self, order: Order, replayed: Replayed, course: Course) -> None:
        """Give the work out of the days of locations, as it is given out when it is allocated."""
        days = self._sourcings[course].days
        self._workloads[course].add(days.counted(works_of(order, replayed.takes), (), beyond=replayed.beyond))

    def _book(self, first: First, went: Replayed, goes: Replayed) -> None:
        wanted, weights = sum(demand.quantity for demand in first.demands), self._weights(goes.cases[0])
        happened = measured(went.shipping, wanted, weights)
        tried = measured(goes.shipping, wanted, weights)
        results, day = self._state.results, first.at[:10]
        self._state.results = results.model_copy(
            update={
                "total": results.total.plus(happened, tried),
                "days": {**results.days, day: results.days.get(day, Pair()).plus(happened, tried)},
                "locations": _shares(results, went, goes),
                "fallbacks": _fallbacks(results, went, goes, weights),
            }
        )

    def leave_out(self) -> None:
        """An order of which too little is kept."""
        self._count(left_out=1)

    def _weights(self, case: Case) -> Weights:
        traits = traits_of(case)
        return rule_for(strategy_for(self._strategies, traits), traits).weights

    def _count(self, **more: int) -> None:
        results: Results = self._state.results
        self._state.results = results.model_copy(
            update={name: getattr(results, name) + units for name, units in more.items()}
        )


def as_planned(found: Planned) -> Replayed:
    """A course that is not known otherwise."""
    fell: Counter[str] = Counter()
    for rows in found.fell.tried:
        for row in rows:
            fell[row.fallback] += sum(row.units.values())
    outcomes = [*(outcome for _, outcome in found.outcomes), *(one.outcome for one in found.fell.again)]
    return Replayed(
        own=[take for _, outcome in found.outcomes for take in _parts(outcome)],
        cases=[case for case, _ in found.outcomes],
        again=[(one.fallback, _parts(one.outcome), one.case) for one in found.fell.again],
        fell=dict(+fell),
        beyond=any("capacity" in outcome.relaxed for outcome in outcomes),
    )


def _parts(outcome: Outcome) -> list[Take]:
    return [Take(part.number, part.sku, part.location, part.units) for part in outcome.parts]


def works_of(order: Order, takes: Iterable[Take]) -> list[FulfillmentOrder]:
    """What locations would be given to do, as far as their days are concerned."""
    return [
        FulfillmentOrder(
            id=order.id,
            order_id=order.id,
            location=location,
            attempt=1,
            status="open",
            lines=tuple(FulfillmentLine(number=one.number, sku=one.sku, quantity=one.quantity) for one in some),
            currency=order.currency,
            entered_at=order.entered_at,
        )
        for location, some in shares_of(takes)
    ]


def _shares(results: Results, went: Replayed, goes: Replayed) -> dict[str, Share]:
    shares = dict(results.locations)
    for course, replayed in (("happened", went), ("tried", goes)):
        for take in replayed.takes:
            before = shares.get(take.location, Share())
            shares[take.location] = before.model_copy(update={course: getattr(before, course) + take.quantity})
    return shares


def _fallbacks(results: Results, went: Replayed, goes: Replayed, weights: Weights) -> dict[str, FallbackShare]:
    """Units by the fallback that took them, and what those cost that it ships, as if they went by themselves."""
    shares = dict(results.fallbacks)
    for course, replayed in (("happened", went), ("tried", goes)):
        costs: Counter[str] = Counter()
        for name, takes, case in replayed.again:
            units = sum(take.quantity for take in takes)
            costs[name] += measured(Shipping((case,), takes), units, weights).cost_minor
        for name, units in replayed.fell.items():
            before = shares.get(name, FallbackShare())
            more = ByFallback(orders=1, units=units, cost_minor=costs[name])
            shares[name] = before.model_copy(update={course: getattr(before, course).plus(more)})
    return shares
