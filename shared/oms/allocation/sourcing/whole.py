"""Sets of sources for orders whose pieces all go whole: the short way through most of them.

By lines every piece has a price at every source. What is left between the lines' sum and the best plan says which
pieces a source must carry and which it can; the tariff's steps between these two weights give a higher sum, and less
room.
Where few pieces are left that may go to several sources, all their assignments are looked at; otherwise `inside.py`
does it.
"""

from bisect import bisect_left

from oms.allocation.sourcing.inside import Inside
from oms.allocation.sourcing.relaxed import Relaxed
from oms.allocation.sourcing.vectors import BITS, GRAMS

_FEW = 48  # assignments


class Whole:
    """Offers plans to `inside`. Every source of a set and every few assignments count as a step."""

    def __init__(self, relaxed: Relaxed, inside: Inside) -> None:
        self.relaxed = relaxed
        self.inside = inside
        self.sources = inside.network.sources

    def plan(self, chosen: list[int]) -> None:
        """Offer the plan that sends every piece where its line is cheapest."""
        relaxed = self.relaxed
        rows = [relaxed.rows[j] for j in chosen]
        takes: list[tuple[tuple[int, int], ...]] = []
        loads = dict.fromkeys(chosen, 0)
        cost = 0
        for place, price in enumerate(map(min, relaxed.waits, *rows)):
            cost += price
            if price == relaxed.waits[place]:
                takes.append(())
                continue
            for j, row in zip(chosen, rows, strict=True):
                if row[place] == price:
                    loads[j] += relaxed.weights[place]
                    takes.append(((j, 1),))
                    break
        for j, load in loads.items():
            if load:
                cost += self._paid(j, load)
        self.inside.steps += len(chosen)
        if cost < self.inside.best:
            self.inside.keep(cost, takes)

    def _paid(self, j: int, load: int) -> int:
        """What a load costs beyond what its pieces pay by the line."""
        steps = self.relaxed.steps[j]
        return self.sources[j].fixed + steps.prices[bisect_left(steps.ends, load)] - steps.slope * load

    def search(self, chosen: list[int]) -> None:
        """Look at every plan that uses all of these sources and may be cheaper than the best."""
        relaxed, inside = self.relaxed, self.inside
        inside.steps += len(chosen)
        rows = [relaxed.rows[j] for j in chosen]
        least = list(map(min, relaxed.waits, *rows))
        room = inside.best - sum([relaxed.base[j] for j in chosen]) - sum(least)
        if room <= 0:
            return
        for j, row in zip(chosen, rows, strict=True):
            others = [other for other in rows if other is not row]
            elsewhere = list(map(min, relaxed.waits, *others)) if others else relaxed.waits
            must = most = 0
            for weight, here, there in zip(relaxed.weights, row, elsewhere, strict=True):
                if there - here >= room:
                    must += weight
                    most += weight
                elif here - there < room:
                    most += weight
            steps = relaxed.steps[j]
            room -= steps.least_above(must, most) - steps.at_zero
            if room <= 0:
                return
        self._assign(chosen, rows, least, room)

    def _assign(self, chosen: list[int], rows: list[list[int]], least: list[int], room: int) -> None:
        """Every piece to where it is within the room."""
        relaxed, inside = self.relaxed, self.inside
        shift = {j: place * BITS for place, j in enumerate(chosen)}
        loose: list[list[tuple[int, int, int]]] = []  # ways: price, grams, source (-1: waits)
        places: list[int] = []
        picked: list[int] = []
        cost = load = 0
        count = 1
        for place, (price, wait) in enumerate(zip(least, relaxed.waits, strict=True)):
            top = price + room
            weight = relaxed.weights[place]
            ways = [
                (row[place], weight << shift[j], j)
                for j, row in zip(chosen, rows, strict=True)
                if row[place] < top and row[place] < wait
            ]
            if wait < top:
                ways.append((wait, 0, -1))
            picked.append(ways[0][2])
            if len(ways) == 1:
                cost += price
                load += ways[0][1]
                continue
            loose.append(ways)
            places.append(place)
            count *= len(ways)
            if count > _FEW:
                inside.search(chosen, relaxed.slopes, sum([relaxed.base[j] for j in chosen]))
                return
        ends = [(cost, load)]
        for ways in loose:
            ends = [(paid + price, carried + grams) for paid, carried in ends for price, grams, _ in ways]
        inside.steps += count // 4
        at = self._cheapest(chosen, ends)
        if at is None:
            return
        index, best = at
        for place, ways in zip(places[::-1], loose[::-1], strict=True):
            index, way = divmod(index, len(ways))
            picked[place] = ways[way][2]
        inside.keep(best, [((j, 1),) if j >= 0 else () for j in picked])

    def _cheapest(self, chosen: list[int], ends: list[tuple[int, int]]) -> tuple[int, int] | None:
        """Which of the assignments (their pieces' price, their loads) costs the least, if less than the best."""
        best, at = self.inside.best, None
        for k, (price, loads) in enumerate(ends):
            paid = price
            for place, j in enumerate(chosen):
                grams = loads >> place * BITS & GRAMS
                if grams:
                    paid += self._paid(j, grams)
            if paid < best:
                best, at = paid, (k, paid)
        return at
