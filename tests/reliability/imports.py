"""A file of 100,000 rows through the whole import job, with processes dying meanwhile, and one that is cancelled.

Real handlers on moto: the pace is that of one process on a simulated cloud, mostly the simulation's own; calls, counts
and what a death leaves behind are those of AWS. Chunks come in any order, some twice, and a process dies every so many
calls: what it held is delivered again.
"""

import logging
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from functions.intake.api_import_orders import handler as api
from tests.crash import Deaths
from tests.imports import HEADER, deliver, on_the_queue, results, started, upload, uploads_left, view
from tests.intake import TestClock, company, count, open_desk
from tests.lambda_events import api_event

ROWS = 100_000
LONGEST = 7  # rows of an order: 1 to 7, 4 on average
_REFUSED_EVERY, _REPEATED_EVERY = 50, 97
_DIES_EVERY = 499  # AWS calls; prime, and more than a chunk takes
_TWICE = 0.02
_CANCELLED_AT = 10  # the chunk in so many after which somebody cancels
_SEED = 20261123
_COUNTED = ("taken", "repeated", "refused", "skipped")


class File(NamedTuple):
    """A file, and what its orders must come to. Repeated orders stand at its end, once more as they were."""

    raw: bytes
    rows: int
    orders: int
    expected: Counter[str]


class Outcome(NamedTuple):
    """What a job came to. `wrong` names what is not as it should be."""

    counts: dict[str, int]
    status: str
    looks: int
    crashes: Counter[str]
    calls: int
    seconds: float
    wrong: list[str]


def file_of(rows: int) -> File:
    """Orders of one to seven lines, most of them good; about `rows` rows, and `rows` at least."""
    lines: list[str] = [HEADER]
    again: list[str] = []
    expected: Counter[str] = Counter()
    number = 0
    while len(lines) - 1 + len(again) < rows:
        number += 1
        refused = number % _REFUSED_EVERY == 0
        order = list(_rows(number, "NO-SUCH" if refused else "MUG", number % LONGEST + 1))
        lines += order
        expected["refused" if refused else "taken"] += 1
        if number % _REPEATED_EVERY == 0 and not refused:
            again += order
            expected["taken"] += 1  # of the same job: its own order is found, and said to be taken
    lines += again
    return File("\n".join([*lines, ""]).encode(), len(lines) - 1, expected.total(), expected)


def _rows(number: int, sku: str, lines: int) -> Iterator[str]:
    total = f"{10 * lines + 5}.00"
    for _ in range(lines):
        yield (
            f"C-{number},EUR,Zoë {number},zoe{number}@example.com,Allee {number},Berlin,10435,DE,"
            f"{sku},1,10.00,5.00,{total},"
        )


class _Job:
    """One import, as the bucket, the queue and somebody who looks at it see it."""

    def __init__(self, clock: TestClock) -> None:
        self.clock = clock
        self.deaths = Deaths(_DIES_EVERY, clock, revive=open_desk)
        self.chance = random.Random(_SEED)  # noqa: S311  a simulation, not a secret
        self.looks = 0
        self.settled = 0
        self.wrong: list[str] = []

    def survived(self, document: dict[str, Any]) -> None:
        """Deliver until no process dies of it."""
        while self.deaths.survive(lambda: deliver(document)) != 0:
            continue

    def run(self, import_id: str, told: dict[str, Any], *, cancels: bool = False) -> list[int]:
        """From the file's arrival to the end; the share of the work that each look at the job showed."""
        self.deaths.watch()
        self.survived(told)
        self.deaths.stop()
        chunks = on_the_queue()
        self.deaths.go_on()
        chunks += [chunk for chunk in chunks if self.chance.random() < _TWICE]
        self.chance.shuffle(chunks)
        seen: list[int] = []
        for place, chunk in enumerate(chunks, 1):
            self.survived(chunk)
            self.clock.pass_time(seconds=1)  # looks are limited per caller and time
            if place % 10 == 0 or place == len(chunks):
                seen.append(self._look(import_id))
            if cancels and place == len(chunks) // _CANCELLED_AT:
                self.deaths.stop()
                cancel = api_event("POST /v1/imports/{import_id}/cancel", path={"import_id": import_id})
                if api(cancel, None)["statusCode"] != 200:
                    self.wrong.append("it could not be cancelled")
                self.deaths.go_on()
        self.deaths.stop()
        return seen

    def _look(self, import_id: str) -> int:
        self.deaths.stop()
        found = view(import_id)
        self.deaths.go_on()
        return sum(found[name] for name in _COUNTED)


