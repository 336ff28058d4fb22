"""Cut the plan of an order that is too large for one transaction into steps that can be taken back one at a time."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from oms.allocation.rules import SourcingPlan, Take
from oms.inventory.model import PositionKey
from oms.orders.bundles import on_the_shelf
from oms.orders.model import Line

# What one transaction of 100 takes back (`oms.allocation.takeback.MAX_WRITES`): a fulfillment order is three writes:
# itself, the room of its parcels, and what it takes of its location's day.
STEP_WRITES = 91
_PER_WORK = 3


class _Part(NamedTuple):
    """Units of one line from one location, or that wait: a bundle at several positions, what nobody keeps at none."""

    keys: frozenset[PositionKey]
    take: Take | None
    number: int
    units: int
    also: int = 0  # writes besides the positions: places in line and their heads


def steps_of(
    plan: SourcingPlan,
    queues: Mapping[int, str],
    lines: Iterable[Line],
    kept: Collection[PositionKey] = (),
    also: int = 0,
) -> list[SourcingPlan]:
    """The plan itself if it fits, else a plan for each step: location after location, then what waits for stock.

    `kept` are positions where the order has units reserved: a SKU's leave with the last of its lines, those of SKUs
    that are not planned with the last step. `also` writes go with each step.
    """
    by_number = {line.number: line for line in lines}
    parts = [*_taken(plan, by_number, kept), *_waiting(plan, queues, by_number, kept)]
    planned = {sku for part in parts for sku in on_the_shelf(by_number[part.number], 1)}
    others = sum(sku not in planned for sku, _ in kept)
    room = STEP_WRITES - also - (1 + others if kept else 0)  # the reservation itself is written, too
    return [_plan(step, plan.reason) for step in _cut(parts, room)]


def _taken(plan: SourcingPlan, lines: Mapping[int, Line], kept: Collection[PositionKey]) -> Iterator[_Part]:
    """What ships, location after location; a substitute may be a fulfillment order of its own."""
    for take in sorted(plan.takes, key=lambda take: (take.location, take.number)):
        line = lines[take.number]
        keys = {(sku, take.location) for sku in take.of_shelf(line)}
        yield _Part(_with_kept(keys, line, kept), take, take.number, take.quantity, _PER_WORK * (take.sku != line.sku))


def _waiting(
    plan: SourcingPlan, queues: Mapping[int, str], lines: Mapping[int, Line], kept: Collection[PositionKey]
) -> Iterator[_Part]:
    """What waits for stock, in the books of a location if one keeps it."""
    for number, units in plan.backordered.items():
        line, place = lines[number], queues.get(number)
        shelf = on_the_shelf(line, 1)
        keys = {(sku, place) for sku in shelf} if place else set()
        also = in_line_writes(shelf, bool(line.components))
        yield _Part(_with_kept(keys, line, kept), None, number, units, also)


def _with_kept(keys: AbstractSet[PositionKey], line: Line, kept: Collection[PositionKey]) -> frozenset[PositionKey]:
    """The positions of a part, with those at which units of its SKUs are reserved."""
    shelf = on_the_shelf(line, 1)
    return frozenset(keys | {key for key in kept if key[0] in shelf})


def in_line_writes(shelf: Collection[str], of_bundle: bool) -> int:
    """What a line that waits writes besides positions: places and heads for all on the shelf, the head sold as."""
    return 2 * len(shelf) + of_bundle


def _cut(parts: Sequence[_Part], room: int) -> Iterator[list[_Part]]:
    step: list[_Part] = []
    keys: set[PositionKey] = set()
    places: set[str] = set()
    also = 0
    for part in parts:
        all_keys = keys | part.keys
        all_places = places | {part.take.location} if part.take else places
        if step and _PER_WORK * len(all_places) + len(all_keys) + also + part.also > room:
            yield step
            step, also = [], 0
            all_keys = set(part.keys)
            all_places = {part.take.location} if part.take else set()
        step.append(part)
        also += part.also
        keys, places = all_keys, all_places
    yield step


def _plan(step: Sequence[_Part], reason: str) -> SourcingPlan:
    takes = tuple(part.take for part in step if part.take)
    return SourcingPlan(takes, {part.number: part.units for part in step if not part.take}, reason)
