"""What we remember of asking one channel, and what a run of it came to."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from oms.kernel.text import Instant
from oms.orders.model import Aggregate, Count, Value


class Bucket(Value):
    """Calls that we may make: `milli` thousandths of a call are there at `at`, and `per_hour` whole ones come.

    `per_hour` starts at the published rate and follows what the sender's answers say. Before `blocked_until` none.
    """

    per_hour: Count
    burst: Count
    milli: Count
    at: str
    blocked_until: str | None = None


class Window(Value):
    """A stretch of time that is being listed: `cursor` is where it goes on.

    `mark_cursor` is a place before it, `steps` how many pages were taken since and `stride` after how many the mark
    moves: a list that comes back to its mark goes round in a circle, however long that is (Brent's algorithm).

    `listed` are the orders seen so far, `total` how many there are by the sender's own count, `missed` those that we
    should have had, `short` those that it would not give us; `named` are the first of both. `settled`: so long ago that
    everything should have come in by itself. `tries`: listed anew because it came short.
    """

    since: str
    until: str
    cursor: str | None = None
    mark_cursor: str | None = None
    steps: Count = 0
    stride: Count = 1
    listed: Count = 0
    total: Count | None = None
    missed: Count = 0
    short: Count = 0
    settled: bool = False
    named: tuple[str, ...] = ()
    tries: Count = 0


class Polling(Aggregate):
    """One channel as we poll it.

    All that changed before `watermark` has been listed; None before the first time. `news` is the window behind it,
    `audit` the one that is listed a second time to see whether anything was missed. `heard_at` is when the channel last
    sent us something itself. `busy_until`: a run is at work on it.
    """

    channel: str
    watermark: str | None = None
    news: Window | None = None
    audit: Window | None = None
    audited_until: str
    next_at: str
    busy_until: str | None = None
    failures: Count = 0
    problem: str | None = None
    silent: bool = False
    heard_at: str | None = None
    look_at: str | None = None
    list_bucket: Bucket | None = None
    fetch_bucket: Bucket | None = None

    @property
    def subject(self) -> str:
        return f"channel.{self.channel}"

    @property
    def of_order(self) -> None:
        """A channel belongs to no order."""
        return


class Gap(Value):
    """A window in which a sender had orders that we had not: `theirs` by its own count or its list, `ours` of them.

    `short` are orders that it counted and did not list, or listed and did not give. What it gave has been taken in.
    """

    channel: str
    since: str
    until: str
    theirs: Count
    ours: Count
    short: Count
    external_order_ids: tuple[str, ...]
    found_at: str


class Seen(Value):
    """An order that was taken in from a list: whatever became of it, this version need not be taken in again."""

    external_order_id: str
    version: str


Ending = Literal["done", "waits"]


class PollReport(BaseModel):
    """One run over all channels. `failing` and `silent` name channels."""

    model_config = ConfigDict(frozen=True)

    polled: int = 0
    listed: int = 0
    taken_in: int = 0
    gaps: int = 0
    failing: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()


class ChannelPolling(BaseModel):
    """How a channel is asked for its orders, and what it had that we had not.

    `listed_until`: everything that changed before is in. `calls_per_hour` is the rate that the channel's answers taught
    us. `problem` says why asking fails; `gaps` are the newest first, and filled.
    """

    model_config = ConfigDict(frozen=True)

    channel: str
    poll_minutes: int
    listed_until: str | None = None
    audited_until: str | None = None
    next_at: str | None = None
    calls_per_hour: int | None = None
    failures: int = 0
    problem: str | None = None
    heard_at: str | None = None
    silent: bool = False
    gaps: tuple[Gap, ...] = ()


class Backfill(BaseModel):
    """List everything again that changed from this instant on."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    since: Instant
