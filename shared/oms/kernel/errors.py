"""Two families of errors; anything else is a bug, keeps its name and raises an alarm.

- `RejectedError`: the request is wrong and stays wrong. Never retried: 4xx, dropped to rejects, caught by a workflow.
- `TransientError`: the world was not ready. Retried: 503, back to the queue, Retry in a workflow.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Self


class Fault(NamedTuple):
    """One thing wrong with one field; `field` is a dotted path such as `lines.0.quantity`."""

    field: str
    message: str


_NAMED = re.compile(r"([a-z_]+): (.+)", re.DOTALL)


def words_of(message: str) -> str:
    """What a model says of a field, without what pydantic puts before our own words."""
    return message.removeprefix("Value error, ")


def fault_of(path: Sequence[str | int], message: str) -> Fault:
    """What is wrong with a field. What a model as a whole has to say begins with the name of the field: `units: …`."""
    words = words_of(message)
    named = _NAMED.fullmatch(words) if words != message else None
    if named:
        path, words = [*path, named[1]], named[2]
    return Fault(".".join(map(str, path)) or "body", words)


class Why(NamedTuple):
    """Why something is not possible now, by a stable `code`, and what would make it possible."""

    code: str
    message: str
    possible: str


class RejectedError(Exception):
    """A request that cannot succeed, with a stable machine-readable `code`."""

    status = 422
    code = "rejected"
    headers: Mapping[str, str] = {}
    current: Mapping[str, int] = {}  # what is true now, by name: for those who acted on something older

    def __init__(
        self, message: str, *, code: str | None = None, faults: Sequence[Fault] = (), why: Sequence[Why] = ()
    ) -> None:
        super().__init__(message)
        self.code = code or self.code
        self.faults = tuple(faults)
        self.why = tuple(why)

    def with_current(self, tag: str, **current: int) -> Self:
        """The same refusal with what is true now: its entity tag, and figures by name."""
        self.headers, self.current = {"etag": tag}, current
        return self


class MalformedError(RejectedError):
    """The bytes or headers are not what the contract says."""

    status = 400
    code = "malformed"


class UnauthorizedError(RejectedError):
    """Nobody we know, or a signature that does not match."""

    status = 401
    code = "unauthorized"


class ForbiddenError(RejectedError):
    """Somebody we know, who may not do this."""

    status = 403
    code = "forbidden"


class NotFoundError(RejectedError):
    """No such thing, or not yours to see."""

    status = 404
    code = "not_found"


class StateError(RejectedError):
    """The thing exists but its state does not allow the action."""

    status = 409
    code = "wrong_state"

    @classmethod
    def because(cls, *why: Why) -> "StateError":
        """The refusal that says why not and what would make it possible."""
        return cls("; ".join(f"{each.message}; possible: {each.possible}" for each in why), why=why)


class StaleError(RejectedError):
    """What the caller looked at has changed since: the entity tag of `If-Match` is not the present one."""

    status = 412
    code = "stale"


class UnconditionalError(RejectedError):
    """The caller must say which state it has seen (`If-Match`)."""

    status = 428
    code = "if_match_needed"


class InFlightError(RejectedError):
    """The same request is being worked on right now."""

    status = 409
    code = "idempotency_key_in_use"


class TooLargeError(RejectedError):
    """More than the documented maximum."""

    status = 413
    code = "too_large"


class RateLimitedError(RejectedError):
    """More often than agreed. `headers` tell the caller how much that is."""

    status = 429
    code = "rate_limited"

    def __init__(self, retry_after_s: int, headers: Mapping[str, str]) -> None:
        super().__init__(f"too many requests; the next one in {retry_after_s} s")
        self.headers = {"retry-after": str(retry_after_s), **headers}


class TransientError(Exception):
    """Worth trying again: throttling, a timeout, a partner that is down."""


class NotNowError(TransientError):
    """The other side says how long to wait: `after_s` seconds at least."""

    def __init__(self, message: str, *, after_s: float) -> None:
        super().__init__(message)
        self.after_s = after_s


class ConflictError(TransientError):
    """Someone else wrote first. Read again and decide again."""
