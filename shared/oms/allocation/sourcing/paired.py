"""A large order's plan made better two sources at a time.

All that both of two sources have and one of them ships is shared out anew between them, steps of the tariffs
included: a dynamic program over how many grams go to the second. That does at once what no move of a single piece
does: to send less than a step from here costs nothing there as long as a step has room. Loads that are close to each
other count as one (`_LOADS`), so a large order's sharing is near the cheapest, not proven to be it.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from oms.allocation.sourcing.network import Network, Takes, allowed

_LOADS = 120  # by pair
_WAYS = 8  # of one piece's units, beyond leaving them
_TRANSITIONS_PER_STEP = 3
_PIECES_PER_STEP = 1
Chain = tuple[int, int, "Chain"] | None  # piece, units to the second source, and the same of the pieces before


class _Item(NamedTuple):
    """A piece that may be shared out between two sources: units, and the least and the most of them to the second."""

    piece: int
    units: int
    least: int
    most: int
    more: int  # what a unit costs more at the second
    weight_g: int


class Pairs:
    """A plan that is shared out anew, pair by pair. What is looked at for it counts as steps."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.steps = 0
        self.limited = bool(network.pools) or network.max_parcels is not None
        self.options = [
            {j: (cost, min(limit, piece.units)) for j, cost, limit in piece.options if cost < piece.wait}
            for piece in network.pieces
        ]
        self.known: dict[tuple[int, int], int] = {}
        self.caps: dict[int, int] = {}
        self.fine = max([(one.tariff.prices[-1] + one.fixed) // 100 for one in network.sources], default=1)

    def paid(self, source: int, load: int) -> int:
        """What a source costs that ships so many grams."""
        if load <= 0:
            return 0
        key = (source, load)
        if key not in self.known:
            one = self.network.sources[source]
            self.known[key] = one.fixed + one.tariff.cost(load)
        if source in self.caps and load > self.caps[source]:
            return self.known[key] + (load - self.caps[source]) * self.fine
        return self.known[key]

    def improve(
        self, takes: Takes, among: Iterable[int], until: int, touched: Collection[int] | None = None
    ) -> Takes:
        """The plan after as many sharings among these sources as make it cheaper, `until` so many steps are used up.

        All limits are kept. `touched`: pairs of other sources are known to have nothing to gain.
        """
        return _Shared(self, takes, among).run(until, touched)


class _Shared:
    def __init__(self, pairs: Pairs, takes: Takes, among: Iterable[int]) -> None:
        self.pairs = pairs
        self.among = sorted(among)
        self.takes = [dict(parts) for parts in takes]
        self.loads = dict.fromkeys(self.among, 0)
        self.at: dict[int, set[int]] = {j: set() for j in self.among}
        for i, (piece, parts) in enumerate(zip(pairs.network.pieces, takes, strict=True)):
            for j, units in parts:
                if j in self.loads:
                    self.loads[j] += units * piece.weight_g
                    self.at[j].add(i)

    def run(self, until: int, touched: Collection[int] | None) -> Takes:
        changed = {j: int(touched is None or j in touched) for j in self.among}
        looked: dict[tuple[int, int], int] = {}
        now, moved = 1, True
        while moved:
            moved = False
            for place, first in enumerate(self.among):
                for second in self.among[place + 1 :]:
                    if looked.get((first, second), 0) >= max(changed[first], changed[second]):
                        continue
                    if self.pairs.steps >= until:
                        return self.plan()
                    now += 1
                    if self._share(first, second):
                        moved = True
                        changed[first] = changed[second] = now
                    looked[first, second] = now
        return self.plan()

    def plan(self) -> Takes:
        return tuple([tuple(sorted(parts.items())) for parts in self.takes])

    def _share(self, first: int, second: int) -> bool:
        """Whether another sharing between two sources is cheaper; then it is the plan's."""
        items = self._items(first, second)
        if not items:
            return False
        paid = self.pairs.paid
        here, there = self.loads[first], self.loads[second]
        now = paid(first, here) + paid(second, there)
        for one in items:
            has = self.takes[one.piece].get(second, 0)
            now += (has - one.least) * one.more
            here += (has - one.least) * one.weight_g
            there -= (has - one.least) * one.weight_g
        best: tuple[int, int, Chain] | None = None
        for cost, grams, chain in self._states(items):
            total = cost + paid(first, here - grams) + paid(second, there + grams)
            if total < now:
                now, best = total, (cost, grams, chain)
        if best is None:
            return False
        return self._take(first, second, items, best[2])

    def _items(self, first: int, second: int) -> list[_Item]:
        """What both have, the heaviest first."""
        items: list[_Item] = []
        for i in sorted(self.at[first] | self.at[second]):
            options = self.pairs.options[i]
            if first in options and second in options:
                parts = self.takes[i]
                units = parts.get(first, 0) + parts.get(second, 0)
                (cost, limit), (other, there) = options[first], options[second]
                least, most = max(0, units - limit), min(units, there)
                if most > least:
                    weight = self.pairs.network.pieces[i].weight_g
                    items.append(_Item(i, units, least, most, other - cost, weight))
        self.pairs.steps += 1 + (len(self.at[first]) + len(self.at[second])) // _PIECES_PER_STEP
        return items

    def _states(self, items: Sequence[_Item]) -> Iterable[tuple[int, int, Chain]]:
        """By grams that go to the second source, the cheapest way."""
        total_g = sum([(one.most - one.least) * one.weight_g for one in items])
        grain = max(1, total_g // _LOADS)
        states: dict[int, tuple[int, int, Chain]] = {0: (0, 0, None)}
        for piece, _, least, most, more, weight in items:
            before = list(states.values())
            for units in _ways(most - least):
                dearer, heavier, link = units * more, units * weight, least + units
                for cost, grams, chain in before:
                    load = grams + heavier
                    key = load // grain
                    known = states.get(key)
                    if known is None or cost + dearer < known[0]:
                        states[key] = (cost + dearer, load, (piece, link, chain))
            self.pairs.steps += len(before) // _TRANSITIONS_PER_STEP
        return states.values()

    def _take(self, first: int, second: int, items: Sequence[_Item], chain: Chain) -> bool:
        given: dict[int, int] = {}
        while chain is not None:
            piece, units, chain = chain
            given[piece] = units
        before = {one.piece: self.takes[one.piece].copy() for one in items}
        for one in items:
            self._put(one, first, second, given.get(one.piece, one.least))
        if self.pairs.limited and not allowed(self.pairs.network, self.plan()):
            for one in items:
                self._put(one, first, second, before[one.piece].get(second, 0))
            return False
        return True

    def _put(self, one: _Item, first: int, second: int, units: int) -> None:
        parts = self.takes[one.piece]
        for j, count in ((first, one.units - units), (second, units)):
            self.loads[j] += (count - parts.get(j, 0)) * one.weight_g
            if count:
                parts[j] = count
                self.at[j].add(one.piece)
            else:
                parts.pop(j, None)
                self.at[j].discard(one.piece)


def _ways(units: int) -> Iterable[int]:
    """Numbers of units that are tried: all, or some of many."""
    return sorted({units * k // _WAYS for k in range(1, _WAYS + 1)} - {0}) if units > _WAYS else range(1, units + 1)
