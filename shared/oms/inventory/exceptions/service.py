"""Open, resolve and list stock exceptions."""

from datetime import datetime
from itertools import islice

from oms.aws.tables import ConditionFailedError, commit
from oms.inventory.exceptions.model import (
    KEPT_LOG,
    KINDS,
    ExceptionKind,
    ExceptionPage,
    ExceptionStatus,
    Finding,
    StockException,
    Trusted,
    closing_fact,
    exception_id,
    opening_facts,
    view_of,
)
from oms.inventory.exceptions.store import ExceptionStore
from oms.kernel.errors import MalformedError
from oms.kernel.time import to_text


def open_exception(finding: Finding, *, by: str, store: ExceptionStore, now: datetime) -> bool:
    """Make it visible; False: it is already, as it is now. What was resolved and happens again is opened again."""
    after = opened(finding, store.get(finding.exception_id), by=by, now=now)
    if after is None:
        return False
    try:
        commit(store.write(after))
    except ConditionFailedError:  # somebody else has just said so
        return False
    return True


def opened(finding: Finding, known: StockException | None, *, by: str, now: datetime) -> StockException | None:
    """The exception as it is when this was found; None: it is so already."""
    if known is not None and known.status == "open" and _same(known.finding, finding):
        return None
    again = known is not None and known.status == "open"
    base = known or StockException(id=finding.exception_id, finding=finding, status="open", since=to_text(now))
    return base.model_copy(update={"log": base.log[-KEPT_LOG:]}).changed(
        *opening_facts(finding),
        at=now,
        by=by,
        why=finding.reason,
        what="Updated" if again else "Opened",
        finding=finding,
        status="open",
        since=base.since if again else to_text(now),
        resolved_by=None,
        resolved_at=None,
        trusted=None,
    )


def resolved(
    exception: StockException, *, by: str, now: datetime, why: str | None = None, trusted: Trusted | None = None
) -> StockException:
    """The exception as it is when it is mended; `trusted` if a correction took one side as right."""
    return exception.changed(
        closing_fact(exception, by),
        at=now,
        by=by,
        why=why,
        status="resolved",
        resolved_by=by,
        resolved_at=to_text(now),
        trusted=trusted,
    )


def resolve_exception(
    kind: ExceptionKind, sku: str, location: str, *, by: str, store: ExceptionStore, now: datetime
) -> bool:
    """What is no longer so needs nobody's care; False: there was nothing open."""
    known = store.get(exception_id(kind, sku, location))
    if known is None or known.status != "open":
        return False
    try:
        commit(store.write(resolved(known, by=by, now=now)))
    except ConditionFailedError:
        return False
    return True


def list_exceptions(
    *,
    kind: ExceptionKind | None,
    status: ExceptionStatus,
    cursor: str | None,
    limit: int,
    store: ExceptionStore,
    locations: frozenset[str] | None = None,
) -> ExceptionPage:
    """A page of exceptions by kind, the oldest first; at these locations, if any are named.

    Raises:
        MalformedError: code `bad_cursor`: not a cursor of this list.
    """
    begin, _, after = (cursor or "").partition("#")
    kinds = [one for one in KINDS if kind in (None, one)]
    if cursor is not None and (begin not in kinds or not after):
        raise MalformedError("not a cursor of this list", code="bad_cursor")
    rows = (
        (f"{one}#{place}", found)
        for one in kinds
        if not begin or one >= begin
        for place, found in store.listed(one, status, after=after if one == begin else None)
        if locations is None or found.finding.location in locations
    )
    page = list(islice(rows, limit + 1))
    shown = page[:limit]
    return ExceptionPage(
        exceptions=tuple(view_of(found) for _, found in shown),
        next_cursor=shown[-1][0] if len(page) > limit else None,
    )


def _same(one: Finding, other: Finding) -> bool:
    return one.model_copy(update={"version": other.version, "what": other.what}) == other
