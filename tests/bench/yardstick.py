"""What prices of stock are worth: policies over a horizon, against the bounds that no policy can beat."""

import statistics
from collections.abc import Callable, Sequence
from typing import NamedTuple

from tests.bench import etail
from tests.bench.etail import Forecast, Policy, World

INSTANCES, SEQUENCES, PERIODS = 20, 1, 10_000
TARGET = 1.025
HEADING = "## Prices of stock\n"
PICTURE = "prices-of-stock.svg"


class Way(NamedTuple):
    """A policy, how often prices are solved for it, and from which demand."""

    name: str
    policy: Policy
    solves: int = 0
    forecast: Forecast = etail.known_rates


class Row(NamedTuple):
    """Mean cost over each bound, its standard error over instances, and CPU time."""

    name: str
    over_fluid: float
    error: float
    over_plans: float
    over_expected: float
    us_per_order: float
    s_per_solve: float


NEAREST = Way("nearest location for each SKU", etail.nearest)
MYOPIC = Way("exact for the order, myopic", etail.exact)
SKU_BY_SKU = Way("exact, prices solved 10 times, SKU by SKU", etail.exact, 10, etail.known_rates_sku_by_sku)
ONCE = Way("exact, prices solved once", etail.exact, 1)
TEN = Way("exact, prices solved 10 times", etail.exact, 10)
COUNTED = Way("the same, demand as our forecast counts it", etail.exact, 10, etail.counted_before)
FORTY = Way("exact, prices solved 40 times", etail.exact, 40)
WAYS = (NEAREST, MYOPIC, SKU_BY_SKU, ONCE, TEN, COUNTED, FORTY)


def measure(
    ways: Sequence[Way] = WAYS,
    *,
    instances: int = INSTANCES,
    sequences: int = SEQUENCES,
    periods: int = PERIODS,
    say: Callable[[str], None] = lambda _text: None,
) -> list[Row]:
    """Every way on the same instances and the same arrivals; seeded, so that costs are the same on every machine."""
    samples: dict[str, list[Row]] = {way.name: [] for way in ways}
    for seed in range(instances):
        world = etail.world(seed, periods)
        expected = etail.fluid_bound(world, {order: rate * periods for order, rate in world.rates.items()})
        for number in range(sequences):
            for row in _one(world, seed * 1_000 + number, ways, expected):
                samples[row.name].append(row)
        say(f"instance {seed + 1} of {instances}")
    return [_mean(rows) for rows in samples.values()]


def _one(world: World, seed: int, ways: Sequence[Way], expected: float) -> list[Row]:
    coming = etail.arrivals(world, seed)
    fluid, plans = (bound(world, etail.came(coming)) for bound in (etail.fluid_bound, etail.plan_bound))
    rows = []
    for way in ways:
        done = etail.run(world, coming, way.policy, solves=way.solves, forecast=way.forecast)
        per_order = done.deciding_s / done.orders * 1e6
        over = (done.cost / fluid, 0.0, done.cost / plans, done.cost / expected)
        rows.append(Row(way.name, *over, per_order, done.solving_s / max(way.solves, 1)))
    return rows


def _mean(rows: Sequence[Row]) -> Row:
    fluid, _, *others = zip(*(row[1:] for row in rows), strict=True)
    error = statistics.stdev(fluid) / len(fluid) ** 0.5 if len(fluid) > 1 else 0.0
    return Row(rows[0].name, statistics.fmean(fluid), error, *map(statistics.fmean, others))


def section(rows: Sequence[Row], *, instances: int = INSTANCES, sequences: int = SEQUENCES) -> str:
    """The part of docs/performance.md."""
    best = min(row.over_fluid for row in rows)
    verdict = "met" if best <= TARGET else "missed"
    table = "\n".join(
        f"| {row.name} | {row.over_fluid:.3f} ± {row.error:.3f} | {row.over_plans:.3f} | {row.over_expected:.3f} "
        f"| {row.us_per_order:.0f} | {f'{row.s_per_solve:.2f}' if row.s_per_solve else ''} |"
        for row in rows
    )
    return f"""{HEADING}
The e-tail fulfilment problem of the literature (Acimovic and Graves 2015; Jasin and Sinha 2015; instances as in Ma
2023): {instances} instances of 20 SKUs, 5 locations and 10 regions, each with
{sequences} sequence of {PERIODS:,} periods in one horizon without
replenishment. An order is decided for good when it comes; a unit's price is added to its cost.

| policy | cost / fluid bound | cost / plan bound | cost / expected | µs per order | s per solve |
|---|---|---|---|---|---|
{table}

Cost over the fluid bound at best **{best:.3f}**, target ≤ {TARGET}: {verdict}. *Fluid bound*: the literature's linear
program for the orders that came, known in advance. *Plan bound*: the program that we price with, for the same orders;
it is higher, and no policy can be below it either. *Expected*: the fluid program of the expected demand, as the
literature prints it; it knows nothing of the luck of a sequence. Bounds and policies see the same arrivals.

![cost over the bound, by policy]({PICTURE})

A parcel is paid once for all that is in it: priced SKU by SKU, stock is worth an eighth of it for this
decision. Hence the prices come from baskets, counted as they were ordered.

*Exact* is an enumeration of all sets of the five places. The sourcing engine decides at the same cost on the same
orders (`tests/unit/allocation/prices/test_yardstick.py`); being general, it takes longer.
"""


def renewed(page: str, part: str) -> str:
    """The page with this part in the place of the one that it has.

    Raises:
        ValueError: the page has no such part.
    """
    before, found, rest = page.partition(HEADING)
    if not found:
        raise ValueError("the page has no part for the prices of stock")
    _, more, after = rest.partition("\n## ")
    return before + part + more + after


_WIDTH, _LABEL, _BAR, _HEIGHT = 760, 300, 26, 18


def picture(rows: Sequence[Row]) -> str:
    """Cost above the bound in per cent, a bar for each policy, as SVG."""
    scale = (_WIDTH - _LABEL - 90) / max(row.over_fluid - 1 for row in rows)
    bars = []
    for number, row in enumerate(rows):
        top = 40 + number * _BAR
        loss = (row.over_fluid - 1) * 100
        length = (row.over_fluid - 1) * scale
        unavoidable = (row.over_fluid / row.over_plans - 1) * scale
        bars.append(
            f'<text x="{_LABEL - 8}" y="{top + 13}" text-anchor="end">{row.name}</text>'
            f'<rect x="{_LABEL}" y="{top}" width="{length:.1f}" height="{_HEIGHT}" fill="#3b6ea5"/>'
            f'<rect x="{_LABEL}" y="{top}" width="{unavoidable:.1f}" height="{_HEIGHT}" fill="#b8c4d0"/>'
            f'<text x="{_LABEL + length + 6:.1f}" y="{top + 13}">{loss:.1f} %</text>'
        )
    height = 60 + len(rows) * _BAR
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" font-size="12">
<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>
<text x="{_LABEL}" y="22">cost above the fluid bound; grey: what no policy can avoid</text>
{chr(10).join(bars)}
</svg>
"""  # noqa: E501  one line of XML
