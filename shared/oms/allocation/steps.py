"""Cut the plan of an order that is too large for one transaction into steps that can be taken back one at a time."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
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
    all_lines = list(lines)
    shelves = {line.number: on_the_shelf(line, 1) for line in all_lines}
    of_bundle = {line.number: bool(line.components) for line in all_lines}

    def keys(number: int, place: str | None, shelf: Collection[str]) -> frozenset[PositionKey]:
        own = {key for key in kept if key[0] in shelves[number]}
        return frozenset(own | {(sku, place) for sku in shelf} if place else own)

    takes = sorted(plan.takes, key=lambda take: (take.location, take.number))
    of_line = {line.number: line for line in all_lines}
    parts = [
        _Part(
            keys(take.number, take.location, take.of_shelf(of_line[take.number])),
            take,
            take.number,
            take.quantity,
            _PER_WORK * (take.sku != of_line[take.number].sku),  # it may be a fulfillment order of its own
        )
        for take in takes
    ]
    parts += [
        _Part(
            keys(number, queues.get(number), shelves[number]),
            None,
            number,
            units,
            in_line_writes(shelves[number], of_bundle[number]),
        )
        for number, units in plan.backordered.items()
    ]
    planned = {sku for part in parts for sku in shelves[part.number]}
    others = sum(sku not in planned for sku, _ in kept)
    room = STEP_WRITES - also - (1 + others if kept else 0)  # the reservation itself is written, too
    return [_plan(step, plan.reason) for step in _cut(parts, room)]


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
