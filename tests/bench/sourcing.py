"""How good and how fast the choice of locations is: against HiGHS, against what simpler rules would have chosen.

`python -m tests.bench.sourcing` measures this part alone and puts it into docs/performance.md.
"""

import random
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from oms.allocation.sourcing.engine import solve_any
from oms.allocation.sourcing.exact import solve
from oms.allocation.sourcing.local import spread
from oms.allocation.sourcing.network import MICRO, Network, Option, Piece, Source, Takes, Tariff, allowed, cost_of
from oms.allocation.sourcing.objective import Priced
from tests.bench import together
from tests.rate_tables import tariffs
from tests.sourcing_instances import WAIT, network
from tests.sourcing_milp import optimum

PAGE = Path(__file__).parents[2] / "docs/performance.md"
SIZES = ((3, 8, 2_000), (5, 10, 2_000), (10, 20, 2_000), (20, 20, 200), (20, 50, 60))
STRAIGHT = ((5, 10, 1_000), (10, 20, 1_000))
CHECKED = ((3, 8, 3_000), (5, 10, 1_500), (10, 20, 500))
LARGE = ((30, 50, 3), (50, 20, 3), (50, 50, 8), (100, 20, 3), (100, 50, 2), (200, 50, 1))
SECONDS = 10.0  # that HiGHS gets for a large order
_SAME = 0.001  # minor units; the solver's own tolerance


class Size(NamedTuple):
    """One size: CPU milliseconds an order, and how much more simpler rules pay (per cent, mean)."""

    lines: int
    places: int
    orders: int
    median_ms: float
    p99_ms: float
    proven: int
    nearest_pct: float
    greedy_pct: float


class Check(NamedTuple):
    """Orders of one size solved by both: how many to the same cost, and the widest gap in per cent."""

    lines: int
    places: int
    orders: int
    same: int
    widest_pct: float


class Large(NamedTuple):
    """Orders beyond what is proven: CPU ms, and per cent above the best plan that HiGHS found (below: negative)."""

    lines: int
    places: int
    gaps_pct: list[float]
    median_ms: float
    most_ms: float


class Sourcing(NamedTuple):
    """Everything that is measured."""

    sizes: tuple[Size, ...]
    checks: tuple[Check, ...]
    straight: tuple[Size, ...]
    large: tuple[Large, ...]
    tables: int
    together: list[together.Row]


def measure() -> Sourcing:
    """The same orders on every machine."""
    tables = tariffs()
    sizes = tuple(_size(*size, problem(tables)) for size in SIZES)
    checks = tuple(_check(*size, problem(tables)) for size in CHECKED)
    straight = tuple(_size(*size, straight_problem) for size in STRAIGHT)
    large = tuple(_large(*size, problem(tables)) for size in LARGE)
    return Sourcing(sizes, checks, straight, large, len(tables), together.measure())


def problem(tables: list[Tariff]) -> Callable[[int, int, int], Network]:
    """Every fifth order has lines that nobody has whole; every second is priced by a published table."""

    def make(seed: int, lines: int, places: int) -> Network:
        split = 0.1 if seed % 5 == 4 else 0.0
        return network(("bench", seed), lines, places, split=split, tables=tables if seed % 2 else ())

    return make


