"""The lines for scarce SKUs as one pass over a batch sees them: who stands before whom, and what is left for whom."""

from collections.abc import Iterable, Iterator, Mapping

from oms.allocation.inline import InLine
from oms.allocation.kept import Kept, less
from oms.allocation.lasting import Lasting
from oms.inventory.model import Position, PositionKey
from oms.inventory.waiting.model import Head, Place, place_key
from oms.inventory.waiting.rules import moves_of, places_of
from oms.inventory.waiting.store import WaitingStore
from oms.orders.bundles import on_the_shelf
from oms.orders.model import Order

Picture = Mapping[PositionKey, Position]
_AT_A_TIME = 100  # places that are read at once


class _Line:
    """One line as far as it was read. `passed`: orders that have had their turn, whatever they got."""

    def __init__(self, head: Head) -> None:
        self.head = head
        self.places: list[Place] = []
        self.ended = False

    def ahead(self, key: str | None, order_id: str, passed: set[str]) -> int:
        """Units of those before a place who have not had their turn; of all who have not, if there is no place."""
        others = [one for one in self.places if one.order_id not in passed and one.order_id != order_id]
        read_so_far = self.places[-1].key if self.places else ""
        if self.ended or (key is not None and key <= read_so_far):
            return sum(one.units for one in others if key is None or one.key < key)
        read = sum(one.units for one in self.places)
        unread = max(self.head.units - read, 0)
        return sum(one.units for one in others) + unread


