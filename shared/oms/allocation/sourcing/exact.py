"""The cheapest plan of one order, proven: branch and bound over sets of sources, then over the pieces inside a set.

A plan's cost is that of its sources and that of its pieces at them, except for the steps of the tariffs. These are
bounded from below by a straight line (`line_below`), so that a source costs `base` to open and a piece `low` at it: an
uncapacitated facility location problem, whose dual gives the bound. A closed source is worth at most its `base` to the
pieces that would gain from it, so each of n such pieces must find 1/n of it in its own price: a feasible dual solution,
raised once more where there is slack (after Erlenkotter, "A dual-based procedure for uncapacitated facility location",
1978). A source whose slack on top of the bound is too much is out (reduced cost). Inside a set of sources every piece
goes to its cheapest one unless a step or a limit makes another assignment cheaper (`inside.py`).

Work is counted in steps, never by the clock: the same problem ends the same way on every machine.
"""

from collections.abc import Iterable

from oms.allocation.sourcing.inside import Inside
from oms.allocation.sourcing.network import Answer, Network, Takes
from oms.allocation.sourcing.relaxed import Relaxed

ENOUGH_STEPS = 400_000


def solve(network: Network, *, start: Takes | None = None, max_steps: int = ENOUGH_STEPS) -> Answer:
    """The cheapest plan; when `max_steps` are used up, the best so far with the bound that is proven.

    `start` is a plan to beat; without one, nothing is shipped.
    """
    search = _Search(network, max_steps)
    search.inside.offer(start if start is not None else ((),) * len(network.pieces))
    return search.run()


