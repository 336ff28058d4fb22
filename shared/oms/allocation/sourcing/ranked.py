"""Sources by what they cost to open, and plans that are found by following the lines below the tariffs.

Sources are known by their rank here, so that the lowest bit of a set of them is the cheapest to open.
"""

from collections.abc import Iterable, Sequence

from oms.allocation.sourcing.inside import Inside
from oms.allocation.sourcing.network import Network
from oms.allocation.sourcing.relaxed import Relaxed
from oms.allocation.sourcing.whole import Whole

_ROUNDS = 4  # of local search, even when the steps are used up: they cost less than what they find


class Ranked:
    """What sources cost by their lines, and which sets of them were looked at for a good plan."""

    def __init__(self, network: Network, max_steps: int) -> None:
        self.relaxed = relaxed = Relaxed(network)
        self.inside = Inside(network, max_steps)
        straight = not (relaxed.split or relaxed.dear or self.inside.limited)
        self.whole = Whole(relaxed, self.inside) if straight else None
        self.level = [len(steps.ends) == 1 for steps in relaxed.steps]  # one price, whatever is sent from there
        count = len(network.sources)
        self.most = count if network.max_sources is None else network.max_sources
        self.names = sorted(relaxed.useful(), key=lambda j: (relaxed.base[j], j))
        self.rows = [relaxed.rows[j] for j in self.names]
        self.base = [relaxed.base[j] for j in self.names]
        self.waits = relaxed.waits
        self.splits = [Apart(relaxed, i, self.names) for i in relaxed.split]
        self.tops = [one.wait for one in self.splits]

    def masks(self, ranks: Iterable[int]) -> list[int]:
        """By whole piece, those of the sources that have it."""
        masks = [0] * len(self.waits)
        for k in ranks:
            has, bit = self.relaxed.has[self.names[k]], 1 << k
            while has:
                place = has & -has
                has ^= place
                masks[place.bit_length() - 1] |= bit
        return masks

    def filled(self, chosen: Iterable[int], tops: list[int]) -> int:
        """What the pieces that may be split pay at these sources, and at the most so much a unit elsewhere."""
        if not self.splits:
            return 0
        return sum([one.filled(chosen, top) for one, top in zip(self.splits, tops, strict=True)])

    def cost(self, chosen: list[int]) -> int:
        """What a set costs by lines."""
        opened: int = sum([self.base[k] for k in chosen])
        paid: int = sum(map(min, self.waits, *[self.rows[k] for k in chosen]))
        return opened + paid + self.filled(chosen, self.tops)

    def search(self, chosen: list[int]) -> None:
        """Look at every plan with these sources."""
        names = [self.names[k] for k in chosen]
        if self.whole is not None:
            if all(self.level[j] for j in names):
                self.whole.plan(names)
            else:
                self.whole.search(names)
        else:
            self.inside.search(names, self.relaxed.slopes, sum([self.base[k] for k in chosen]))

    def try_out(self, chosen: list[int]) -> None:
        """Offer one good plan with these sources."""
        names = [self.names[k] for k in chosen]
        self.inside.try_out(names, self.relaxed.slopes, sum([self.base[k] for k in chosen]))

    def cover(self, chosen: list[int]) -> None:
        """Of these sources one after the other away, as long as that is cheaper or they are too many, and a plan."""
        if not chosen:
            return
        cost = self.cost(chosen)
        while len(chosen) > 1:
            fewer = [chosen[:at] + chosen[at + 1 :] for at in range(len(chosen))]
            less, rest = min([(self.cost(rest), rest) for rest in fewer])
            if less >= cost and len(chosen) <= self.most:
                break
            cost, chosen = less, rest
        self._plan(chosen)

    def climb(self, chosen: list[int], *, quick: bool = False) -> None:
        """From these sources on always the one more that helps most, and a plan with them."""
        worst, opened = self.waits, 0
        for k in chosen:
            worst = list(map(min, worst, self.rows[k]))
            opened += self.base[k]
        now = opened + sum(worst) + self.filled(chosen, self.tops)
        while len(chosen) < self.most:
            best, added = now, -1
            for k, row in enumerate(self.rows):
                cost = opened + self.base[k] + sum(map(min, worst, row))
                if cost < best and k not in chosen:
                    if self.splits:
                        cost += self.filled([*chosen, k], self.tops)
                    if cost < best:
                        best, added = cost, k
            if added < 0:
                break
            now = best
            chosen = [*chosen, added]
            opened += self.base[added]
            worst = list(map(min, worst, self.rows[added]))
        if chosen and quick:
            self._plan(chosen)
        elif chosen:
            self.inside.steps += len(chosen)
            self.try_out(chosen)

    def _plan(self, chosen: list[int]) -> None:
        """Offer every piece where its line is cheapest; where pieces may be split, that plan mended."""
        self.inside.steps += len(chosen)
        if self.whole is not None:
            self.whole.plan([self.names[k] for k in chosen])
        else:
            self.try_out(chosen)

    def improve(self) -> None:
        """The best plan's sources less one, with one more, or with one for another, as long as that helps."""
        inside = self.inside
        rank = {j: k for k, j in enumerate(self.names)}
        seen: set[tuple[int, ...]] = set()
        while len(seen) < _ROUNDS or not inside.exhausted:
            used = tuple(sorted({rank[j] for parts in inside.takes for j, _ in parts}))
            if used in seen:
                return
            seen.add(used)
            for chosen in self._around(used):
                if self.cost(chosen) < inside.best:
                    self.try_out(chosen)

    def _around(self, used: Sequence[int]) -> Iterable[list[int]]:
        spare = [k for k in range(len(self.names)) if k not in used]
        for out in used:
            rest = [k for k in used if k != out]
            if rest:
                yield rest
            for into in spare:
                yield [*rest, into]
        if len(used) < self.most:
            for into in spare:
                yield [*used, into]


class Apart:
    """A piece whose units may go apart: by source the price by its line, and how many."""

    def __init__(self, relaxed: Relaxed, i: int, names: list[int]) -> None:
        self.units, self.wait = relaxed.pieces[i].units, relaxed.pieces[i].wait
        low, limit = relaxed.low[i], relaxed.limit[i]
        self.given = {k: (low[j], min(limit[j], self.units)) for k, j in enumerate(names) if j in low}
        self.mask = sum([1 << k for k in self.given])
        self.there = min(self.units, sum([there for _, there in self.given.values()]))
        self.needed = self.wait - min([self.wait, *[price for price, _ in self.given.values()]])

    def lacks(self, chosen: Iterable[int]) -> bool:
        """Whether units would wait that somebody has."""
        given = self.given
        return sum([given[k][1] for k in chosen if k in given]) < self.there

    def filled(self, chosen: Iterable[int], top: int) -> int:
        """What all units cost, at the most `top` each."""
        given = self.given
        total, left = 0, self.units
        for price, there in sorted([given[k] for k in chosen if k in given]):
            if price >= top:
                break
            if there >= left:
                return total + left * price
            total += there * price
            left -= there
        return total + left * top
