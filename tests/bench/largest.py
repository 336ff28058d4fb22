"""The largest orders, from the posted request to the customer's door, and cancelled: `python -m tests.bench largest`.

Real handlers against the emulator's tables, carried by the conductor. Seconds are those of this machine, most of them
the emulator's; calls, units and sizes carry over.
"""

import random
import string
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from infra.local.cloud import Cloud
from tests.bench.meter import Meter, Tally
from tests.bench.work import bench_domain
from tests.conductor import Conductor
from tests.giant_journey import Journey, Limits, catalogue, giant

SIZES = (1_000, 5_000)
PLACES = ["ber-1", "lon-1"]
PHASES = ("intake", "fulfill", "confirm", "track", "cancel")


class Walked(NamedTuple):
    """One order of a size. `story`: delivered, cancelled when all of it was reserved, or when all of it waited."""

    lines: int
    story: str
    work: dict[str, Tally]
    seconds: dict[str, float]
    largest: Limits


def measure(cloud: Cloud, sizes: tuple[int, ...] = SIZES) -> list[Walked]:
    """Walk orders of these sizes, the largest under names that nothing can pack."""
    stories = ("delivered", "cancelled", "waiting")
    return [_walk(cloud, lines, story) for lines in sizes for story in stories]


def section(rows: list[Walked]) -> str:
    """The part of the page about it."""
    head = (
        "Each line is another SKU of 32 random letters with an id of 32 more; stock at two locations. Calls and units"
        " in all; bytes of the largest item (limit 409,600), bus entry (262,144) and answer (6,291,456). Seconds are"
        " those of one machine, most of them the emulator's."
    )
    names = ("lines", "story", "calls", "write units", "read units", "intake s", "allocate and release s", "cancel s")
    columns = (*names, "item", "entry", "answer")
    table = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    return "\n".join([head, "", *table, *map(_row, rows)])


def _row(row: Walked) -> str:
    total = Tally()
    for tally in row.work.values():
        total.add(tally)
    seconds = [f"{row.seconds[name]:.1f}" if name in row.seconds else "" for name in ("intake", "fulfill", "cancel")]
    sizes = [f"{size:,}" for size in (row.largest.item, row.largest.event, row.largest.answer)]
    cells = [
        f"{row.lines:,}",
        row.story,
        f"{total.call_count:,.0f}",
        f"{total.write_units:,.0f}",
        f"{total.read_units:,.0f}",
        *seconds,
        *sizes,
    ]
    return f"| {' | '.join(cells)} |"


def _walk(cloud: Cloud, lines: int, story: str) -> Walked:
    chance = random.Random(lines)  # noqa: S311  the same names in every run
    skus = [_name(chance) for _ in range(lines)]
    with bench_domain(cloud, f"giant{lines}{story}") as (wiring, _):
        catalogue(wiring, skus, PLACES, units=0 if story == "waiting" else 5)
        meter = Meter()
        seconds: dict[str, float] = {}
        journey = Journey(wiring, Conductor(wiring, meter.around))

        @contextmanager
        def timed(name: str) -> Iterator[None]:
            meter.phase, began = name, time.perf_counter()
            yield
            seconds[name] = time.perf_counter() - began

        body = giant(f"G-{lines}", skus)
        for line in body["lines"]:
            line["external_line_id"] = _name(chance)
        with timed("intake"):
            journey.submit(body)
        with timed("fulfill"):
            journey.allocate_and_release()
        order = wiring.orders.get(journey.order_id)
        assert (order.units_allocated, order.reserving) == (0 if story == "waiting" else 2 * lines, None)
        if story == "delivered":
            with timed("confirm"):
                journey.ship()
            with timed("track"):
                journey.deliver()
        else:
            with timed("cancel"):
                assert journey.cancel().remaining_units == 0
        shown = journey.read()
        assert shown["status"] == ("completed" if story == "delivered" else "cancelled")
        journey.watch.assert_within_limits()
        work = {phase: meter.total(phase) for phase in PHASES}
        return Walked(lines, story, work, seconds, journey.watch.largest)


def _name(chance: random.Random) -> str:
    return "".join(chance.choices(string.ascii_letters + string.digits, k=32))
