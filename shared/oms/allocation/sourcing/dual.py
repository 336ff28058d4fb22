"""What pieces pay at least, steps included: a Lagrangian bound on the cost of every plan.

Each piece is given a price. A source is worth, at these prices, the dearest load of pieces that it could carry, less
what it costs to open and to ship (a knapsack for every step of its tariff, pieces divisible). Where no source is worth
more than nothing the prices are a bound; where one is, the bound is that much lower. Prices follow the subgradient
(Held and Karp 1971, with Polyak's step): dearer for what nobody carries, cheaper for what several would.
"""

from operator import itemgetter

from oms.allocation.sourcing.network import Network, Source

_DENSITY = itemgetter(0)
_ROUNDING = 2  # densities are compared as floats: less than a millionth's error in the sums, twice
_ROUNDS = 40
_PATIENCE = 4  # rounds without a fiftieth of the gap closed, then half the step
_SHORTEST = 0.05
_FLAT = 1e-6
# A piece that would pay: its gain per gram, its place, the gain and the grams of a unit, and how many units.
Gain = tuple[float, int, int, int, int]


class Dual:
    """`price[i]`: a unit of a piece. `worth[j]`: what opening a source costs beyond what its pieces pay.

    Every plan costs at least `bound`, and by each source that it uses `worth` more, if that is above zero. With
    `whole`, loads are of whole pieces.
    """

    def __init__(self, network: Network, names: list[int], start: list[int], *, whole: bool = False) -> None:
        self.network = network
        self.names = names
        self.whole = whole
        items: dict[int, list[tuple[int, int, int, int]]] = {j: [] for j in names}
        for i, (units, weight, wait, options) in enumerate(network.pieces):
            for j, cost, limit in options:
                if j in items and cost < wait:
                    items[j].append((i, cost, weight, min(units, limit)))
        self.items = items
        self.price = start
        self.worth: dict[int, int] = {}
        self.bound = -(1 << 200)
        self.steps = 0
        self.paying: dict[tuple[int, ...], None] = {}  # sets of sources that were worth opening at some prices

    def ascend(self, best: int) -> None:
        """Raise the bound; `best` is the cost of a plan."""
        pieces = self.network.pieces
        now = self.price
        scale, since = 1.0, 0
        for _ in range(_ROUNDS):
            # a direction to search in, not money: the prices it leads to are integers, and any of them bound from below
            gradient = [float(piece.units) for piece in pieces]
            worth = {j: self._worth(j, now, gradient) for j in self.names}
            total = sum([piece.units * price for piece, price in zip(pieces, now, strict=True)])
            total += sum([less for less in worth.values() if less < 0])
            self.steps += len(self.names)
            self.paying[tuple([j for j in self.names if worth[j] < 0])] = None
            since += 1
            if total > self.bound:
                since = 0 if total > self.bound + (best - total) // 50 else since
                self.bound, self.price, self.worth = total, now, worth
            norm = sum([slope * slope for slope in gradient])
            if total >= best or norm < _FLAT:
                return
            self.names = [j for j in self.names if total + worth[j] < best]
            if since >= _PATIENCE:
                scale, since, now = scale / 2, 0, self.price
                if scale < _SHORTEST:
                    return
            step = scale * (best - total) / norm
            now = [
                min(piece.wait, price + int(step * slope))
                for piece, price, slope in zip(pieces, now, gradient, strict=True)
            ]

    def _worth(self, j: int, price: list[int], gradient: list[float]) -> int:
        """Opening it and its steps, less the dearest load of each; what a source that pays carries is taken off."""
        source = self.network.sources[j]
        gains = [
            ((price[i] - cost) / weight, i, price[i] - cost, weight, most)
            for i, cost, weight, most in self.items[j]
            if price[i] > cost
        ]
        if not gains:
            return source.fixed + source.tariff.prices[0]
        gains.sort(key=_DENSITY, reverse=True)
        least, last, rest = _divided(source, gains)
        if least >= 0:
            return least
        if self.whole:
            return self._loaded(source, gains, gradient)
        for _, i, _, _, most in gains[:last]:
            gradient[i] -= most
        if last < len(gains):
            gradient[gains[last][1]] -= rest / gains[last][3]
        return least

    def _loaded(self, source: Source, gains: list[Gain], gradient: list[float]) -> int:
        """The same with pieces whole: loads that no other beats in weight and gain, piece by piece.

        Units of a piece go in ones, twos, fours, so that every number of them can be had.
        """
        parts = [(i, part, part * weight, part * gain) for _, i, gain, weight, most in gains for part in _doubled(most)]
        to_come = sum([gain for _, _, _, gain in parts])
        fixed, cost = source.fixed, source.tariff.cost
        ends: list[tuple[int, int, int]] = [(0, 0, 0)]
        best, at = 0, 0
        for n, (_, _, weight, gain) in enumerate(parts):
            to_come -= gain
            both = sorted(ends + [(grams + weight, less - gain, taken | 1 << n) for grams, less, taken in ends])
            ends = []
            top = 1
            for grams, less, taken in both:
                if less < top:
                    top = less
                    paid = fixed + cost(grams) + less if grams else 0
                    if paid < best:
                        best, at = paid, taken
                    if paid - to_come < best or not grams:
                        ends.append((grams, less, taken))
            self.steps += len(ends) // 8
        for n, (i, part, _, _) in enumerate(parts):
            if at >> n & 1:
                gradient[i] -= part
        return best


def _divided(source: Source, gains: list[Gain]) -> tuple[int, int, int]:
    """What opening costs less the dearest load of any step, pieces divisible.

    With it, how many pieces that load has whole, and the grams of the next.
    """
    tariff, count = source.tariff, len(gains)
    least, last, rest = 1 << 200, 0, 0
    carried = profit = k = step = full_g = full = 0
    while k < count:
        cap = full_g + tariff.breaks[step]
        while k < count and carried + gains[k][3] * gains[k][4] <= cap:
            carried += gains[k][3] * gains[k][4]
            profit += gains[k][2] * gains[k][4]
            k += 1
        cost = full + tariff.prices[step] - profit
        if k < count:
            cost -= -(-gains[k][2] * (cap - carried) // gains[k][3])
        if cost < least:
            least, last, rest = cost, k, cap - carried
        step += 1
        if step == len(tariff.breaks):
            step = 0
            full_g += tariff.breaks[-1]
            full += tariff.prices[-1]
    return source.fixed + least - _ROUNDING, last, rest


def _doubled(most: int) -> list[int]:
    parts, part = [], 1
    while most:
        parts.append(min(part, most))
        most -= parts[-1]
        part *= 2
    return parts
