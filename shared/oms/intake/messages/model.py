"""A channel's message, from the archive to its row in the log."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

# Receives of the queue after which a message is parked rather than tried again.
MAX_TRIES = 5

Source = Literal["webhook", "poll", "file", "notification"]
Status = Literal["processed", "parked"]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class Reference(NamedTuple):
    """Where an archived message is: enough to find it, nothing of what it says. `hour` is `2026-11-23T09`, in UTC."""

    channel: str
    hour: str
    message_id: str

    @property
    def day(self) -> str:
        return self.hour[:10]


class Letter(NamedTuple):
    """A message as it was archived: the raw bytes and the headers they came with."""

    source: str
    received_at: str
    headers: Mapping[str, str]
    raw: bytes


class Result(NamedTuple):
    """What a message came to.

    `outcome`: created, updated, held, cancelled, refund_noted, repeat, stale, too_late, ignored; several things in one
    message are joined by `+`. `detail` says it in words, without personal data.
    """

    outcome: str
    order_ids: tuple[str, ...] = ()
    detail: str | None = None


class Problem(NamedTuple):
    """Why a message is parked: a stable code, words without personal data, which fields are wrong, of which orders."""

    reason: str
    detail: str
    faults: tuple[str, ...] = ()
    order_ids: tuple[str, ...] = ()


class Archived(NamedTuple):
    """An object of the archive."""

    reference: Reference
    stored_at: datetime


class MessageReceived(BaseModel):
    """The message is safe with us; what becomes of it is in the message log under this id."""

    message_id: str


class ChallengeQuery(BaseModel):
    """A sender's question before it sends anything (eBay)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    challenge_code: Annotated[str, Field(min_length=1, max_length=200)]


class ChallengeAnswer(BaseModel):
    """What proves that the endpoint is ours, under the name that the sender looks for."""

    challengeResponse: str  # noqa: N815  eBay's name


class MessageView(BaseModel):
    """One message of the log. `processed`: see `outcome`; `parked`: see `reason`, mend the cause, then replay it."""

    model_config = ConfigDict(frozen=True)

    channel: str
    message_id: str
    status: Status
    source: str
    received_at: str
    outcome: str | None = None
    order_ids: tuple[str, ...] = ()
    reason: str | None = None
    detail: str | None = None
    faults: tuple[str, ...] = ()
    tries: int = 1
    settled_at: str


class MessagePage(BaseModel):
    """Messages of a channel and day, by status and time; `next_cursor` is there while there may be more."""

    model_config = ConfigDict(frozen=True)

    messages: tuple[MessageView, ...]
    next_cursor: str | None = None


class MessageQuery(BaseModel):
    """Which messages: of one day (UTC), today if not said."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    on: Day | None = None
    status: Status | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50
    cursor: Annotated[str, Field(max_length=300)] | None = None


class ReplayOrder(BaseModel):
    """Parked messages of one day (today if not said), all or those with one reason, `limit` at a time."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    on: Day | None = None
    reason: Annotated[str, Field(pattern="^[a-z_]{1,60}$")] | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 500
    cursor: Annotated[str, Field(max_length=300)] | None = None


class Replayed(BaseModel):
    """How many messages are on their way again; `next_cursor` is there while there may be more to replay."""

    replayed: int
    next_cursor: str | None = None


class Proof(NamedTuple):
    """in = processed + parked + waiting, of one channel and day, counted from the archive and the table.

    `missing` are archived messages without a row, `overdue` those of them that should have one by now. `again` are
    further copies of a message in the archive: a sender that repeats itself in another hour.
    """

    channel: str
    on: str
    archived: int
    again: int
    processed: int
    parked: int
    missing: Sequence[Reference]
    overdue: Sequence[Reference]
    outcomes: Mapping[str, int]
    reasons: Mapping[str, int]

    @property
    def holds(self) -> bool:
        """Whether the account balances, and nothing waits longer than it may."""
        return self.archived == self.processed + self.parked + len(self.missing) and not self.overdue


class SweepReport(BaseModel):
    """What the sweep found: messages without a row that were put on the queue again, and parked ones tried anew."""

    forgotten: int = 0
    waiting_for_their_order: int = 0
