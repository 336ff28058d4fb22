"""Orders of a batch that compete for the same stock, in the sequence in which they cost the least together. Pure.

The fair sequence says who gets how much (`fairness.py`); here only who ships from where. Whatever sequence comes out,
every order gets at least as many units as in the fair one: it is planned against all of them on the same picture.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from oms.allocation.bundled import plan_on
from oms.allocation.rules import Demand
from oms.allocation.sourcing.batch import Left, Placed, decide_together
from oms.allocation.sourcing.desk import Sourcing
from oms.inventory.model import Position, PositionKey
from oms.orders.bundles import on_the_shelf, shelf_skus
from oms.orders.model import Order

MOST_ORDERS = 24  # of a hot item with more buyers everybody takes what is next: the CPU of allocation is its ceiling
MOST_POSITIONS = 1_000  # SKUs x locations of one order: a larger one takes seconds to plan, and that many times
MAX_TRIES = 12  # sequences: more of them save little (docs/performance.md)

Plan = Callable[[Order, Left], Placed]


def cheapest_sequence(fair: Sequence[Order], picture: Mapping[PositionKey, Position], plan: Plan) -> list[Order]:
    """The orders, so that planning them one after the other costs the least of the sequences that are tried."""
    if not 1 < len(fair) <= MOST_ORDERS:
        return list(fair)
    wanted = [_wanted(order) for order in fair]
    skus = set().union(*wanted)
    left = {key: position.available for key, position in picture.items() if key[0] in skus and position.available > 0}
    if not _compete(wanted, left):
        return list(fair)
    keys = [[key for key in sorted(left) if key[0] in needs] for needs in wanted]
    if max(map(len, keys)) > MOST_POSITIONS:
        return list(fair)
    known: dict[tuple[int, tuple[int, ...]], Placed] = {}

    def solve(at: int, there: Left) -> Placed:
        needs = wanted[at]
        question = (at, tuple([min(there[key], needs[key[0]]) for key in keys[at]]))
        if question not in known:
            known[question] = plan(fair[at], {key: there[key] for key in keys[at]})
        return known[question]

    return [fair[at] for at in decide_together(len(fair), solve, left, max_tries=MAX_TRIES).sequence]


def planner(excluded: Mapping[str, Collection[str]], sourcing: Sourcing, now: datetime) -> Plan:
    """Plans an order's open units as allocation does; `excluded` locations are not asked, by order."""

    def plan(order: Order, left: Left) -> Placed:
        free: dict[str, dict[str, int]] = {sku: {} for sku in _wanted(order)}
        for (sku, location), units in left.items():
            free[sku][location] = units
        demands = [Demand(line.number, line.sku, line.open) for line in order.lines if line.open]
        found, outcomes = plan_on(order, demands, free, sourcing, frozenset(excluded[order.id]), now)
        lines = {line.number: line for line in order.lines}
        taken: dict[tuple[str, str], int] = {}
        for take in found.takes:
            for sku, units in on_the_shelf(lines[take.number], take.quantity).items():
                taken[sku, take.location] = taken.get((sku, take.location), 0) + units
        return Placed(sum(outcome.cost for _, outcome in outcomes), taken)

    return plan


def _wanted(order: Order) -> dict[str, int]:
    units = dict.fromkeys(shelf_skus(line for line in order.lines if line.open), 0)
    for line in order.lines:
        for sku, count in on_the_shelf(line, line.open).items() if line.open else ():
            units[sku] += count
    return units


def _compete(wanted: Sequence[Mapping[str, int]], left: Left) -> bool:
    """Whether some location has too little of a SKU for all, and another has some of it."""
    demand: dict[str, int] = {}
    for needs in wanted:
        for sku, units in needs.items():
            demand[sku] = demand.get(sku, 0) + units
    places: dict[str, int] = {}
    for sku, _ in left:
        places[sku] = places.get(sku, 0) + 1
    return any(units < demand[sku] and places[sku] > 1 for (sku, _), units in left.items())
