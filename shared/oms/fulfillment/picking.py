"""Which lots a location is asked to pick for an order: read from the books, written nowhere.

Committed units have no lot of their own: they go first expired first, in the sequence in which they were committed,
among the lots that last for their buyer. So the lots of an order are those behind the units that were committed before
it, and two orders are not sent to the same units. Only articles that are kept by lots cost reads: their positions and
their lots at once, and up to `HOPS` times the next entries of all their journals together.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from oms.inventory.history import looked_back
from oms.inventory.lots import next_lots
from oms.inventory.model import Position, Posting
from oms.inventory.shelf import lasting_to
from oms.inventory.store import StockStore
from oms.inventory.tracing.store import LotStore
from oms.kernel.time import Clock
from oms.orders.bundles import on_the_shelf
from oms.orders.model import FulfillmentLine, FulfillmentOrder, Order
from oms.reference.model import Item, Location

HOPS = 50  # entries of a position's journal that are looked through for the order's own


class Pick(NamedTuple):
    """Units of one lot that a line takes; `lot` None: nobody knows of which. `expires_on` is its last good day."""

    sku: str
    units: int
    lot: str | None
    expires_on: str | None


@dataclass(frozen=True)
class PickDesk:
    """The collaborators."""

    stock: StockStore
    lots: LotStore
    clock: Clock


class Picks:
    """What is to be picked for the lines of a fulfillment order, handed out parcel by parcel."""

    def __init__(self, picks: Mapping[int, Iterable[Pick]]) -> None:
        self._left = {number: list(some) for number, some in picks.items()}

    def take(self, number: int, wanted: Mapping[str, int]) -> tuple[Pick, ...]:
        """The picks for so many units of a line, by SKU; those of the parcels before are gone."""
        due = Counter(wanted)
        taken: list[Pick] = []
        rest: list[Pick] = []
        for pick in self._left.get(number, ()):
            units = min(pick.units, due[pick.sku])
            due[pick.sku] -= units
            taken += [pick._replace(units=units)] if units else []
            rest += [pick._replace(units=pick.units - units)] if pick.units > units else []
        self._left[number] = rest
        return tuple(taken)


def picks_of(
    work: FulfillmentOrder, order: Order, items: Mapping[str, Item], place: Location | None, desk: PickDesk
) -> Picks:
    """The lots to pick for each line, of articles that are kept by lots."""
    units: Counter[str] = Counter()
    for line in work.lines:
        units.update(_needed(line, items))
    if not units or place is None:
        return Picks({})
    now, promised = desk.clock(), order.promise.latest_on
    found = desk.stock.positions_at((sku, work.location) for sku in units)
    queues: dict[str, list[tuple[str | None, int]]] = {}
    since = looked_back(found.values(), desk.stock.entries, hops=HOPS, found=partial(_is_of, work))
    for (sku, _), position in found.items():
        last = lasting_to(items[sku], order.channel, promised, now, place.time_zone)
        queues[sku] = next_lots(
            position, _ahead(position, work, units[sku], since[position.key]), units[sku], last=last
        )
    known = desk.lots.known({(sku, lot) for sku, queue in queues.items() for lot, _ in queue if lot})
    picks: dict[int, list[Pick]] = {}
    for line in work.lines:
        for sku, wanted in _needed(line, items).items():
            for lot, some in _first(queues.get(sku, []), wanted):
                row = known.get((sku, lot or ""))
                picks.setdefault(line.number, []).append(Pick(sku, some, lot, row.expires_on if row else None))
    return Picks(picks)


def _needed(line: FulfillmentLine, items: Mapping[str, Item]) -> dict[str, int]:
    on_shelf = on_the_shelf(line, line.quantity - line.short)
    return {sku: units for sku, units in on_shelf.items() if sku in items and items[sku].lot_tracked and units}


def _is_of(work: FulfillmentOrder, posting: Posting) -> bool:
    """Whether a movement committed units for the work's order."""
    return posting.change.committed > 0 and posting.ref == work.order_id


def _ahead(position: Position, work: FulfillmentOrder, own: int, since: Sequence[Posting]) -> int:
    """Units that were committed before those of the work, and are still to be picked; `since`: what moved since then.

    None where its own are further back than `HOPS`: then the first lots are its.
    """
    if not since or not _is_of(work, since[-1]):
        return 0
    later = sum(max(posting.change.committed, 0) for posting in since[:-1])
    return max(position.committed - own - later, 0)


def _first(queue: list[tuple[str | None, int]], units: int) -> Sequence[tuple[str | None, int]]:
    """The first units of a queue, which leave it."""
    taken: list[tuple[str | None, int]] = []
    while queue and units:
        lot, some = queue.pop(0)
        now = min(some, units)
        units -= now
        taken.append((lot, now))
        if some > now:
            queue.insert(0, (lot, some - now))
    return taken
