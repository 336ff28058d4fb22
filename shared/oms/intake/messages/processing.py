"""Work messages off: from the archive to what they change, and a row in the log that says what it was.

A message has its effect once: the row that says `processed` is written in the same transaction as the effect, or,
where the effect takes several transactions, after them, each of which does nothing the second time. So a message may
be delivered any number of times, in any order, to any number of processes.

A message that can never succeed is parked with its reason. One that fails for now goes back to the queue; `give_up`
parks it when its tries are used up.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol
from urllib.parse import unquote_plus

from oms.aws import tables
from oms.intake.messages.model import Letter, Problem, Reference, Result
from oms.intake.messages.news import Known, News, OrderUnknownError, Step
from oms.intake.messages.receiving import known_channel, plugin_of
from oms.intake.messages.store import Archive, MessageLog, label_of, reference_of
from oms.intake.notices import (
    FETCHED,
    ChannelPlugin,
    Fetch,
    Ignored,
    Notice,
    Snapshot,
    carry_card,
    own_ids_of,
    was_fetched,
)
from oms.intake.ports import FetchPort
from oms.intake.service import TRIES, pause
from oms.kernel.cards import redact
from oms.kernel.errors import ConflictError, NotFoundError, RejectedError, TransientError
from oms.kernel.identifiers import CARD_NUMBER
from oms.orders.natural import order_id_of
from oms.reference.model import Channel

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_LONGEST = 300  # characters of a text in the log
_MOST_FAULTS = 20


class QueueMessage(Protocol):
    """A message of the queue: its id and its JSON document."""

    @property
    def id(self) -> str: ...
    @property
    def document(self) -> Any: ...


@dataclass(frozen=True)
class MessageDesk:
    """The collaborators of those who work messages off."""

    archive: Archive
    log: MessageLog
    news: News
    fetch: FetchPort


class _Read(NamedTuple):
    """A message that was read: what it says, from whom; `fetched` when it is all that the sender has to say by now."""

    reference: Reference
    letter: Letter
    channel: Channel
    notices: Sequence[Notice]
    fetched: bool


class _Settled(Exception):  # noqa: N818  not an error: somebody else was first
    """The message has been processed already."""


def process_messages(batch: Iterable[QueueMessage], *, desk: MessageDesk) -> dict[str, Exception]:
    """Work off the archived messages that the queue names; the errors by queue message id.

    Raises:
        TransientError: the orders of the batch, or their rows, could not be read.
    """
    errors: dict[str, Exception] = {}
    read: list[tuple[str, _Read]] = []
    for message in batch:
        for reference in references_of(message.document):
            try:
                found = _read(reference, desk)
            except TransientError as error:
                errors[message.id] = error
            else:
                read += [(message.id, found)] if found else []
    known = Known(desk.news.intake.orders, [_order_id(each, notice) for _, each in read for notice in each.notices])
    for message_id, each in _not_done(read, known, desk):
        try:
            _work_off(each, known, desk)
        except TransientError as error:
            errors[message_id] = error
    return errors


def give_up(document: Any, error: Exception, *, desk: MessageDesk) -> None:
    """Park the messages that the queue has delivered as often as it may; those that were processed stay so.

    Raises:
        TransientError: not even that; the sweep will find them.
    """
    reason, order_ids = getattr(error, "reason", "gave_up"), getattr(error, "order_ids", ())
    problem = Problem(reason, _words(f"{type(error).__name__}: {error}"), order_ids=order_ids)
    for reference in references_of(document):
        _park(reference, desk.archive.load(reference), problem, desk)


def references_of(document: Any) -> list[Reference]:
    """The messages that a queue message names: a notification of the bucket, or a list of ours.

    What names none, such as the bucket's test message, has none.
    """
    if not isinstance(document, dict):
        return []
    records = document.get("Records") or []
    keys = [unquote_plus(record["s3"]["object"]["key"]) for record in records if "s3" in record]
    found = [reference_of(key) for key in keys]
    listed = [Reference(*row) for row in document.get("messages", [])]
    return [reference for reference in found if reference] + listed


def _read(reference: Reference, desk: MessageDesk) -> _Read | None:
    """The message and what it says; None when it cannot be understood and is parked for it."""
    letter: Letter | None = None
    try:
        letter = desk.archive.load(reference)
        channel = known_channel(reference.channel, desk.news.intake.reference)
        plugin = plugin_of(channel)
        if plugin is None:
            raise NotFoundError(f"nothing reads messages of kind {channel.kind}", code="unknown_channel")
        notices, fetched = _notices(plugin, channel, letter, desk.fetch)
        return _Read(reference, letter, channel, notices, fetched)
    except RejectedError as error:
        _park(reference, letter or Letter("webhook", f"{reference.hour}:00:00.000Z", {}, b""), _problem(error), desk)
        return None


def _not_done(read: list[tuple[str, _Read]], known: Known, desk: MessageDesk) -> list[tuple[str, _Read]]:
    """Without messages that are processed already and say no version: their old content would pass for news again."""
    bare = [
        (each.reference.channel, each.reference.message_id)
        for _, each in read
        if any(_is_bare(notice) and known.get(_order_id(each, notice) or "") for notice in each.notices)
    ]
    rows = desk.log.find_many(bare) if bare else {}
    done = {key for key, row in rows.items() if row.view.status == "processed"}
    return [pair for pair in read if (pair[1].reference.channel, pair[1].reference.message_id) not in done]


def _is_bare(notice: Notice) -> bool:
    return isinstance(notice, Snapshot) and notice.version is None


def _notices(plugin: ChannelPlugin, channel: Channel, letter: Letter, fetch: FetchPort) -> tuple[list[Notice], bool]:
    """What the message says, and where it only names an order, what the sender says of that; and whether it did."""
    said: list[Notice] = []
    fetched = was_fetched(letter.headers)
    for notice in read_notices(plugin, channel, letter.headers, letter.raw):
        if not isinstance(notice, Fetch):
            said.append(notice)
            continue
        document = fetch(channel, notice.external_order_id)
        if document is None:
            raise RejectedError("the sender does not know the order any more", code="order_gone")
        fetched = True
        said += [each for each in read_notices(plugin, channel, FETCHED, document) if not isinstance(each, Fetch)]
    return said or [Ignored("nothing in it concerns us")], fetched


def read_notices(plugin: ChannelPlugin, channel: Channel, headers: Mapping[str, str], raw: bytes) -> Sequence[Notice]:
    """What a message says, when none of the names in it carries a card number.

    Raises:
        RejectedError: code `card_number`, or what the plug-in refuses.
    """
    notices = plugin.parse(channel, headers, raw)
    faults = [fault for notice in notices for fault in carry_card(notice, own_ids_of(plugin, channel.options))]
    if faults:
        raise RejectedError("an identifier carries a card number", code=CARD_NUMBER, faults=faults)
    return notices


def _work_off(read: _Read, known: Known, desk: MessageDesk) -> None:
    """Do what each notice of the message asks; the row comes with the last."""
    done: list[Step] = []
    problem: Problem | None = None
    try:
        for place, notice in enumerate(read.notices):
            last = place == len(read.notices) - 1
            try:
                done.append(_do(read, notice, known, desk, done if last and not problem else None))
            except RejectedError as error:
                problem = problem or _problem(error)
        if problem:
            _park(read.reference, read.letter, problem, desk)
    except _Settled:
        return


def _do(read: _Read, notice: Notice, known: Known, desk: MessageDesk, before: list[Step] | None) -> Step:
    """Decide and write, anew when something changed meanwhile. `before` None: the row is not due yet.

    Raises:
        _Settled: the message has been processed already.
        RejectedError: it never can be.
        TransientError: later.
    """
    mark = label_of(read.reference)
    tripped: set[str] = set()
    for attempt in range(1, TRIES + 1):
        row = []
        try:
            step = _step(read, notice, known, desk, tripped)
            if before is not None:
                at = desk.news.intake.clock()
                row = [desk.log.settle_write(read.reference, read.letter, _result([*before, step]), at)]
            if step.writes or row:
                tables.commit(*step.writes, *row)
        except ConflictError as error:
            labels = getattr(error, "labels", ())
            if mark in labels:
                raise _Settled from None
            if attempt == TRIES:
                raise
            tripped.update(labels)
            known.forget(_order_id(read, notice))
            pause(attempt)
        else:
            known.forget(step.order_id)
            return step
    raise AssertionError("unreachable: the last try returns or raises")


def _step(read: _Read, notice: Notice, known: Known, desk: MessageDesk, tripped: set[str]) -> Step:
    """What the notice comes to. What ended before it was ours to ship is no order that is still to come."""
    try:
        return desk.news.step(notice, read.channel, known, tripped=tripped)
    except OrderUnknownError:
        if not read.fetched:
            raise
        return Step("ignored", detail="it ended before it was an order for us")


def _park(reference: Reference, letter: Letter, problem: Problem, desk: MessageDesk) -> None:
    try:
        tables.commit(desk.log.settle_write(reference, letter, problem, desk.news.intake.clock()))
    except tables.ConditionFailedError:
        return  # processed by another delivery


def _result(steps: Sequence[Step]) -> Result:
    outcomes = "+".join(dict.fromkeys(step.outcome for step in steps))
    order_ids = tuple(dict.fromkeys(step.order_id for step in steps if step.order_id))
    details = "; ".join(dict.fromkeys(step.detail for step in steps if step.detail))
    return Result(outcomes, order_ids, _words(details) or None)


def _problem(error: RejectedError) -> Problem:
    faults = tuple(_words(f"{fault.field}: {fault.message}") for fault in error.faults[:_MOST_FAULTS])
    return Problem(error.code, _words(str(error)), faults)


def _words(text: str) -> str:
    """The text without what it quotes: a value that a stranger sent may be anybody's name, or card."""
    return redact(_QUOTED.sub("…", text))[:_LONGEST]


def _order_id(read: _Read, notice: Notice) -> str | None:
    if isinstance(notice, Ignored | Fetch):
        return None
    external = notice.order.external_order_id if isinstance(notice, Snapshot) else notice.external_order_id
    return order_id_of(read.channel.name, external)
