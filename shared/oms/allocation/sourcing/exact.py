"""The cheapest plan of one order, proven: branch and bound over sets of sources, then over the pieces inside a set.

A plan's cost is that of its sources and that of its pieces at them, except for the steps of the tariffs. These are
bounded from below by straight lines, so that a source costs `base` to open and a piece `low` at it: an uncapacitated
facility location problem (`relaxed.py`). Most orders are proven with it alone. One that is not after `FIRST_STEPS` gets
a better plan by local search, and prices of its pieces that know the steps (`dual.py`): what is not covered yet costs
at least its price, and a source that is not paid for by the pieces' prices costs the rest on top. Inside a set of
sources every piece goes to its cheapest one unless a step or a limit makes another assignment cheaper (`inside.py`).

Work is counted in steps, never by the clock: the same problem ends the same way on every machine.
"""

from collections.abc import Iterable

from oms.allocation.sourcing.dual import Dual
from oms.allocation.sourcing.inside import Inside
from oms.allocation.sourcing.network import Answer, Network, Takes
from oms.allocation.sourcing.relaxed import Relaxed
from oms.allocation.sourcing.whole import Whole

ENOUGH_STEPS = 400_000
FIRST_STEPS = 2500
_ROUNDS = 40


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
        self.network = network
        self.relaxed = relaxed = Relaxed(network)
        self.max_steps = max_steps
        self.inside = Inside(network, max_steps)
        count = len(network.sources)
        self.most = count if network.max_sources is None else network.max_sources
        self.names = sorted(relaxed.useful(), key=lambda j: (relaxed.base[j], j))
        self.rows = [relaxed.rows[j] for j in self.names]
        self.base = [relaxed.base[j] for j in self.names]
        self.waits = relaxed.waits
        self.whole = None if relaxed.split or relaxed.dear or self.inside.limited else Whole(relaxed, self.inside)
        self.splits = [_Apart(relaxed, i, self.names) for i in relaxed.split]
        self.masks = self._masks()
        self.prices: list[int] | None = None
        self.split_prices: list[int] = []
        self.split_waits = [one.wait for one in self.splits]
        self.extra = [0] * len(self.names)
        self.below = 0  # how much the sum of the prices is above what is proven
        self.bound = 0
        self._learn((1 << len(self.names)) - 1)

    def _masks(self) -> list[int]:
        """By whole piece, the sources that have it."""
        masks = [0] * len(self.waits)
        for k, j in enumerate(self.names):
            has, bit = self.relaxed.has[j], 1 << k
            for place in range(len(masks)):
                if has >> place & 1:
                    masks[place] |= bit
        return masks

    def _learn(self, useful: int) -> None:
        """What pieces pay at least when only these sources are used."""
        self.useful = useful
        names = [k for k in range(len(self.rows)) if useful >> k & 1]
        rows = [self.rows[k] for k in names]
        self.cheapest = list(map(min, self.waits, *rows)) if rows else self.waits
        self.splits_least = self._filled(names, self.split_waits) if self.splits else 0
        self.needed = [wait - least for wait, least in zip(self.waits, self.cheapest, strict=True)]

    def _drop_useless(self) -> None:
        """Close every source that is too dear for any plan better than the best."""
        best = self.inside.best
        for _ in range(2):
            least = sum(self.cheapest) + self.splits_least
            useful = 0
            for k, row in enumerate(self.rows):
                if self.useful >> k & 1 and self.bound + self.extra[k] < best:
                    alone = sum(map(min, self.waits, row)) < best
                    other = 0 if alone else self.base[0]
                    if self.base[k] + other + least < best:
                        useful |= 1 << k
            if useful == self.useful or not useful:
                return
            self._learn(useful)

    def run(self) -> Answer:
        inside = self.inside
        self._climb([])
        self.bound = sum(self.cheapest) + self.splits_least
        if self.names and self.most:
            inside.max_steps = min(self.max_steps, FIRST_STEPS)
            self._drop_useless()
            self._explore([], self.useful, self.waits, 0, 0)
            if inside.exhausted and self.max_steps > FIRST_STEPS:
                inside.max_steps = self.max_steps
                self._strengthen()
                self._drop_useless()
                self._explore([], self.useful, self.waits, 0, self.bound)
        bound = min(inside.best, self.bound) if inside.exhausted else inside.best
        return Answer(inside.takes, inside.best, bound, inside.steps)

    def _strengthen(self) -> None:
        """A better plan, and prices that know the steps."""
        pieces = self.network.pieces
        start = [min([piece.wait, *self.relaxed.low[i].values()]) for i, piece in enumerate(pieces)]
        dual = Dual(self.network, self._open(), start)
        dual.ascend(self.inside.best, _ROUNDS)
        self._priced(dual)
        self._plans(dual)
        if self.bound < self.inside.best:
            again = Dual(self.network, self._open(), dual.price, whole=True)
            again.ascend(self.inside.best, _ROUNDS)
            self._priced(again)

    def _open(self) -> list[int]:
        """The sources that may be in a plan better than the best."""
        best = self.inside.best
        return [
            j for k, j in enumerate(self.names) if self.useful >> k & 1 and self.bound + self.extra[k] < best
        ]

    def _priced(self, dual: Dual) -> None:
        self.inside.steps += dual.steps
        self.prices = [dual.price[i] for i in self.relaxed.whole]
        self.split_prices = [dual.price[i] for i in self.relaxed.split]
        self.extra = [max(0, dual.worth.get(j, self.inside.best)) for j in self.names]
        self.below = -sum([worth for worth in dual.worth.values() if worth < 0])
        self.bound = max(self.bound, min(dual.bound, self.inside.best))

    def _plans(self, dual: Dual) -> None:
        """Good plans: from what paid at some prices, from every source that may be in one, and from the best of these."""
        number = {j: k for k, j in enumerate(self.names)}
        for paying in dual.paying:
            if 0 < len(paying) <= self.most:
                self._search([number[j] for j in paying], True)
        for j in self._open():
            self._climb([number[j]], True)
        self._improve()

    def _improve(self) -> None:
        """The best plan's sources less one, with one more, or with one for another, as long as that helps."""
        inside = self.inside
        seen = set()
        place = {j: k for k, j in enumerate(self.names)}
        while True:
            used = tuple(sorted({place[j] for parts in inside.takes for j, _ in parts}))
            if used in seen:
                return
            seen.add(used)
            for out in (None, *used):
                rest = [k for k in used if k != out]
                for into in (None, *range(len(self.names))):
                    if into in used or (into is None and out is None) or not (into is not None or rest):
                        continue
                    chosen = rest if into is None else [*rest, into]
                    if len(chosen) <= self.most and self._cost(chosen) < inside.best:
                        self._search(chosen, True)

    def _cost(self, chosen: list[int]) -> int:
        """By lines."""
        opened = sum([self.base[k] for k in chosen])
        return opened + sum(map(min, self.waits, *[self.rows[k] for k in chosen])) + self._filled(chosen, self.split_waits)

    def _filled(self, chosen: Iterable[int], tops: list[int]) -> int:
        """What the pieces that may be split pay at these sources, and at the most so much a unit elsewhere."""
        return sum([one.filled(chosen, top) for one, top in zip(self.splits, tops, strict=True)])

    def _climb(self, chosen: list[int], quick: bool = False) -> None:
        """A good plan to begin with: always the source that helps most."""
        worst = self.waits
        opened = 0
        for k in chosen:
            worst = list(map(min, worst, self.rows[k]))
            opened += self.base[k]
        now = opened + sum(worst) + self._filled(chosen, self.split_waits)
        while len(chosen) < self.most:
            best, added = now, -1
            for k, row in enumerate(self.rows):
                cost = opened + self.base[k] + sum(map(min, worst, row))
                if cost < best and k not in chosen:
                    if self.splits:
                        cost += self._filled([*chosen, k], self.split_waits)
                    if cost < best:
                        best, added = cost, k
            if added < 0:
                break
            now = best
            chosen.append(added)
            opened += self.base[added]
            worst = list(map(min, worst, self.rows[added]))
        if chosen:
            if self.whole is not None and not quick:
                self.whole.plan([self.names[k] for k in chosen])
            else:
                self._search(chosen, True)

    def _search(self, chosen: list[int], quick: bool = False) -> None:
        names = [self.names[k] for k in chosen]
        if self.whole is not None and not quick:
            self.whole.search(names)
        else:
            self.inside.search(names, self.relaxed.slopes, sum([self.base[k] for k in chosen]), quick)

    def _hopeless(self, chosen: list[int], worst: list[int], opened: int) -> bool:
        """Whether the prices prove that nothing with these sources is better than the best."""
        if self.prices is None:
            return False
        least = opened + sum(map(min, worst, self.prices)) - self.below
        if self.splits:
            least += self._filled(chosen, self.split_prices)
        return least >= self.inside.best

    def _explore(self, chosen: list[int], closed: int, worst: list[int], opened: int, proven: int) -> None:
        """All plans that use the chosen sources and some of the closed ones; `worst`: what pieces pay without these."""
        inside, base = self.inside, self.base
        inside.steps += 1
        if self._hopeless(chosen, worst, opened):
            return
        missing = [
            (there, needed)
            for there, price, wait, needed in zip(self.masks, worst, self.waits, self.needed, strict=True)
            if price == wait
        ]
        missing += [(one.mask, one.needed) for one in self.splits if one.lacks(chosen)]
        least = opened + sum(map(min, worst, self.cheapest)) + self.splits_least
        room = inside.best - least
        musts = [there & closed for there, needed in missing if needed >= room]
        if not musts:
            now = opened + sum(worst) + self._filled(chosen, self.split_waits)
            self._extend(chosen, closed, worst, opened, now, proven)
            return
        if not closed or len(chosen) >= self.most:
            return
        first = closed & -closed
        cheapest = base[first.bit_length() - 1]
        if cheapest >= room:
            return
        second = (closed ^ first) & -(closed ^ first)
        if not second or len(chosen) + 1 >= self.most or cheapest + base[second.bit_length() - 1] >= room:
            self._finish(chosen, closed, worst, opened, least, musts)
            return
        tried = min(musts, key=int.bit_count)
        closed &= ~tried
        while tried and not inside.exhausted:
            bit = tried & -tried
            tried ^= bit
            k = bit.bit_length() - 1
            more = proven + self.extra[k]
            if least + base[k] < inside.best and more < inside.best:
                with_k = list(map(min, worst, self.rows[k]))
                self._explore([*chosen, k], closed | tried, with_k, opened + base[k], more)

    def _extend(
        self, chosen: list[int], closed: int, worst: list[int], opened: int, now: int, proven: int
    ) -> None:
        """Nothing must be added, and `now` is paid: try this set, and with it every source that is worth opening.

        What several of them save is at most the sum of what each saves alone (savings are submodular).
        """
        inside = self.inside
        inside.steps += 1
        if chosen and now < inside.best:
            self._search(chosen)
        if not closed or len(chosen) >= self.most or inside.exhausted:
            return
        gains: list[tuple[int, int, list[int], int]] = []
        hope = 0
        least = opened + sum(map(min, worst, self.cheapest)) + self.splits_least
        while closed:
            bit = closed & -closed
            closed ^= bit
            k = bit.bit_length() - 1
            if least + self.base[k] < inside.best and proven + self.extra[k] < inside.best:
                with_k = list(map(min, worst, self.rows[k]))
                cost = opened + self.base[k] + sum(with_k)
                if self.splits:
                    cost += self._filled([*chosen, k], self.split_waits)
                gain = now - cost
                gains.append((gain, bit, with_k, cost))
                if gain > 0:
                    hope += gain
        gains.sort(reverse=True)
        inside.steps += len(gains) // 2
        left = sum([bit for _, bit, _, _ in gains])
        for gain, bit, with_k, cost in gains:
            left ^= bit
            if gain > 0:
                hope -= gain
            if cost - hope >= inside.best:
                if gain <= 0:
                    return
                continue
            k = bit.bit_length() - 1
            wider = [*chosen, k]
            if not self._hopeless(wider, with_k, opened + self.base[k]):
                self._extend(wider, left, with_k, opened + self.base[k], cost, proven + self.extra[k])

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
            if cost < self.inside.best and cost + self._filled([*chosen, k], self.split_waits) < self.inside.best:
                self._search([*chosen, k])


class _Apart:
    """A piece whose units may go apart, with sources by number."""

    def __init__(self, relaxed: Relaxed, i: int, names: list[int]) -> None:
        self.units, self.wait = relaxed.pieces[i].units, relaxed.pieces[i].wait
        low, limit = relaxed.low[i], relaxed.limit[i]
        self.given = {k: (low[j], min(limit[j], self.units)) for k, j in enumerate(names) if j in low}
        self.mask = sum([1 << k for k in self.given])
        self.there = min(self.units, sum([there for _, there in self.given.values()]))
        self.needed = self.wait - min([self.wait, *[price for price, _ in self.given.values()]])

    def lacks(self, chosen: Iterable[int]) -> bool:
        """Whether some units would wait."""
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
