"""What a channel was told of our stock, and how telling it stands."""

from collections.abc import Sequence
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from oms.intake.polling.model import Bucket
from oms.kernel.identifiers import Sku
from oms.orders.model import Aggregate, Count, Value

MAX_ASKED = 500


class Shown(NamedTuple):
    """What a channel shows of a SKU now: its own name of it, and units."""

    reference: str
    units: int


class Level(NamedTuple):
    """Units of a SKU that a channel may sell from now on, instead of the `was` that it shows (None: not known).

    `sequence` grows with each level of this SKU that the channel is told, so that a receiver can drop older ones.
    """

    sku: str
    units: int
    was: int | None
    sequence: int
    at: str
    reference: str | None = None


class Told(Value):
    """The last level of a SKU that a channel took; `units` None: none yet.

    `differs_since`: since then the channel shows more than it was told, or fewer than it may: a sale that has not
    reached us yet, or somebody's own count. `unlisted_until`: it does not sell this SKU, ask again then.
    """

    channel: str
    sku: str
    units: int | None = None
    sequence: Count = 0
    at: str | None = None
    differs_since: str | None = None
    unlisted_until: str | None = None


class Pushing(Aggregate):
    """How telling one channel stands: all movements before `watermark` have been looked at; `waiting` SKUs again."""

    channel: str
    watermark: str
    next_at: str
    busy_until: str | None = None
    failures: Count = 0
    problem: str | None = None
    waiting: tuple[str, ...] = ()
    bucket: Bucket | None = None

    @property
    def subject(self) -> str:
        return f"levels.{self.channel}"

    @property
    def of_order(self) -> None:
        """A channel belongs to no order."""
        return


class PushReport(Value):
    """What one run did, over all channels. `waits`: levels that a channel is not told yet, as it shows newer ones."""

    channels: int = 0
    told: int = 0
    same: int = 0
    waits: int = 0
    unlisted: int = 0
    failing: tuple[str, ...] = ()


class Resend(BaseModel):
    """SKUs whose level a channel is to be told again, whatever we think that it knows."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    skus: Annotated[list[Sku], Field(min_length=1, max_length=MAX_ASKED)]


class ToldView(Value):
    """What a channel was told of a SKU, and what it may sell now. `waiting`: it is looked at again soon."""

    channel: str
    sku: str
    told: int | None
    told_at: str | None
    available: int
    waiting: bool
    unlisted: bool


class PushView(Value):
    """How telling a channel stands; `push_minutes` 0: it is told nothing."""

    channel: str
    push_minutes: int
    watermark: str
    waiting: int
    failures: int
    problem: str | None = None


Levels = Sequence[Level]
