"""When to ask, how often we may, and what the answers teach us of it. Pure."""

from datetime import datetime, timedelta

from oms.intake.polling.model import Bucket, Polling, Window
from oms.kernel.errors import RejectedError
from oms.kernel.time import from_text, to_text

MILLI = 1_000
# Each window begins this much before the last one ended: senders make an order known a little after its time.
OVERLAP = timedelta(minutes=5)
# What changed this long ago should have come in by itself: a notification is repeated for some minutes.
SETTLED = timedelta(minutes=15)
AUDIT_EVERY = timedelta(hours=1)
AUDIT_OVERLAP = timedelta(hours=1)
_SLOWEST_PER_HOUR = 1
_BACK_BY = 20  # steps in which a rate that was cut comes back to the published one
_FIRST_WAIT = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(minutes=30)


def full_bucket(per_s: float, burst: int, now: datetime) -> Bucket:
    """A bucket at the published rate."""
    return Bucket(per_hour=_hourly(per_s), burst=burst, milli=burst * MILLI, at=to_text(now))


def refilled(bucket: Bucket, now: datetime) -> Bucket:
    """The bucket with what came since; the part of a call that is lost to rounding stays in the time."""
    passed_ms = max((now - from_text(bucket.at)) // timedelta(milliseconds=1), 0)
    came = passed_ms * bucket.per_hour // 3_600
    if came == 0:
        return bucket
    return bucket.model_copy(update={"milli": min(bucket.milli + came, bucket.burst * MILLI), "at": to_text(now)})


def wait_s(bucket: Bucket, now: datetime) -> float:
    """Seconds until one call may be made; 0 when it may be made now."""
    blocked = (from_text(bucket.blocked_until) - now).total_seconds() if bucket.blocked_until else 0.0
    missing = MILLI - refilled(bucket, now).milli
    filling = missing * 3.6 / max(bucket.per_hour, _SLOWEST_PER_HOUR) if missing > 0 else 0.0
    return max(blocked, filling, 0.0)


def spent(bucket: Bucket, now: datetime) -> Bucket:
    """The bucket after one call."""
    full = refilled(bucket, now)
    return full.model_copy(update={"milli": max(full.milli - MILLI, 0), "blocked_until": None})


def learned(bucket: Bucket, per_s: float | None, published_per_s: float) -> Bucket:
    """After an answer: the rate that its header says, else one step back towards the published one."""
    published = _hourly(published_per_s)
    if per_s is not None and per_s > 0:
        return bucket.model_copy(update={"per_hour": _hourly(per_s)})
    if bucket.per_hour >= published:
        return bucket
    step = max(published // _BACK_BY, 1)
    return bucket.model_copy(update={"per_hour": min(bucket.per_hour + step, published)})


def throttled(bucket: Bucket, now: datetime, after_s: float) -> Bucket:
    """After "too many": none before the sender's time is up, then at half the rate and from an empty bucket."""
    again = to_text(now + timedelta(seconds=after_s))
    return bucket.model_copy(
        update={
            "per_hour": max(bucket.per_hour // 2, _SLOWEST_PER_HOUR),
            "milli": MILLI,  # the one call that asks whether it is over
            "at": again,
            "blocked_until": again,
        }
    )


def backoff(failures: int) -> timedelta:
    """How long a channel that fails is left alone: 1, 2, 4 minutes and so on to half an hour."""
    doubled: int = 1 << min(failures - 1, 10)
    return min(_FIRST_WAIT * doubled, _LONGEST_WAIT)


def news_window(polling: Polling, begin: str | None, now: datetime) -> Window:
    """What changed since the last window, with an overlap; the first one begins at `begin`, or now.

    Raises:
        RejectedError: code `poll_since`: `begin` is no instant.
    """
    try:
        since = from_text(polling.watermark or begin or to_text(now))
    except ValueError:
        raise RejectedError("the option poll_since is no instant", code="poll_since") from None
    return Window(since=to_text(since - OVERLAP), until=to_text(now))


def audit_window(polling: Polling, now: datetime) -> Window | None:
    """The settled hours since the last audit and one more; None when it is not time yet."""
    until, audited = now - SETTLED, from_text(polling.audited_until)
    if until - audited < AUDIT_EVERY:
        return None
    return Window(since=to_text(audited - AUDIT_OVERLAP), until=to_text(until), settled=True)


def is_due(polling: Polling, now: datetime) -> bool:
    """Whether it is time, and nobody else is at it."""
    at = to_text(now)
    return polling.next_at <= at and (polling.busy_until is None or polling.busy_until <= at)


def is_silent(heard_at: datetime, now: datetime, silent_after_minutes: int) -> bool:
    return now - heard_at > timedelta(minutes=silent_after_minutes)


def _hourly(per_s: float) -> int:
    return max(round(per_s * 3_600), _SLOWEST_PER_HOUR)


def gone_on(window: Window, cursor: str) -> Window | None:
    """The window behind one more page; None when the cursor leads back to where the list has been before.

    Brent's algorithm (BIT 20, 1980): one remembered cursor finds a circle of any length within three times around.
    """
    if cursor in (window.cursor, window.mark_cursor):
        return None
    steps = window.steps + 1
    if steps < window.stride:
        return window.model_copy(update={"cursor": cursor, "steps": steps})
    return window.model_copy(update={"cursor": cursor, "mark_cursor": cursor, "steps": 0, "stride": 2 * window.stride})


def begun_again(window: Window) -> Window:
    """The window listed from its beginning; what was taken in of it stays."""
    return window.model_copy(update={"cursor": None, "mark_cursor": None, "steps": 0, "stride": 1, "listed": 0})
