"""A good plan for an order that is too large to be proven: many starts, the best of them taken apart and rebuilt.

Starts come from dynamic slope scaling (`scaled.py`), better plans from ruin and recreate (`rebuilt.py`): shortly from
each start, longer among the sources that the best ones use (a kernel search, Angelelli et al. 2010), and once more
among all. Work is counted in steps, one a price looked at, some 1 µs; it ends as soon as a plan is good enough.
"""

import random

from oms.allocation.sourcing.local import spread
from oms.allocation.sourcing.network import Network, Takes, allowed, cost_of
from oms.allocation.sourcing.rebuilt import rebuilt
from oms.allocation.sourcing.scaled import Found, Scaling

LARGE_STEPS = 600_000  # half a second to a second
_STARTS = 60
_GOOD = 15  # starts that are worked on
_KERNEL = 14  # sources
_SHORT_PCT, _LONG_PCT = 40, 50  # of the steps, for the starts together and for the kernel; the rest for all sources
_ROUNDS = 3
_ENOUGH = 1_000  # a plan is good enough when it is a thousandth above what is proven


def improved(network: Network, *starts: Takes, bound: int, max_steps: int = LARGE_STEPS) -> tuple[Takes, int]:
    """The best plan that is found within so many steps, and the steps; allowed, and no dearer than any of `starts`.

    No plan costs less than `bound`.
    """
    one = _Improving(network, bound + bound // _ENOUGH)
    one.begin(starts, max_steps * _SHORT_PCT // 200)
    one.shortly(max_steps * _SHORT_PCT // 200)
    one.among_few(max_steps * _LONG_PCT // 100)
    one.rebuild(network, max_steps * (100 - _SHORT_PCT - _LONG_PCT) // 100)
    return one.pool[0].takes, one.steps


class _Improving:
    """The plans found so far, the cheapest first."""

    def __init__(self, network: Network, enough: int) -> None:
        self.network = network
        self.enough = enough
        self.chance = random.Random(len(network.pieces))  # noqa: S311  a sequence, the same on every machine
        self.pool: list[Found] = []
        self.steps = 0

    def begin(self, starts: tuple[Takes, ...], max_steps: int) -> None:
        network, scaling = self.network, Scaling(self.network)
        found = [Found(cost_of(network, one), one) for one in (*starts, spread(network))]
        while len(found) < _STARTS and scaling.steps < max_steps and min(found).cost > self.enough:
            one = scaling.plan(self.chance)
            if allowed(network, one.takes):
                found.append(one)
        self.pool = sorted({one.cost: one for one in reversed(found)}.values())[:_GOOD]
        self.steps += scaling.steps

    def shortly(self, max_steps: int) -> None:
        """A little from each start."""
        starts = self.pool[:]
        for one in starts:
            self.rebuild(self.network, max_steps // len(starts), start=one.takes)

    def among_few(self, max_steps: int) -> None:
        """With the sources alone that the best plans use, and what is a little dearer on the way."""
        kernel: set[int] = set()
        for one in self.pool:
            kernel |= {j for parts in one.takes for j, _ in parts}
            if len(kernel) >= _KERNEL:
                break
        among = _only(self.network, kernel)
        for _ in range(_ROUNDS):
            self.rebuild(among, max_steps // _ROUNDS, warm=True)

    def rebuild(self, network: Network, max_steps: int, *, start: Takes | None = None, warm: bool = False) -> None:
        """Go on from a plan, the cheapest if none is named."""
        if self.pool[0].cost <= self.enough:
            return
        better = rebuilt(
            network, start or self.pool[0].takes, self.chance, max_steps=max_steps, enough=self.enough, warm=warm
        )
        self.steps += better.steps
        self.pool = sorted([*self.pool, Found(better.cost, better.takes)])


def _only(network: Network, sources: set[int]) -> Network:
    """The same order with these sources alone."""
    pieces = tuple(
        piece._replace(options=tuple(option for option in piece.options if option.source in sources))
        for piece in network.pieces
    )
    return network._replace(pieces=pieces)
