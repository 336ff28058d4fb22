"""The cheapest plan that uses all sources of a set, and the best plan of all that were looked at.

Inside a set every tariff is bounded by a straight line below it, between what the source must carry and what it can.
What is left between the lines' sum and the best plan is the room in which a piece may go elsewhere than where it is
cheapest: most sets have none, and in others few ways fit. Those are put together under the tariffs' steps
(`vectors.py`).
"""

from collections.abc import Iterable, Mapping
from functools import cached_property
from operator import itemgetter

from oms.allocation.sourcing.moves import mended
from oms.allocation.sourcing.network import Network, Piece, Takes, allowed, cost_of
from oms.allocation.sourcing.tariffs import tangent
from oms.allocation.sourcing.vectors import BITS, GRAMS, Parts, Vectors, Way

_COST = itemgetter(0)
_MANY = 5_000  # ways of one piece: then the work is at its end


class Inside:
    """Remembers the best plan. Sources of a set, ways, vectors and pieces placed count as steps."""

    def __init__(self, network: Network, max_steps: int) -> None:
        self.network = network
        self.max_steps = max_steps
        self.steps = 0
        self.best = sum([piece.units * piece.wait for piece in network.pieces])
        self.takes: Takes = ((),) * len(network.pieces)
        self.limited = bool(network.pools) or network.max_parcels is not None

    @cached_property
    def options(self) -> list[dict[int, int]]:
        """By piece, what a unit costs at each source that is cheaper than waiting."""
        return [{j: cost for j, cost, _ in piece.options if cost < piece.wait} for piece in self.network.pieces]

    @property
    def exhausted(self) -> bool:
        return self.steps >= self.max_steps

    def offer(self, takes: Takes) -> None:
        """Take a plan if it is allowed and cheaper than the best so far."""
        cost = cost_of(self.network, takes)
        if cost < self.best and (not self.limited or allowed(self.network, takes)):
            self.best, self.takes = cost, takes

    def search(self, chosen: list[int], slopes: list[int], at_zero: int) -> None:
        """Look at every plan that uses these sources, all of them, and may be cheaper than the best.

        `slopes` (by source) and `at_zero` (the sum) are lines below the tariffs.
        """
        self.steps += 4 * len(chosen)
        one = _Set(self, chosen)
        by_lines = [slopes[j] for j in chosen]
        ways, room = one.ways(by_lines, at_zero, first=True)
        if room <= 0:
            return
        least = sum([mine[0][0] for mine in ways])
        load = sum([mine[0][1] for mine in ways])
        cost = one.paid(least, load, by_lines)
        if cost < self.best:
            self.keep(cost, [mine[0][2] for mine in ways])
        lines = one.lines(ways, load, self.best - at_zero - least) if at_zero + least < self.best else None
        if lines is None:
            return
        at_zero, by_lines = lines
        ways, room = one.ways(by_lines, at_zero)
        if room > 0:
            Vectors(self, chosen, ways, by_lines, room).run()

    def try_out(self, chosen: list[int], slopes: list[int], at_zero: int) -> None:
        """Offer the plan that sends every piece where its line is cheapest, mended as far as moving pieces helps."""
        self.steps += 4 * len(chosen)
        ways, room = _Set(self, chosen).ways([slopes[j] for j in chosen], at_zero, first=True)
        if room > 0:
            self.offer(mended(self.network, [mine[0][2] for mine in ways], chosen))

    def keep(self, cost: int, takes: Iterable[Parts]) -> bool:
        """Take a plan of that cost if it is allowed."""
        plan = tuple(takes)
        if self.limited and not allowed(self.network, plan):
            return False
        self.best, self.takes = cost, plan
        return True


