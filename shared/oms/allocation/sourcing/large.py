"""A good plan for an order that is too large to be proven."""

import random
from collections.abc import Collection, Iterable

from oms.allocation.sourcing.local import assigned, spread
from oms.allocation.sourcing.network import Network, Takes, allowed, cost_of
from oms.allocation.sourcing.paired import Pairs
from oms.allocation.sourcing.rebuilt import rebuilt
from oms.allocation.sourcing.relaxed import Relaxed
from oms.allocation.sourcing.scaled import Found
from oms.allocation.sourcing.sets import Sets

LARGE_STEPS = 2_000_000
_SHARES = (33, 12, 50)
_SETS = 40
_ENOUGH = 1_000
_SETS_PCT, _PLANS_PCT = 35, 25
_HALVINGS = ((16, 25), (5, 35), (2, 40))
_KICKED = 12
_WIDE = 30


def improved(network: Network, *starts: Takes, bound: int, max_steps: int = LARGE_STEPS) -> tuple[Takes, int]:
    one = _Improving(network, bound + bound // _ENOUGH)
    one.begin(starts)
    one.plans(one.sets(max_steps * _SETS_PCT // 100), max_steps * _PLANS_PCT // 100)
    one.shake(max_steps * (100 - _SETS_PCT - _PLANS_PCT) // 100)
    return one.pool[0].takes, one.steps


class _Improving:
    def __init__(self, network: Network, enough: int) -> None:
        self.network = network
        self.enough = enough
        self.limited = bool(network.pools) or network.max_parcels is not None
        self.chance = random.Random(len(network.pieces))
        self.relaxed = Relaxed(network)
        self.pairs = Pairs(network)
        self.pool: list[Found] = []
        self.rest = 0
        self.log = []

    @property
    def steps(self) -> int:
        return self.rest + self.pairs.steps

    @property
    def done(self) -> bool:
        return self.pool[0].cost <= self.enough

    def begin(self, starts: Iterable[Takes]) -> None:
        for takes in (*starts, spread(self.network)):
            self.pool.append(Found(cost_of(self.network, takes), takes))
        self.pool.sort()

    def sets(self, max_steps: int) -> list[list[int]]:
        found: dict[tuple[int, ...], None] = {}
        if self.done:
            return []
        total_g = sum([piece.units * piece.weight_g for piece in self.network.pieces])
        each = []
        for share in _SHARES:
            sets = Sets(self.network, max(1, total_g * share // 100))
            sets.search(self.chance, max_steps // len(_SHARES))
            self.rest += sets.steps
            each.append(sets.cheapest(_SETS))
        for rank in range(_SETS):
            for one in each:
                if rank < len(one):
                    found.setdefault(tuple(one[rank]))
        return [list(one) for one in found]

    def plans(self, sets: Iterable[list[int]], max_steps: int) -> None:
        until = self.steps + max_steps
        for chosen in sets:
            if self.done or self.steps >= until:
                break
            takes = assigned(self.network, chosen, self.relaxed)
            self.rest += 4*len(self.network.pieces)
            if self.limited and not allowed(self.network, takes):
                continue
            takes = self.pairs.improve(takes, chosen, until - self.steps)
            self.pool.append(Found(cost_of(self.network, takes), takes))
        self.pool.sort()

    def shake(self, max_steps: int) -> None:
        for count, pct in _HALVINGS:
            now, rest = self.pool[:count], self.pool[count:]
            self.pool = sorted([*[self.shaken(one, max_steps * pct // (100 * len(now))) for one in now], *rest])

    def shaken(self, one: Found, max_steps: int) -> Found:
        until = self.steps + max_steps
        among = {j for parts in one.takes for j, _ in parts}
        best = one
        if len(among) < 2:
            return one
        while self.steps < until and not self.done:
            if self.chance.randrange(3):
                takes, touched = self.kicked(best.takes, sorted(among))
            else:
                takes, touched = self.sloped(sorted(among)), None
            self.rest += 3*len(takes)
            if self.limited and not allowed(self.network, takes):
                continue
            takes = self.pairs.improve(takes, among, until - self.steps, touched)
            cost = cost_of(self.network, takes)
            if cost <= best.cost:
                best = Found(cost, takes)
        return best

    def kicked(self, takes: Takes, among: Collection[int]) -> tuple[Takes, set[int]]:
        plan = list(takes)
        touched: set[int] = set()
        for i in self.chance.sample(range(len(plan)), min(len(plan), self.chance.randint(2, _KICKED))):
            options = [j for j in among if j in self.pairs.options[i]]
            if self.network.pieces[i].units == 1 and options:
                touched |= {j for j, _ in plan[i]}
                plan[i] = ((self.chance.choice(options), 1),)
                touched.add(plan[i][0][0])
        return tuple(plan), touched

    def sloped(self, among: Collection[int]) -> Takes:
        slopes = {j: self.relaxed.slopes[j] * self.chance.randint(100 - _WIDE, 100 + _WIDE) // 100 for j in among}
        plan = []
        for piece, options in zip(self.network.pieces, self.pairs.options, strict=True):
            left, parts = piece.units, []
            for _, j, limit in sorted(
                [(options[j][0] + slope * piece.weight_g, j, options[j][1]) for j, slope in slopes.items() if j in options]
            ):
                part = min(left, limit)
                if part:
                    parts.append((j, part))
                    left -= part
            plan.append(tuple(parts))
        return tuple(plan)
