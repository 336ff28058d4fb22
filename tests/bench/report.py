"""docs/performance.md, written from what was measured."""

import platform
from collections.abc import Iterable
from decimal import Decimal

from infra.local.prices import list_prices
from infra.stacks.functions import FUNCTIONS
from oms.kernel.time import utc_now
from tests.bench.imports import Import
from tests.bench.meter import Tally
from tests.bench.pace import Hot, Pace
from tests.bench.sourcing import Sourcing, section
from tests.bench.work import BEFORE, Work

FULL_CPU_MB = 1769  # Lambda: the memory at which a function has one whole vCPU
WAIT_S = 0.005  # assumed wait for one AWS call; the emulator's own answer time is not AWS's
EXPRESS_GB = 0.0625  # Express bills memory in chunks of 64 MB; ids and small facts fit one
WATCHES = 1  # assumed: a day after allocation the parcels are with the carrier, and the next deadline is 10 days off
WATCH_WRITES, WATCH_READS = 3, 2.5  # one look: header written, its index entry moved (2); index and partition read
LOG_GB = 1_000 / 1e9  # assumed: access log lines of the API and the few lines that functions log at level WARN
MILLION = 1_000_000
TARGETS = (
    ("AWS calls, webhook to hand-over", "calls_before", 20),
    ("AWS calls per carrier scan after it", "calls_per_scan", 2),
    ("CPU of our code, ms, intake", "cpu_intake", 4),
    ("CPU of our code, ms, to delivered", "cpu_all", 30),
    ("list price of the whole life, USD per million orders", "usd", 40),
)


def page(
    single: Work,
    many: Work,
    intake: Pace,
    hot: Hot,
    imports: Iterable[Import],
    sourcing: Sourcing,
    allocation: str,
    prices: str,
) -> str:
    """The whole page. `allocation` and `prices` are the parts about batches and giant orders, and prices of stock."""
    return f"""<!-- made by `make bench`; run it again instead of editing -->

# Performance

`make bench` on {platform.machine()}, Python {platform.python_version()}, {utc_now().date()}.
Counts and ratios carry over to other machines; times do not. The work is that of orders of two lines and one parcel,
from the posted webhook to delivered; every handler is the real one, against the emulator's tables, with four
confirmations and four carrier scans an order.

## Per order, against the targets

{_targets(single, many)}

*Alone*: each order by itself, nothing shares a batch. *In company*: {many.orders} orders at a time, confirmations 10 to
a request, scans {many.batch} to a message, facts packed as they come.

## Where it goes, per order in company

{_functions(many)}

## List price per million orders, in company

{_costs(many)}

Assumed, not measured: {WAIT_S * 1000:.0f} ms of waiting for an AWS call, {WATCHES} look of the watchdog,
{LOG_GB * 1e9 / 1000:.0f} KB of log an order. Prices: {list_prices().region}, {list_prices().as_of},
`infra/local/prices.json`. No Standard state transition happens on an ordinary order.

## Taken in over HTTP on the local cloud

{intake.orders} Shopify orders of two sold-out items (their way ends at allocation), {intake.at_once} at once:
**{intake.per_s:.0f} orders/s**, answered in
{intake.p50_ms:.0f} ms (p50), {intake.p95_ms:.0f} ms (p95). The emulator, its functions and the sender share this
machine; the ceiling in AWS is derived in [scaling](scaling.md).

## Hot item

{hot.buyers} buyers of one unit each, {hot.units} units in stock, posted 8 at once: **{hot.allocated} allocated**,
{hot.backordered} backordered, {max(0, hot.allocated - hot.units)} oversold.

## Allocation under fire

{allocation}

{section(sourcing)}
{prices}
## Cold import of each function

CPU above the bare interpreter, best of 5, bytecode shipped, clients made on first use.

{_imports(imports)}
"""


def _figures(work: Work) -> dict[str, float]:
    return {
        "calls_before": work.per_order(*BEFORE).call_count,
        "calls_per_scan": work.per_order("track").call_count / 4,
        "cpu_intake": work.per_order("intake").cpu_s * 1000,
        "cpu_all": work.per_order().cpu_s * 1000,
        "usd": float(sum(cost(work).values())),
    }


def _targets(single: Work, many: Work) -> str:
    alone, company = _figures(single), _figures(many)
    rows = [
        f"| {name} | {alone[key]:.1f} | **{company[key]:.1f}** | ≤ {target} | {_verdict(company[key], target)} |"
        for name, key, target in TARGETS
    ]
    return "\n".join(["| figure | alone | in company | target | |", "|---|---|---|---|---|", *rows])


def _verdict(figure: float, target: float) -> str:
    return "met" if figure <= target else "missed"


def _functions(work: Work) -> str:
    sums: dict[str, Tally] = {}
    for (_, function), tally in work.meter.tallies.items():
        sums.setdefault(function, Tally()).add(tally)
    head = "| function | invocations | AWS calls | write units | read units | bus entries | CPU ms |"
    rows = [_row(name, tally.divided(work.orders)) for name, tally in sums.items()]
    total = _row("**sum**", work.per_order())
    return "\n".join([head, "|---|---|---|---|---|---|---|", *rows, total])


def _row(name: str, tally: Tally) -> str:
    return (
        f"| {name} | {tally.invocations:.2f} | {tally.call_count:.2f} | {tally.write_units:.1f} | "
        f"{tally.read_units:.1f} | {tally.bus_entries:.2f} | {tally.cpu_s * 1000:.2f} |"
    )


def counted(work: Work) -> dict[str, float]:
    """What an order takes of everything that has a price, by the names of the price table."""
    memory = {spec.path: spec.memory_mb for spec in FUNCTIONS}
    total = work.per_order()
    gb_s = workflow_s = 0.0
    for (_, function), tally in work.meter.tallies.items():
        size = memory[function]
        billed_s = tally.cpu_s * FULL_CPU_MB / min(size, FULL_CPU_MB) + tally.call_count * WAIT_S
        gb_s += billed_s * size / 1024 / work.orders
        workflow_s += billed_s / work.orders if "/task_" in function else 0
    return {
        "api_request": work.api_requests,
        "lambda_request": total.invocations,
        "lambda_gb_s": gb_s,
        "write_unit": total.write_units + WATCHES * WATCH_WRITES,
        "read_unit": total.read_units + WATCHES * WATCH_READS,
        "express_request": work.executions,
        "express_gb_s": workflow_s * EXPRESS_GB,
        "bus_event": total.bus_entries + 4 / work.batch,  # ours, and the carrier feed's own
        "queue_request": work.queue_requests,
        "object_put": total.calls.get("s3.PutObject", 0.0),
        "object_get": total.calls.get("s3.GetObject", 0.0),
        "log_gb": LOG_GB,
    }


def cost(work: Work) -> dict[str, Decimal]:
    """US dollars per million orders, by kind of work."""
    return list_prices().cost_usd({name: count * MILLION for name, count in counted(work).items()})


def _costs(work: Work) -> str:
    prices = list_prices().prices
    costs = cost(work)
    rows = [f"| {prices[name].what} | {usd:.2f} |" for name, usd in sorted(costs.items(), key=lambda row: -row[1])]
    return "\n".join(["| what | USD |", "|---|---|", *rows, f"| **sum** | **{sum(costs.values()):.2f}** |"])


def _imports(imports: Iterable[Import]) -> str:
    rows = [f"| {row.function} | {row.cpu_s:.2f} | {', '.join(row.heavy)} |" for row in imports]
    return "\n".join(["| function | CPU s | loads |", "|---|---|---|", *rows])
