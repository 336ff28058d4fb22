"""The cheapest plan of one order, proven: branch and bound over sets of sources, then over the pieces inside a set.

A plan's cost is that of its sources and that of its pieces at them, except for the steps of the tariffs. These are
bounded from below by straight lines, so that a source costs `base` to open and a piece `low` at it: an uncapacitated
facility location problem (`relaxed.py`). Prices of the pieces, raised as far as the sources allow (`ascent.py`), say
which sources cannot be in a better plan and which are a good one. Most orders are proven with it alone. One that is
not after `FIRST_STEPS` gets better plans from many starts, and prices of its pieces that know the steps (`dual.py`):
what is not covered yet costs at least its price, and a source that is not paid for by the pieces' prices costs the
rest on top. Inside a set of sources every piece goes to its cheapest one unless a step or a limit makes another
assignment cheaper (`whole.py`, `inside.py`).

Work is counted in steps, never by the clock: the same problem ends the same way on every machine.
"""

from oms.allocation.sourcing.ascent import ascend
from oms.allocation.sourcing.dual import Dual
from oms.allocation.sourcing.network import Answer, Network, Takes
from oms.allocation.sourcing.ranked import Ranked

ENOUGH_STEPS = 200_000
FIRST_STEPS = 2_000
_SMALL = 100  # pieces x sources: looking at all sets is quicker than raising prices


def solve(network: Network, *, start: Takes | None = None, max_steps: int = ENOUGH_STEPS) -> Answer:
    """The cheapest plan; when `max_steps` are used up, the best so far with the bound that is proven.

    `start` is a plan to beat; without one, nothing is shipped.
    """
    search = _Search(network, max_steps)
    if start is not None:
        search.inside.offer(start)
    return search.run()


