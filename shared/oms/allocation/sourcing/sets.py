"""Sets of sources for an order that is too large to be proven, found by straight prices.

What makes a large order dear is which sources are used: with 50 lines, each at a quarter of 50 locations, few sets of
six have everything, and no plan that is changed piece by piece gets from one to another. So sets are searched, and a
plan is made of those alone that look cheap. Every tariff is a straight line, the tangent at some share of the order's
weight: then a set costs a sum of minima, some 3 µs. A source is taken away, added, or put in the place of another, as
long as that is cheaper. No line fits all sources: the search is done with several.
"""

import random
from bisect import insort
from collections.abc import Collection, Sequence
from heapq import nsmallest

from oms.allocation.sourcing.network import Network
from oms.allocation.sourcing.tariffs import tangent

_PRICES_PER_STEP = 25  # compared in a row, at the speed of C
_ROOM = 10  # a set is remembered that is less than a tenth dearer than the cheapest
_KEPT = 8  # sets that the search goes on from
_OUT = 3  # sources that are taken away then, and one that is put in
_STALE = 60  # such tries without a set that is kept: then it ends
_NONE = 1 << 200


class Sets:
    """Sets that were looked at, with the lines of sources that carry `about_g`. A set is a bit for each source."""

    def __init__(self, network: Network, about_g: int) -> None:
        pieces = network.pieces
        self.count = len(network.sources)
        self.most = self.count if network.max_sources is None else network.max_sources
        lines = {one.tariff: tangent(one.tariff, 0, 2 * about_g, about_g) for one in network.sources}
        self.base = [one.fixed + max(0, lines[one.tariff][0]) for one in network.sources]
        slopes = [lines[one.tariff][1] for one in network.sources]
        whole = [piece for piece in pieces if piece.units == 1]
        self.waits = [piece.wait for piece in whole]
        self.rows = [self.waits[:] for _ in network.sources]
        for place, piece in enumerate(whole):
            for j, cost, _ in piece.options:
                self.rows[j][place] = min(piece.wait, cost + slopes[j] * piece.weight_g)
        self.apart = [
            (
                piece.units,
                piece.wait,
                sorted([(cost + slopes[j] * piece.weight_g, 1 << j, limit) for j, cost, limit in piece.options]),
            )
            for piece in pieces
            if piece.units > 1
        ]
        self.apart_least = self._filled((1 << self.count) - 1)
        self.steps_each = 1 + len(pieces) // _PRICES_PER_STEP
        self.steps = 0
        self.seen: dict[int, int] = {}
        self.best = _NONE
        self.left: set[int] = set()
        self.ends: list[tuple[int, list[int]]] = []  # sets that no change made cheaper, the cheapest first

    def search(self, chance: random.Random, max_steps: int) -> None:
        """Sets that are good by lines: from the best ones on, with some sources less and one by chance.

        It ends early when nothing better is met any more.
        """
        self.descend([])
        since = 0
        while self.most and self.count and self.steps < max_steps and since < _STALE:
            kept = self.ends[-1]
            _, chosen = chance.choice(self.ends)
            rest = chance.sample(chosen, max(0, len(chosen) - _OUT))
            other = chance.randrange(self.count)
            self.steps += self.steps_each
            self.descend(rest if other in chosen else [*rest, other])
            since = since + 1 if self.ends[-1] == kept else 0

    def descend(self, start: Sequence[int]) -> None:
        """Always one source more, the one that saves the most; then whatever change does, but nowhere twice."""
        chosen, now = list(start), _NONE
        while len(chosen) < self.most:
            cost, wider = self._wider(chosen)
            if cost >= now:
                break
            now, chosen = cost, wider
        while (mask := _mask(chosen)) not in self.left:
            self.left.add(mask)
            cost, better = min(self._around(chosen), default=(now, chosen))
            if cost >= now:
                insort(self.ends, (now, sorted(chosen)))
                del self.ends[_KEPT:]
                return
            now, chosen = cost, better

    def cheapest(self, count: int) -> list[list[int]]:
        """So many of the sets that were seen, the cheapest first."""
        found = nsmallest(count, [(cost, mask) for mask, cost in self.seen.items()])
        return [[j for j in range(self.count) if mask >> j & 1] for _, mask in found]

    def _around(self, chosen: list[int]) -> list[tuple[int, list[int]]]:
        """The cheapest set with one more, with one less, and with one in the place of each."""
        found = [self._wider(chosen)] if len(chosen) < self.most else []
        for out in chosen:
            rest = [j for j in chosen if j != out]
            found.append(self._wider(rest))
            if rest:
                found.append((self._cost(rest), rest))
        return found

    def _cost(self, chosen: list[int]) -> int:
        mask = _mask(chosen)
        opened: int = sum([self.base[j] for j in chosen])
        paid: int = sum(map(min, self.waits, *[self.rows[j] for j in chosen]))
        cost = opened + paid + self._filled(mask)
        self._see(mask, cost)
        return cost

    def _wider(self, chosen: list[int]) -> tuple[int, list[int]]:
        """The cheapest set of these sources and one more."""
        worst = list(map(min, self.waits, *[self.rows[j] for j in chosen])) if chosen else self.waits
        opened = sum([self.base[j] for j in chosen]) + self.apart_least
        mask = _mask(chosen)
        best, added = _NONE, -1
        for j, row in enumerate(self.rows):
            if mask >> j & 1:
                continue
            cost = opened + self.base[j] + sum(map(min, worst, row))
            if cost < best or cost < self.best + self.best // _ROOM:
                wider = mask | 1 << j
                if self.apart:
                    cost += self._filled(wider) - self.apart_least
                self._see(wider, cost)
                if cost < best:
                    best, added = cost, j
        self.steps += self.steps_each * len(self.rows)
        return (best, [*chosen, added]) if added >= 0 else (_NONE, chosen)

    def _see(self, mask: int, cost: int) -> None:
        if cost < self.best + self.best // _ROOM:
            self.seen[mask] = cost
            self.best = min(self.best, cost)

    def _filled(self, mask: int) -> int:
        """What the pieces cost that may be split."""
        total = 0
        for units, wait, given in self.apart:
            left = units
            for price, bit, there in given:
                if mask & bit:
                    if price >= wait:
                        break
                    if there >= left:
                        total += left * price
                        left = 0
                        break
                    total += there * price
                    left -= there
            total += left * wait
        return total


def _mask(chosen: Collection[int]) -> int:
    return sum([1 << j for j in chosen])
