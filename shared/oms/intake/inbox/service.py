"""Take dropped files in.

A file of documents (X12, EDIFACT) is taken apart; each document becomes a message like any other, with its row in the
log, and the sender gets the acknowledgement of its standard. A file of orders (CSV, NDJSON) becomes an import job.
The file leaves the inbox last, so that a crash anywhere before leaves it to be taken up again.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import unquote_plus

from oms.intake.edi.segments import MAX_BYTES
from oms.intake.files import FilePlugin
from oms.intake.imports.model import Format, Job, NewImport
from oms.intake.imports.store import JobStore
from oms.intake.inbox.store import Drop, Inbox, channel_and_name
from oms.intake.messages.receiving import Reception, keep_message, known_channel, plugin_of
from oms.intake.notices import Arrival
from oms.kernel.cards import redact
from oms.kernel.errors import MalformedError, RejectedError, TooLargeError, TransientError
from oms.kernel.ids import derive_id
from oms.kernel.time import to_text
from oms.reference.model import Channel

_CANONICAL = "canonical"
_FORMATS: Mapping[str, Format] = {"csv": "csv", "ndjson": "ndjson", "jsonl": "ndjson"}
_FILE_NAME = "x-baton-file"


@dataclass(frozen=True)
class InboxDesk:
    """The collaborators of those who take files in."""

    inbox: Inbox
    reception: Reception
    jobs: JobStore


class QueueMessage(Protocol):
    """A message of the queue: its id and its JSON document."""

    @property
    def id(self) -> str: ...
    @property
    def document(self) -> Any: ...


def take_files(messages: Iterable[QueueMessage], *, desk: InboxDesk) -> dict[str, Exception]:
    """Take in the files that the bucket tells of; the errors by message id."""
    errors: dict[str, Exception] = {}
    for message in messages:
        try:
            for record in message.document.get("Records") or []:
                take_file(unquote_plus(record.get("s3", {}).get("object", {}).get("key", "")), desk=desk)
        except (RejectedError, TransientError) as error:
            errors[message.id] = error
    return errors


def take_file(key: str, *, desk: InboxDesk) -> None:
    """Take one file in. Nothing happens when it has been taken already, or is no file of the inbox.

    Raises:
        RejectedError: nobody's channel, or one that takes no files: a person must look, the file stays where it is.
        TransientError: again, from the beginning; what was done is found done.
    """
    named = channel_and_name(key)
    drop = desk.inbox.find(*named) if named else None
    if drop is None:
        return
    channel = known_channel(drop.channel, desk.reception.reference)
    if channel.kind == _CANONICAL:
        _import(drop, channel, desk)
    else:
        _documents(drop, channel, desk)
    desk.inbox.remove(drop)


def _documents(drop: Drop, channel: Channel, desk: InboxDesk) -> None:
    plugin = plugin_of(channel)
    if not isinstance(plugin, FilePlugin):
        raise MalformedError(f"channel {channel.name} takes no files", code="channel_takes_no_files")
    if drop.size > MAX_BYTES:
        raise TooLargeError(f"the file is larger than {MAX_BYTES} bytes")
    raw = desk.inbox.read(drop)
    try:
        parts = plugin.split(raw)
        answers = plugin.acknowledgements(channel, raw, first_number=1, at=drop.at)
    except RejectedError:
        parts, answers = [raw], []  # one message, which will be parked with the reason
    for part in parts:
        arrival = Arrival({_FILE_NAME: drop.name}, part, drop.at)
        keep_message(channel, arrival, source="file", given=plugin.message_id(arrival), desk=desk.reception)
    if answers:
        digest = hashlib.sha256(raw).hexdigest()
        first = desk.inbox.numbers_for(drop, digest, len(answers))
        numbered = plugin.acknowledgements(channel, raw, first_number=first, at=drop.at)
        for place, text in enumerate(numbered):
            desk.inbox.answer(drop, first + place, text)


def _import(drop: Drop, channel: Channel, desk: InboxDesk) -> None:
    kind = _FORMATS.get(drop.name.rpartition(".")[2].lower())
    if kind is None:
        raise MalformedError("a file of orders ends in .csv, .ndjson or .jsonl", code="unknown_file_type")
    by = f"channel:{channel.name}"
    job = Job(
        id=derive_id("imp", by, drop.name, drop.etag, to_text(drop.at)),
        request=NewImport(channel=channel.name, format=kind),
        by=by,
        created_at=to_text(drop.at),
        file_name=redact(drop.name)[:200],
    )
    desk.jobs.create(job, drop.at)
    desk.inbox.hand_over(drop, job.id)