class _Search:
    """Sets of sources, each looked at once: what was tried for a piece is closed for what is tried after it."""

    def __init__(self, network: Network, max_steps: int) -> None:
        self.network = network
        self.max_steps = max_steps
        self.ranked = ranked = Ranked(network, max_steps)
        self.inside = ranked.inside
        self.rows, self.base, self.waits = ranked.rows, ranked.base, ranked.waits
        self._learn((1 << len(ranked.names)) - 1)
        self.prices, self.extra = self.cheapest, self.base  # extra: what the prices do not pay
        if len(self.waits) * len(self.rows) > _SMALL:
            self.prices, self.extra = ascend(self.waits, self.rows, self.base)
        self.split_prices = [0] * len(ranked.splits)
        self.below = -self.splits_least  # how much the sum of the prices is above what is proven
        self.bound = sum(self.prices) + self.splits_least

    def _learn(self, useful: int) -> None:
        """What pieces pay at least when only these sources are used."""
        self.useful = useful
        ranks = self._ranks(useful)
        rows = [self.rows[k] for k in ranks]
        self.cheapest = list(map(min, self.waits, *rows)) if rows else self.waits
        self.splits_least = self.ranked.filled(ranks, self.ranked.tops)
        self.needed = [wait - least for wait, least in zip(self.waits, self.cheapest, strict=True)]

    def _ranks(self, some: int) -> list[int]:
        return [k for k in range(len(self.rows)) if some >> k & 1]

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
        if self.ranked.names and self.ranked.most:
            inside.max_steps = min(self.max_steps, FIRST_STEPS)
            paid = [k for k, missing in enumerate(self.extra) if not missing]
            self.ranked.cover(paid)
            if self.ranked.splits or not paid or not all(self.ranked.level):
                self.ranked.climb([], quick=True)
            self._through()
            if inside.exhausted and self.max_steps > FIRST_STEPS:
                inside.max_steps = self.max_steps
                self._strengthen()
                self._through()
        bound = self.bound if inside.exhausted else inside.best
        return Answer(inside.takes, inside.best, min(bound, inside.best), inside.steps)

    def _through(self) -> None:
        self._drop_useless()
        self.masks = self.ranked.masks(self._ranks(self.useful))
        self._explore([], self.useful, self.waits, 0, self.bound)

    def _strengthen(self) -> None:
        """Better plans, and prices that know the steps: first with pieces divisible, then with pieces whole."""
        low = self.ranked.relaxed.low
        start = [min([piece.wait, *low[i].values()]) for i, piece in enumerate(self.network.pieces)]
        dual = Dual(self.network, self._open(), start)
        self._priced(dual)
        self._plans(dual)
        if self.bound < self.inside.best:
            self._priced(Dual(self.network, self._open(), dual.price, whole=True))

    def _open(self) -> list[int]:
        """The sources that may be in a plan better than the best."""
        room = self.inside.best - self.bound
        return [j for k, j in enumerate(self.ranked.names) if self.useful >> k & 1 and self.extra[k] < room]

    def _priced(self, dual: Dual) -> None:
        best = self.inside.best
        dual.ascend(best)
        self.inside.steps += dual.steps
        if dual.bound < self.bound:
            return
        relaxed = self.ranked.relaxed
        self.prices = [dual.price[i] for i in relaxed.whole]
        self.split_prices = [dual.price[i] for i in relaxed.split]
        self.extra = [max(0, dual.worth.get(j, best)) for j in self.ranked.names]
        self.below = -sum([worth for worth in dual.worth.values() if worth < 0])
        self.bound = min(dual.bound, best)

    def _plans(self, dual: Dual) -> None:
        """Plans from what paid at some prices, from every source that may be in one, and around the best of these."""
        rank = {j: k for k, j in enumerate(self.ranked.names)}
        for paying in dual.paying:
            if 0 < len(paying) <= self.ranked.most:
                self.ranked.try_out([rank[j] for j in paying])
        for j in self._open():
            self.ranked.climb([rank[j]])
        self.ranked.improve()

    def _floor(self, chosen: list[int], worst: list[int], opened: int) -> int:
        """What every plan with these sources costs at least, by the prices; one more adds its `extra`."""
        least = opened + sum(map(min, worst, self.prices)) - self.below
        return least + self.ranked.filled(chosen, self.split_prices)

    def _explore(self, chosen: list[int], closed: int, worst: list[int], opened: int, proven: int) -> None:
        """All plans that use the chosen sources and some of the closed ones; `worst`: what pieces pay without these."""
        inside, base = self.inside, self.base
        inside.steps += 1
        floor = self._floor(chosen, worst, opened)
        if floor >= inside.best:
            return
        proven = max(proven, floor)
        least = opened + sum(map(min, worst, self.cheapest)) + self.splits_least
        room = inside.best - least
        first = closed & -closed
        cheapest = base[first.bit_length() - 1]
        if not closed or cheapest >= room or len(chosen) >= self.ranked.most:
            if chosen and room > 0:
                self._extend(chosen, 0, worst, opened, self._now(chosen, worst, opened), proven)
            return
        musts = self._musts(chosen, closed, worst, room)
        if not musts:
            self._extend(chosen, closed, worst, opened, self._now(chosen, worst, opened), proven)
            return
        second = (closed ^ first) & -(closed ^ first)
        last = not second or len(chosen) + 1 >= self.ranked.most
        if last or cheapest + base[second.bit_length() - 1] >= room:
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

    def _now(self, chosen: list[int], worst: list[int], opened: int) -> int:
        return opened + sum(worst) + self.ranked.filled(chosen, self.ranked.tops)

    def _musts(self, chosen: list[int], closed: int, worst: list[int], room: int) -> list[int]:
        """By piece that is not covered and cannot wait, the sources that have it."""
        musts = [
            there & closed
            for there, price, wait, needed in zip(self.masks, worst, self.waits, self.needed, strict=True)
            if price == wait and needed >= room
        ]
        if self.ranked.splits:
            musts += [one.mask & closed for one in self.ranked.splits if one.needed >= room and one.lacks(chosen)]
        return musts

    def _extend(self, chosen: list[int], closed: int, worst: list[int], opened: int, now: int, proven: int) -> None:
        """Nothing must be added, and `now` is paid: try this set, and with it every source that is worth opening.

        What several of them save is at most the sum of what each saves alone (savings are submodular).
        """
        inside = self.inside
        inside.steps += 1
        if chosen and now < inside.best:
            self.ranked.search(chosen)
        if not closed or len(chosen) >= self.ranked.most or inside.exhausted:
            return
        gains = self._gains(chosen, closed, worst, opened, now, proven)
        hope = sum([gain for gain, _, _ in gains if gain > 0])
        left = sum([bit for _, bit, _ in gains])
        for gain, bit, with_k in gains:
            left ^= bit
            if gain > 0:
                hope -= gain
            if now - gain - hope >= inside.best:
                if gain <= 0:
                    return
                continue
            k = bit.bit_length() - 1
            wider = [*chosen, k]
            floor = self._floor(wider, with_k, opened + self.base[k])
            if floor < inside.best:
                self._extend(wider, left, with_k, opened + self.base[k], now - gain, max(floor, proven + self.extra[k]))

    def _gains(
        self, chosen: list[int], closed: int, worst: list[int], opened: int, now: int, proven: int
    ) -> list[tuple[int, int, list[int]]]:
        """What each source saves alone, the most first: with its bit, and what pieces pay then."""
        best, ranked = self.inside.best, self.ranked
        least = opened + sum(map(min, worst, self.cheapest)) + self.splits_least
        gains: list[tuple[int, int, list[int]]] = []
        while closed:
            bit = closed & -closed
            closed ^= bit
            k = bit.bit_length() - 1
            if least + self.base[k] < best and proven + self.extra[k] < best:
                with_k = list(map(min, worst, self.rows[k]))
                cost = opened + self.base[k] + sum(with_k)
                if ranked.splits:
                    cost += ranked.filled([*chosen, k], ranked.tops)
                gains.append((now - cost, bit, with_k))
        gains.sort(reverse=True)
        self.inside.steps += len(gains) // 2
        return gains

    def _finish(
        self, chosen: list[int], closed: int, worst: list[int], opened: int, least: int, musts: list[int]
    ) -> None:
        """There is room for one source more: it must have all that is missing."""
        inside, ranked = self.inside, self.ranked
        for there in musts:
            closed &= there
        while closed:
            bit = closed & -closed
            closed ^= bit
            k = bit.bit_length() - 1
            inside.steps += 1
            if least + self.base[k] >= inside.best:
                return
            cost = opened + self.base[k] + sum(map(min, worst, self.rows[k]))
            if cost < inside.best and cost + ranked.filled([*chosen, k], ranked.tops) < inside.best:
                ranked.search([*chosen, k])
