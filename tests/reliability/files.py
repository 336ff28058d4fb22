"""Files of orders: what becomes of the real EDI documents and of damaged ones, and how fast an import goes.

The cutting and reading of 100,000 orders runs in a process of its own, so that its memory is its own. A whole job runs
on moto: its pace is that of one process on a simulated cloud, its calls are those of AWS.
"""

import json
import random
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

from oms.intake.imports.cutting import Cutter
from oms.intake.imports.reading import read_csv
from oms.intake.notices import Snapshot
from oms.kernel.errors import RejectedError
from tests.crash import calls_of
from tests.edi import PLUGINS, SPECIMENS, broken, channel, parse, real_orders
from tests.imports import csv_file, csv_rows, deliver, on_the_queue, started, upload, view
from tests.intake import TestClock, company

ORDERS = 100_000
_JOB = 200
_DAMAGED = 3_000
_SEED = 20261123
_NOW = datetime(2026, 11, 23, tzinfo=UTC)
_BLOCK = 1_000_000


def figures() -> list[tuple[str, str]]:
    """The rows of the page."""
    return [*_documents(), *_import_of_many(), *_whole_job()]


def _documents() -> list[tuple[str, str]]:
    mapped, refused = 0, Counter[str]()
    for real in real_orders():
        try:
            notices = parse(real.kind, real.raw)
        except RejectedError as error:
            refused[error.faults[0].field.rpartition(".")[2]] += 1
        else:
            mapped += any(isinstance(notice, Snapshot) for notice in notices)
    reasons = ", ".join(f"{field} {count}" for field, count in refused.most_common())
    outcomes = _damaged()
    return [
        ("real X12 850 and EDIFACT ORDERS files: mapped / refused, by the field named first",
         f"{mapped} / {sum(refused.values())} ({reasons or 'the data is not here'})"),
        ("damaged documents (parse, take apart, answer): tried / orders / refusals with a field / anything else",
         f"{sum(outcomes.values())} / {outcomes['order']} / {outcomes['refusal']} / {outcomes['other']}"),
    ]  # fmt: skip


def _damaged() -> Counter[str]:
    chance = random.Random(_SEED)  # noqa: S311  damage, not a secret
    originals = [(real.kind, real.raw[:6_000]) for real in real_orders()]
    originals += [(kind, module.MESSAGE) for kind, module in SPECIMENS.items()] * 4
    outcomes: Counter[str] = Counter()
    for _ in range(_DAMAGED):
        kind, raw = chance.choice(originals)
        outcomes[_outcome(kind, broken(raw, chance))] += 1
    return outcomes


def _outcome(kind: str, raw: bytes) -> str:
    try:
        PLUGINS[kind].split(raw)
        PLUGINS[kind].acknowledgements(channel(kind), raw, first_number=1, at=_NOW)
        notices = parse(kind, raw)
    except RejectedError as error:
        return "refusal" if error.faults else "other"
    except Exception as error:  # noqa: BLE001  what is counted here is exactly what nobody expected
        sys.stderr.write(f"{type(error).__name__}: {error} in {raw[:200]!r}\n")
        return "other"
    return "order" if any(isinstance(notice, Snapshot) for notice in notices) else "refusal"


def _import_of_many() -> list[tuple[str, str]]:
    run = subprocess.run([sys.executable, "-m", "tests.reliability.files"], check=True, capture_output=True, text=True)
    found = json.loads(run.stdout)
    return [
        (f"CSV file of {ORDERS:,} orders ({found['mb']} MB): cut into chunks",
         f"{found['chunks']:,} chunks in {found['cut_s']:.1f} s of CPU, {ORDERS / found['cut_s']:,.0f} orders/s"),
        ("the same: read into orders, chunk by chunk, on one CPU",
         f"{found['orders']:,} orders, {found['refused']} refused, {ORDERS / found['read_s']:,.0f} orders/s"),
        ("the same: memory above that of the idle process", f"{found['memory_mb']} MB"),
    ]  # fmt: skip


def _whole_job() -> list[tuple[str, str]]:
    with company(TestClock()):
        import_id = started()
        told = upload(import_id, csv_file(csv_rows(_JOB)))
        began = time.monotonic()
        calls = calls_of(lambda: deliver(told))
        for chunk in on_the_queue():
            calls += calls_of(lambda chunk=chunk: deliver(chunk))  # type: ignore[misc]
        took = time.monotonic() - began
        done = view(import_id)
    counted = done["taken"] + done["repeated"] + done["refused"] + done["skipped"]
    return [
        (f"import job of {_JOB} orders: orders = taken + repeated + refused + skipped",
         f"{done['orders']} = {counted} (taken {done['taken']}), {done['status']}"),
        ("the same: AWS calls per order, orders/s of one process on moto",
         f"{len(calls) / _JOB:.2f}, {_JOB / took:.0f}"),
    ]  # fmt: skip


def _file() -> Iterator[bytes]:
    yield csv_file([])
    for first in range(1, ORDERS + 1, 1_000):
        yield ("\n".join(csv_rows(1_000, first=first)) + "\n").encode()


def _measure() -> dict[str, float]:
    """Cut and read the file of many orders in this process."""
    path = f"/proc/self/fd/{_spooled()}"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    with open(path, "rb") as file:  # noqa: PTH123  a descriptor
        cutter = Cutter("imp", iter(lambda: file.read(_BLOCK), b""), is_csv=True)
        chunks = list(cutter.cut())
    cut_s = time.process_time() - began
    began = time.process_time()
    orders = refused = 0
    with open(path, "rb") as file:  # noqa: PTH123  see above
        for chunk in chunks:
            file.seek(chunk.start)
            for entry in read_csv(
                file.read(chunk.end - chunk.start), cutter.layout, channel="desk", first_row=chunk.row
            ):
                orders += 1
                refused += entry.order is None
        size = file.seek(0, 2)
    return {
        "mb": round(size / 1e6),
        "chunks": len(chunks),
        "cut_s": cut_s,
        "read_s": time.process_time() - began,
        "orders": orders,
        "refused": refused,
        "memory_mb": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024,
    }


def _spooled() -> int:
    """A file without a name that holds all of it."""
    import os  # noqa: PLC0415  only the child needs it
    import tempfile  # noqa: PLC0415  see above

    with tempfile.TemporaryFile() as file:
        for block in _file():
            file.write(block)
        file.flush()
        return os.dup(file.fileno())


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_measure()))