def straight_problem(seed: int, lines: int, places: int) -> Network:
    """The class that the target was set on: a price per parcel, freight straight by the gram, lines whole."""
    chance = random.Random(f"straight-{seed}")  # noqa: S311  an instance, not a secret
    share = chance.choice((0.25, 0.4, 0.5, 0.65, 0.8))
    sources = tuple(
        Source(f"l{j:02}", 0, Tariff((10_000_000,), (chance.randint(300, 700) * MICRO,))) for j in range(places)
    )
    per_kg = [chance.choice((30, 60, 90, 130)) for _ in range(places)]
    pieces = []
    for _ in range(lines):
        grams = chance.choice((100, 200, 400, 700, 1_200, 2_500))
        options = tuple(
            Option(j, (per_kg[j] * grams // 1_000 + chance.randint(0, 150)) * MICRO, 1)
            for j in range(places)
            if chance.random() < share
        )
        pieces.append(Piece(1, grams, WAIT, options))
    return Network(tuple(pieces), sources)


def _large(lines: int, places: int, orders: int, make: Callable[[int, int, int], Network]) -> Large:
    gaps: list[float] = []
    spent: list[float] = []
    for seed in range(orders):
        one = make(900_000 + seed, lines, places)
        began = time.thread_time()
        answer = solve_any(Priced(one, (), ()))
        spent.append((time.thread_time() - began) * 1_000)
        assert allowed(one, answer.takes)
        best, _ = optimum(one, seconds=SECONDS, gap=0.001)
        gaps.append((answer.cost / MICRO / best - 1) * 100)
    return Large(lines, places, gaps, statistics.median(spent), max(spent))


def _size(lines: int, places: int, orders: int, make: Callable[[int, int, int], Network]) -> Size:
    spent: list[float] = []
    proven = 0
    nearest: list[float] = []
    greedy: list[float] = []
    for seed in range(orders):
        one = make(seed, lines, places)
        began = time.thread_time()
        answer = solve(one)
        spent.append((time.thread_time() - began) * 1000)
        proven += answer.proven
        if seed < 200:
            nearest.append(_more(one, by_rank(one), answer.cost))
            greedy.append(_more(one, spread(one), answer.cost))
    cuts = statistics.quantiles(spent, n=100)
    return Size(
        lines, places, orders, statistics.median(spent), cuts[98], proven,
        statistics.fmean(nearest), statistics.fmean(greedy),
    )  # fmt: skip


def _more(one: Network, takes: Takes, best: int) -> float:
    assert allowed(one, takes)
    return (cost_of(one, takes) / best - 1) * 100


def by_rank(one: Network) -> Takes:
    """Nearest first: every line from the first location that has it; the cheapest to ship from counts as nearest."""
    ranked = sorted(range(len(one.sources)), key=lambda j: (one.sources[j].tariff.prices[0] + one.sources[j].fixed, j))
    plan = []
    for piece in one.pieces:
        limits = {option.source: option.limit for option in piece.options}
        left, parts = piece.units, []
        for j in ranked:
            if left and j in limits:
                parts.append((j, min(left, limits[j])))
                left -= parts[-1][1]
        plan.append(tuple(parts))
    return tuple(plan)


def _check(lines: int, places: int, orders: int, make: Callable[[int, int, int], Network]) -> Check:
    same, widest = 0, 0.0
    for seed in range(orders):
        one = make(100_000 + seed, lines, places)
        ours = solve(one).cost / MICRO
        best, _ = optimum(one)
        same += abs(ours - best) <= max(_SAME, best * 1e-9)
        widest = max(widest, (ours / best - 1) * 100)
    return Check(lines, places, orders, same, widest)


def section(sourcing: Sourcing) -> str:
    """The part of docs/performance.md."""
    rows = [_row(size) for size in sourcing.sizes]
    checks = [
        f"| {check.lines} x {check.places} | {check.orders} | {check.same} | {check.widest_pct:.4f} |"
        for check in sourcing.checks
    ]
    return f"""## Sourcing

Random orders of lines x locations, 25 to 80 % of the positions stocked, prices by weight step and zone (half of them
from {sourcing.tables} published carrier tables), shadow prices up to 1.00; every fifth order has lines that nobody has
whole. CPU of the solver; *more* is what the simpler rule pays above the proven optimum, in the mean.

| size | orders | median ms | p99 ms | proven | nearest first, % more | greedy, % more |
|---|---|---|---|---|---|---|
{_lines(rows)}

Against an independent mixed-integer program (HiGHS):

| size | orders | same cost | widest gap, % |
|---|---|---|---|
{_lines(checks)}

Orders of the class that the target was set on (freight straight by the gram, whole lines; target at 10 x 20: median
0.3 ms, p99 3 ms on a machine whose *nearest first* took 0.016 ms; here it takes {_nearest_ms():.3f} ms):

| size | orders | median ms | p99 ms | proven | nearest first, % more | greedy, % more |
|---|---|---|---|---|---|---|
{_lines(_row(size) for size in sourcing.straight)}

Beyond 20 x 50, against the best plan that HiGHS finds in {SECONDS:.0f} s (below it: negative):

| size | orders | mean, % above | within 1 % | worst, % | median ms | longest, ms |
|---|---|---|---|---|---|---|
{_lines(_large_row(large) for large in sourcing.large)}

{together.section(sourcing.together)}
"""


def _row(size: Size) -> str:
    return (
        f"| {size.lines} x {size.places} | {size.orders} | {size.median_ms:.2f} | {size.p99_ms:.1f} | "
        f"{size.proven / size.orders:.1%} | {size.nearest_pct:.1f} | {size.greedy_pct:.1f} |"
    )


def _large_row(large: Large) -> str:
    within = sum(gap <= 1 for gap in large.gaps_pct)
    return (
        f"| {large.lines} x {large.places} | {len(large.gaps_pct)} | {statistics.fmean(large.gaps_pct):.2f} | "
        f"{within} | {max(large.gaps_pct):.1f} | {large.median_ms:.0f} | {large.most_ms:.0f} |"
    )


def _nearest_ms() -> float:
    """What the simplest rule takes on this machine, to compare machines by."""
    spent = []
    for seed in range(300):
        one = straight_problem(seed, 10, 20)
        began = time.thread_time()
        by_rank(one)
        spent.append((time.thread_time() - began) * 1_000)
    return statistics.median(spent)


def _lines(rows: Iterable[str]) -> str:
    return "\n".join(rows)


def main() -> int:
    """Measure, and put the section in the place of the old one."""
    text = section(measure())
    before, _, rest = PAGE.read_text().partition("## Sourcing\n")
    _, found, after = rest.partition("\n## ")
    PAGE.write_text(before + text + (found + after if found else ""))
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
