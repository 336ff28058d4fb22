"""Import jobs: their state in the jobs table, their files in the files bucket.

| access pattern | how |
|---|---|
| a job, with its counts | get `IMPORT#<id>` / `IMPORT` |
| imports of a channel, newest first | index `of_channel`: `<channel>`, `<created_at>#<id>` |
| whether a chunk is settled | get `IMPORT#<id>` / `CHUNK#<number>` |
| settle a chunk | put its item if absent and add to the job's counts, in one transaction |
| the file of a job | object `uploads/<id>`, removed when the job is finished |
| results of a chunk | object `results/<id>/<number>.ndjson` |
| results of a job | object `results/<id>.ndjson` |

The state of a job is moved by condition from the states it may come from, so that a repeat changes nothing. Items and
objects are kept for 90 days.
"""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from oms.aws import clients, tables
from oms.aws.documents import pack, unpack
from oms.aws.errors import code_of, translated
from oms.aws.tables import ConditionFailedError, Item, Key, Write
from oms.intake.imports.model import COUNTED, GOES_ON, Chunk, FaultView, Job, Progress, Status
from oms.kernel.cards import redact
from oms.kernel.errors import Fault, NotFoundError
from oms.kernel.json import read_json, write_json
from oms.kernel.time import to_text

if TYPE_CHECKING:
    from botocore.response import StreamingBody

KEPT_S = 90 * 24 * 3600
UPLOADS, RESULTS = "uploads/", "results/"
_BLOCK = 1_000_000
_NOTHING: Mapping[str, int] = dict.fromkeys(COUNTED, 0)
_AT_ONCE = 16  # connections of the client
_ABSENT = frozenset({"NoSuchKey", "404", "403", "AccessDenied"})  # without the right to list, S3 answers 403
_OTHER = frozenset({"PreconditionFailed", "412"})


class JobStore:
    """Import jobs in one jobs table."""

    def __init__(self, table: str) -> None:
        self.table = table

    def create(self, job: Job, at: datetime) -> None:
        """Write a new job; nothing happens when it is there."""
        item = {
            **self._attributes(self._key(job.id)),
            "doc": pack(job),
            "channel_pk": job.request.channel,
            "channel_sk": f"{job.created_at}#{job.id}",
            "status": "waiting",
            "settled": 0,
            **_NOTHING,
            "expires_at": int(at.timestamp()) + KEPT_S,
        }
        self._unless_done(tables.put(self.table, item, condition="attribute_not_exists(pk)", label=job.id))

    def get(self, import_id: str) -> Progress:
        """A job as it stands.

        Raises:
            NotFoundError: no such job.
        """
        row = tables.get(self._key(import_id))
        if row is None:
            raise NotFoundError(f"there is no import {import_id}")
        return _progress(row)

    def page(self, channel: str, *, before: str | None, limit: int) -> list[tuple[str, Progress]]:
        """Imports of a channel, newest first, each with its place in the list."""
        rows = tables.query(
            self.table,
            index="of_channel",
            condition="channel_pk = :channel AND channel_sk < :before",
            values={":channel": channel, ":before": before or "~"},
            forward=False,
            limit=limit,
        )
        places = {Key(self.table, row["pk"], row["sk"]): str(row["channel_sk"]) for row in rows}
        found = tables.get_many(places)
        return [(place, _progress(found[key])) for key, place in places.items() if key in found]

    def begin(self, job: Job) -> bool:
        """The file is there: take it up with this layout and etag. False: the job is past that, or has another file.

        A job that ended while it was cut is cut to its end all the same, so that its chunks are known and settled.
        """
        write = tables.update(
            self._key(job.id),
            expression="SET #status = :planning, doc = :doc, etag = :etag",
            condition="#status = :waiting OR (#status = :planning AND etag = :etag)",
            names={"#status": "status"},
            values={":planning": "planning", ":waiting": "waiting", ":doc": pack(job), ":etag": job.etag},
            label=job.id,
        )
        if self._unless_done(write):
            return True
        found = self.get(job.id)
        return found.status not in GOES_ON and found.chunks is None and found.job.etag == job.etag

    def planned(self, import_id: str, *, orders: int, chunks: int) -> None:
        """All chunks are on the queue. A job that was stopped or cancelled meanwhile stays so."""
        write = tables.update(
            self._key(import_id),
            expression="SET orders = :orders, chunks = :chunks",
            condition="attribute_exists(pk) AND attribute_not_exists(chunks)",
            values={":orders": orders, ":chunks": chunks},
            label=import_id,
        )
        self._unless_done(write)
        self.move(import_id, "running", since=("planning",))

    def move(
        self,
        import_id: str,
        to: Status,
        *,
        since: tuple[Status, ...],
        why: str | None = None,
        faults: Iterable[Fault] = (),
        finished_at: str | None = None,
    ) -> bool:
        """Move the job to a state, from one of `since`; whether it moved."""
        told = [[redact(fault.field), redact(fault.message)] for fault in faults]
        values = {f":from{place}": status for place, status in enumerate(since)}
        row = {":to": to, ":why": why, ":faults": write_json(told) if told else None, ":finished": finished_at}
        parts = {":why": "why", ":faults": "faults", ":finished": "finished_at"}
        more = "".join(f", {name} = {value}" for value, name in parts.items() if row[value] is not None)
        write = tables.update(
            self._key(import_id),
            expression=f"SET #status = :to{more}",
            condition=f"#status IN ({', '.join(values)})",
            names={"#status": "status"},
            values={**values, **{name: value for name, value in row.items() if value is not None}},
            label=import_id,
        )
        return self._unless_done(write)

    def finish(self, import_id: str, at: datetime) -> bool:
        """Every chunk is settled and the results are written: say so, once.

        The state first: whoever finds the time set need look no further.
        """
        self.move(import_id, "completed", since=("running", "planning"))
        write = tables.update(
            self._key(import_id),
            expression="SET finished_at = :at",
            condition="attribute_exists(pk) AND attribute_not_exists(finished_at)",
            values={":at": to_text(at)},
            label=import_id,
        )
        return self._unless_done(write)

    def is_settled(self, chunk: Chunk) -> bool:
        return tables.get(self._chunk_key(chunk)) is not None

    def settle(self, chunk: Chunk, counts: Mapping[str, int], at: datetime) -> None:
        """Count what a chunk came to, once."""
        marker = {
            **self._attributes(self._chunk_key(chunk)),
            **counts,
            "expires_at": int(at.timestamp()) + KEPT_S,
        }
        added = {f"#{name}": name for name in counts}
        job: Write = tables.update(
            self._key(chunk.import_id),
            expression="ADD settled :one, " + ", ".join(f"#{name} :{name}" for name in counts),
            condition="attribute_exists(pk)",
            names=added,
            values={":one": 1, **{f":{name}": count for name, count in counts.items()}},
            label=chunk.import_id,
        )
        self._unless_done(tables.put(self.table, marker, condition="attribute_not_exists(pk)", label="chunk"), job)

    @staticmethod
    def _unless_done(*writes: Write) -> bool:
        try:
            tables.commit(*writes)
        except ConditionFailedError:
            return False
        return True

    def _key(self, import_id: str) -> Key:
        return Key(self.table, f"IMPORT#{import_id}", "IMPORT")

    def _chunk_key(self, chunk: Chunk) -> Key:
        return Key(self.table, f"IMPORT#{chunk.import_id}", f"CHUNK#{chunk.number:06d}")

    @staticmethod
    def _attributes(key: Key) -> dict[str, str]:
        return {"pk": key.pk, "sk": key.sk}


