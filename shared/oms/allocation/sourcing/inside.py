"""The cheapest plan that uses exactly a set of sources, and the best plan of all that were looked at.

Which step of its tariff each source reaches is decided first: with the steps given, what is left is to assign the
pieces at fixed prices without going over the steps' weights, and few assignments are near enough to the cheapest one.
Vectors of steps are taken in the order of what they cost, so most sets end with the first.
"""

from operator import itemgetter

from oms.allocation.sourcing.network import Network, Takes, Tariff, allowed, cost_of

# One thing to do with a piece: what its units cost, where they are taken, and the grams there.
Way = tuple[int, tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]


class Inside:
    """Remembers the best plan. Every set, every vector and every piece placed counts as a step."""

    def __init__(self, network: Network, max_steps: int) -> None:
        self.network = network
        self.max_steps = max_steps
        self.steps = 0
        self.best = 1 << 200
        self.takes: Takes = ()
        self.limited = bool(network.pools) or network.max_parcels is not None
        self.split = any(piece.units > 1 for piece in network.pieces)
        self.weights = [piece.weight_g for piece in network.pieces]
        self.waits = [piece.wait for piece in network.pieces]
        self.first = [source.fixed + source.tariff.prices[0] for source in network.sources]
        self.light = [source.tariff.breaks[0] for source in network.sources]
        self.rows = [self.waits[:] for _ in network.sources]
        for i, piece in enumerate(network.pieces):
            for j, cost, _ in piece.options:
                self.rows[j][i] = min(cost, piece.wait)
        self.options = [{j: (cost, limit) for j, cost, limit in piece.options} for piece in network.pieces]

    @property
    def exhausted(self) -> bool:
        return self.steps >= self.max_steps

    def offer(self, takes: Takes) -> None:
        """Take a plan if it is allowed and cheaper than the best so far."""
        cost = cost_of(self.network, takes)
        if cost < self.best and (not self.limited or allowed(self.network, takes)):
            self.best, self.takes = cost, takes

    def search(self, chosen: list[int]) -> None:
        """Look at every plan that uses these sources, all of them, and may be cheaper than the best."""
        self.steps += 1
        sources = self.network.sources
        opened = least = 0
        for j in chosen:
            opened += sources[j].fixed + sources[j].tariff.prices[0]
        room = self.best - opened
        if not self.split:
            floor = self._floor(chosen)
            if floor >= self.best:
                return
        ways = []
        for i, piece in enumerate(self.network.pieces):
            mine = self._wholes(i, chosen) if piece.units == 1 else self._splits(i, chosen, room)
            ways.append(mine)
            least += mine[0][0]
        self._cheapest(chosen, ways)
        room = self.best - opened - least
        if room <= 0:
            return
        for mine in ways:
            below = mine[0][0] + room
            while mine[-1][0] >= below:
                mine.pop()
        _Steps(self, chosen, ways, least).run()

    def _floor(self, chosen: list[int]) -> int:
        """Every piece at its cheapest, and every source carrying what no other has and what cannot wait."""
        rows = [self.rows[j] for j in chosen]
        floor: int = sum(map(min, self.waits, *rows))
        for j in chosen:
            floor += self.first[j]
        room = self.best - floor
        for k, j in enumerate(chosen):
            others = list(map(min, self.waits, *rows[:k], *rows[k + 1 :])) if len(rows) > 1 else self.waits
            must = sum(
                [
                    weight
                    for weight, here, there, wait in zip(self.weights, rows[k], others, self.waits, strict=True)
                    if there == wait and wait - here >= room
                ]
            )
            if must > self.light[j]:
                source = self.network.sources[j]
                floor += source.fixed + source.tariff.cost(must) - self.first[j]
        return floor

    def _cheapest(self, chosen: list[int], ways: list[list[Way]]) -> None:
        """The plan that sends every piece where it is cheapest."""
        weight = dict.fromkeys(chosen, 0)
        cost = 0
        for mine in ways:
            way = mine[0]
            cost += way[0]
            for j, grams in way[2]:
                weight[j] += grams
        for j, grams in weight.items():
            if grams:
                source = self.network.sources[j]
                cost += source.fixed + source.tariff.cost(grams)
        if cost < self.best:
            takes = tuple([mine[0][1] for mine in ways])
            if not self.limited or allowed(self.network, takes):
                self.best, self.takes = cost, takes

    def _wholes(self, i: int, chosen: list[int]) -> list[Way]:
        """Where a piece may go whole, the cheapest first."""
        piece, options = self.network.pieces[i], self.options[i]
        weight = piece.weight_g
        ways: list[Way] = [(options[j][0], ((j, 1),), ((j, weight),)) for j in chosen if j in options]
        ways.append((piece.wait, (), ()))
        ways.sort()
        return ways

    def _splits(self, i: int, chosen: list[int], room: int) -> list[Way]:
        """Every way to split a piece that costs less than `room`, the cheapest first."""
        piece = self.network.pieces[i]
        options = self.options[i]
        given = sorted((options[j][0], j, options[j][1]) for j in chosen if j in options)
        least = [self._filled(i, [(cost, limit) for cost, _, limit in given[k:]]) for k in range(len(given) + 1)]
        below = max(room, least[0][piece.units] + 1)
        ways: list[Way] = []

        def split(k: int, left: int, cost: int, parts: tuple[tuple[int, int], ...]) -> None:
            self.steps += 1
            if cost + least[k][left] >= below:
                return
            if k == len(given):
                grams = tuple((j, units * piece.weight_g) for j, units in parts)
                ways.append((cost + left * piece.wait, parts, grams))
                return
            price, j, limit = given[k]
            for units in range(min(left, limit), -1, -1):
                split(k + 1, left - units, cost + units * price, (*parts, (j, units)) if units else parts)

        split(0, piece.units, 0, ())
        ways.sort(key=itemgetter(0))  # of equals the one that takes the most from the first
        return ways

    def _filled(self, i: int, given: list[tuple[int, int]]) -> list[int]:
        """What so many units of a piece cost at least, at prices that rise."""
        wait, units = self.network.pieces[i].wait, self.network.pieces[i].units
        costs = [0]
        for price, limit in given:
            if price < wait:
                last = costs[-1]
                costs += [last + price * n for n in range(1, limit + 1)]
        last = costs[-1]
        costs += [last + wait * n for n in range(1, units + 1)]
        return costs[: units + 1]


