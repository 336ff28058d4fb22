"""`make reliability`: measure what the system promises, and write docs/reliability.md.

Each module of this folder with a function `figures() -> list[tuple[str, str]]` adds its rows. Name modules to measure
only those; the page keeps the rows of the others, each with its day.
"""

import importlib
import logging
import pkgutil
import sys
import time
from pathlib import Path

from rich.console import Console

import tests.reliability
from oms.kernel.time import utc_now

OUTPUT = Path(__file__).parents[2] / "docs/reliability.md"
_COLUMNS = 4
console = Console(highlight=False, soft_wrap=True)

PAGE = """<!-- made by `make reliability`; run it again instead of editing -->

# Reliability

What is promised, measured by `make reliability`. One row's command alone: `python -m tests.reliability <module>`.

| what | figure | module | measured |
|---|---|---|---|
"""
TABLES = """
The tables of crash points, of tokens, of roles and objects, and of hard input are tests of `make test`, one per row,
named after it: `tests/store/test_crash_points_*.py`, `tests/store/*access*`, `tests/store/test_hard_input.py`.
"""


def main(names: list[str]) -> int:
    """Measure all modules, or those that are named, and write the page."""
    logging.disable(logging.CRITICAL)
    rows = _kept()
    today = utc_now().date().isoformat()
    for name in sorted(module.name for module in pkgutil.iter_modules(tests.reliability.__path__)):
        if name == "__main__" or (names and name not in names):
            continue
        figures = getattr(importlib.import_module(f"tests.reliability.{name}"), "figures", None)
        if figures is None:
            continue
        began = time.monotonic()
        found = figures()
        rows = [row for row in rows if row[2] != name]
        console.print(f"[bold]{name}[/bold], {time.monotonic() - began:.0f} s")
        for what, figure in found:
            console.print(f"  {what}: {figure}", markup=False)
            rows.append((what, figure, name, today))
        rows.sort(key=lambda row: row[2])
        OUTPUT.write_text(PAGE + "".join(f"| {' | '.join(row)} |\n" for row in rows) + TABLES)
    return 0


def _kept() -> list[tuple[str, ...]]:
    """The rows that the page has."""
    lines = OUTPUT.read_text().splitlines() if OUTPUT.exists() else []
    cells = [tuple(cell.strip() for cell in line.strip("|").split(" | ")) for line in lines if line.startswith("| ")]
    return [row for row in cells if len(row) == _COLUMNS and row[0] != "what"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
