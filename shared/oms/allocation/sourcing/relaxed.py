"""A sourcing problem with straight lines in place of the steps of its tariffs, and the bound that follows from it."""

from functools import cached_property
from operator import lt

from oms.allocation.sourcing.network import Network
from oms.allocation.sourcing.tariffs import Steps


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
        self.weights = [network.pieces[i].weight_g for i in self.whole]
        self.steps: list[Steps] = []
        self.base: list[int] = []
        self.slopes: list[int] = []
        self._lines(network)
        self.rows = [self.waits[:] for _ in network.sources]
        self.dear = False  # whether waiting is cheaper than some source by its line, though not for a part of its steps
        self.has = [0] * len(network.sources)  # by source, the whole pieces that it has: a bit each
        for place, i in enumerate(self.whole):
            _, weight, wait, options = network.pieces[i]
            for j, cost, _ in options:
                price = cost + self.slopes[j] * weight
                if price < wait:
                    self.rows[j][place] = price
                    self.has[j] |= 1 << place
                elif cost < wait:
                    self.dear = True
        self.limit: dict[int, dict[int, int]] = {
            i: {j: limit for j, _, limit in network.pieces[i].options} for i in self.split
        }

    def _lines(self, network: Network) -> None:
        total_g = sum([piece.units * piece.weight_g for piece in network.pieces])
        known: dict[int, Steps] = {}
        for source in network.sources:
            steps = known.get(id(source.tariff))
            if steps is None:
                steps = known[id(source.tariff)] = Steps(source.tariff, total_g)
            self.steps.append(steps)
            self.base.append(source.fixed + steps.at_zero)
            self.slopes.append(steps.slope)

    @cached_property
    def low(self) -> list[dict[int, int]]:
        """By piece, what a unit costs at a source by its line."""
        slopes = self.slopes
        return [{j: cost + slopes[j] * piece.weight_g for j, cost, _ in piece.options} for piece in self.pieces]

    def useful(self) -> list[int]:
        """Sources that have anything that is worth sending."""
        apart = {option.source for i in self.split for option in self.pieces[i].options}
        return [j for j, has in enumerate(self.has) if has or j in apart]

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
