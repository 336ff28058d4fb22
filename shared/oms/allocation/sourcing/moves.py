"""A plan made better piece by piece, with the steps of the tariffs."""

from collections.abc import Sequence

from oms.allocation.sourcing.network import Network, Takes, loads

Parts = tuple[tuple[int, int], ...]


def mended(network: Network, takes: Sequence[Parts], chosen: Sequence[int]) -> Takes:
    """The plan after moving whole pieces to other chosen sources, as long as one move makes it cheaper.

    Limits are not looked at.
    """
    return _Moves(network, takes, chosen).mended()


class _Moves:
    def __init__(self, network: Network, takes: Sequence[Parts], chosen: Sequence[int]) -> None:
        self.network = network
        self.takes = list(takes)
        self.chosen = chosen
        self.loads = dict.fromkeys(chosen, 0) | loads(network, self.takes)
        self.paid = {j: self._paid(j, grams) for j, grams in self.loads.items()}

    def _paid(self, j: int, grams: int) -> int:
        source = self.network.sources[j]
        return source.fixed + source.tariff.cost(grams) if grams else 0

    def mended(self) -> Takes:
        moved = True
        while moved:
            moved = False
            for i, piece in enumerate(self.network.pieces):
                if piece.units == 1 and self.takes[i]:
                    moved = self._moved(i) or moved
        return tuple(self.takes)

    def _moved(self, i: int) -> bool:
        """Move a piece to where it is cheapest; whether it moved."""
        piece = self.network.pieces[i]
        here = self.takes[i][0][0]
        costs = {option.source: option.cost for option in piece.options}
        less = self.loads[here] - piece.weight_g
        without = self._paid(here, less)
        now = self.paid[here] - without + costs[here]
        to, there = here, 0
        for j in self.chosen:
            if j != here and j in costs:
                with_it = self._paid(j, self.loads[j] + piece.weight_g)
                cost = with_it - self.paid[j] + costs[j]
                if cost < now:
                    now, to, there = cost, j, with_it
        if to == here:
            return False
        self.loads[here], self.paid[here] = less, without
        self.loads[to] += piece.weight_g
        self.paid[to] = there
        self.takes[i] = ((to, 1),)
        return True
