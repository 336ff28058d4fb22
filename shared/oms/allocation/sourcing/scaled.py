"""Plans of a large order by dynamic slope scaling (Kim and Pardalos 1999).

Every source asks a price per gram for all it is paid, as if its freight were straight; pieces go where that is
cheapest; then each source's price per gram is what it is really paid for what it carries, until nothing moves any more.
"""

import random
from typing import NamedTuple

from oms.allocation.sourcing.network import Network, Takes

_ROUNDS = 15
_KEEPS = 97  # per cent of its price that a source keeps that carries nothing: in the end it is tried again


class Found(NamedTuple):
    """A plan and what it costs."""

    cost: int
    takes: Takes


class Scaling:
    """One order, to be begun with other prices again and again. A price that is looked at is a step."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.steps = 0
        self.total_g = sum([piece.units * piece.weight_g for piece in network.pieces])
        self.options = [
            [(cost, j, min(limit, piece.units)) for j, cost, limit in piece.options if cost < piece.wait]
            for piece in network.pieces
        ]
        self.round_steps = sum(map(len, self.options))
        self.known: dict[tuple[int, int], int] = {}

    def paid(self, source: int, load: int) -> int:
        key = (source, load)
        if key not in self.known:
            one = self.network.sources[source]
            self.known[key] = one.fixed + one.tariff.cost(load)
        return self.known[key]

    def plan(self, chance: random.Random) -> Found:
        """The cheapest plan on the way from prices that chance begins with; limits are not looked at."""
        slopes = []
        for j in range(len(self.network.sources)):
            load = max(1, self.total_g * chance.randint(8, 60) // 100)
            slopes.append(self.paid(j, load) * chance.randint(80, 125) // (100 * load))
        best, before = self._assigned(slopes)
        for _ in range(_ROUNDS):
            slopes = [
                self.paid(j, load) // load if load else slope * _KEEPS // 100
                for j, (load, slope) in enumerate(zip(before, slopes, strict=True))
            ]
            found, loads = self._assigned(slopes)
            best = min(best, found)
            if loads == before:
                break
            before = loads
        return best

    def _assigned(self, slopes: list[int]) -> tuple[Found, list[int]]:
        """Every unit where it is cheapest at these prices per gram."""
        self.steps += self.round_steps
        loads = [0] * len(slopes)
        plan: list[tuple[tuple[int, int], ...]] = []
        cost = 0
        for (units, weight, wait, _), options in zip(self.network.pieces, self.options, strict=True):
            if units == 1 and options:
                _, price, j = min([(price + slopes[j] * weight, price, j) for price, j, _ in options])
                loads[j] += weight
                cost += price
                plan.append(((j, 1),))
                continue
            left, parts = units, []
            for _, price, j, limit in sorted([(price + slopes[j] * weight, price, j, n) for price, j, n in options]):
                part = min(limit, left)
                if part:
                    parts.append((j, part))
                    loads[j] += part * weight
                    cost += part * price
                    left -= part
            cost += left * wait
            plan.append(tuple(parts))
        cost += sum([self.paid(j, load) for j, load in enumerate(loads) if load])
        return Found(cost, tuple(plan)), loads
