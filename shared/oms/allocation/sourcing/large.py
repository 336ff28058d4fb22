"""A good plan for an order that is too large to be proven the short way, and the bound that is proven for it.

First which sources: sets that are cheap by straight prices (`sets.py`). Then a plan of each, its pieces shared out pair
by pair (`paired.py`). With the best of them as the plan to beat a proof is tried (`exact.py`), or a Lagrangian bound
taken where that would be too dear. What is not proven is shaken (`shaken.py`), fewer plans for longer and longer. At
last the best one is taken apart and rebuilt with all sources (`rebuilt.py`), which alone sees to limits that are in the
way and to units that might as well wait. Work is counted in steps, each about 1 µs, never by the clock.
"""

import random
from collections.abc import Iterable

from oms.allocation.sourcing.dual import Dual
from oms.allocation.sourcing.exact import solve
from oms.allocation.sourcing.local import assigned, spread
from oms.allocation.sourcing.network import Answer, Network, Takes, cost_of
from oms.allocation.sourcing.rebuilt import rebuilt
from oms.allocation.sourcing.relaxed import Relaxed
from oms.allocation.sourcing.sets import Sets
from oms.allocation.sourcing.shaken import Found, Shaking

LARGE_STEPS = 2_000_000  # without those of the proof: two to four seconds
PROOF_STEPS = 30_000  # a tenth of a second to one
PROVABLE, BOUNDED = 2_500, 20_000  # pieces x sources: beyond these no proof is tried, no Lagrangian bound taken
_ENOUGH = 1_000  # a plan is good enough when it is a thousandth above what is proven
_ABOUT_PCT = (33, 12, 50)  # of the order's weight: what a source carries whose lines the sets are judged by
_SETS = 40  # that are made plans of, for each of these lines
_SETS_PCT, _PLANS_PCT = 35, 25  # of the steps, at the most; what is left of them is for shaking
_REBUILT_PCT, _HINDERED_PCT = 10, 60  # of the steps; more of them where limits or waiting units stand in the way
_HALVED = ((16, 30), (5, 35), (2, 35))  # so many plans are shaken, in so many per cent of the steps for it


def solved(network: Network, tried: Answer | None = None, *, max_steps: int = LARGE_STEPS) -> Answer:
    """The best plan that is found within so many steps; what was `tried` before is gone on from."""
    one = _Improving(network)
    one.begin(tried)
    one.plan(one.sets(max_steps * _SETS_PCT // 100), max_steps * _PLANS_PCT // 100)
    one.prove()
    rebuilt_steps = max_steps * (_HINDERED_PCT if one.hindered else _REBUILT_PCT) // 100
    one.shake(max_steps - rebuilt_steps - one.steps)
    one.rebuild(rebuilt_steps)
    bound = min(one.bound, one.best.cost)
    return Answer(one.best.takes, one.best.cost, bound, one.steps + one.proof_steps)


class _Improving:
    """The plans found so far: of each set of sources the cheapest."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.chance = random.Random(len(network.pieces))  # noqa: S311  a sequence, the same on every machine
        self.relaxed = Relaxed(network)
        self.shaking = Shaking(network, self.relaxed.slopes, self.chance)
        self.pool: dict[frozenset[int], Found] = {}
        nothing: Takes = ((),) * len(network.pieces)
        self.best = Found(cost_of(network, nothing), nothing)
        self.bound = self.relaxed.bound(self.relaxed.useful())
        self.other_steps = self.proof_steps = 0

    @property
    def steps(self) -> int:
        return self.other_steps + self.shaking.pairs.steps

    @property
    def hindered(self) -> bool:
        """Whether sharing out pieces may not be all there is to it."""
        pieces = zip(self.network.pieces, self.best.takes, strict=True)
        waits = any(sum([units for _, units in parts]) < piece.units for piece, parts in pieces)
        return self.shaking.pairs.limited or self.relaxed.dear or waits

    @property
    def enough(self) -> int:
        return self.bound + self.bound // _ENOUGH

    @property
    def done(self) -> bool:
        return self.best.cost <= self.enough

    def begin(self, tried: Answer | None) -> None:
        self.offer(spread(self.network))
        if tried is not None:
            self.offer(tried.takes)
            self.proof_steps += tried.steps
            self.bound = max(self.bound, tried.bound)

    def offer(self, takes: Takes) -> None:
        """Remember an allowed plan."""
        found = Found(cost_of(self.network, takes), takes)
        self.pool[found.used] = min(found, self.pool.get(found.used, found))
        self.best = min(self.best, found)

    def sets(self, max_steps: int) -> list[tuple[int, ...]]:
        """Sets of sources that look cheap by one line or another, those first that look best."""
        if self.done:
            return []
        total_g = sum([piece.units * piece.weight_g for piece in self.network.pieces])
        ranked: dict[tuple[int, ...], int] = {}
        for pct in _ABOUT_PCT:
            sets = Sets(self.network, max(1, total_g * pct // 100))
            sets.search(self.chance, max_steps // len(_ABOUT_PCT))
            self.other_steps += sets.steps
            for rank, chosen in enumerate(sets.cheapest(_SETS)):
                ranked[tuple(chosen)] = min(rank, ranked.get(tuple(chosen), rank))
        return sorted(ranked, key=lambda chosen: (ranked[chosen], chosen))

    def plan(self, sets: Iterable[tuple[int, ...]], max_steps: int) -> None:
        """Of each set a plan, as long as the steps last."""
        pairs = self.shaking.pairs
        until = pairs.steps + max_steps
        for chosen in sets:
            if self.done or pairs.steps >= until:
                return
            takes = assigned(self.network, list(chosen), self.relaxed)
            pairs.steps += sum(map(len, pairs.options)) // 4
            if pairs.allowed(takes):
                self.offer(pairs.improve(takes, chosen, until))

    def prove(self) -> None:
        """Raise the bound, up to the cost of the best plan where that is to be had."""
        size = len(self.network.pieces) * len(self.network.sources)
        if self.done or size > BOUNDED:
            return
        if size <= PROVABLE and self.network.max_parcels is None:
            answer = solve(self.network, start=self.best.takes, max_steps=PROOF_STEPS)
            self.offer(answer.takes)
            self.proof_steps += answer.steps
            self.bound = max(self.bound, answer.bound)
            return
        low = self.relaxed.low
        start = [min([piece.wait, *low[i].values()]) for i, piece in enumerate(self.network.pieces)]
        dual = Dual(self.network, self.relaxed.useful(), start)
        dual.ascend(self.best.cost)
        self.proof_steps += dual.steps
        self.bound = max(self.bound, dual.bound)

    def shake(self, max_steps: int) -> None:
        """The best plans, then fewer of them for longer."""
        for count, pct in _HALVED:
            some = sorted(self.pool.values())[:count]
            for one in some:
                if not self.done:
                    steps = max_steps * pct // (100 * len(some))
                    self.offer(self.shaking.shaken(one, steps, self.enough).takes)

    def rebuild(self, max_steps: int) -> None:
        """The best plan with all sources."""
        if not self.done:
            better = rebuilt(self.network, self.best.takes, self.chance, max_steps=max_steps, enough=self.enough)
            self.other_steps += better.steps
            self.offer(better.takes)
