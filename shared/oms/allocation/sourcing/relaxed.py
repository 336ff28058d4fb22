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
        self.base, slopes = self._lines(network)
        self.low: list[dict[int, int]] = [
            {j: cost + slopes[j] * piece.weight_g for j, cost, _ in piece.options} for piece in network.pieces
        ]
        self.limit: dict[int, dict[int, int]] = {
            i: {j: limit for j, _, limit in network.pieces[i].options} for i in self.split
        }
        self.useful = [j for j, base in enumerate(self.base) if base is not None]
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

    def bound(self, opened: int, chosen: list[int], closed: list[int], worst: list[int], beat: int) -> tuple[int, list[int]]:
        """No plan that opens the chosen sources, and perhaps some of the closed ones, costs less.

        And the closed sources that may be opened by a plan that costs less than `beat`.

        Args:
            opened: what the chosen sources cost to open.
            chosen: sources that are open.
            closed: sources that may be opened.
            worst: what each whole piece pays with the chosen sources alone.
            beat: what is looked for must cost less.
        """
        least = worst
        for j in closed:
            row = self.rows[j]
            gaining = sum(map(lt, row, worst))
            for i in self.split:
                gaining += j in self.low[i]
            if gaining:
                share = self.base[j] // gaining
                least = list(map(min, least, [price + share for price in row]))
        if self.split:
            return self._with_splits(opened, chosen, closed, worst, least, beat)
        bound = opened + sum(least)
        if bound >= beat:
            return bound, []
        return self._raised(bound, closed, worst, least if least is not worst else worst[:], beat)

    def _with_splits(
        self, opened: int, chosen: list[int], closed: list[int], worst: list[int], least: list[int], beat: int
    ) -> tuple[int, list[int]]:
        shares = {}
        for j in closed:
            gaining = sum(map(lt, self.rows[j], worst)) + sum(j in self.low[i] for i in self.split)
            if gaining:
                shares[j] = self.base[j] // gaining
        bound = opened + sum(least) + sum(self.filled(i, chosen, shares) for i in self.split)
        return (bound, closed) if bound < beat else (bound, [])

    def _raised(
        self, bound: int, closed: list[int], worst: list[int], least: list[int], beat: int
    ) -> tuple[int, list[int]]:
        """The pieces pay more, one by one, until some closed source of each is fully paid for."""
        slack = {
            j: self.base[j] - sum([now - price for now, price in zip(least, self.rows[j], strict=True) if price < now])
            for j in closed
        }
        for place, i in enumerate(self.whole):
            now = least[place]
            room = worst[place] - now
            if room <= 0:
                continue
            options = [(j, price) for j, price in self.low[i].items() if j in slack]
            for j, price in options:
                until = slack[j] + price - now if price > now else slack[j]
                if until < room:
                    room = until
                    if room <= 0:
                        break
            if room > 0:
                bound += room
                now += room
                for j, price in options:
                    if price < now:
                        slack[j] -= min(now - price, room)
        if bound >= beat:
            return bound, []
        return bound, [j for j in closed if bound + slack[j] < beat]

    def filled(self, i: int, chosen: list[int], shares: dict[int, int]) -> int:
        """All units of a piece where they are cheapest; a closed source asks for its share from the units it can give."""
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
