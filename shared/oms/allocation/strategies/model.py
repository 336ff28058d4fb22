"""Strategies as people see them."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from oms.allocation.sourcing.strategy import Rule
from oms.kernel.text import Remark

State = Literal["draft", "published", "superseded"]


class StrategyDraft(BaseModel):
    """Rules that are to take the place of all that are in force under a name, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    rules: Annotated[tuple[Rule, ...], Field(strict=False, max_length=100)]
    note: Remark | None = None

    @field_validator("rules")
    @classmethod
    def _at_least_one(cls, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        # Not `min_length`: a faulty rule would count as none, and be told of as well.
        if not rules:
            raise ValueError("say at least one rule")
        return rules


class StrategyView(BaseModel):
    """A strategy in one of its states: decided by whom, when and why.

    `version` counts what was published; of a draft it is the version that was in force when it was written.
    """

    name: str
    state: State
    version: int
    rules: tuple[Rule, ...]
    by: str
    at: str
    note: str | None


class StrategyPage(BaseModel):
    """What is in force, and what is drafted."""

    strategies: list[StrategyView]


class VersionPage(BaseModel):
    """What was published under a name, the newest first; `next_before` is there while there may be more."""

    strategies: list[StrategyView]
    next_before: int | None = None


class VersionQuery(BaseModel):
    """Which versions: those below `before` (a `next_before`), `limit` at a time."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    before: Annotated[int, Field(ge=1, le=99_999_999)] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 25
