"""Who is served first of what is scarce, as people see and set it."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from oms.kernel.text import Remark
from oms.reference.model import Fairness

_Rank = Annotated[int, Field(ge=1, le=999_999)]


class PutFairness(Fairness):
    """By which rule orders are served that want more of an item than there is. 1 is served before 2."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    ranks: Annotated[Mapping[str, _Rank], Field(max_length=200)] = {}
    account_ranks: Annotated[Mapping[str, _Rank], Field(max_length=1_000)] = {}
    note: Remark | None = None

    @model_validator(mode="after")
    def _nothing_in_vain(self) -> Self:
        if self.rule != "priority" and (self.ranks or self.account_ranks):
            raise ValueError("ranks: only the rule priority goes by them")
        if (self.rule == "share") != bool(self.shares_pct):
            raise ValueError("shares_pct: go with the rule share, which needs some")
        return self

    @property
    def terms(self) -> Fairness:
        return Fairness(**self.model_dump(exclude={"note"}))


class FairnessView(BaseModel):
    """What is in force for an item, or for all that have no policy of their own (`*`).

    `version` 0: nothing was ever set under this name. `from_all`: then the terms are those of `*`.
    """

    sku: str
    version: int
    terms: Fairness
    from_all: bool = False
    by: str | None = None
    at: str | None = None
    note: str | None = None


class FairnessPage(BaseModel):
    """What was ever in force, the newest first; `next_before` is there while there may be more."""

    policies: list[FairnessView]
    next_before: int | None = None


class FairnessQuery(BaseModel):
    """Which versions: those below `before` (a `next_before`), `limit` at a time."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    before: Annotated[int, Field(ge=1, le=99_999_999)] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 25