def whole(rows: int = ROWS) -> tuple[File, Outcome]:
    """A job that runs to its end."""
    file = file_of(rows)
    clock = TestClock()
    with company(clock):
        job, import_id = _Job(clock), started()
        began = time.monotonic()
        seen = job.run(import_id, upload(import_id, file.raw))
        took = time.monotonic() - began
        done = view(import_id)
        wrong = [*job.wrong, *_wrong(done, file, import_id)]
        distinct = file.expected["taken"] - _doubles(file)
        if (found := count("orders", "ORDER#")) != distinct:
            wrong.append(f"{found} orders in the table, not {distinct}")
        if {name: done[name] for name in _COUNTED if done[name]} != dict(file.expected):
            wrong.append(f"counted {done}, not {dict(file.expected)}")
        if done["status"] != "completed" or seen != sorted(seen) or seen[-1] != file.orders:
            wrong.append(f"{done['status']}, progress {seen[:3]} … {seen[-3:]}")
        return file, _outcome(job, done, len(seen), took, wrong)


def cancelled(rows: int = ROWS) -> tuple[File, Outcome]:
    """A job that somebody cancels after some chunks."""
    file = file_of(rows)
    clock = TestClock()
    with company(clock):
        job, import_id = _Job(clock), started()
        began = time.monotonic()
        seen = job.run(import_id, upload(import_id, file.raw), cancels=True)
        took = time.monotonic() - began
        done = view(import_id)
        wrong = [*job.wrong, *_wrong(done, file, import_id)]
        told = {row["order_id"] for row in results(import_id) if row["outcome"] == "taken"}
        if (found := count("orders", "ORDER#")) != len(told):
            wrong.append(f"{found} orders in the table, {len(told)} of them told")
        if done["status"] != "cancelled" or not done["taken"] or not done["skipped"]:
            wrong.append(f"{done['status']}: {done}")
        return file, _outcome(job, done, len(seen), took, wrong)


def _doubles(file: File) -> int:
    """Orders that stand in the file a second time."""
    keys = Counter[str]()
    last = ""
    for line in file.raw.decode().splitlines()[1:]:
        key = line.partition(",")[0]
        keys[key] += key != last
        last = key
    return sum(times - 1 for times in keys.values())


def _wrong(done: dict[str, Any], file: File, import_id: str) -> Iterator[str]:
    """What must hold of every job that ended."""
    counted = sum(done[name] for name in _COUNTED)
    rows = results(import_id)
    if (done["orders"], counted, len(rows)) != (file.orders,) * 3:
        yield f"{done['orders']} orders, {counted} counted and {len(rows)} results, of {file.orders}"
    if Counter(row["outcome"] for row in rows) != Counter({name: done[name] for name in _COUNTED if done[name]}):
        yield "the results and the counts differ"
    if [row["row"] for row in rows] != sorted(row["row"] for row in rows):
        yield "the results are not in the order of the file"
    if not done["finished_at"] or uploads_left():
        yield "the file is still there"


def _outcome(job: _Job, done: dict[str, Any], looks: int, took: float, wrong: list[str]) -> Outcome:
    counts = {name: done[name] for name in _COUNTED}
    return Outcome(counts, done["status"], looks, job.deaths.crashes, job.deaths.calls, took, wrong)


def figures() -> list[tuple[str, str]]:
    """The rows of the page."""
    file, job = whole()
    _, stopped = cancelled()
    counts, left = job.counts, stopped.counts
    pace = f"{job.seconds / 60:.0f} min, {file.orders / job.seconds:.0f} orders/s of one process"
    rest = f"{left['taken']:,} + {left['refused']:,} + {left['skipped']:,} = {sum(left.values()):,}"
    return [
        (
            f"import job of {file.rows:,} rows: orders = taken + refused",
            f"{file.orders:,} = {counts['taken']:,} + {counts['refused']:,}, {job.status}",
        ),
        (
            "the same: processes that died meanwhile; what was lost, doubled or miscounted",
            f"{job.crashes.total()}, at {len(job.crashes)} kinds of moments; {len(job.wrong)}",
        ),
        (
            "the same: looks at its progress; AWS calls per order, all repeats counted; time on moto",
            f"{job.looks}, never less than before; {job.calls / file.orders:.2f}; {pace}",
        ),
        (
            "one of as many rows, cancelled after a tenth: taken + refused + skipped = orders",
            f"{rest}, {stopped.status}; {stopped.crashes.total()} died; {len(stopped.wrong)} wrong",
        ),
        *(("wrong of an import job", line) for line in (*job.wrong, *stopped.wrong)),
    ]


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    number_of_rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    for outcome in (whole(number_of_rows), cancelled(number_of_rows)):
        sys.stdout.write(f"{outcome[0].rows} rows, {outcome[0].orders} orders: {outcome[1]}\n")
