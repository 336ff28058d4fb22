"""A large order's plan made better two sources at a time.

All that both of two sources have and one of them ships is shared out anew between them, steps of the tariffs
included: a dynamic program over how many grams go to the second. That does at once what no move of a single piece
does: to send less than a step from here costs nothing there as long as a step has room. Most sharings are settled
without it, by the cheapest freight for both and every unit where it is cheaper itself. Loads that are close to each
other count as one (`_LOADS`), so a large order's sharing is near the cheapest, not proven to be it.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from oms.allocation.sourcing.network import Network, Takes, allowed
from oms.allocation.sourcing.tariffs import right_ends

_LOADS = 120  # by pair
_WAYS = 8  # numbers of units of one piece
_ENDS = 60  # of steps that are looked at for the cheapest freight
_TRANSITIONS_PER_STEP = 3
Chain = tuple[int, int, "Chain"] | None  # piece, units to the second source, and the same of the pieces before


class _Item(NamedTuple):
    """A piece that may be shared out between two sources: units, and the least and the most of them to the second."""

    piece: int
    units: int
    least: int
    most: int
    more: int  # what a unit costs more at the second
    weight_g: int

    @property
    def spread(self) -> int:
        """What lies between its cheapest and its dearest sharing."""
        return abs((self.most - self.least) * self.more)


class Pairs:
    """Plans of one order, shared out anew pair by pair. What is looked at for it counts as steps.

    `caps`: grams beyond which a source is so dear that it carries no more if that can be helped.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.steps = 0
        self.limited = bool(network.pools) or network.max_parcels is not None
        self.check_steps = len(network.pieces) + sum([len(pool.draws) for pool in network.pools]) // 2
        self.options = [
            {j: (cost, min(limit, piece.units)) for j, cost, limit in piece.options if cost < piece.wait}
            for piece in network.pieces
        ]
        self.caps: Mapping[int, int] = {}
        self.fine = max([one.fixed + one.tariff.prices[-1] for one in network.sources], default=0) // 100 + 1
        most = [0] * len(network.sources)
        for piece, options in zip(network.pieces, self.options, strict=True):
            for j, (_, limit) in options.items():
                most[j] += limit * piece.weight_g
        self.ends = [
            right_ends(source.tariff, 1, grams)[0] if grams else []
            for source, grams in zip(network.sources, most, strict=True)
        ]
        self.known: list[dict[int, int]] = [{0: 0} for _ in network.sources]

    def paid(self, source: int, load: int) -> int:
        """What a source costs that ships so many grams."""
        paid = self.known[source].get(load)
        if paid is None:
            one = self.network.sources[source]
            paid = self.known[source][load] = one.fixed + one.tariff.cost(load)
        if self.caps and load > self.caps.get(source, load):
            return paid + (load - self.caps[source]) * self.fine
        return paid

    def allowed(self, takes: Takes) -> bool:
        """Whether a plan made of an order's options keeps to what they share."""
        if not self.limited:
            return True
        self.steps += self.check_steps
        return allowed(self.network, takes)

    def improve(self, takes: Takes, among: Iterable[int], until: int, touched: Collection[int] | None = None) -> Takes:
        """The plan after as many sharings among these sources as make it cheaper, `until` so many steps are used up.

        All limits are kept. `touched`: pairs of other sources are known to have nothing to gain.
        """
        return _Shared(self, takes, among).run(until, touched)

    def least_paid(self, first: int, second: int, here: int, there: int, moving: int) -> int:
        """The cheapest freight of both when up to so many grams go from here to there, whichever they are."""
        paid = self.paid
        ends = self.ends[first]
        at = [here, *ends[bisect_left(ends, here - moving) : bisect_left(ends, here)]]
        ends = self.ends[second]
        at += [here + there - end for end in ends[bisect_left(ends, there) : bisect_left(ends, there + moving)]]
        if len(at) > _ENDS:
            return paid(first, here - moving) + paid(second, there)
        at.append(here - moving)
        both = here + there
        self.steps += len(at)
        return min([paid(first, load) + paid(second, both - load) for load in at])


class _Shared:
    """A plan: by piece the units at each source, and by source its load and its pieces."""

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
        moving = 0
        for one in items:
            has = self.takes[one.piece].get(second, 0) - one.least
            here += has * one.weight_g
            there -= has * one.weight_g
            moving += (one.most - one.least) * one.weight_g
            now += has * one.more - min(0, (one.most - one.least) * one.more)
        room = now - self.pairs.least_paid(first, second, here, there, moving)
        best: tuple[int, int, Chain] | None = None
        for state in self._states(items, moving, room) if room > 0 else ():
            total = state[0] + paid(first, here - state[1]) + paid(second, there + state[1])
            if total < now:
                now, best = total, state
        return best is not None and self._take(first, second, items, best[2])

    def _items(self, first: int, second: int) -> list[_Item]:
        """What both have; what is much cheaper at one of them first."""
        items: list[_Item] = []
        pieces, every, takes = self.pairs.network.pieces, self.pairs.options, self.takes
        both = self.at[first] | self.at[second]
        self.pairs.steps += 2 + len(both) // 2
        for i in both:
            options = every[i]
            if first in options and second in options:
                parts = takes[i]
                units = parts.get(first, 0) + parts.get(second, 0)
                (cost, limit), (other, there) = options[first], options[second]
                least, most = max(0, units - limit), min(units, there)
                if most > least:
                    items.append(_Item(i, units, least, most, other - cost, pieces[i].weight_g))
        items.sort(key=lambda one: (-one.spread, one.piece))
        return items

    def _states(self, items: Sequence[_Item], moving: int, room: int) -> Iterable[tuple[int, int, Chain]]:
        """By grams that go to the second source, the cheapest way: what it costs above the cheapest of each piece."""
        grain = max(1, moving // _LOADS)
        states: dict[int, tuple[int, int, Chain]] = {0: (0, 0, None)}
        for piece, _, least, most, more, weight in items:
            before = states.values()
            states = {}
            self.pairs.steps += len(before) // _TRANSITIONS_PER_STEP
            cheapest = min(0, (most - least) * more)
            for units in _ways(most - least):
                dearer, heavier, link = units * more - cheapest, units * weight, least + units
                for cost, grams, chain in before:
                    above = cost + dearer
                    if above < room:
                        load = grams + heavier
                        key = load // grain
                        if key not in states or above < states[key][0]:
                            states[key] = (above, load, (piece, link, chain) if units else chain)
        return states.values()

    def _take(self, first: int, second: int, items: Sequence[_Item], chain: Chain) -> bool:
        given: dict[int, int] = {}
        while chain is not None:
            piece, units, chain = chain
            given[piece] = units
        before = {one.piece: self.takes[one.piece].get(second, 0) for one in items}
        for one in items:
            self._put(one, first, second, given.get(one.piece, one.least))
        if self.pairs.limited and not self.pairs.allowed(self.plan()):
            for one in items:
                self._put(one, first, second, before[one.piece])
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
    if units <= _WAYS:
        return range(units + 1)
    return sorted({units * k // _WAYS for k in range(_WAYS + 1)})
