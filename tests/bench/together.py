"""Many orders for scarce stock: one after the other, together as allocation does it, and the optimum of the batch.

Orders of one to three lines from several regions want more of the SKUs than there is near them. *Together*, every order
ships at least as many units as when they come one after the other (ADR 19); the optimum (HiGHS) of the same units may
give them to others.
"""

import random
from typing import NamedTuple

from oms.allocation.sourcing.batch import Left, Placed, Solve, decide_together
from oms.allocation.sourcing.exact import solve
from oms.allocation.sourcing.network import MICRO, Network, Option, Piece, Source, Tariff
from oms.allocation.together import MAX_TRIES
from tests.sourcing_milp import together

SKUS, PLACES, REGIONS = 8, 6, 4
WAIT = 100_000 * MICRO
KINDS = (("plenty", 3.0), ("tight", 1.2), ("short", 0.8))
_TARIFF = Tariff((1_000, 5_000, 31_000), (400 * MICRO, 550 * MICRO, 900 * MICRO))


class Batch(NamedTuple):
    """Orders as SKUs, the price of shipping from each place to each, and the units that there are."""

    orders: tuple[tuple[int, ...], ...]
    opening: tuple[tuple[int, ...], ...]
    stock: dict[tuple[str, str], int]


class Row(NamedTuple):
    """How much more than the optimum, in per cent, what ships costs; units that wait; plans made for an order."""

    kind: str
    orders: int
    as_they_come_pct: float
    together_pct: float
    waiting: tuple[int, int, int]
    plans: float


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


def solver(one: Batch, known: dict[tuple[object, ...], Placed]) -> Solve:
    """The cheapest plan of an order with what is left; the same question is answered once."""

    def placed(order: int, left: Left) -> Placed:
        wanted = {f"s{sku}" for sku in one.orders[order]}
        question = (order, *(min(units, 1) for (sku, _), units in sorted(left.items()) if sku in wanted))
        if question not in known:
            answer = solve(network_of(one, order, left))
            pairs = zip(one.orders[order], answer.takes, strict=True)
            known[question] = Placed(answer.cost, {(f"s{sku}", f"l{parts[0][0]}"): 1 for sku, parts in pairs if parts})
        return known[question]

    return placed


def one_by_one(one: Batch, solve_one: Solve) -> list[Placed]:
    """Each order sees what the ones before it took."""
    left, plans = dict(one.stock), []
    for order in range(len(one.orders)):
        plans.append(solve_one(order, left))
        for key, units in plans[-1].taken.items():
            left[key] -= units
    return plans


def measure_kind(kind: str, plenty: float, orders: int, batches: int) -> Row:
    """Batches of one kind."""
    costs, waits, made = [0.0, 0.0, 0.0], [0, 0, 0], 0
    for seed in range(batches):
        one = batch(seed, orders, plenty)
        known: dict[tuple[object, ...], Placed] = {}
        solve_one = solver(one, known)
        found = [one_by_one(one, solve_one), decide_together(orders, solve_one, one.stock, max_tries=MAX_TRIES).plans]
        made += len(known)
        wanted = sum(map(len, one.orders))
        for at, plans in enumerate(found):
            waiting = wanted - sum(plan.units for plan in plans)
            waits[at] += waiting
            costs[at] += (sum(plan.cost for plan in plans) - waiting * WAIT) / MICRO
        networks = [(network_of(one, k, one.stock), [f"s{sku}" for sku in one.orders[k]]) for k in range(orders)]
        optimum = together(networks, one.stock)
        waiting = int(optimum * MICRO // WAIT)
        waits[2] += waiting
        costs[2] += optimum - waiting * WAIT / MICRO
    more = [(cost / costs[2] - 1) * 100 for cost in costs]
    return Row(kind, orders, more[0], more[1], (waits[0], waits[1], waits[2]), made / batches / orders)


def measure(batches: int = 20) -> list[Row]:
    """Batches of 12 and 24 orders of every kind."""
    return [measure_kind(kind, plenty, orders, batches) for orders in (12, 24) for kind, plenty in KINDS]


def section(rows: list[Row]) -> str:
    """The part of docs/performance.md."""
    lines = [
        f"| {row.orders} | {row.kind} | {row.as_they_come_pct:.1f} | {row.together_pct:.1f} | "
        f"{row.waiting[0]} / {row.waiting[1]} / {row.waiting[2]} | {row.plans:.1f} |"
        for row in rows
    ]
    shares = ", ".join(f"{kind} {plenty:g}" for kind, plenty in KINDS)
    return "\n".join(
        [
            f"Batches of orders that compete for stock (units per unit wanted: {shares}; {SKUS} SKUs,",
            f"{PLACES} locations, {REGIONS} regions): as they come, and together with {MAX_TRIES} sequences tried.",
            "Together nobody gets fewer units than as they come; the optimum of all orders (HiGHS) may take them from",
            "somebody. *More*: what ships, above the optimum; *wait*: units, as they come / together / at the optimum.",
            "",
            "| orders | stock | as they come, % more | together, % more | wait | plans per order |",
            "|---|---|---|---|---|---|",
            *lines,
        ]
    )