class _Search:
    """Sets of sources, each looked at once: what was tried for a piece is closed for what is tried after it.

    Sources are numbered by what they cost to open, so that the lowest bit of a set is its cheapest source.
    """

    def __init__(self, network: Network, max_steps: int) -> None:
        self.relaxed = relaxed = Relaxed(network)
        self.inside = Inside(network, max_steps)
        count = len(network.sources)
        self.most = count if network.max_sources is None else network.max_sources
        self.names = sorted(relaxed.useful(), key=lambda j: (relaxed.base[j], j))
        self.rows = [relaxed.rows[j] for j in self.names]
        self.base = [relaxed.base[j] for j in self.names]
        self.waits = relaxed.waits
        self.split = bool(relaxed.split)
        self.masks = [sum([1 << k for k, j in enumerate(self.names) if j in relaxed.low[i]]) for i in relaxed.whole]
        self._learn((1 << len(self.names)) - 1)

    def _learn(self, useful: int) -> None:
        """What pieces pay at least when only these sources are used."""
        self.useful = useful
        rows = [row for k, row in enumerate(self.rows) if useful >> k & 1]
        self.cheapest = list(map(min, self.waits, *rows)) if rows else self.waits
        self.splits_least = self._splits([k for k in range(len(self.rows)) if useful >> k & 1])
        self.needed = [wait - least for wait, least in zip(self.waits, self.cheapest, strict=True)]

    def _drop_useless(self) -> None:
        """Close every source that is too dear for any plan better than the best."""
        best = self.inside.best
        for _ in range(2):
            least = sum(self.cheapest) + self.splits_least
            useful = 0
            for k, row in enumerate(self.rows):
                if self.useful >> k & 1:
                    alone = sum(map(min, self.waits, row)) < best
                    other = 0 if alone else self.base[0]
                    if self.base[k] + other + least < best:
                        useful |= 1 << k
            if useful == self.useful or not useful:
                return
            self._learn(useful)

    def run(self) -> Answer:
        inside = self.inside
        self._climb()
        least = sum(self.cheapest) + self.splits_least
        if self.names and self.most:
            self._drop_useless()
            self._explore([], self.useful, self.waits, 0)
        bound = inside.best
        if inside.exhausted:
            bound = min(bound, max(least, self.relaxed.bound(self.names)))
        return Answer(inside.takes, inside.best, bound, inside.steps)

    def _splits(self, chosen: Iterable[int]) -> int:
        """What the pieces that may be split pay at least."""
        relaxed = self.relaxed
        if not relaxed.split:
            return 0
        names = [self.names[k] for k in chosen]
        return sum([relaxed.filled(i, names, {}) for i in relaxed.split])

    def _climb(self) -> None:
        """A good plan to begin with: always the source that helps most."""
        chosen: list[int] = []
        worst = self.waits
        now = sum(worst) + self._splits(())
        opened = 0
        while len(chosen) < self.most:
            best, added = now, -1
            for k, row in enumerate(self.rows):
                cost = opened + self.base[k] + sum(map(min, worst, row))
                if cost < best and k not in chosen:
                    cost += self._splits([*chosen, k])
                    if cost < best:
                        best, added = cost, k
            if added < 0:
                break
            now = best
            chosen.append(added)
            opened += self.base[added]
            worst = list(map(min, worst, self.rows[added]))
        if chosen:
            self._search(chosen)

    def _search(self, chosen: list[int]) -> None:
        self.inside.search([self.names[k] for k in chosen])

    def _explore(self, chosen: list[int], closed: int, worst: list[int], opened: int) -> None:
        """All plans that use the chosen sources and some of the closed ones; `worst`: what pieces pay without these."""
        inside, base = self.inside, self.base
        inside.steps += 1
        missing = [
            (there, needed)
            for there, price, wait, needed in zip(self.masks, worst, self.waits, self.needed, strict=True)
            if price == wait
        ]
        if not missing and not self.split:
            self._extend(chosen, closed, worst, opened + sum(worst))
            return
        if chosen and opened + sum(worst) + self._splits(chosen) < inside.best:
            self._search(chosen)
        if len(chosen) >= self.most:
            return
        least = opened + sum(map(min, worst, self.cheapest)) + self.splits_least
        while closed and not inside.exhausted:
            room = inside.best - least
            first = closed & -closed
            cheapest = base[first.bit_length() - 1]
            if cheapest >= room:
                return
            musts = [there & closed for there, needed in missing if needed >= room]
            second = (closed ^ first) & -(closed ^ first)
            if not second or len(chosen) + 1 >= self.most or cheapest + base[second.bit_length() - 1] >= room:
                self._finish(chosen, closed, worst, opened, least, musts)
                return
            tried = min(musts, key=int.bit_count) if musts else first
            if not tried:
                return
            closed &= ~tried
            while tried:
                bit = tried & -tried
                tried ^= bit
                k = bit.bit_length() - 1
                if least + base[k] < inside.best:
                    with_k = list(map(min, worst, self.rows[k]))
                    self._explore([*chosen, k], closed | tried, with_k, opened + base[k])

    def _extend(self, chosen: list[int], closed: int, worst: list[int], now: int) -> None:
        """Nothing is missing, and `now` is paid: try this set, and with it every source that is worth opening.

        What several of them save is at most the sum of what each saves alone (savings are submodular).
        """
        inside = self.inside
        inside.steps += 1
        if chosen and now < inside.best:
            self._search(chosen)
        if not closed or len(chosen) >= self.most or inside.exhausted:
            return
        gains: list[tuple[int, int, list[int]]] = []
        paid, hope = sum(worst), 0
        least = sum(map(min, worst, self.cheapest))
        while closed:
            bit = closed & -closed
            closed ^= bit
            k = bit.bit_length() - 1
            if now + self.base[k] - paid + least < inside.best:
                with_k = list(map(min, worst, self.rows[k]))
                gain = paid - sum(with_k) - self.base[k]
                gains.append((gain, bit, with_k))
                if gain > 0:
                    hope += gain
        gains.sort(reverse=True)
        left = sum([bit for _, bit, _ in gains])
        for gain, bit, with_k in gains:
            left ^= bit
            if gain > 0:
                hope -= gain
            if now - gain - hope >= inside.best:
                if gain <= 0:
                    return
                continue
            self._extend([*chosen, bit.bit_length() - 1], left, with_k, now - gain)

    def _finish(
        self, chosen: list[int], closed: int, worst: list[int], opened: int, least: int, musts: list[int]
    ) -> None:
        """There is room for one source more: it must have all that is missing."""
        for there in musts:
            closed &= there
        while closed:
            bit = closed & -closed
            closed ^= bit
            k = bit.bit_length() - 1
            self.inside.steps += 1
            if least + self.base[k] >= self.inside.best:
                return
            cost = opened + self.base[k] + sum(map(min, worst, self.rows[k]))
            if cost < self.inside.best and cost + self._splits([*chosen, k]) < self.inside.best:
                self._search([*chosen, k])
