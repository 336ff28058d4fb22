"""Plan an order's lines on what lies on the shelves: a bundle is made whole, at one location. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime

from oms.allocation.rules import Demand, SourcingPlan
from oms.allocation.sourcing.desk import Sourcing
from oms.allocation.sourcing.model import Case, Outcome
from oms.inventory.model import Position, PositionKey
from oms.orders.bundles import on_the_shelf, shelf_skus, with_bundles
from oms.orders.model import Line, Order


def plan_lines(
    order: Order,
    demands: Sequence[Demand],
    picture: Mapping[PositionKey, Position],
    sourcing: Sourcing,
    excluded: AbstractSet[str],
    at: datetime,
    ships: Mapping[str, int] = {},
) -> tuple[SourcingPlan, tuple[tuple[Case, Outcome], ...]]:
    """One plan for all demands; SKUs that draw on the same shelf are planned one after the other, bundles first.

    Args:
        order: whose lines they are.
        demands: open units by line.
        picture: the positions of everything on the shelves that the demands draw on.
        sourcing: who may ship, and what it costs.
        excluded: locations that are not asked.
        at: now.
        ships: locations that ship other units of the order, with their parcels as far as known.
    """
    lines = {line.number: line for line in order.lines}
    free: dict[str, dict[str, int]] = {sku: {} for sku in shelf_skus(lines[each.number] for each in demands)}
    for (sku, location), position in picture.items():
        if sku in free:
            free[sku][location] = position.available
    return plan_on(order, demands, free, sourcing, excluded, at, ships)


def plan_on(
    order: Order,
    demands: Sequence[Demand],
    free: dict[str, dict[str, int]],
    sourcing: Sourcing,
    excluded: AbstractSet[str],
    at: datetime,
    ships: Mapping[str, int] = {},
) -> tuple[SourcingPlan, tuple[tuple[Case, Outcome], ...]]:
    """The same on units that are free, by SKU on the shelf and location; what the plan takes is gone from them."""
    lines = {line.number: line for line in order.lines}
    plans: list[SourcingPlan] = []
    outcomes: list[tuple[Case, Outcome]] = []
    for group in _apart(demands, lines):
        bundles = {each.sku: lines[each.number].components for each in group if lines[each.number].components}
        taken = [take for plan in plans for take in plan.takes]
        plan, case, outcome = sourcing.plan(order, group, with_bundles(free, bundles), excluded, at, taken, ships)
        outcomes.append((case, outcome))
        for take in plan.takes:
            for sku, units in on_the_shelf(lines[take.number], take.quantity).items():
                free[sku][take.location] -= units
        plans.append(plan)
    return _together(plans), tuple(outcomes)


def _apart(demands: Sequence[Demand], lines: Mapping[int, Line]) -> Iterator[list[Demand]]:
    """Groups in which no two SKUs draw on the same shelf: all in one where no bundle is made of what is sold singly."""
    left = sorted(demands, key=lambda each: not lines[each.number].components)
    while left:
        drawn: dict[str, str] = {}  # on the shelf -> as sold
        group: list[Demand] = []
        for each in left:
            shelves = on_the_shelf(lines[each.number], 1)
            if all(drawn.get(sku, each.sku) == each.sku for sku in shelves):
                drawn.update(dict.fromkeys(shelves, each.sku))
                group.append(each)
        left = [each for each in left if each not in group]
        yield sorted(group)


def _together(plans: Iterable[SourcingPlan]) -> SourcingPlan:
    found = list(plans)
    if len(found) == 1:
        return found[0]
    return SourcingPlan(
        takes=tuple(take for plan in found for take in plan.takes),
        backordered={number: units for plan in found for number, units in plan.backordered.items()},
        reason="; ".join(plan.reason for plan in found),
    )
