"""A plan disturbed and mended again, many times over, its sources staying the same.

Iterated local search (Lourenço et al. 2003): some pieces go elsewhere, or all go where other prices of freight send
them, or a source is pressed to carry a step less; then pairs of sources share out what they have (`paired.py`).
"""

import random
from collections.abc import Sequence
from typing import NamedTuple

from oms.allocation.sourcing.network import Network, Takes, cost_of, loads
from oms.allocation.sourcing.paired import Pairs

_KICKED = 6  # pieces at the most
_WIDE = 30  # per cent: a source's price per gram is off by so much
_PRESSED = 2  # sources at the most
_STEPS_DOWN = 2
_STALE = 200  # tries without a cheaper plan: then it ends
_STEPS_PER_PIECE = 5  # of a try


class Found(NamedTuple):
    """A plan and what it costs."""

    cost: int
    takes: Takes

    @property
    def used(self) -> frozenset[int]:
        return frozenset(j for parts in self.takes for j, _ in parts)


class _Disturbed(NamedTuple):
    """A plan, and the sources with something to gain; None: any of them."""

    takes: Takes
    touched: set[int] | None


class Shaking:
    """Plans of one order. `slopes`: what a gram costs at each source, roughly."""

    def __init__(self, network: Network, slopes: Sequence[int], chance: random.Random) -> None:
        self.network = network
        self.slopes = slopes
        self.chance = chance
        self.pairs = Pairs(network)

    def shaken(self, start: Found, max_steps: int, enough: int) -> Found:
        """The cheapest plan that is found with the sources of `start`; one of `enough` will do."""
        pairs, among = self.pairs, sorted(start.used)
        until = pairs.steps + max_steps
        best, since = start, 0
        while len(among) > 1 and pairs.steps < until and best.cost > enough and since < _STALE:
            disturb = self.chance.choice((self._kicked, self._kicked, self._sloped, self._pressed))
            takes, touched = disturb(best.takes, among, until)
            pairs.steps += _STEPS_PER_PIECE * len(takes)
            since += 1
            if not pairs.allowed(takes):
                continue
            takes = pairs.improve(takes, among, until, touched)
            cost = cost_of(self.network, takes)
            if cost <= best.cost:
                since = since if cost == best.cost else 0
                best = Found(cost, takes)
        return best

    def _kicked(self, takes: Takes, among: Sequence[int], _until: int) -> _Disturbed:
        """Some pieces that go whole anywhere else."""
        plan, touched = list(takes), set[int]()
        count = min(len(plan), self.chance.randint(2, _KICKED))
        for i in self.chance.sample(range(len(plan)), count):
            there = [j for j in among if j in self.pairs.options[i]]
            if there and self.network.pieces[i].units == 1:
                to = self.chance.choice(there)
                touched |= {to, *[j for j, _ in plan[i]]}
                plan[i] = ((to, 1),)
        return _Disturbed(tuple(plan), touched)

    def _sloped(self, _takes: Takes, among: Sequence[int], _until: int) -> _Disturbed:
        """Every piece where other prices of freight send it."""
        slopes = [(j, self.slopes[j] * self.chance.randint(100 - _WIDE, 100 + _WIDE) // 100) for j in among]
        plan = []
        for piece, options in zip(self.network.pieces, self.pairs.options, strict=True):
            left, parts = piece.units, []
            rated = [(options[j][0] + slope * piece.weight_g, j) for j, slope in slopes if j in options]
            for _, j in sorted(rated):
                part = min(left, options[j][1])
                if part:
                    parts.append((j, part))
                    left -= part
            plan.append(tuple(parts))
        return _Disturbed(tuple(plan), None)

    def _pressed(self, takes: Takes, among: Sequence[int], until: int) -> _Disturbed:
        """One or two sources down to a lower step, whatever that costs elsewhere."""
        before = loads(self.network, takes)
        pressed = self.chance.sample(among, min(len(among), self.chance.randint(1, _PRESSED)))
        caps = {j: self._lower(j, before.get(j, 0)) for j in pressed}
        self.pairs.caps = caps
        takes = self.pairs.improve(takes, among, until, caps)
        self.pairs.caps = {}
        after = loads(self.network, takes)
        return _Disturbed(takes, {j for j in among if before.get(j) != after.get(j)})

    def _lower(self, source: int, load: int) -> int:
        """The end of a step below a load."""
        tariff = self.network.sources[source].tariff
        full = max(0, load - 1) // tariff.parcel_g * tariff.parcel_g
        ends = [full + end for end in (0, *tariff.breaks) if full + end < load]
        return self.chance.choice(ends[-_STEPS_DOWN:]) if ends else 0