class _Set:
    """A set of sources, known by their place in it."""

    def __init__(self, inside: Inside, chosen: list[int]) -> None:
        self.inside = inside
        self.sources = [inside.network.sources[j] for j in chosen]
        self.places = [(j, place, place * BITS) for place, j in enumerate(chosen)]

    def ways(self, slopes: list[int], at_zero: int, *, first: bool = False) -> tuple[list[list[Way]], int]:
        """By piece what can be done with it, the cheapest first, and the room above the cheapest of each.

        Of pieces whose units may go apart only the `first` way, if no more is asked for.
        """
        found: list[list[Way]] = []
        self.apart = apart = dict[int, _Split]()
        least = at_zero
        for i, (piece, options) in enumerate(zip(self.inside.network.pieces, self.inside.options, strict=True)):
            units, weight, wait, _ = piece
            if units > 1:
                split = _Split(piece, options, slopes, self.places)
                least += split.least
                apart[i] = split
                found.append([split.first()])
                continue
            mine: list[Way] = [
                (options[j] + slopes[place] * weight, weight << shift, ((j, 1),))
                for j, place, shift in self.places
                if j in options
            ]
            mine.append((wait, 0, ()))
            mine.sort()
            least += mine[0][0]
            found.append(mine)
        room = self.inside.best - least
        if room > 0 and not first:
            for i, split in apart.items():
                found[i] = split.ways(room)
                many = len(found[i]) > _MANY
                self.inside.steps += self.inside.max_steps if many else len(found[i])
        return found, room

    def paid(self, by_lines: int, load: int, slopes: list[int]) -> int:
        """What it costs to ship a load whose pieces cost this much by lines."""
        cost = by_lines
        for source, slope, (_, _, shift) in zip(self.sources, slopes, self.places, strict=True):
            grams = load >> shift & GRAMS
            if grams:
                cost += source.fixed + source.tariff.cost(grams) - slope * grams
        return cost

    def lines(self, ways: list[list[Way]], load: int, room: int) -> tuple[int, list[int]] | None:
        """Lines that touch the tariffs near this load, between what must be carried and what can: at zero, and slopes.

        None when some source can carry nothing.
        """
        must = most = 0
        for i, mine in enumerate(ways):
            if i in self.apart:
                must += self.apart[i].must(room)
                most += self.apart[i].most
                continue
            top = mine[0][0] + room
            if len(mine) == 1 or mine[1][0] >= top:
                must += mine[0][1]
                most += mine[0][1]
                continue
            loads = [way[1] for way in mine if way[0] < top]
            for _, _, shift in self.places:
                here = [one & GRAMS << shift for one in loads]
                must += min(here)
                most += max(here)
        at_zero, slopes = 0, []
        for source, (_, _, shift) in zip(self.sources, self.places, strict=True):
            can = most >> shift & GRAMS
            if not can:
                return None
            zero, slope = tangent(source.tariff, must >> shift & GRAMS, can, load >> shift & GRAMS)
            at_zero += source.fixed + zero
            slopes.append(slope)
        return at_zero, slopes


class _Split:
    """A piece whose units may go apart."""

    def __init__(
        self, piece: Piece, options: Mapping[int, int], slopes: list[int], places: list[tuple[int, int, int]]
    ) -> None:
        self.units, weight, self.wait, every = piece
        most = {j: limit for j, _, limit in every}
        self.given = sorted(
            [
                (options[j] + slopes[place] * weight, j, min(most[j], self.units), weight << shift)
                for j, place, shift in places
                if j in options
            ]
        )
        ends = range(len(self.given) + 1)
        self.tails = [
            filled(self.units, [(low, there) for low, _, there, _ in self.given[k:]], self.wait) for k in ends
        ]
        self.least = self.tails[0][self.units]

    @property
    def most(self) -> int:
        """What its units can load, each source by itself."""
        return sum([there * grams for _, _, there, grams in self.given])

    def must(self, room: int) -> int:
        """What its units load whoever gives the rest, if waiting costs more than the room."""
        total = sum([there for _, _, there, _ in self.given])
        served = min(self.units, total)
        load = 0
        for low, _, there, grams in self.given:
            if self.wait - low >= room:
                load += max(0, served - total + there) * grams
        return load

    def first(self) -> Way:
        """The cheapest way."""
        left, cost, load = self.units, 0, 0
        parts: list[tuple[int, int]] = []
        for low, j, there, grams in self.given:
            part = min(left, there) if low < self.wait else 0
            if part:
                parts.append((j, part))
                left -= part
                cost += part * low
                load += part * grams
        return cost + left * self.wait, load, tuple(parts)

    def ways(self, room: int) -> list[Way]:
        """Every way for less than `room` above the cheapest; of equals first what takes the most from the first."""
        self.below = self.least + room
        self.found: list[Way] = []
        self._split(0, self.units, 0, 0, ())
        self.found.sort(key=_COST)
        return self.found

    def _split(self, k: int, left: int, cost: int, load: int, parts: Parts) -> None:
        if len(self.found) > _MANY:
            return
        if k == len(self.given) or not left:
            self.found.append((cost + left * self.wait, load, parts))
            return
        low, j, there, grams = self.given[k]
        tail = self.tails[k + 1]
        for part in range(min(left, there), -1, -1):
            paid = cost + part * low
            if paid + tail[left - part] < self.below:
                self._split(k + 1, left - part, paid, load + part * grams, (*parts, (j, part)) if part else parts)


def filled(units: int, given: Iterable[tuple[int, int]], wait: int) -> list[int]:
    """What up to so many units of a piece cost at least, at prices that rise and as many units as there are."""
    costs = [0]
    for price, there in given:
        if price < wait:
            last = costs[-1]
            costs += [last + price * n for n in range(1, min(there, units) + 1)]
    last = costs[-1]
    costs += [last + wait * n for n in range(1, units + 1)]
    return costs[: units + 1]
