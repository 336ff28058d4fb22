"""Plan an order's lines on what lies on the shelves: a bundle is made whole, at one location. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from oms.allocation.rules import Demand, SourcingPlan, plan_sourcing
from oms.inventory.model import Position, PositionKey
from oms.orders.bundles import on_the_shelf, shelf_skus, with_bundles
from oms.orders.model import Destination, Line
from oms.reference.model import Location


def plan_lines(
    demands: Sequence[Demand],
    lines: Mapping[int, Line],
    picture: Mapping[PositionKey, Position],
    locations: Mapping[str, Location],
    destination: Destination,
    excluded: AbstractSet[str],
) -> SourcingPlan:
    """One plan for all demands; SKUs that draw on the same shelf are planned one after the other, bundles first.

    Args:
        demands: open units by line.
        lines: the order's lines by number.
        picture: the positions of everything on the shelves that the demands draw on.
        locations: who ships.
        destination: where to.
        excluded: locations that are not asked.
    """
    free: dict[str, dict[str, int]] = {sku: {} for sku in shelf_skus(lines[each.number] for each in demands)}
    for (sku, location), position in picture.items():
        if sku in free:
            free[sku][location] = position.available
    plans: list[SourcingPlan] = []
    for group in _apart(demands, lines):
        bundles = {each.sku: lines[each.number].components for each in group if lines[each.number].components}
        plan = plan_sourcing(group, with_bundles(free, bundles), locations, destination, excluded)
        for take in plan.takes:
            for sku, units in on_the_shelf(lines[take.number], take.quantity).items():
                free[sku][take.location] -= units
        plans.append(plan)
    return _together(plans)


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