def _progress(row: Item) -> Progress:
    return Progress(
        job=unpack(Job, row["doc"]),
        status=row["status"],
        counts={name: row.get(name, 0) for name in COUNTED},
        orders=row.get("orders"),
        chunks=row.get("chunks"),
        settled=row["settled"],
        why=row.get("why"),
        faults=tuple(FaultView(field=field, message=message) for field, message in read_json(row["faults"].encode()))
        if "faults" in row
        else (),
        finished_at=row.get("finished_at"),
    )


class FileStore:
    """The files of import jobs in one bucket."""

    def __init__(self, bucket: str) -> None:
        self.bucket = bucket

    def upload_link(self, import_id: str, *, expires_s: int) -> str:
        """Where anybody may put the file of this job for so long."""
        return self._link("put_object", f"{UPLOADS}{import_id}", expires_s)

    def results_link(self, import_id: str, *, expires_s: int) -> str:
        return self._link("get_object", f"{RESULTS}{import_id}.ndjson", expires_s)

    def blocks(self, import_id: str) -> tuple[str, Iterator[bytes]]:
        """The etag of a job's file, and the file as a stream.

        Raises:
            NotFoundError: it is not there (any more).
        """
        with _found():
            answer = clients.s3().get_object(Bucket=self.bucket, Key=f"{UPLOADS}{import_id}")
        return answer["ETag"], _stream(answer["Body"])

    def piece(self, import_id: str, etag: str, start: int, end: int) -> bytes:
        """The bytes of a chunk, of the very file that was cut.

        Raises:
            NotFoundError: the file is gone, or another one is there in its place.
        """
        with _found():
            answer = clients.s3().get_object(
                Bucket=self.bucket, Key=f"{UPLOADS}{import_id}", Range=f"bytes={start}-{end - 1}", IfMatch=etag
            )
            return answer["Body"].read()

    def remove(self, import_id: str) -> None:
        """Remove the file of a finished job: it is full of names and addresses."""
        with translated():
            clients.s3().delete_object(Bucket=self.bucket, Key=f"{UPLOADS}{import_id}")

    def write_results(self, chunk: Chunk, lines: bytes) -> None:
        self._put(f"{RESULTS}{chunk.import_id}/{chunk.number:06d}.ndjson", lines)

    def join_results(self, import_id: str, chunks: int) -> None:
        """The results of all chunks as one object, in their order."""
        keys = [f"{RESULTS}{import_id}/{number:06d}.ndjson" for number in range(1, chunks + 1)]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            parts = list(pool.map(self._read, keys))
        self._put(f"{RESULTS}{import_id}.ndjson", b"".join(parts))

    def _read(self, key: str) -> bytes:
        with _found():
            return clients.s3().get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def _put(self, key: str, body: bytes) -> None:
        with translated():
            clients.s3().put_object(Bucket=self.bucket, Key=key, Body=body, ContentType="application/x-ndjson")

    def _link(self, verb: str, key: str, expires_s: int) -> str:
        with translated():
            return clients.s3().generate_presigned_url(
                verb, Params={"Bucket": self.bucket, "Key": key}, ExpiresIn=expires_s
            )


@contextmanager
def _found() -> Iterator[None]:
    with translated():
        try:
            yield
        except ClientError as error:
            if code_of(error) in _ABSENT | _OTHER:
                raise NotFoundError("the file is not there any more, or was replaced") from error
            raise


def _stream(body: "StreamingBody") -> Iterator[bytes]:
    with translated():
        yield from body.iter_chunks(_BLOCK)
