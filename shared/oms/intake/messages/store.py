"""The archive of messages (a bucket) and their log (the messages table).

| access pattern | how |
|---|---|
| one message as it came | object `messages/<channel>/<hour, UTC>/<message id>`, sealed by privacy |
| messages of a channel and hour or day | objects by the prefix of that key |
| what became of a message | get `MSG#<channel>#<message id>` / `MESSAGE` |
| when a channel last sent something | index `received` from the newest, per day, shard and status |
| messages of a channel and day | index `received`: `<channel>#<day>#<shard>`, `<status>#<received_at>#<message id>` |

The put of the object is conditional on its absence, so a sender's repeat within the hour is no second object. A row
is written in the transaction of what the message did, on condition that the message is not processed yet: a message
has its effect once, however often the queue delivers it. Rows outlive the objects, so no archived message is ever
without its row for want of keeping it.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from botocore.exceptions import ClientError

from oms.aws import clients, tables
from oms.aws.errors import code_of, translated
from oms.aws.tables import Item, Key, Write
from oms.intake.messages.model import Archived, Letter, MessageView, Problem, Reference, Result
from oms.kernel.errors import NotFoundError, TransientError
from oms.kernel.ids import shard_of
from oms.kernel.json import write_json
from oms.kernel.time import from_text, to_text

SHARDS = 8
KEPT_S = 97 * 24 * 3600  # a week longer than the objects (90 days, infra/stacks/stateful.py)
_PREFIX = "messages"
_THERE = "PreconditionFailed"
_GONE = frozenset({"NoSuchKey", "404"})
_DAYS_BACK = 3
_NEWEST = 5  # of a shard: so many of them may be ones that we asked for
_SENT = frozenset({"webhook", "notification"})
_DAY, _HOUR = len("2026-11-23"), len("2026-11-23T09")


class Envelopes(Protocol):
    """Seals a message for the archive, and opens it (context privacy)."""

    def seal_message(self, message_id: str, raw: bytes) -> bytes: ...
    def open_message(self, message_id: str, sealed: bytes) -> bytes: ...


class Logged(NamedTuple):
    """A row: what it tells, and where the message itself is."""

    view: MessageView
    reference: Reference


class Entry(NamedTuple):
    """A place in the log's index: its sort key, and the message."""

    sort: str
    message_id: str


def span(at: datetime) -> str:
    """The hour of an instant as the archive's keys have it; its first ten characters are the day."""
    return to_text(at)[:_HOUR]


def key_of(reference: Reference) -> str:
    return "/".join((_PREFIX, *reference))


def reference_of(key: str) -> Reference | None:
    """The message that an object of the archive is; None for any other object."""
    parts = key.split("/")
    return Reference(*parts[1:]) if len(parts) == len(Reference._fields) + 1 and parts[0] == _PREFIX else None


class Archive:
    """Messages as they came, sealed."""

    def __init__(self, bucket: str, envelopes: Callable[[], Envelopes]) -> None:
        """`envelopes` is asked when something is sealed or opened: who only lists has no key."""
        self.bucket = bucket
        self._envelopes = envelopes

    def keep(self, reference: Reference, letter: Letter) -> bool:
        """Store a message; False when the archive has it already.

        Raises:
            TransientError: it may or may not be stored; the same call can be repeated.
        """
        about = {"source": letter.source, "received_at": letter.received_at, "headers": dict(letter.headers)}
        clear = write_json(about).encode() + b"\n" + letter.raw
        with translated():
            try:
                clients.s3().put_object(
                    Bucket=self.bucket,
                    Key=key_of(reference),
                    Body=self._envelopes().seal_message(reference.message_id, clear),
                    ContentType="application/octet-stream",
                    IfNoneMatch="*",
                )
            except ClientError as error:
                if code_of(error) == _THERE:
                    return False
                if code_of(error) == "ConditionalRequestConflict":
                    raise TransientError("the same message is being stored right now") from error
                raise
        return True

    def load(self, reference: Reference) -> Letter:
        """A message as it came.

        Raises:
            NotFoundError: it is not there, or not any more.
        """
        with translated():
            try:
                sealed = clients.s3().get_object(Bucket=self.bucket, Key=key_of(reference))["Body"].read()
            except ClientError as error:
                if code_of(error) in _GONE:
                    raise NotFoundError("the message is not in the archive", code="archive_gone") from None
                raise
        head, _, raw = self._envelopes().open_message(reference.message_id, sealed).partition(b"\n")
        return Letter(raw=raw, **json.loads(head))

    def listed(self, channel: str, since: str) -> Iterator[Archived]:
        """The objects of a channel whose hour starts so: a day, or one hour."""
        request = {"Bucket": self.bucket, "Prefix": f"{_PREFIX}/{channel}/{since}"}
        while True:
            with translated():
                answer = clients.s3().list_objects_v2(**request)  # type: ignore[arg-type]
            for found in answer.get("Contents", []):
                reference = reference_of(found["Key"])
                if reference:
                    yield Archived(reference, found["LastModified"])
            if not answer.get("IsTruncated"):
                return
            request["ContinuationToken"] = answer["NextContinuationToken"]


