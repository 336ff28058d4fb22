"""For those who look after the channels: how polling stands, and listing a stretch of time again."""

from dataclasses import dataclass
from datetime import datetime

from oms.intake.messages.receiving import known_channel
from oms.intake.polling.model import Backfill, ChannelPolling, Polling
from oms.intake.polling.store import PollStore
from oms.kernel.errors import ConflictError, Fault, MalformedError
from oms.kernel.time import Clock, from_text, to_text
from oms.reference.store import ReferenceStore

_GAPS = 20


@dataclass(frozen=True)
class PollCare:
    """The collaborators."""

    reference: ReferenceStore
    store: PollStore
    clock: Clock


def read_polling(name: str, desk: PollCare) -> ChannelPolling:
    """How the polling of a channel stands.

    Raises:
        NotFoundError: code `unknown_channel`.
    """
    channel = known_channel(name, desk.reference)
    state = desk.store.find_many([name]).get(name)
    if state is None:
        return ChannelPolling(channel=name, poll_minutes=channel.poll_minutes)
    return ChannelPolling(
        channel=name,
        poll_minutes=channel.poll_minutes,
        listed_until=state.watermark,
        audited_until=state.audited_until,
        next_at=state.next_at,
        calls_per_hour=state.list_bucket.per_hour if state.list_bucket else None,
        failures=state.failures,
        problem=state.problem,
        heard_at=state.heard_at,
        silent=state.silent,
        gaps=tuple(desk.store.gaps(name, limit=_GAPS)),
    )


def backfill(name: str, order: Backfill, by: str, desk: PollCare) -> ChannelPolling:
    """List a stretch of time again with the next run; what is known already does not come in twice.

    For a channel that is not polled yet it says from when the first poll lists.

    Raises:
        NotFoundError: code `unknown_channel`.
        MalformedError: the instant is in the future, or none.
        ConflictError: a run is at work on it; try again.
    """
    known_channel(name, desk.reference)
    now = desk.clock()
    since = _past(order.since, now)
    at = to_text(now)
    state = desk.store.find_many([name]).get(name)
    state = state or Polling(channel=name, audited_until=at, next_at=at, heard_at=at)
    if state.busy_until is not None and state.busy_until > at:
        raise ConflictError("a run is at work on this channel")
    moved = state.changed(
        at=now,
        by=by,
        what="backfill",
        why=to_text(since),
        watermark=to_text(since),
        news=None,
        next_at=at,
        problem=None,
    )
    desk.store.save(moved)
    return read_polling(name, desk)


def _past(text: str, now: datetime) -> datetime:
    """An instant that has been."""
    try:
        since = from_text(text)
    except ValueError:  # the thirteenth month
        raise MalformedError("there is no such instant", faults=[Fault("since", "is no instant")]) from None
    if since > now:
        raise MalformedError("the instant is in the future", faults=[Fault("since", "must have been")])
    return since
