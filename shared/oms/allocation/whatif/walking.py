"""Walk through the time of a what-if, hour by hour, three times: which SKUs, back to the stock of then, and forward.

The stock is read once, in between, and the journal is undone from there to the beginning: a position's version says
which of its movements the reading had in it, so it does not matter what happens meanwhile.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby

from oms.allocation.decisions.store import DecisionStore
from oms.allocation.fallbacks.substituting import MOST
from oms.allocation.sourcing.desk import Sourcing
from oms.allocation.sourcing.strategy import Strategy
from oms.allocation.whatif import books
from oms.allocation.whatif.books import Course
from oms.allocation.whatif.first import First, first_of
from oms.allocation.whatif.model import Job, Spot, State
from oms.allocation.whatif.replay import Replayer
from oms.allocation.whatif.workload import Workload
from oms.inventory.model import Entry
from oms.inventory.store import StockStore
from oms.kernel.time import Clock, from_text, to_text
from oms.orders.bundles import shelf_skus
from oms.orders.model import Order
from oms.orders.store import SHARDS, OrderStore
from oms.reference.model import Item

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_TOGETHER = 1_000
_ALL = 1_000_000
# Strategies by name, what a record was priced by, and how full days are.
SourcingAt = Callable[[Mapping[str, Strategy], str, Workload], Sourcing]


@dataclass(frozen=True)
class Sources:
    """What a replay reads."""

    orders: OrderStore
    stock: StockStore
    decisions: DecisionStore
    channels: Callable[[], Iterable[str]]
    strategies: Callable[[], Mapping[str, Strategy]]
    items: Callable[[Iterable[str]], Mapping[str, Item]]
    sourcing: SourcingAt
    clock: Clock
    # (submitted_at#id, id) of the orders of the day at hand: a shop of a few orders a day asks once and not 24 times.
    came: dict[str, list[tuple[str, str]]] = field(default_factory=dict)


def begin(job: Job) -> State:
    return State(hour=_floor(from_text(job.since)))


def hours_of(job: Job) -> int:
    """All hours of the three walks."""
    return 3 * _hours(job)


def walk(state: State, job: Job, sources: Sources, *, enough: int) -> tuple[int, bool]:
    """Go on until so many orders and entries were looked at, to the end of an hour; hours done, and whether all are."""
    sources = replace(sources, came={})
    done = hours = 0
    while done < enough:
        done += 1 + _STEPS[state.phase](state, job, sources)
        hours += 1
        following = from_text(state.hour) + _HOUR
        state.hour = to_text(following)
        if to_text(following) < _end(state, job):
            continue
        if state.phase == "replay":
            return hours, True
        if state.phase == "collect":
            _read_stock(state, sources)
        state.phase = "rewind" if state.phase == "collect" else "replay"
        state.hour = _floor(from_text(job.since))
    return hours, False


def _collect(state: State, job: Job, sources: Sources) -> int:
    orders = _orders_of(state.hour, sources)
    skus = {sku for order in orders for sku in shelf_skus(order.lines)} - state.skus
    state.skus |= skus
    if skus and _replaces(job, sources):
        state.skus |= {other for item in sources.items(skus).values() for other in item.substitutes[:MOST]}
    return len(orders)


def _replaces(job: Job, sources: Sources) -> bool:
    """Whether substitutes are sent in either course: then what is there of them is asked for too."""
    strategies = (job.strategy, *sources.strategies().values())
    return any("substitute" in rule.fallbacks for strategy in strategies for rule in strategy.rules)


def _read_stock(state: State, sources: Sources) -> None:
    for (sku, place), position in sources.stock.positions(state.skus).items():
        free = position.available
        spot = Spot(version=position.version, happened=free, tried=free, channels=position.channels)
        state.spots.setdefault(sku, {})[place] = spot
    state.read_at = to_text(sources.clock())


def _rewind(state: State, job: Job, sources: Sources) -> int:
    entries = _entries_of(state.hour, job.since, state.read_at or job.until, sources)
    for entry in entries:
        books.rewound(state, entry)
    return len(entries)


def _replay(state: State, job: Job, sources: Sources) -> int:
    orders = _orders_of(state.hour, sources)
    late = sources.orders.get_many(state.late, consistent=False).values() if state.late else ()
    entries = _entries_of(state.hour, job.since, job.until, sources)
    end = to_text(from_text(state.hour) + _HOUR)
    firsts: dict[str, list[First]] = {}
    state.late = []
    for order in (*late, *orders):
        first = _first(order, sources)
        if first is None or not first.is_whole:
            _replayer(state, job, sources, "").leave_out()
        elif first.at >= end:
            state.late.append(order.id)
        else:
            firsts.setdefault(first.at, []).append(first)
    by_instant = {at: list(group) for at, group in groupby(entries, key=lambda entry: entry.at)}
    for at in sorted({*firsts, *by_instant}):
        _instant(state, job, sources, firsts.get(at, []), by_instant.get(at, []))
    return len(orders) + len(entries)


def _instant(state: State, job: Job, sources: Sources, firsts: list[First], entries: list[Entry]) -> None:
    """What happened at one instant: the decisions of a batch in the sequence of their entries, and their movements."""
    waiting = {first.order.id: first for first in firsts}
    replayers: dict[str, Replayer] = {}

    def decide(first: First) -> None:
        prices = first.records[0].prices
        if prices not in replayers:
            replayers[prices] = _replayer(state, job, sources, prices)
        replayers[prices].decide(first)

    for first in firsts:
        books.expect(state, first)
    for entry in entries:
        by_order = books.by_order(state, entry)
        own = {name: waiting.pop(name) for name in by_order if name in waiting}
        for name in sorted(by_order, key=lambda name: name in own):  # what a cart kept is free before its order takes
            if name in own:
                decide(own[name])
            for posting in by_order[name]:
                books.apply(state, posting, replaced=own)
    for first in waiting.values():
        decide(first)


def _replayer(state: State, job: Job, sources: Sources, prices: str) -> Replayer:
    in_force = dict(sources.strategies())
    courses: tuple[Course, Course] = ("happened", "tried")
    loads = {course: Workload(state.workload.setdefault(course, {})) for course in courses}
    trying = {**in_force, job.strategy.name: job.strategy}
    return Replayer(
        state,
        happened=sources.sourcing(in_force, prices, loads["happened"]),
        tried=sources.sourcing(trying, prices, loads["tried"]),
        strategies=trying,
        workloads=loads,
    )


_STEPS = {"collect": _collect, "rewind": _rewind, "replay": _replay}


def _first(order: Order, sources: Sources) -> First | None:
    records = sources.decisions.about(order.id, order.decided_in[:1])
    return first_of(order, records)


def _orders_of(hour: str, sources: Sources) -> list[Order]:
    """Orders that came in within the hour, in the sequence in which they came."""
    before = to_text(from_text(hour) + _HOUR)
    ids = [place for place in _came(hour, sources) if hour <= place[0] < before]
    found: list[Order] = []
    for start in range(0, len(ids), _TOGETHER):
        some = [order_id for _, order_id in ids[start : start + _TOGETHER]]
        known = sources.orders.get_many(some, consistent=False)
        found += [known[order_id] for order_id in some if order_id in known]
    return found


def _came(hour: str, sources: Sources) -> list[tuple[str, str]]:
    """(submitted_at#id, id) of the orders of the hour's day, sorted; those of the day before are let go of."""
    day = to_text(from_text(hour).replace(hour=0))
    if day not in sources.came:
        sources.came.clear()
        before = to_text(from_text(day) + _DAY)
        sources.came[day] = sorted(
            place
            for channel in sorted(sources.channels())
            for shard in range(SHARDS)
            for place in sources.orders.page(channel, shard, since=day, before=before, limit=_ALL)
        )
    return sources.came[day]


def _entries_of(hour: str, since: str, until: str, sources: Sources) -> list[Entry]:
    begins = from_text(max(hour, since))
    ends = min(from_text(hour) + _HOUR, from_text(until) + timedelta(milliseconds=1))
    if ends <= begins:
        return []
    return sorted(sources.stock.journal(begins, ends), key=lambda entry: (entry.at, _sequence(entry), entry.id))


def _sequence(entry: Entry) -> int:
    """Of entries of one instant, the one that found the older positions comes first."""
    return min((posting.version for posting in entry.postings), default=0)


def _end(state: State, job: Job) -> str:
    return state.read_at if state.phase == "rewind" and state.read_at else job.until


def _hours(job: Job) -> int:
    return -(-(from_text(job.until) - from_text(_floor(from_text(job.since)))) // _HOUR)


def _floor(at: datetime) -> str:
    return to_text(at.replace(minute=0, second=0, microsecond=0))
