"""Counts what handlers do: AWS calls, DynamoDB units, CPU. Counts and ratios carry over to other machines."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from oms.aws import clients

_READS = {"GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems"}


@dataclass
class Tally:
    """What one function did so far."""

    invocations: float = 0
    cpu_s: float = 0.0
    calls: dict[str, float] = field(default_factory=dict)
    write_units: float = 0.0
    read_units: float = 0.0
    bus_entries: float = 0

    @property
    def call_count(self) -> float:
        return sum(self.calls.values())

    def add(self, other: "Tally") -> None:
        """Take in what another one counted."""
        self.invocations += other.invocations
        self.cpu_s += other.cpu_s
        self.write_units += other.write_units
        self.read_units += other.read_units
        self.bus_entries += other.bus_entries
        for call, count in other.calls.items():
            self.calls[call] = self.calls.get(call, 0) + count

    def divided(self, orders: int) -> "Tally":
        """The same per order."""
        return Tally(
            self.invocations / orders,
            self.cpu_s / orders,
            {call: count / orders for call, count in self.calls.items()},
            self.write_units / orders,
            self.read_units / orders,
            self.bus_entries / orders,
        )


class Meter:
    """One tally per (phase, function). `phase` is set by the one who drives."""

    def __init__(self) -> None:
        self.phase = ""
        self.tallies: dict[tuple[str, str], Tally] = {}
        self._current: Tally | None = None
        events = clients.session()
        events.register("before-parameter-build.dynamodb", self._ask_for_capacity)
        events.register("before-call", self._count_call)
        events.register("after-call.dynamodb", self._count_units)
        clients._client.cache_clear()  # a client keeps the hooks that the session had when it was made

    @contextmanager
    def around(self, function: str) -> Iterator[None]:
        """Measure one handler call."""
        tally = self.tallies.setdefault((self.phase, function), Tally())
        tally.invocations += 1
        self._current = tally
        start = time.process_time()
        try:
            yield
        finally:
            tally.cpu_s += time.process_time() - start
            self._current = None

    def total(self, *phases: str) -> Tally:
        """The sum over phases (all when none is named)."""
        result = Tally()
        for (phase, _), tally in self.tallies.items():
            if not phases or phase in phases:
                result.add(tally)
        return result

    def _ask_for_capacity(self, **call: Any) -> None:
        call["params"]["ReturnConsumedCapacity"] = "TOTAL"

    def _count_call(self, **call: Any) -> None:
        if self._current is None:
            return
        model = call["model"]
        call_name = f"{model.service_model.service_name}.{model.name}"
        self._current.calls[call_name] = self._current.calls.get(call_name, 0) + 1
        if model.name == "BatchGetItem":
            tables = json.loads(call["params"]["body"])["RequestItems"].values()
            call["context"]["batch_units"] = sum(
                len(table["Keys"]) * (1.0 if table.get("ConsistentRead") else 0.5) for table in tables
            )
        if model.name == "PutEvents":
            self._current.bus_entries += call["params"]["body"].count(b'"DetailType"')

    def _count_units(self, **call: Any) -> None:
        if self._current is None:
            return
        used = call["parsed"].get("ConsumedCapacity") or []
        if call["model"].name == "BatchGetItem" and not used:
            # The emulator does not count these: half a unit an item, one if consistent (all of ours are below 4 KB).
            self._current.read_units += call["context"]["batch_units"]
            return
        units = sum(part["CapacityUnits"] for part in (used if isinstance(used, list) else [used]))
        if call["model"].name in _READS:
            self._current.read_units += units
        else:
            self._current.write_units += units
