"""One way for each piece under the tariffs' steps: which step every source reaches first, then who goes where.

With the steps given, what is left is to assign the pieces at fixed prices without going over the steps' weights. A
source that is to carry less than what goes there by itself pays for the cheapest grams to go elsewhere (a knapsack,
pieces divisible), so few steps of each source are worth trying, and few vectors of them.
"""

from bisect import bisect_left
from operator import itemgetter
from typing import TYPE_CHECKING

from oms.allocation.sourcing.network import Tariff

if TYPE_CHECKING:
    from oms.allocation.sourcing.inside import Inside

# One thing to do with a piece: what it costs, the grams it loads, and the units by source.
Parts = tuple[tuple[int, int], ...]
Way = tuple[int, int, Parts]
BITS = 40  # of a load: the grams of one source and a guard, the next source's above them
GRAMS = (1 << BITS) - 1
_MANY = 20_000  # vectors of one set: then the work is at its end
_COST = itemgetter(0)


class Vectors:
    """The assignments of a set of sources that may be cheaper than the best plan."""

    def __init__(
        self, inside: "Inside", chosen: list[int], ways: list[list[Way]], slopes: list[int], room: int
    ) -> None:
        self.inside = inside
        self.sources = [inside.network.sources[j] for j in chosen]
        self.shifts = [place * BITS for place in range(len(chosen))]
        priced = [self._priced(mine, room, slopes) for mine in ways]
        heavy = [-piece.weight_g * piece.units for piece in inside.network.pieces]
        self.order = sorted(range(len(ways)), key=lambda i: (len(priced[i]) > 1, heavy[i], i))
        self.ways = [priced[i] for i in self.order]
        self.least = sum([mine[0][0] for mine in priced])
        self.rooms = [pool.room for pool in inside.network.pools]
        self.drawn: dict[tuple[int, int], list[tuple[int, int, int]]] = {}  # by piece and source: pool, per unit, once
        for at, pool in enumerate(inside.network.pools):
            for draw in pool.draws:
                self.drawn.setdefault((draw.piece, pool.source), []).append((at, draw.per_unit, draw.once))
        self.guard = sum([1 << shift + BITS - 1 for shift in self.shifts])

    def _priced(self, mine: list[Way], room: int, slopes: list[int]) -> list[Way]:
        """The ways within the room by lines, at what their units cost; the cheapest first."""
        top = mine[0][0] + room
        found: list[Way] = []
        for low, load, parts in mine:
            if low >= top:
                break
            cost = low
            for slope, shift in zip(slopes, self.shifts, strict=True):
                cost -= slope * (load >> shift & GRAMS)
            found.append((cost, load, parts))
        found.sort(key=_COST)
        return found

    def run(self) -> None:
        inside = self.inside
        for cost, caps in self._vectors():
            if cost + self.least >= inside.best or inside.exhausted:
                return
            paid = self.least
            left = self.guard
            for source, cap, shift in zip(self.sources, caps, self.shifts, strict=True):
                paid += source.fixed + source.tariff.cost(cap)
                left |= cap << shift
            self._down(0, left, paid, [])

    def _vectors(self) -> list[tuple[int, tuple[int, ...]]]:
        """Steps by source that may carry it all for less than the best, the cheapest first."""
        inside = self.inside
        all_g = 0
        for mine in self.ways:
            all_g += min([sum([load >> shift & GRAMS for shift in self.shifts]) for _, load, _ in mine])
        all_steps = [self._steps(place) for place in range(len(self.sources))]
        room = inside.best - self.least
        cheapest = [min([cost for _, cost in mine]) for mine in all_steps]
        spare = room - sum(cheapest)
        steps = [[one for one in mine if one[1] < low + spare] for mine, low in zip(all_steps, cheapest, strict=True)]
        ends = [[(0, 0)]]  # from the last source on, (carried, cost): none has more of the one and less of the other
        for apart in steps[::-1]:
            inside.steps += len(apart) * len(ends[-1]) // 4
            if inside.exhausted:
                return []
            both = [(cap + carried, cost + rest) for cap, cost in apart for carried, rest in ends[-1]]
            ends.append(_frontier(both, room))
        ends.reverse()
        found: list[tuple[int, tuple[int, ...]]] = []
        looked_at, most = 0, max(_MANY, inside.max_steps - inside.steps)

        def extend(k: int, cost: int, carried: int, caps: tuple[int, ...]) -> None:
            nonlocal looked_at
            if k == len(steps):
                looked_at += 1
                if self._few_parcels(caps):
                    found.append((cost, caps))
                return
            for cap, price in steps[k]:
                if looked_at > most:
                    return
                need = bisect_left(ends[k + 1], (all_g - carried - cap,))
                if need < len(ends[k + 1]) and cost + price + ends[k + 1][need][1] < room:
                    extend(k + 1, cost + price, carried + cap, (*caps, cap))

        extend(0, 0, 0, ())
        inside.steps += looked_at if looked_at <= most else inside.max_steps
        found.sort()
        return found

    def _few_parcels(self, caps: tuple[int, ...]) -> bool:
        most = self.inside.network.max_parcels
        if most is None:
            return True
        return sum([source.tariff.parcels(cap) for source, cap in zip(self.sources, caps, strict=True)]) <= most

    def _steps(self, place: int) -> list[tuple[int, int]]:
        """Steps of a source (up to so many grams, the price and what it takes to keep to them)."""
        source, shift = self.sources[place], self.shifts[place]
        must = most = load = 0
        moving: list[tuple[float, int]] = []
        for mine in self.ways:
            here = [way[1] >> shift & GRAMS for way in mine]
            first = here[0]
            load += first
            must += min(here)
            most += max(here)
            if away := first - min(here):
                more = [(way[0] - mine[0][0], first - grams) for way, grams in zip(mine, here, strict=True)]
                moving.append((min([cost / grams for cost, grams in more if grams > 0]), away))
        moving.sort()
        return [
            (cap, source.fixed + price + _moved(moving, load - cap))
            for cap, price in steps_between(source.tariff, must, most)
        ]

    def _down(self, k: int, left: int, floor: int, picked: list[Parts]) -> None:
        """Place the pieces from the k-th on, with so many grams left at each source."""
        inside = self.inside
        if k == len(self.ways):
            inside.steps += len(picked)
            by_piece = dict(zip(self.order, picked, strict=True))
            inside.offer(tuple([by_piece[i] for i in range(len(picked))]))
            return
        inside.steps += 1
        mine = self.ways[k]
        floor -= mine[0][0]
        guard = self.guard
        for cost, load, parts in mine:
            if floor + cost >= inside.best or inside.exhausted:
                return
            rest = left - load
            if rest & guard == guard and (not self.drawn or self._draw(k, parts, 1)):
                self._down(k + 1, rest, floor + cost, [*picked, parts])
                if self.drawn:
                    self._draw(k, parts, -1)

    def _draw(self, k: int, parts: Parts, sign: int) -> bool:
        """Take what a way needs from the pools, or give it back (-1); nothing is taken where something is lacking."""
        needs: dict[int, int] = {}
        for j, units in parts:
            for pool, per_unit, once in self.drawn.get((self.order[k], j), ()):
                needs[pool] = needs.get(pool, 0) + units * per_unit + once
        if sign > 0 and any(need > self.rooms[pool] for pool, need in needs.items()):
            return False
        for pool, need in needs.items():
            self.rooms[pool] -= sign * need
        return True


