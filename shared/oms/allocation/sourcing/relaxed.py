"""A sourcing problem with straight lines in place of the steps of its tariffs, and the bound that follows from it."""

from operator import lt

from oms.allocation.sourcing.network import Network, line_below


class Relaxed:
    """`base[j]`: opening a source. `rows[j][i]`: a whole piece there, or waiting. `low[i][j]`: a unit of a piece there.

    All are below what is really paid, and no plan that opens the source can avoid them. A row is dense, so that it can
    be compared with another at the speed of C; pieces that may be split stand apart.
    """

    def __init__(self, network: Network) -> None:
        self.pieces = network.pieces
        self.whole = [i for i, piece in enumerate(network.pieces) if piece.units == 1]
        self.split = [i for i, piece in enumerate(network.pieces) if piece.units > 1]
        self.waits = [network.pieces[i].wait for i in self.whole]
        self.base, self.slopes = self._lines(network)
        self.low: list[dict[int, int]] = [
            {j: cost + self.slopes[j] * piece.weight_g for j, cost, _ in piece.options} for piece in network.pieces
        ]
        self.limit: dict[int, dict[int, int]] = {
            i: {j: limit for j, _, limit in network.pieces[i].options} for i in self.split
        }
        self.rows = [self.waits[:] for _ in network.sources]
        for place, i in enumerate(self.whole):
            for j, price in self.low[i].items():
                if price < self.waits[place]:
                    self.rows[j][place] = price

    @staticmethod
    def _lines(network: Network) -> tuple[list[int], list[int]]:
        count = len(network.sources)
        most_g = [0] * count
        total_g = 0
        for units, weight_g, _, options in network.pieces:
            total_g += units * weight_g
            for j, _, limit in options:
                most_g[j] += min(limit, units) * weight_g
        base, slopes = [0] * count, [0] * count
        lines: dict[int, tuple[int, int]] = {}
        for j, source in enumerate(network.sources):
            if most_g[j]:
                key = id(source.tariff)
                line = lines.get(key)
                if line is None:
                    line = lines[key] = line_below(source.tariff, total_g, total_g // 2)
                base[j] = source.fixed + line[0]
                slopes[j] = line[1]
        return base, slopes

    def useful(self) -> list[int]:
        """Sources that have anything."""
        return sorted({j for low in self.low for j in low})

    def bound(self, sources: list[int]) -> int:
        """No plan that opens only these sources costs less.

        Every piece that would gain from a source pays an equal share of it; then the pieces pay more, one by one,
        until some source of each is fully paid for.
        """
        gaining = {
            j: sum(map(lt, self.rows[j], self.waits)) + sum(j in self.low[i] for i in self.split) for j in sources
        }
        shares = {j: self.base[j] // count for j, count in gaining.items() if count}
        least = self.waits
        for j, share in shares.items():
            least = list(map(min, least, [price + share for price in self.rows[j]]))
        if self.split:
            return sum(least) + sum(self.filled(i, [], shares) for i in self.split)
        return sum(least) + self._raised(sources, least)

    def _raised(self, sources: list[int], least: list[int]) -> int:
        """How much more the pieces can be made to pay."""
        slack = {
            j: self.base[j] - sum([now - price for now, price in zip(least, self.rows[j], strict=True) if price < now])
            for j in sources
        }
        gained = 0
        for place, i in enumerate(self.whole):
            now = least[place]
            options = [(j, price) for j, price in self.low[i].items() if j in slack]
            room = min([self.waits[place] - now, *(slack[j] + max(price - now, 0) for j, price in options)])
            if room > 0:
                gained += room
                for j, price in options:
                    if price < now + room:
                        slack[j] -= min(now + room - price, room)
        return gained

    def filled(self, i: int, chosen: list[int], shares: dict[int, int]) -> int:
        """All units of a piece where they are cheapest; a closed source asks its share of the units it can give."""
        low, limit = self.low[i], self.limit[i]
        left, wait = self.pieces[i].units, self.pieces[i].wait
        prices = [(low[j], limit[j]) for j in chosen if j in low]
        for j, share in shares.items():
            if j in low:
                prices.append((low[j] + share // min(limit[j], left), limit[j]))
        prices.sort()
        total = 0
        for price, there in prices:
            if price >= wait:
                break
            if there >= left:
                return total + left * price
            total += there * price
            left -= there
        return total + left * wait
