"""`make bench`: count the work per order and write docs/performance.md.

Real handlers against the emulator's tables (a process of its own, so that its CPU is not ours), carried by the
conductor; then real HTTP against the deployed cloud for the pace of intake and the hot item.
"""

import json
import shutil
import sys
from pathlib import Path

from rich.console import Console

from infra.local.cloud import temporary
from infra.local.emulator import Home
from infra.local.paths import LOCAL
from tests.bench import giant, hot, imports, largest, pace, report, sourcing, whatif, work, yardstick

OUTPUT = Path(__file__).parents[2] / "docs/performance.md"
PICTURE = OUTPUT.parent / yardstick.PICTURE
WORK = Path(__file__).parents[2] / "infra/local/work.json"  # what `make run` prices its orders with
console = Console(highlight=False)


def main(part: str = "") -> int:
    """Measure, write, show; one part alone (`prices`, `sourcing`, `whatif`, `largest`), if that is asked for."""
    if part == "sourcing":
        return sourcing.main()
    if part == "whatif":
        return whatif.main()
    if part == "largest":
        return _largest()
    if part == "prices":
        OUTPUT.write_text(yardstick.renewed(OUTPUT.read_text(), _prices()))
        return 0
    home = Home(LOCAL / "bench")
    try:
        with temporary(home, console.print) as cloud:
            console.print("counting the work of single orders")
            single = work.measure(cloud, orders=3, batch=1)
            console.print("counting the work of orders in company")
            many = work.measure(cloud, orders=100, batch=25)
            console.print("measuring the hot item")
            posted = pace.hot_item(cloud)
            console.print("measuring allocation under fire")
            allocation = hot.measure(cloud)
            console.print("walking the largest orders")
            giants = largest.section(largest.measure(cloud))
            console.print("measuring the pace of intake over HTTP")
            intake = pace.intake(cloud, orders=400, at_once=8)
    finally:
        shutil.rmtree(home.folder, ignore_errors=True)
    console.print("measuring imports and sourcing")
    under_fire = f"{hot.section(allocation)}\n\n## The size of an order\n\n{giant.section()}\n\n{giants}"
    text = report.page(
        single, many, intake, posted, imports.measure(), sourcing.measure(), under_fire, f"{_prices()}\n{_what_if()}"
    )
    OUTPUT.write_text(text)
    rounded = {name: round(count, 9) for name, count in report.counted(many).items()}
    WORK.write_text(json.dumps(rounded, indent=2) + "\n")
    console.print(text)
    return 0


def _largest() -> int:
    """Show the part about the largest orders; the page is written by the whole of it."""
    home = Home(LOCAL / "bench")
    try:
        with temporary(home, console.print) as cloud:
            console.print(largest.section(largest.measure(cloud)))
    finally:
        shutil.rmtree(home.folder, ignore_errors=True)
    return 0


def _prices() -> str:
    """The part of the page about prices of stock; its picture is written beside the page."""
    console.print("measuring prices of stock")
    rows = yardstick.measure(say=console.print)
    PICTURE.write_text(yardstick.picture(rows))
    part = yardstick.section(rows)
    console.print(part)
    return part


def _what_if() -> str:
    """The part of the page about a what-if on real orders; its picture is written beside the page."""
    console.print("measuring a what-if")
    return whatif.section(whatif.measure(console.print))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