def _moved(moving: list[tuple[float, int]], grams: int) -> int:
    """What it takes to have so many grams elsewhere: the cheapest first, in parts."""
    total = 0
    for each, away in moving:
        if grams <= 0:
            break
        total += int(each * min(away, grams))
        grams -= away
    return max(0, total - len(moving))


def _frontier(ends: list[tuple[int, int]], room: int) -> list[tuple[int, int]]:
    """Those that no other beats in both, by what they carry."""
    kept: list[tuple[int, int]] = []
    cheapest = room
    for carried, cost in sorted(ends, reverse=True):
        if cost < cheapest:
            kept.append((carried, cost))
            cheapest = cost
    kept.reverse()
    return kept


def steps_between(tariff: Tariff, least_g: int, most_g: int) -> list[tuple[int, int]]:
    """The steps (up to so many grams, price) from the one that carries the least to the one that carries the most."""
    parcel_g, full = tariff.breaks[-1], tariff.prices[-1]
    begun = max(0, least_g - 1) // parcel_g
    steps: list[tuple[int, int]] = []
    while True:
        for up_to, price in zip(tariff.breaks, tariff.prices, strict=True):
            cap = begun * parcel_g + up_to
            if cap >= least_g:
                steps.append((cap, begun * full + price))
                if cap >= most_g:
                    return steps
        begun += 1
