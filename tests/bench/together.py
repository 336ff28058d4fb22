"""Many orders for scarce stock: one after the other, together as allocation does it, and the optimum of the batch.

Orders of one to three lines from several regions want more of the SKUs than there is near them. *Together*, every order
ships at least as many units as when they come one after the other (ADR 19); the optimum (HiGHS) of the same units may
give them to others.
"""

import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

from oms.allocation.sourcing.batch import Left, Placed, Solve, decide_together
from oms.allocation.sourcing.exact import solve
from oms.allocation.sourcing.network import MICRO, Network, Option, Piece, Source, Tariff
from tests.sourcing_milp import together

SKUS, PLACES, REGIONS = 8, 6, 4
TRIES = 24
WAIT = 100_000 * MICRO
KINDS = (("plenty", 3.0), ("tight", 1.2), ("short", 0.8))
_TARIFF = Tariff((1_000, 5_000, 31_000), (400 * MICRO, 550 * MICRO, 900 * MICRO))


class Batch(NamedTuple):
    """Orders as SKUs, the price of shipping from each place to each, and the units that there are."""

    orders: tuple[tuple[int, ...], ...]
    opening: tuple[tuple[int, ...], ...]
    stock: dict[tuple[str, str], int]


class Row(NamedTuple):
    """How much more than the optimum, in per cent, what ships costs; the units that wait; solves per order."""

    kind: str
    orders: int
    as_they_come_pct: float
    together_pct: float
    nobody_loses_pct: float
    waiting: tuple[int, int, int, int]
    solves: float
    overtaken: int


def batch(seed: int, orders: int, plenty: float) -> Batch:
    """A batch whose stock is so many times what it wants, spread unevenly."""
    chance = random.Random(f"together/{seed}/{orders}/{plenty}")  # noqa: S311  an instance, not a secret
    wanted = tuple(tuple(sorted(chance.sample(range(SKUS), chance.choice((1, 1, 2, 3))))) for _ in range(orders))
    km = [[chance.randint(0, 900) for _ in range(PLACES)] for _ in range(REGIONS)]
    opening = tuple(tuple(way * MICRO for way in km[chance.randrange(REGIONS)]) for _ in range(orders))
    stock: dict[tuple[str, str], int] = {}
    for sku in range(SKUS):
        units = round(plenty * sum(sku in order for order in wanted))
        for _ in range(units):
            key = (f"s{sku}", f"l{chance.randrange(PLACES)}")
            stock[key] = stock.get(key, 0) + 1
    return Batch(wanted, opening, stock)


def network_of(one: Batch, order: int, left: Left) -> Network:
    """One order of a batch, given what is left."""
    sources = tuple(Source(f"l{j}", one.opening[order][j], _TARIFF) for j in range(PLACES))
    pieces = tuple(
        Piece(1, 700, WAIT, tuple(Option(j, 0, 1) for j in range(PLACES) if left.get((f"s{sku}", f"l{j}"), 0) > 0))
        for sku in one.orders[order]
    )
    return Network(pieces, sources)


def solver(one: Batch, counted: Callable[[], None]) -> Solve:
    """The cheapest plan of an order with what is left."""

    def placed(order: int, left: Left) -> Placed:
        counted()
        answer = solve(network_of(one, order, left))
        keys = [
            (f"s{sku}", f"l{parts[0][0]}") for sku, parts in zip(one.orders[order], answer.takes, strict=True) if parts
        ]
        return Placed(answer.cost, dict.fromkeys(keys, 1))

    return placed


def one_by_one(one: Batch, solve_one: Solve) -> list[Placed]:
    """As allocation does it: each order sees what the ones before it took."""
    left, plans = dict(one.stock), []
    for order in range(len(one.orders)):
        plans.append(solve_one(order, left))
        for key, units in plans[-1].taken.items():
            left[key] -= units
    return plans


def waiting(one: Batch, plans: Sequence[Placed]) -> list[int]:
    """Units that wait, by order."""
    return [len(order) - sum(plan.taken.values()) for order, plan in zip(one.orders, plans, strict=True)]


def measure_kind(kind: str, plenty: float, orders: int, batches: int) -> Row:
    """Batches of one kind."""
    sums = [0.0, 0.0, 0.0, 0.0]
    units = [0, 0, 0, 0]
    solves = overtaken = 0
    for seed in range(batches):
        one = batch(seed, orders, plenty)
        calls: list[None] = []
        solve_one = solver(one, lambda: calls.append(None))  # noqa: B023
        simple = one_by_one(one, solve_one)
        calls.clear()
        best = decide_together(orders, solve_one, one.stock, max_tries=TRIES).plans
        solves += len(calls)
        before, after = waiting(one, simple), waiting(one, best)
        loses = any(now > then for now, then in zip(after, before, strict=True))
        overtaken += loses
        networks = [(network_of(one, k, one.stock), [f"s{sku}" for sku in one.orders[k]]) for k in range(orders)]
        optimum = together(networks, one.stock)
        kept = simple if loses else best
        waits = (sum(before), sum(after), sum(waiting(one, kept)))
        least = round(optimum / (WAIT / MICRO) - 0.5 + 1e-9)
        for at, plans in enumerate((simple, best, kept)):
            sums[at] += sum(plan.cost for plan in plans) / MICRO - waits[at] * (WAIT / MICRO)
            units[at] += waits[at]
        sums[3] += optimum - least * (WAIT / MICRO)
        units[3] += least
    more = [(cost / sums[3] - 1) * 100 for cost in sums]
    return Row(
        kind,
        orders,
        more[0],
        more[1],
        more[2],
        (units[0], units[1], units[2], units[3]),
        solves / batches / orders,
        overtaken,
    )


def measure(batches: int = 40) -> list[Row]:
    """Batches of 12 and 40 orders of every kind."""
    return [measure_kind(kind, plenty, orders, batches) for orders in (12, 40) for kind, plenty in KINDS]
