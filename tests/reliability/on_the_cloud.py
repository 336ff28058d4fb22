"""On a local cloud of its own: what ten duplicates at once become, and which forged tokens open something."""

import shutil
from collections import Counter
from collections.abc import Iterator

from infra.local.cloud import Cloud, temporary
from infra.local.emulator import Home
from infra.local.paths import LOCAL
from tests.duplicates import TIMES, ten_at_once
from tests.tokens import ATTACKS, READ, Mint

_FIRST = 7_600_000


def figures() -> list[tuple[str, str]]:
    """A row for each way in, and one for the tokens."""
    home = Home(LOCAL / "reliability")
    try:
        with temporary(home, lambda _: None) as cloud:
            return [*_duplicates(cloud), _tokens(cloud)]
    finally:
        shutil.rmtree(home.folder, ignore_errors=True)


def _duplicates(cloud: Cloud) -> Iterator[tuple[str, str]]:
    for each in ten_at_once(cloud, _FIRST):
        answers = ", ".join(f"{count} x {status}" for status, count in sorted(each.answers.items()))
        owed = f"; owed {each.owed_minor} of {each.due_minor} cents" if each.due_minor else ""
        yield (
            f"{TIMES} duplicates at once, {each.way}: orders sent, orders in the table, confirmations",
            f"{each.orders}, {each.found}, {each.confirmed} ({answers}{owed})",
        )


def _tokens(cloud: Cloud) -> tuple[str, str]:
    mint = Mint(cloud)
    answers = {name: cloud.api("GET", READ, token=make(mint)).status for name, (make, _) in ATTACKS.items()}
    good = cloud.api("GET", READ, token=mint.genuine).status
    wrong = [name for name, (_, status) in ATTACKS.items() if answers[name] != status]
    told = ", ".join(f"{count} x {status}" for status, count in sorted(Counter(answers.values()).items()))
    return (
        "forged, stale and foreign tokens / let in or answered otherwise; the genuine one",
        f"{len(answers)} ({told}) / {len(wrong)}; {good}",
    )
