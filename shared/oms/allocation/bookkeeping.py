"""What a plan moves in the books, and in whose books units wait. Pure."""

from collections.abc import Callable, Collection, Mapping, Sequence

from oms.allocation.rules import SourcingPlan
from oms.inventory.model import Change, Movement, Position, PositionKey
from oms.orders.bundles import on_the_shelf
from oms.orders.mayship import ANYBODY, MayShip
from oms.orders.model import Order


def queues_of(
    order: Order,
    plan: SourcingPlan,
    picture: Mapping[PositionKey, Position],
    ranked: Mapping[str, int],
    may_ship: Callable[[Order, Collection[int]], MayShip] = lambda _, __: ANYBODY,
) -> dict[int, str]:
    """By line, the location whose books carry its backordered units: the nearest that keeps the SKU and may ship it.

    Where those that may do not keep it, the nearest that does: the line must be seen.
    A line's backorders stay in one place. A SKU that nobody keeps, or a bundle whose components lie nowhere together,
    is in no books.
    """
    queues: dict[int, str] = {}
    may = may_ship(order, plan.backordered) if plan.backordered else ANYBODY
    for line in order.lines:
        if line.number in plan.backordered:
            places = may.of(line.sku)
            best = ranked if places is None else sorted(ranked, key=lambda name: name not in places)
            names = (line.waits_at, *best) if line.waits_at else tuple(best)
            shelves = on_the_shelf(line, 1)
            place = next((name for name in names if all((sku, name) in picture for sku in shelves)), None)
            if place is not None:
                queues[line.number] = place
    return queues


def changes_of(order: Order, plan: SourcingPlan, queues: Mapping[int, str]) -> dict[PositionKey, Change]:
    """What the plan takes, and what waits in whose books."""
    changes: dict[PositionKey, Change] = {}
    lines = {line.number: line for line in order.lines}
    for take in plan.takes:
        for sku, units in take.of_shelf(lines[take.number]).items():
            key = (sku, take.location)
            changes[key] = changes.get(key, Change()).plus(Change(committed=units))
    for number in plan.backordered.keys() & queues.keys():
        for sku, units in on_the_shelf(lines[number], plan.backordered[number]).items():
            key = (sku, queues[number])
            changes[key] = changes.get(key, Change()).plus(Change(backordered=units))
    return changes


def books_after(
    order: Order, plan: SourcingPlan, books: Mapping[PositionKey, Position], also: Sequence[Movement]
) -> Mapping[PositionKey, Position]:
    """The books without what the plan takes, and what moves besides."""
    taken = changes_of(order, plan._replace(backordered={}), {})
    for one in also:
        taken[one.key] = taken.get(one.key, Change()).plus(one.change)
    return {**books, **{key: books[key].after(change) for key, change in taken.items()}}


def summed(one: Mapping[PositionKey, Change], other: Mapping[PositionKey, Change]) -> dict[PositionKey, Change]:
    """What two moves do together; positions that do not move in the end are left out."""
    total = {key: one.get(key, Change()).plus(other.get(key, Change())) for key in {**one, **other}}
    return {key: change for key, change in total.items() if change != Change()}
