"""For those who look after the channels: how polling stands, and listing a stretch of time again."""

from dataclasses import dataclass
from datetime import timedelta

from oms.intake.messages.receiving import known_channel
from oms.intake.polling.model import Backfill, ChannelPolling, Polling
from oms.intake.polling.store import PollStore
from oms.kernel.errors import Fault, MalformedError, StateError
from oms.kernel.time import Clock, from_text, to_text
from oms.reference.store import ReferenceStore

_GAPS = 20
_FURTHEST = timedelta(days=90)


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

    Raises:
        NotFoundError: code `unknown_channel`.
        StateError: code `not_polled`: this channel is not asked for its orders.
        MalformedError: the instant is in the future or too long ago.
        ConflictError: a run is at work on it; try again.
    """
    channel = known_channel(name, desk.reference)
    now = desk.clock()
    if not (channel.active and channel.poll_minutes):
        raise StateError("this channel is not polled; possible: set its poll_minutes", code="not_polled")
    since = from_text(order.since)
    if not now - _FURTHEST <= since <= now:
        raise MalformedError("the instant is out of range", faults=[Fault("since", "must be within the last 90 days")])
    at = to_text(now)
    state = desk.store.find_many([name]).get(name)
    state = state or Polling(channel=name, audited_until=at, next_at=at, heard_at=at)
    if state.busy_until is not None and state.busy_until > at:
        raise StateError("a run is at work on this channel; possible: try again in a minute", code="not_polled")
    moved = state.changed(
        at=now, by=by, what="backfill", why=order.since, watermark=order.since, news=None, next_at=at, problem=None
    )
    desk.store.save(moved)
    return read_polling(name, desk)
