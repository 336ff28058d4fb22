"""Many orders for the same scarce stock, decided together: never worse than one after the other. Pure.

An order is whatever `solve` makes of it: what it costs and what it takes, given what is left. Orders for one unit of
one SKU are a transportation problem and solved exactly (successive shortest paths); others are tried in the order of
their regret, and then moved one by one to the front as long as the sum falls. Nobody gets fewer units than in the
sequence that they come in: who is served first of what is scarce is not for sourcing to decide.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

Left = Mapping[tuple[str, str], int]  # (SKU, location) -> units
_NEVER = 1 << 100


class Placed(NamedTuple):
    """What one order costs, and its units by SKU and location."""

    cost: int
    taken: Mapping[tuple[str, str], int]

    @property
    def units(self) -> int:
        return sum(self.taken.values())


class Together(NamedTuple):
    """What every order gets, and the sequence in which they get it one after the other."""

    plans: list[Placed]
    sequence: list[int]


Solve = Callable[[int, Left], Placed]


def decide_together(count: int, solve: Solve, stock: Left, *, max_tries: int = 200) -> Together:
    """What every order gets; the sum of the costs is at most that of taking the orders as they come.

    Args:
        count: orders are known by their place; the first has the best right: no order gets fewer units than when all
            are taken as they come.
        solve: the cheapest plan of one order with what is left; the same answer to the same question.
        stock: what there is.
        max_tries: sequences that are tried beyond the first two.
    """
    sequence = list(range(count))
    best = fair = _in_turn(sequence, solve, stock)
    alone = [solve(order, stock).cost for order in sequence]
    regret = [placed.cost - cost for placed, cost in zip(best, alone, strict=True)]
    if not any(regret):
        return Together(best, sequence)
    tries = 0
    candidates = [sorted(sequence, key=lambda order: (-regret[order], order))]
    while candidates and tries <= max_tries:
        tried = candidates.pop(0)
        tries += 1
        plans = _in_turn(tried, solve, stock)
        if _sum(plans) < _sum(best) and _nobody_loses(plans, fair):
            best, sequence = plans, tried
            worse = [order for order in sequence if best[order].cost > alone[order]]
            worse.sort(key=lambda order: (alone[order] - best[order].cost, order))
            candidates = [_first(order, sequence) for order in worse]
        elif tries == 1:
            worse = sorted((order for order in sequence if regret[order]), key=lambda order: (-regret[order], order))
            candidates = [_first(order, sequence) for order in worse]
    return Together(best, sequence)


def _first(order: int, sequence: Sequence[int]) -> list[int]:
    return [order, *(other for other in sequence if other != order)]


def _nobody_loses(plans: Sequence[Placed], fair: Sequence[Placed]) -> bool:
    return all(now.units >= then.units for now, then in zip(plans, fair, strict=True))


def _in_turn(sequence: Sequence[int], solve: Solve, stock: Left) -> list[Placed]:
    left = dict(stock)
    plans: dict[int, Placed] = {}
    for order in sequence:
        plans[order] = placed = solve(order, left)
        for key, units in placed.taken.items():
            left[key] -= units
    return [plans[order] for order in sorted(plans)]


def _sum(plans: Sequence[Placed]) -> int:
    return sum(plan.cost for plan in plans)


def assign_units(costs: Sequence[Mapping[str, int]], units: Mapping[str, int], wait: int) -> list[str | None]:
    """Which location gives each order its one unit, at the least sum: exact. None: the order waits, for `wait`.

    Orders come in one by one, each along the cheapest chain of orders that give up their place for another; the sum is
    the least after every one of them (successive shortest paths, Jewell 1958).
    """
    given: list[str | None] = []
    members: dict[str | None, list[int]] = {None: [], **{name: [] for name in sorted(units)}}
    for order in range(len(costs)):
        given.append(None)
        distance, via = _reach(order, costs, members, wait)
        ends = [name for name in members if name is None or len(members[name]) < units[name]]
        end = min(ends, key=lambda name: (distance[name], name is None, name or ""))
        while True:
            moving, origin = via[end]
            if moving != order:
                members[origin].remove(moving)
            members[end].append(moving)
            given[moving] = end
            if moving == order:
                break
            end = origin
    return given


def _reach(
    order: int, costs: Sequence[Mapping[str, int]], members: Mapping[str | None, Sequence[int]], wait: int
) -> tuple[dict[str | None, int], dict[str | None, tuple[int, str | None]]]:
    """What it costs that one order more ends at each location, and who moves there last (Bellman-Ford)."""

    def cost(one: int, name: str | None) -> int:
        return wait if name is None else costs[one].get(name, _NEVER)

    distance = {name: cost(order, name) for name in members}
    via: dict[str | None, tuple[int, str | None]] = dict.fromkeys(members, (order, None))
    for _ in members:
        changed = False
        for origin, there in members.items():
            for target in members:
                for moving in there:
                    through = distance[origin] + cost(moving, target) - cost(moving, origin)
                    if target != origin and through < distance[target]:
                        distance[target], via[target] = through, (moving, origin)
                        changed = True
        if not changed:
            break
    return distance, via
