"""What became of messages: read it, replay what was parked, find what was forgotten, and prove that nothing is missing.

Replaying is putting the reference on the queue again: the message is worked off like any other, and one that has been
processed meanwhile stays as it is.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from heapq import merge
from itertools import islice
from typing import TypeVar

from oms.aws.queues import Queue
from oms.intake.messages.model import (
    Archived,
    MessagePage,
    MessageQuery,
    MessageReceived,
    MessageView,
    Proof,
    Reference,
    Replayed,
    ReplayOrder,
    SweepReport,
)
from oms.intake.messages.news import OrderUnknownError
from oms.intake.messages.reasons import REASONS
from oms.intake.messages.receiving import known_channel
from oms.intake.messages.store import SHARDS, Archive, Entry, MessageLog, span
from oms.kernel.errors import Fault, MalformedError, RejectedError, StateError
from oms.kernel.signing import Seal
from oms.kernel.time import Clock
from oms.reference.store import ReferenceStore

_DUE = timedelta(minutes=15)  # by now a message has its row, unless something was lost
_LOOK_BACK = timedelta(hours=6)  # the sweep may miss some of its own runs
_WAIT_DAYS = 3  # for an order that a message is about and that has not come in
_HOUR = timedelta(hours=1)
_TOGETHER = 100
_Thing = TypeVar("_Thing")


@dataclass(frozen=True)
class LogDesk:
    """The collaborators of those who look after messages. `known_orders`: those of the ids that have come in."""

    reference: ReferenceStore
    archive: Archive
    log: MessageLog
    known_orders: Callable[[Iterable[str]], Collection[str]]
    queue: Queue
    clock: Clock


def read_message(channel: str, message_id: str, desk: LogDesk) -> MessageView:
    """One message.

    Raises:
        NotFoundError: no such channel or message, or it is on its way.
    """
    known_channel(channel, desk.reference)
    return desk.log.find(channel, message_id).view


def list_messages(channel: str, query: MessageQuery, desk: LogDesk, seal: Seal) -> MessagePage:
    """A page of a day's messages, by status and time.

    Raises:
        NotFoundError: no such channel.
        MalformedError: code `bad_cursor`.
    """
    known_channel(channel, desk.reference)
    day = query.on or _today(desk)
    context = f"messages|{channel}|{day}|{query.status or ''}"
    entries, cursor = _page(channel, day, query.status, query.cursor, query.limit, desk, seal, context)
    found = desk.log.find_many((channel, entry.message_id) for entry in entries)
    rows = [found[channel, entry.message_id].view for entry in entries if (channel, entry.message_id) in found]
    return MessagePage(messages=tuple(rows), next_cursor=cursor)


def replay_message(channel: str, message_id: str, desk: LogDesk) -> MessageReceived:
    """Try a parked message again.

    Raises:
        NotFoundError: no such channel or message, or it is on its way.
        StateError: it is processed already.
    """
    known_channel(channel, desk.reference)
    found = desk.log.find(channel, message_id)
    if found.view.status != "parked":
        raise StateError(f"the message is {found.view.status}; possible: replay what is parked")
    desk.queue.send(order_of([found.reference]))
    return MessageReceived(message_id=message_id)


def replay_parked(channel: str, order: ReplayOrder, desk: LogDesk, seal: Seal) -> Replayed:
    """Try all parked messages of a day again, or those parked for one reason.

    Raises:
        NotFoundError: no such channel.
        MalformedError: code `bad_cursor`.
        RejectedError: code `invalid`: nothing is ever parked for such a reason.
    """
    known_channel(channel, desk.reference)
    day = order.on or _today(desk)
    context = f"replay|{channel}|{day}|{order.reason or ''}"
    entries, cursor = _page(channel, day, "parked", order.cursor, order.limit, desk, seal, context)
    found = desk.log.find_many((channel, entry.message_id) for entry in entries).values()
    wanted = [
        row.reference
        for row in found
        if row.view.status == "parked" and (order.reason is None or row.view.reason == order.reason)
    ]
    if order.reason is not None and order.reason not in REASONS and not wanted:
        fault = Fault("reason", f"is no reason that messages are parked for; these are: {', '.join(sorted(REASONS))}")
        raise RejectedError("the reason is not known", code="invalid", faults=[fault])
    desk.queue.send_all([order_of([reference]) for reference in wanted])
    return Replayed(replayed=len(wanted), next_cursor=cursor)


def sweep_messages(desk: LogDesk) -> SweepReport:
    """Put archived messages without a row on the queue again, and parked ones whose order has come in since.

    A notification that the bucket never sent, a queue that was emptied by hand, a dead letter: all the same.
    """
    forgotten = waiting = 0
    for channel in sorted(desk.reference.channels()):
        lost = [each.reference for each in _without_row(channel, desk)]
        back = list(_whose_order_came(channel, desk))
        desk.queue.send_all([order_of([reference]) for reference in (*lost, *back)])
        forgotten += len(lost)
        waiting += len(back)
    return SweepReport(forgotten=forgotten, waiting_for_their_order=waiting)


def prove(channel: str, day: str, desk: LogDesk) -> Proof:
    """Count a day of a channel: every object of the archive against its row."""
    archived = list(desk.archive.listed(channel, day))
    latest = {each.reference.message_id: each for each in archived}
    rows: dict[str, MessageView] = {}
    for some in in_batches(latest):
        found = desk.log.find_many((channel, message_id) for message_id in some)
        rows |= {message_id: row.view for (_, message_id), row in found.items()}
    missing = [each for message_id, each in latest.items() if message_id not in rows]
    due = desk.clock() - _DUE
    statuses = Counter(row.status for row in rows.values())
    return Proof(
        channel=channel,
        on=day,
        archived=len(latest),
        again=len(archived) - len(latest),
        processed=statuses["processed"],
        parked=statuses["parked"],
        missing=[each.reference for each in missing],
        overdue=[each.reference for each in missing if each.stored_at <= due],
        outcomes=Counter(row.outcome for row in rows.values() if row.outcome),
        reasons=Counter(row.reason for row in rows.values() if row.reason),
    )


def order_of(references: Iterable[Reference]) -> dict[str, list[list[str]]]:
    """The queue message that asks to work these off; `processing.references_of` reads it."""
    return {"messages": [list(reference) for reference in references]}


def _without_row(channel: str, desk: LogDesk) -> Iterator[Archived]:
    """Messages that should have been worked off and were not: few, so each is looked up before it is believed."""
    now = desk.clock()
    hour, due = (now - _LOOK_BACK).replace(minute=0, second=0, microsecond=0), now - _DUE
    while hour <= due:
        text = span(hour)
        archived = [each for each in desk.archive.listed(channel, text) if each.stored_at <= due]
        if archived:
            known = set(desk.log.settled(channel, text))
            open_ones = [each for each in archived if each.reference.message_id not in known]
            for some in in_batches(open_ones):
                found = desk.log.find_many((channel, each.reference.message_id) for each in some)
                yield from (each for each in some if (channel, each.reference.message_id) not in found)
        hour += _HOUR


def _whose_order_came(channel: str, desk: LogDesk) -> Iterator[Reference]:
    today = desk.clock()
    for back in range(_WAIT_DAYS):
        day = span(today - timedelta(days=back))[:10]
        for some in in_batches(desk.log.of_status(channel, day, "parked")):
            rows = desk.log.find_many((channel, message_id) for message_id in some).values()
            waiting = [row for row in rows if row.view.reason == OrderUnknownError.reason]
            there = desk.known_orders({name for row in waiting for name in row.view.order_ids})
            yield from (row.reference for row in waiting if any(name in there for name in row.view.order_ids))


def _page(
    channel: str,
    day: str,
    status: str | None,
    cursor: str | None,
    limit: int,
    desk: LogDesk,
    seal: Seal,
    context: str,
) -> tuple[list[Entry], str | None]:
    """Entries behind the cursor, all partitions merged, and the cursor of what comes behind them."""
    after = f"{status}#" if status else ""
    if cursor is not None:
        opened = seal.open(cursor, context)
        if opened is None:
            raise MalformedError("the cursor is not one of this list", code="bad_cursor")
        after = opened
    until = f"{status}#~" if status else "~"
    partitions = [
        desk.log.page(channel, day, shard, after=after, until=until, limit=limit + 1) for shard in range(SHARDS)
    ]
    entries = list(islice(merge(*partitions), limit + 1))
    more = len(entries) > limit
    return entries[:limit], seal.sign(entries[limit - 1].sort, context) if more else None


def in_batches(things: Iterable[_Thing]) -> Iterator[tuple[_Thing, ...]]:
    """As many as one batch read takes."""
    rest = iter(things)
    while some := tuple(islice(rest, _TOGETHER)):
        yield some


def _today(desk: LogDesk) -> str:
    return span(desk.clock())[:10]
