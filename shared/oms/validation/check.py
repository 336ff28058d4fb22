"""The contract of a check: one file in oms/validation/checks/ that ends in `PLUGIN = Check(...)`.

A check is a pure function from an order, what was looked up for it, and its parameters to faults. A fault's words end
up with the order and in answers: they name fields and figures, never a person. What a fault does (refuse, hold, inform)
is not the check's business but the policy's; `mode` is what happens when no policy says anything.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from oms.kernel.errors import Fault
from oms.kernel.time import from_text
from oms.reference.model import Channel, Item
from oms.validation.model import OrderToCheck

Mode = Literal["reject", "hold", "inform", "off"]
Country = Annotated[str, Field(pattern="^[A-Z]{2}$")]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]
Count = Annotated[int, Field(ge=0, le=1_000_000_000_000_000)]


class Params(BaseModel):
    """Base of a check's parameters: every field has a default, and nothing else gets in.

    Built on first use: a cold start pays for what a policy sets, not for what could be set.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)


class NoParams(Params):
    """For a check that has nothing to set."""


class Score(NamedTuple):
    """An outside scorer's answer: 0 harmless to 100 certain fraud, with codes of its own."""

    value: int
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Facts:
    """What was looked up for an order.

    `buyer` is equal for equal buyers and says nothing else. `tripped` are the labels of guards that found too many.
    `score` is None when nobody was asked, or nobody answered in time (`unanswered`).
    """

    channel: Channel
    at: datetime
    items: Mapping[str, Item]
    served: Collection[str]
    buyer: str = ""
    fingerprint: Callable[[str], str] = str
    tripped: Collection[str] = ()
    score: Score | None = None
    unanswered: bool = False


def placed_at(order: OrderToCheck, facts: Facts) -> datetime:
    """When the buyer placed it: orders that come late, or a year of them at once, were not placed at once."""
    if order.placed_at is None:
        return facts.at
    try:
        return min(from_text(order.placed_at), facts.at)
    except ValueError:
        return facts.at


class Guard(NamedTuple):
    """At most `most` orders of this `kind` and `name` in a stretch of time (UTC): counted with each, never read."""

    kind: str
    name: str
    most: int
    starts_at: datetime
    ends_at: datetime

    @property
    def label(self) -> str:
        return f"guard {self.kind} {self.name}"


class Check(NamedTuple):
    """A plug-in. `code` is the problem code when it refuses, `reason` the hold's when it holds.

    The checks run, and their faults are told, by `rank` and then by name. `guards` are what the order must count
    itself in with; a label of theirs in `Facts.tripped` means that it was one too many. `asks_scorer`: it wants
    `Facts.score`. `edits`: what an edit must touch to have it run again (`oms.validation.edits`): the `address`, the
    `goods` and where they go, or the `sums`; None: it is about the order as it was placed.
    """

    code: str
    run: Callable[[OrderToCheck, Facts, Any], Sequence[Fault]]
    mode: Mode
    params: type[Params] = NoParams
    reason: str = "validation"
    rank: int = 50
    guards: Callable[[OrderToCheck, Facts, Any], Sequence[Guard]] | None = None
    asks_scorer: bool = False
    edits: Literal["address", "goods", "sums"] | None = None
