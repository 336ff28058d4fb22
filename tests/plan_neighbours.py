"""Every plan that is one change away: no such plan may be cheaper than one that is proven.

The changes: move a piece (or all it has at one source) elsewhere, swap two pieces, close a source (merge), open one.
"""

from collections.abc import Iterator

from oms.allocation.sourcing.local import assigned
from oms.allocation.sourcing.network import Network, Takes
from oms.allocation.sourcing.relaxed import Relaxed


def neighbours(network: Network, takes: Takes) -> Iterator[Takes]:
    """Every plan that is one change away."""
    yield from _other_sources(network, takes, Relaxed(network))
    yield from _other_pieces(network, takes)


def _other_sources(network: Network, takes: Takes, relaxed: Relaxed) -> Iterator[Takes]:
    used = sorted({j for parts in takes for j, _ in parts})
    spare = [j for j in range(len(network.sources)) if j not in used]
    for gone in used:
        rest = [j for j in used if j != gone]
        yield assigned(network, rest, relaxed)
        for added in spare:
            yield assigned(network, [added, *rest], relaxed)
    for added in spare:
        yield assigned(network, [*used, added], relaxed)


def _other_pieces(network: Network, takes: Takes) -> Iterator[Takes]:
    for i, piece in enumerate(network.pieces):
        for j, there in takes[i]:
            for option in piece.options:
                yield from _moved(takes, i, j, there, option.source, option.limit)
    yield from _swapped(network, takes)


def _moved(takes: Takes, i: int, origin: int, units: int, target: int, limit: int) -> Iterator[Takes]:
    parts = dict(takes[i])
    room = limit - parts.get(target, 0)
    if target == origin or room <= 0:
        return
    for count in {min(units, room), 1}:
        after = {**parts, origin: units - count, target: parts.get(target, 0) + count}
        yield (*takes[:i], tuple(sorted((j, n) for j, n in after.items() if n)), *takes[i + 1 :])


def _swapped(network: Network, takes: Takes) -> Iterator[Takes]:
    limits = [{option.source for option in piece.options} for piece in network.pieces]
    whole = [i for i, piece in enumerate(network.pieces) if piece.units == 1 and takes[i]]
    for place, one in enumerate(whole):
        for other in whole[place + 1 :]:
            here, there = takes[one][0][0], takes[other][0][0]
            if here != there and there in limits[one] and here in limits[other]:
                plan = list(takes)
                plan[one], plan[other] = ((there, 1),), ((here, 1),)
                yield tuple(plan)
