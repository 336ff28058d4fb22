"""The same order sent ten times at once, on a local cloud of its own: how many orders it becomes."""

import shutil

from infra.local.cloud import temporary
from infra.local.emulator import Home
from infra.local.paths import LOCAL
from tests.duplicates import TIMES, ten_at_once


def figures() -> list[tuple[str, str]]:
    """A row for each way in."""
    home = Home(LOCAL / "reliability")
    try:
        with temporary(home, lambda _: None) as cloud:
            outcomes = ten_at_once(cloud, first=7_600_000)
    finally:
        shutil.rmtree(home.folder, ignore_errors=True)
    return [
        (
            f"{TIMES} duplicates at once, {each.way}: orders sent so, orders in the table, confirmations",
            f"{each.orders}, {each.found}, {each.confirmed}; answers "
            + ", ".join(f"{count} x {status}" for status, count in sorted(each.answers.items()))
            + (f"; owed {each.owed_minor} of {each.due_minor}" if each.due_minor else ""),
        )
        for each in outcomes
    ]
