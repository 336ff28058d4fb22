"""Crash points: kill a run before or after its n-th AWS call, as a lost process would be, and deliver again.

calls = calls_of(run)                           # on a fresh cloud: which calls a run makes
for point in crash_points(calls):
    with moto_cloud(clock) as wiring:
        seed(wiring)
        crash(point, run)                       # dies there
        restart(clock)                          # a new process: nothing in memory survives
        run()                                   # the redelivery
        ...                                     # assert the invariants
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from oms.aws import clients
from oms.kernel.time import Clock, utc_now
from oms.wiring import Wiring, rewire
from tests.aws import environment

WRITES = ("TransactWriteItems", "PutItem", "UpdateItem")


class Crash(BaseException):
    """The process is gone: no handler catches this."""


class CrashPoint(NamedTuple):
    """`moment` is "before" (the call never left) or "after" (applied, the reply lost) of the call `number` (from 0)."""

    number: int
    moment: str
    operation: str


def crash_points(calls: list[str]) -> list[CrashPoint]:
    """Before and after every call of a run."""
    return [CrashPoint(number, moment, name) for number, name in enumerate(calls) for moment in ("before", "after")]


def around_writes(calls: list[str]) -> list[CrashPoint]:
    """Before and after each write: for long runs. Who dies between reads leaves what the write before them left."""
    return [
        point for point in crash_points(calls) if point.operation in ("TransactWriteItems", "PutItem", "UpdateItem")
    ]


def calls_of(run: Callable[[], object]) -> list[str]:
    """The operations that `run` calls, in order."""
    with _hooked(None) as calls:
        run()
    return calls


def crash(point: CrashPoint, run: Callable[[], object]) -> None:
    """Run until `point` and die there.

    Raises:
        AssertionError: the run ended without passing the point.
    """
    with _hooked(point):
        try:
            run()
        except Crash:
            return
    raise AssertionError(f"the run never came to {point}")


class Deaths:
    """Processes that die every so many AWS calls, before a call or after it, in turns; each followed by a new one."""

    def __init__(self, every: int, clock: Clock, *, revive: Callable[[Wiring], object]) -> None:
        self._every = every
        self._clock = clock
        self._revive = revive
        self._dying = False
        self.calls = 0
        self.crashes: Counter[str] = Counter()

    def watch(self) -> None:
        """Hook into every client that is made from now on, and let processes die."""
        _drop_clients()
        session = clients.session()
        session.register("before-call", self._before)
        session.get_component("event_emitter").register_last("after-call", self._after)
        self._dying = True

    def stop(self) -> None:
        self._dying = False

    def go_on(self) -> None:
        self._dying = True

    def survive(self, run: Callable[[], Any]) -> Any:
        """What the run answers; None when its process died."""
        try:
            return run()
        except Crash:
            # A new process: nothing in memory survives but the clients, which remember nothing.
            wiring = Wiring(environment(), self._clock)
            rewire(wiring)
            self._revive(wiring)
            return None

    def _before(self, **call: Any) -> None:
        self.calls += 1
        self._die("before", call["model"].name)

    def _after(self, **call: Any) -> None:
        self._die("after", call["model"].name)

    def _die(self, moment: str, name: str) -> None:
        due = self.calls % self._every == 0 and (self.calls // self._every % 2 == 0) == (moment == "after")
        if self._dying and due:
            self.calls += 1
            self.crashes[f"{moment} {name}"] += 1
            raise Crash(name)


def restart(clock: Clock = utc_now) -> Wiring:
    """A new process on the same cloud: no client, cache or wiring survives."""
    _drop_clients()
    wiring = Wiring(environment(), clock)
    rewire(wiring)
    return wiring


@contextmanager
def _hooked(point: CrashPoint | None) -> Iterator[list[str]]:
    calls: list[str] = []

    def before(**event: Any) -> None:
        calls.append(event["model"].name)
        if point and (point.number, point.moment) == (len(calls) - 1, "before"):
            raise Crash(point)

    def after(**_: Any) -> None:
        if point and (point.number, point.moment) == (len(calls) - 1, "after"):
            raise Crash(point)

    _drop_clients()
    session = clients.session()
    session.register("before-call", before)
    session.register("after-call", after)
    try:
        yield calls
    finally:
        session.unregister("before-call", before)
        session.unregister("after-call", after)
        _drop_clients()


def _drop_clients() -> None:
    """A client keeps the hooks that the session had when it was made."""
    clients._client.cache_clear()