class _Steps:
    """Vectors of steps for a set of sources, and the assignments under each."""

    def __init__(self, inside: Inside, chosen: list[int], ways: list[list[Way]], least: int) -> None:
        self.inside = inside
        self.chosen = chosen
        self.least = least
        self.fixed = sum(inside.network.sources[j].fixed for j in chosen)
        pieces = inside.network.pieces
        self.order = sorted(
            range(len(ways)), key=lambda i: (len(ways[i]) > 1, -pieces[i].weight_g * pieces[i].units, i)
        )
        self.ways = [ways[i] for i in self.order]

    def run(self) -> None:
        must, most, all_g = self._weights()
        if not all(most.values()):
            return
        single = all(len(mine) == 1 for mine in self.ways)
        steps = [
            steps_between(self.inside.network.sources[j].tariff, must[j], must[j] if single else most[j])
            for j in self.chosen
        ]
        for cost, caps in self._vectors(steps, all_g):
            if cost + self.least >= self.inside.best or self.inside.exhausted:
                return
            self._down(0, dict(zip(self.chosen, caps, strict=True)), cost + self.least, [])

    def _weights(self) -> tuple[dict[int, int], dict[int, int], int]:
        """Grams that each source must and may carry, and what all of them must."""
        must = dict.fromkeys(self.chosen, 0)
        most = dict.fromkeys(self.chosen, 0)
        all_g = 0
        for mine in self.ways:
            all_g += min(sum([grams for _, grams in way[2]]) for way in mine)
            heaviest: dict[int, int] = {}
            for way in mine:
                for j, grams in way[2]:
                    heaviest[j] = max(grams, heaviest.get(j, 0))
            for j, grams in heaviest.items():
                most[j] += grams
                if len(mine) == 1:
                    must[j] += grams
        return must, most, all_g

    def _vectors(self, steps: list[list[tuple[int, int]]], all_g: int) -> list[tuple[int, tuple[int, ...]]]:
        """Vectors that may carry it all for less than the best, the cheapest first."""
        inside = self.inside
        widest = [0] * (len(steps) + 1)
        cheapest = [0] * (len(steps) + 1)
        for k in range(len(steps) - 1, -1, -1):
            widest[k] = widest[k + 1] + steps[k][-1][0]
            cheapest[k] = cheapest[k + 1] + steps[k][0][1]
        found: list[tuple[int, tuple[int, ...]]] = []

        def extend(k: int, cost: int, carried: int, caps: tuple[int, ...]) -> None:
            inside.steps += 1
            if k == len(steps):
                found.append((cost, caps))
                return
            for cap, price in steps[k]:
                if cost + price + cheapest[k + 1] + self.least >= inside.best:
                    return
                if carried + cap + widest[k + 1] >= all_g:
                    extend(k + 1, cost + price, carried + cap, (*caps, cap))

        extend(0, self.fixed, 0, ())
        found.sort()
        return found

    def _down(self, k: int, left: dict[int, int], floor: int, picked: list[Way]) -> None:
        """Place the pieces from the k-th on, with so many grams left at each source."""
        inside = self.inside
        if k == len(self.ways):
            by_piece = dict(zip(self.order, picked, strict=True))
            inside.offer(tuple(by_piece[i][1] for i in range(len(picked))))
            return
        inside.steps += 1
        mine = self.ways[k]
        floor -= mine[0][0]
        for way in mine:
            if floor + way[0] >= inside.best or inside.exhausted:
                return
            for j, grams in way[2]:
                if left[j] < grams:
                    break
            else:
                for j, grams in way[2]:
                    left[j] -= grams
                picked.append(way)
                self._down(k + 1, left, floor + way[0], picked)
                picked.pop()
                for j, grams in way[2]:
                    left[j] += grams


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