class Lineup:
    """Lines are read from the front as far as there is stock to give out, and not at all where nobody waits.

    `inline` knows who may ship to whom of those who wait, `kept` what is there for those who had their turn.
    """

    def __init__(self, store: WaitingStore, inline: InLine, kept: Kept) -> None:
        self._store = store
        self.inline = inline
        self.kept = kept
        self._lines: dict[str, _Line] = {}
        self._heads: dict[str, Head] = {}
        self._written: dict[str, int] = {}
        self._passed: set[str] = set()
        self._last: dict[str, str] = {}

    def watch(self, skus: Iterable[str], picture: Picture, *, surely: Iterable[str] = ()) -> None:
        """Look at the lines for those of the SKUs for which somebody waits by the books, and `surely` at some."""
        waited = {key[0] for key, position in picture.items() if position.backordered} & set(skus)
        new = (waited | set(surely)) - self._lines.keys()
        for sku, head in (self._store.heads(new) if new else {}).items():
            self._heads.setdefault(sku, head)
            self._lines[sku] = _Line(self._heads[sku])

    def watches(self, skus: Iterable[str]) -> bool:
        """Whether somebody waits for one of the SKUs."""
        return not self._lines.keys().isdisjoint(skus)

    @property
    def skus(self) -> frozenset[str]:
        """The SKUs whose lines are looked at."""
        return frozenset(self._lines)

    def turns(self, picture: Picture, instead: Mapping[str, Iterable[str]]) -> list[tuple[str, str]]:
        """(turn, order id) of those who come next, as far as there may be stock for them; empty: nobody does.

        An order that waits for several SKUs has its turn where it stands last, so that it overtakes nobody. `instead`:
        what may be sent in place of a SKU; for what is left of that the first hundred of its line have their turn.
        """
        if not self._lines:
            return []
        next_ones: dict[str, str] = {}
        free = {sku: self._left(sku, units, picture) for sku, units in _free(picture).items()}
        for sku, line in self._lines.items():
            others = sum(max(free.get(other, 0) - self._ahead_of_all(other), 0) for other in instead.get(sku, ()))
            for place in self._next(line, max(free.get(sku, 0), 0), others):
                next_ones[place.order_id] = max(next_ones.get(place.order_id, ""), place.key)
        return sorted((key, order_id) for order_id, key in next_ones.items())

    def _left(self, sku: str, units: int, picture: Picture) -> int:
        return units - sum(self.kept.of(sku, picture).values()) if units else 0

    def _ahead_of_all(self, sku: str) -> int:
        return self._lines[sku].ahead(None, "", self._passed) if sku in self._lines else 0

    def _next(self, line: _Line, free: int, others: int) -> list[Place]:
        """The first places that have not had their turn, until their units are as many as are free."""
        found: list[Place] = []
        units = 0
        for number, place in enumerate(self._read(line)) if free + others > 0 else ():
            if units >= free + (others if number < _AT_A_TIME else 0):
                break
            if place.order_id not in self._passed:
                found.append(place)
                units += place.units
        return found

    def _read(self, line: _Line) -> Iterator[Place]:
        at = 0
        while True:
            if at == len(line.places):
                if line.ended:
                    return
                last = line.places[-1].key if line.places else None
                more = list(self._store.line(line.head.sku, after=last, limit=_AT_A_TIME))
                line.places += more
                line.ended = len(more) < _AT_A_TIME
                if not more:
                    return
            yield line.places[at]
            at += 1

    def turn_of(self, order: Order) -> str | None:
        """The turn of an order whose units are open again: it had a place, and keeps it."""
        keys = [_key(order, number) for number in _had_places(order)]
        return max(keys, default=None)

    def pass_by(self, order_id: str) -> None:
        """The order has its turn now."""
        self._passed.add(order_id)

    def seen_by(self, order: Order, picture: Picture) -> Picture:
        """The picture without what is there for others, who stand before the order."""
        if not self._lines and not self.kept.anything:
            return picture
        hidden: dict[str, int] = {}
        kept: dict[PositionKey, int] = {}
        own = {(place.sku, place.number): place.key for place in places_of(order).values()}
        for line in order.lines:
            if not (line.open or line.backordered):
                continue
            for sku in on_the_shelf(line, 1):
                key = own.get((sku, line.number)) or (_key(order, line.number) if line.supply_on else None)
                if sku in self._lines:
                    ahead = self._lines[sku].ahead(key, order.id, self._passed)
                    hidden[sku] = max(hidden.get(sku, 0), ahead)
                for at, units in self.kept.of(sku, picture, order.id, key).items():
                    kept[at] = max(kept.get(at, 0), units)
        return without(less(picture, kept), {sku: units for sku, units in hidden.items() if units})

    def still_waits(self, order: Order, picture: Picture, lasting: Lasting) -> None:
        """The order was looked at: what is there towards its promise is not for those who stand behind it."""
        if any(line.backordered and line.supply_on for line in order.lines):
            self.kept.count(order, lasting.seen_by(order, self.seen_by(order, picture)))

    def left_by_all(self, skus: Iterable[str], order: Order, picture: Picture) -> Picture:
        """The picture without what is there for anybody who waits for one of the SKUs."""
        lines = {sku: self._lines[sku] for sku in skus if sku in self._lines}
        hidden = {sku: line.ahead(None, order.id, self._passed) for sku, line in lines.items()}
        kept = {at: units for sku in skus for at, units in self.kept.of(sku, picture, order.id).items()}
        return without(less(picture, kept), {sku: units for sku, units in hidden.items() if units})

    def head(self, sku: str) -> Head:
        """A line as it would be if everything decided so far were written."""
        if sku not in self._heads:
            self._heads |= self._store.heads([sku])
        return self._heads[sku]

    def learn(self, skus: Iterable[str]) -> None:
        """Read the heads of these lines, and who stands last in them, where that is not known yet."""
        names = set(skus)
        new = sorted(names - self._heads.keys())
        self._heads |= self._store.heads(new) if new else {}
        unknown = sorted(sku for sku in names - self._last.keys() if self._heads[sku].units)
        for sku, last in self._store.lasts(unknown).items():
            self._last[sku] = last.supply_on if last else ""

    def last_on(self, sku: str) -> str:
        """Until when those who stand in line already are promised stock: who joins is promised no earlier day."""
        if sku not in self._last:
            last = self._store.last(sku) if self.head(sku).units else None
            self._last[sku] = last.supply_on if last else ""
        return self._last[sku]

    def count(self, before: Order, after: Order) -> None:
        """Somebody joined or left."""
        moves = moves_of((before, after))
        self.inline.moved(moves, after)
        for sku in moves.heads:
            self._heads[sku] = self.head(sku).moved(moves.units[sku], moves.sold[sku], moves.channel)
        for place in moves.put:
            self._last[place.sku] = max(self._last.get(place.sku, ""), place.supply_on)

    def versions(self, skus: Iterable[str]) -> dict[str, Head]:
        """The heads as they are stored, for those who join; `joined` says that they were written once more."""
        return {sku: self.head(sku)._replace(version=self._stored(sku)) for sku in skus}

    def joined(self, skus: Iterable[str]) -> None:
        """A transaction was committed in which somebody joined these lines."""
        for sku in skus:
            self._written[sku] = self._written.get(sku, 0) + 1

    def _stored(self, sku: str) -> int:
        return self.head(sku).version + self._written.get(sku, 0)


def without(picture: Picture, hidden: Mapping[str, int]) -> Picture:
    """The picture with so many units of each SKU kept back: where they wait first, then where there is most."""
    if not hidden:
        return picture
    view = dict(picture)
    there: dict[str, list[PositionKey]] = {}
    for key, position in picture.items():
        if key[0] in hidden and position.available > 0:
            there.setdefault(key[0], []).append(key)
    for sku, units in hidden.items():
        left = units
        for key in sorted(
            there.get(sku, ()), key=lambda one: (-picture[one].backordered, -picture[one].available, one)
        ):
            part = min(left, picture[key].available)
            view[key] = picture[key]._replace(safety_stock=picture[key].safety_stock + part)
            left -= part
    return view


def _free(picture: Picture) -> dict[str, int]:
    free: dict[str, int] = {}
    for (sku, _), position in picture.items():
        free[sku] = free.get(sku, 0) + max(position.available, 0)
    return free


def _had_places(order: Order) -> list[int]:
    return [line.number for line in order.lines if line.supply_on and (line.open or line.backordered)]


def _key(order: Order, number: int) -> str:
    line = next(one for one in order.lines if one.number == number)
    return place_key(line.supply_on or "", order.submitted_at, order.id, number, order.priority)
