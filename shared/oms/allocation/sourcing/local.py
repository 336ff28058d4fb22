"""Good plans for orders beyond what is solved exactly: a greedy start, then the best single change until none helps.

The changes: move a piece (or all it has at one source) elsewhere, swap two pieces, close a source (merge), open one.
"""

from collections.abc import Iterator

from oms.allocation.sourcing.network import Draw, Network, Takes, allowed, cost_of
from oms.allocation.sourcing.relaxed import Relaxed

ROUNDS = 60


def spread(network: Network) -> Takes:
    """Source by source, always the one that lowers the bound most, every piece at the cheapest that is open."""
    relaxed = Relaxed(network)
    chosen: list[int] = []
    worst = relaxed.waits
    now = sum(worst) + sum(relaxed.filled(i, [], {}) for i in relaxed.split)
    useful = relaxed.useful()
    most = len(useful) if network.max_sources is None else network.max_sources
    while len(chosen) < most:
        opened = sum(relaxed.base[j] for j in chosen)
        rated = []
        for j in useful:
            if j not in chosen:
                cost = opened + relaxed.base[j] + sum(map(min, worst, relaxed.rows[j]))
                rated.append((cost + sum(relaxed.filled(i, [*chosen, j], {}) for i in relaxed.split), j))
        if not rated or (best := min(rated))[0] >= now:
            break
        now, added = best
        chosen.append(added)
        worst = list(map(min, worst, relaxed.rows[added]))
    takes = assigned(network, chosen, relaxed)
    nothing: Takes = ((),) * len(network.pieces)
    return takes if allowed(network, takes) and cost_of(network, takes) <= cost_of(network, nothing) else nothing


def assigned(network: Network, chosen: list[int], relaxed: Relaxed) -> Takes:
    """Every piece where it is cheapest among the chosen sources and there is room, freight by the gram included."""
    rooms = [pool.room for pool in network.pools]
    draws: dict[tuple[int, int], list[tuple[int, Draw]]] = {}
    for k, pool in enumerate(network.pools):
        for draw in pool.draws:
            draws.setdefault((draw.piece, pool.source), []).append((k, draw))
    plan = []
    for i, piece in enumerate(network.pieces):
        left = piece.units
        low = relaxed.low[i]
        parts: list[tuple[int, int]] = []
        for price, j, limit in sorted((low[j], j, limit) for j, _, limit in piece.options if j in chosen):
            part = min(left, limit) if price < piece.wait else 0
            for k, draw in draws.get((i, j), ()):
                free = rooms[k] - draw.once
                part = 0 if free < 0 else min(part, free // draw.per_unit) if draw.per_unit else part
            if part:
                parts.append((j, part))
                left -= part
                for k, draw in draws.get((i, j), ()):
                    rooms[k] -= part * draw.per_unit + draw.once
        plan.append(tuple(parts))
    return tuple(plan)


def improve(network: Network, takes: Takes, rounds: int = ROUNDS) -> Takes:
    """The plan after the best change of sources again and again, then of pieces, until nothing helps or rounds end."""
    relaxed = Relaxed(network)
    cost = cost_of(network, takes)
    for _ in range(rounds):
        better = min(((cost_of(network, plan), plan) for plan in _other_sources(network, takes, relaxed)), default=None)
        if better is not None and better[0] < cost and allowed(network, better[1]):
            cost, takes = better
            continue
        for plan in _other_pieces(network, takes):
            if (cheaper := cost_of(network, plan)) < cost and allowed(network, plan):
                cost, takes = cheaper, plan
                break
        else:
            return takes
    return takes


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
