"""What a transfer of n lines costs: calls and write units of each step; `python -m tests.bench.transfers`, on moto.

Write units are counted from the items as they are sent, by DynamoDB's published rule: names and values in bytes, a unit
per begun KB, twice in a transaction. Writes to the index `listed` come on top: two per step at the most.
"""

import json
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from rich.console import Console

from oms.aws import clients
from oms.inventory.transfers.model import MAX_LINES
from tests.allocation_scene import clock, position, set_up
from tests.aws import moto_cloud
from tests.store.inventory.test_transfers import PLAN, cancel, put, ready, receive, ship

LINES = (1, 10, 30, MAX_LINES)
_UNIT = 1024
_OVERHEAD = {"N": 11, "M": 3, "L": 3}  # bytes at most of a number; of an empty map or list
console = Console(highlight=False)


class Cost(NamedTuple):
    """One step of a transfer of so many lines."""

    step: str
    lines: int
    calls: int
    transactions: int
    write_units: int


def measure() -> list[Cost]:
    """Every step of a transfer of each size."""
    found: list[Cost] = []
    for lines in LINES:
        skus = [f"SKU-{number:04}" for number in range(lines)]
        with moto_cloud(clock) as wiring:
            set_up(wiring, *(position(sku, place, 9) for sku in skus for place in ("ber-1", "lon-1")))
            plan = {**PLAN, "lines": [{"sku": sku, "units": 2} for sku in skus]}
            steps: list[tuple[str, Callable[[], Any]]] = [
                ("draft", partial(put, plan)),
                ("ready", ready),
                ("ship", lambda: ship("S")),
                ("receive", lambda: receive("R")),
            ]
            found += [_cost(name, lines, run) for name, run in steps]
            put(plan, "T-2")
            ready("T-2")
            found.append(_cost("cancel", lines, lambda: cancel("T-2")))
    return found


def section() -> str:
    """The table of the page about it."""
    rows = [f"| {one.lines} | {one.step} | {one.calls} | {one.transactions} | {one.write_units} |" for one in measure()]
    head = ["| lines | step | calls | transactions | write units |", "|---:|---|---:|---:|---:|"]
    return "\n".join([*head, *rows])


def _cost(step: str, lines: int, run: Callable[[], Any]) -> Cost:
    calls: list[tuple[str, Any]] = []

    def note(**call: Any) -> None:
        calls.append((call["model"].name, json.loads(call["params"]["body"])))

    session = clients.session()
    session.register("before-call.dynamodb", note)
    clients._client.cache_clear()
    try:
        answer = run()
    finally:
        session.unregister("before-call.dynamodb", note)
        clients._client.cache_clear()
    if answer["http"] not in (200, 201):
        raise RuntimeError(f"{step}: {answer}")
    writes = [body for name, body in calls if name == "TransactWriteItems"]
    units = sum(2 * _units(action) for body in writes for action in body["TransactItems"])
    units += sum(_units({"Put": body}) for name, body in calls if name == "PutItem")
    return Cost(step, lines, len(calls), len(writes), units)


def _units(action: dict[str, Any]) -> int:
    item = action.get("Put", {}).get("Item") or {}
    return max(-(-sum(len(name) + _bytes(value) for name, value in item.items()) // _UNIT), 1)


def _bytes(value: dict[str, Any]) -> int:
    ((kind, content),) = value.items()
    if kind == "B":
        return len(content) * 3 // 4  # base64 on the wire
    if kind == "M":
        return _OVERHEAD[kind] + sum(len(name) + _bytes(part) for name, part in content.items())
    if kind == "L":
        return _OVERHEAD[kind] + sum(_bytes(part) for part in content)
    return _OVERHEAD.get(kind, len(str(content).encode()))


if __name__ == "__main__":
    console.print(section())
