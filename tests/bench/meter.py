"""Counts what handlers do: AWS calls, DynamoDB units, CPU. Counts and ratios carry over to other machines."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from oms.aws import clients

_READS = {"GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems"}


@dataclass
class Tally:
    """What one function did so far."""

    invocations: int = 0
    cpu_s: float = 0.0
    calls: Counter[str] = field(default_factory=Counter)
    write_units: float = 0.0
    read_units: float = 0.0
    bus_entries: int = 0

    @property
    def call_count(self) -> int:
        return sum(self.calls.values())


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
                result.invocations += tally.invocations
                result.cpu_s += tally.cpu_s
                result.calls += tally.calls
                result.write_units += tally.write_units
                result.read_units += tally.read_units
                result.bus_entries += tally.bus_entries
        return result

    def _ask_for_capacity(self, **call: Any) -> None:
        call["params"]["ReturnConsumedCapacity"] = "TOTAL"

    def _count_call(self, **call: Any) -> None:
        if self._current is None:
            return
        model = call["model"]
        self._current.calls[f"{model.service_model.service_name}.{model.name}"] += 1
        if model.name == "PutEvents":
            self._current.bus_entries += call["params"]["body"].count(b'"DetailType"')

    def _count_units(self, **call: Any) -> None:
        if self._current is None:
            return
        used = call["parsed"].get("ConsumedCapacity") or []
        units = sum(part["CapacityUnits"] for part in (used if isinstance(used, list) else [used]))
        if call["model"].name in _READS:
            self._current.read_units += units
        else:
            self._current.write_units += units
