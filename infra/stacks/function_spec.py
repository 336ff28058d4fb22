"""What a row of functions.py says of a function."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from infra.stacks.grants import LIST, LOAD, SAVE

API_WAITS_S = 29
Grants = Mapping[str, tuple[str, ...]]
# Where there is a token: who a machine is, how often a caller may call, and how often it did.
_CALLERS: Grants = {"reference": LIST, "limits": LOAD + SAVE}


@dataclass(frozen=True)
class FromQueue:
    """Messages of a queue, `batch` at most, waited for `window_s` to fill it.

    `at_most`: so many consumers at a time; `by_setting`: as many as the setting of that name says.
    """

    queue: str
    batch: int
    window_s: int
    at_most: int | None = None
    by_setting: str | None = None


@dataclass(frozen=True)
class FromStream:
    """Writes to a table, in the order of each item."""

    table: str


@dataclass(frozen=True)
class OnSchedule:
    """EventBridge Scheduler, in UTC."""

    expression: str


Trigger = FromQueue | FromStream | OnSchedule


@dataclass(frozen=True)
class FunctionSpec:
    """One row. `path` is the file under functions/ without `.py`; `solver` adds the layer with HiGHS."""

    path: str
    grants: Grants = field(default_factory=dict)
    triggers: tuple[Trigger, ...] = ()
    memory_mb: int = 512
    timeout_s: int = 10
    snapstart: bool = False
    without_token: bool = False
    solver: bool = False

    @property
    def rights(self) -> Grants:
        """What it may touch: its own grants, and what the edge needs to know its caller."""
        if self.kind != "api" or self.without_token:
            return self.grants
        return {name: (*self.grants.get(name, ()), *_CALLERS.get(name, ())) for name in {**self.grants, **_CALLERS}}

    @property
    def limit_s(self) -> int:
        """An api_ function may take as long as API Gateway waits: three tries of a slow AWS, then our own 503."""
        return API_WAITS_S if self.kind == "api" else self.timeout_s

    @property
    def context(self) -> str:
        return self.path.split("/")[0]

    @property
    def stem(self) -> str:
        return self.path.split("/")[1]

    @property
    def kind(self) -> str:
        return self.stem.split("_")[0]
