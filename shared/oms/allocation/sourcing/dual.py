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


class Dual:
    """`price[i]`: a unit of a piece. `worth[j]`: what opening a source costs beyond what its pieces pay.

    Every plan costs at least `bound`, and by each source that it uses `worth` more, if that is above zero.
    """

    def __init__(self, network: Network, names: list[int], start: list[int], *, whole: bool = False) -> None:
        self.network = network
        self.names = names
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
        self.whole = whole
        self.paying: dict[tuple[int, ...], None] = {}  # sources that were worth opening at some prices

    def ascend(self, best: int, rounds: int) -> None:
        """Raise the bound; `best` is the cost of a plan."""
        pieces = self.network.pieces
        now = self.price
        scale, since = 1.0, 0
        for _ in range(rounds):
            total = sum([piece.units * price for piece, price in zip(pieces, now, strict=True)])
            gradient = [float(piece.units) for piece in pieces]
            worth = {}
            for j in self.names:
                worth[j] = self._worth(j, now, gradient)
                if worth[j] < 0:
                    total += worth[j]
            self.steps += len(self.names)
            self.paying[tuple([j for j in self.names if worth[j] < 0])] = None
            since += 1
            if total > self.bound:
                if total > self.bound + (best - total) // 50:
                    since = 0
                self.bound, self.price, self.worth = total, now, worth
            norm = sum([slope * slope for slope in gradient])
            if total >= best or norm < 1e-6:
                return
            if since >= 4:
                scale, since = scale / 2, 0
                now = self.price
                if scale < 0.05:
                    return
            step = scale * (best - total) / norm
            now = [min(piece.wait, price + int(step * slope)) for piece, price, slope in zip(pieces, now, gradient, strict=True)]

    def _worth(self, j: int, price: list[int], gradient: list[float]) -> int:
        """Opening it and its steps, less the dearest load of each; what a source that pays carries is taken off."""
        source = self.network.sources[j]
        gains = [
            ((price[i] - cost) / weight, i, price[i] - cost, weight, most)
            for i, cost, weight, most in self.items[j]
            if price[i] > cost
        ]
        tariff = source.tariff
        fixed = source.fixed
        if not gains:
            return fixed + tariff.prices[0]
        gains.sort(key=_DENSITY, reverse=True)
        least = 1 << 200
        at = (0, 0)
        carried = profit = k = 0
        count = len(gains)
        full_g = full = 0
        breaks, prices = tariff.breaks, tariff.prices
        step = 0
        while True:
            cap = full_g + breaks[step]
            while k < count:
                _, _, gain, weight, most = gains[k]
                load = weight * most
                if carried + load > cap:
                    break
                carried += load
                profit += gain * most
                k += 1
            cost = fixed + full + prices[step] - profit
            if k < count:
                cost -= -(-gains[k][2] * (cap - carried) // gains[k][3])
            if cost < least:
                least, at = cost, (k, cap - carried)
            if k == count:
                break
            step += 1
            if step == len(breaks):
                step = 0
                full_g += breaks[-1]
                full += prices[-1]
        least -= _ROUNDING
        if least < 0 and self.whole:
            return self._loaded(source, gains, gradient)
        if least < 0:
            last, rest = at
            for _, i, _, _, most in gains[:last]:
                gradient[i] -= most
            if last < count:
                gradient[gains[last][1]] -= rest / gains[last][3]
        return least

    def _loaded(self, source: Source, gains: list[tuple[float, int, int, int, int]], gradient: list[float]) -> int:
        """The same with pieces whole: loads that no other beats in weight and gain, piece by piece."""
        rest = sum([gain * most for _, _, gain, _, most in gains])
        tariff, fixed = source.tariff, source.fixed
        cost = tariff.cost
        ends: list[tuple[int, int, int]] = [(0, 0, 0)]
        best, at = 0, 0
        n = 0
        parts = []
        for _, i, gain, weight, most in gains:
            part = 1
            while most:
                part = min(part, most)
                parts.append((i, part))
                most -= part
                w, g, bit = part * weight, part * gain, 1 << n
                part *= 2
                n += 1
                rest -= g
                both = sorted(ends + [(a + w, -(b + g) if 0 else b - g, c | bit) for a, b, c in ends])
                ends = []
                top = 1
                for one in both:
                    a, b, c = one
                    if b < top:
                        top = b
                        paid = fixed + cost(a) + b if a else 0
                        if paid < best:
                            best, at = paid, c
                        if paid - rest < best or not a:
                            ends.append(one)
                self.steps += len(ends) // 8
        k = 0
        while at:
            if at & 1:
                i, part = parts[k]
                gradient[i] -= part
            at >>= 1
            k += 1
        return best
