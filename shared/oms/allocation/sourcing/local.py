"""A greedy plan: what a search begins with."""

from oms.allocation.sourcing.network import Draw, Network, Takes, allowed, cost_of
from oms.allocation.sourcing.relaxed import Relaxed


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
