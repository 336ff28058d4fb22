"""Where an order stands in line, and what a change of it moves there. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from oms.inventory.waiting.model import Changed, Place
from oms.orders.bundles import on_the_shelf
from oms.orders.model import Line, Order

PlaceKey = tuple[str, str]  # (SKU on the shelf, key)


def places_of(order: Order) -> dict[PlaceKey, Place]:
    """The places of an order: one for each line that waits and SKU on the shelf that it is made of."""
    return _places(order, order.lines)


def _places(order: Order, lines: Iterable[Line]) -> dict[PlaceKey, Place]:
    places: dict[PlaceKey, Place] = {}
    for line in lines:
        for sku, units in on_the_shelf(line, line.backordered).items() if stands(line) else ():
            turn = (line.supply_on or "", order.submitted_at, order.id, line.number)
            place = Place(sku, *turn, units, line.waits_at, order.priority)
            places[sku, place.key] = place
    return places


def stands(line: Line) -> bool:
    """Whether the line has a place: one that waited before there were places has none."""
    return line.backordered > 0 and line.supply_on is not None


def sold_units(lines: Iterable[Line]) -> Counter[str]:
    """Units that wait, by the SKU that was sold."""
    units: Counter[str] = Counter()
    for line in lines:
        if stands(line):
            units[line.sku] += line.backordered
    return units


class Moves(NamedTuple):
    """What a change of an order moves in the lines: places given up, places taken or with other units now.

    `units` by SKU on the shelf and `sold` by SKU sold: by how many the line grows, by orders of the `channel`.
    `joined`: lines that somebody joined, or in which somebody stands elsewhere now.
    """

    gone: tuple[Place, ...]
    put: tuple[Place, ...]
    units: Counter[str]
    sold: Counter[str]
    joined: frozenset[str]
    channel: str

    @property
    def items(self) -> int:
        """Writes besides the heads."""
        return len(self.gone) + len(self.put)

    @property
    def heads(self) -> set[str]:
        """The SKUs whose heads are written."""
        return {*self.joined, *(sku for some in (self.units, self.sold) for sku, by in some.items() if by)}


def _differing(before: Sequence[Line], after: Sequence[Line]) -> tuple[list[Line], list[Line]]:
    """The lines that are not the same in both: a step of a giant order changes few of thousands."""
    was = {line.number: line for line in before}
    now = {line.number: line for line in after}
    same = {number for number, line in now.items() if was.get(number) is line}
    return (
        [line for number, line in was.items() if number not in same],
        [line for number, line in now.items() if number not in same],
    )


def moves_of(changed: Changed) -> Moves:
    """What the change of an order moves in the lines."""
    before, after = changed
    if before is not None and before.priority != after.priority:
        old, new = [*before.lines], [*after.lines]
    else:
        old, new = _differing(before.lines if before else (), after.lines)
    was, now = _places(before, old) if before else {}, _places(after, new)
    units: Counter[str] = Counter()
    for places, sign in ((now, 1), (was, -1)):
        for place in places.values():
            units[place.sku] += sign * place.units
    sold = sold_units(new)
    sold.subtract(sold_units(old))
    return Moves(
        gone=tuple(place for key, place in was.items() if key not in now),
        put=tuple(place for key, place in now.items() if was.get(key) != place),
        units=units,
        sold=sold,
        joined=frozenset(p.sku for key, p in now.items() if key not in was or was[key].units < p.units),
        channel=after.channel,
    )