class MessageLog:
    """What became of each message."""

    def __init__(self, table: str) -> None:
        self.table = table

    def settle_write(self, reference: Reference, letter: Letter, outcome: Result | Problem, at: datetime) -> Write:
        """The write of the row; fails, with the label `label_of`, when the message has been processed already."""
        parked = isinstance(outcome, Problem)
        status = "parked" if parked else "processed"
        shard = shard_of(reference.message_id, SHARDS)
        values = {
            "#status": status,
            "#source": letter.source,
            "received_at": letter.received_at,
            "#hour": reference.hour,
            "settled_at": to_text(at),
            "expires_at": int(at.timestamp()) + KEPT_S,
            "received_pk": f"{reference.channel}#{reference.day}#{shard}",
            "received_sk": f"{status}#{letter.received_at}#{reference.message_id}",
            **_said(outcome),
        }
        given = {name: value for name, value in values.items() if value not in (None, ())}
        absent = [name for name in ("outcome", "order_ids", "reason", "detail", "faults") if name not in given]
        sets = ", ".join(f"{name} = :{name.lstrip('#')}" for name in given)
        return tables.update(
            self._key(reference.channel, reference.message_id),
            expression=f"SET {sets} ADD tries :one" + (f" REMOVE {', '.join(absent)}" if absent else ""),
            condition="attribute_not_exists(pk) OR #status <> :done",
            names={"#status": "status", "#source": "source", "#hour": "hour"},
            values={
                **{f":{name.lstrip('#')}": value for name, value in given.items()},
                ":one": 1,
                ":done": "processed",
            },
            label=label_of(reference),
        )

    def find(self, channel: str, message_id: str) -> Logged:
        """One row.

        Raises:
            NotFoundError: no such message, or not worked off yet.
        """
        item = tables.get(self._key(channel, message_id))
        if item is None:
            raise NotFoundError("there is no such message, or it is on its way")
        return _logged(item)

    def find_many(self, messages: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Logged]:
        """The rows that exist, by channel and message id."""
        items = tables.get_many([self._key(*message) for message in messages])
        found = [_logged(item) for item in items.values()]
        return {(row.view.channel, row.view.message_id): row for row in found}

    def page(self, channel: str, day: str, shard: int, *, after: str, until: str, limit: int) -> list[Entry]:
        """Entries of one index partition with `after < key < until`, in the order of status and time."""
        rows = tables.query(
            self.table,
            index="received",
            condition="received_pk = :pk AND received_sk BETWEEN :after AND :until",
            values={":pk": f"{channel}#{day}#{shard}", ":after": after + " ", ":until": until},
            limit=limit,
        )
        return [Entry(row["received_sk"], row["pk"].rpartition("#")[2]) for row in rows]

    def last_heard(self, channel: str, now: datetime) -> datetime | None:
        """When the channel last sent a message itself, or, if it sent none in three days, when we last got one."""
        asked: list[str] = []
        for back in range(_DAYS_BACK):
            day = (now - timedelta(days=back)).date().isoformat()
            views = self._newest(channel, day)
            sent = [view.received_at for view in views if view.source in _SENT]
            if sent:
                return from_text(max(sent))
            asked += [view.received_at for view in views]
        return from_text(max(asked)) if asked else None

    def _newest(self, channel: str, day: str) -> list[MessageView]:
        """The newest messages of a day: some of each status and shard, which hold the newest of all."""
        keys = [
            Key(self.table, row["pk"], row["sk"])
            for shard in range(SHARDS)
            for status in ("parked", "processed")
            for row in tables.query(
                self.table,
                index="received",
                condition="received_pk = :pk AND begins_with(received_sk, :status)",
                values={":pk": f"{channel}#{day}#{shard}", ":status": f"{status}#"},
                forward=False,
                limit=_NEWEST,
            )
        ]
        return [_logged(item).view for item in tables.get_many(keys).values()]

    def of_status(self, channel: str, day: str, status: str) -> Iterator[str]:
        """The ids of all messages of a day with a status."""
        return self._ids(channel, day, f"{status}#")

    def settled(self, channel: str, hour: str) -> Iterator[str]:
        """The ids of all messages of an hour that have a row, as the index knows it: a moment late."""
        for status in ("processed", "parked"):
            yield from self._ids(channel, hour[:_DAY], f"{status}#{hour}")

    def _ids(self, channel: str, day: str, prefix: str) -> Iterator[str]:
        for shard in range(SHARDS):
            rows = tables.query(
                self.table,
                index="received",
                condition="received_pk = :pk AND begins_with(received_sk, :prefix)",
                values={":pk": f"{channel}#{day}#{shard}", ":prefix": prefix},
            )
            yield from (row["pk"].rpartition("#")[2] for row in rows)

    def _key(self, channel: str, message_id: str) -> Key:
        return Key(self.table, f"MSG#{channel}#{message_id}", "MESSAGE")


def label_of(reference: Reference) -> str:
    """What a failed write of a row is known by."""
    return f"message {reference.message_id}"


def _said(outcome: Result | Problem) -> Mapping[str, object]:
    if isinstance(outcome, Problem):
        faults, order_ids = outcome.faults, outcome.order_ids
        return {"reason": outcome.reason, "detail": outcome.detail, "faults": faults, "order_ids": order_ids}
    return {"outcome": outcome.outcome, "order_ids": outcome.order_ids, "detail": outcome.detail}


def _logged(item: Item) -> Logged:
    channel, message_id = item["pk"].split("#")[1:]
    shown = {name: value for name, value in item.items() if name in MessageView.model_fields}
    view = MessageView(channel=channel, message_id=message_id, **shown)
    return Logged(view, Reference(channel, item["hour"], message_id))
