"""What-ifs: jobs in the jobs table, what they go on from and what comes out in the files bucket.

| access pattern | how |
|---|---|
| a job with how far it is | get `WHATIF#<id>` / `WHATIF`; the results are in the same item |
| move a job on by a piece | update the same item, on the number of the piece before |
| what a piece goes on from | object `what-if/<id>/<piece>.json.z` |
| the picture of the results | objects `what-if/<id>.svg`, `what-if/<id>.png` |

Items are kept for 90 days, objects as long as the bucket keeps anything (30).
"""

import zlib
from datetime import datetime

from oms.allocation.whatif.model import Job, Progress, Results, State, Status
from oms.aws import clients, tables
from oms.aws.documents import pack, unpack
from oms.aws.errors import translated
from oms.aws.tables import ConditionFailedError, Key, Write
from oms.kernel.errors import NotFoundError
from oms.kernel.time import to_text

KEPT_S = 90 * 24 * 3600
FOLDER = "what-if/"
_TYPES = {"svg": "image/svg+xml", "png": "image/png"}


class WhatIfStore:
    """Jobs of one jobs table."""

    def __init__(self, table: str) -> None:
        self.table = table

    def create(self, job: Job, at: datetime) -> None:
        """Write a new job; nothing happens when it is there."""
        key = self._key(job.id)
        item = {
            "pk": key.pk,
            "sk": key.sk,
            "doc": pack(job),
            "status": "running",
            "piece": 0,
            "hours": 0,
            "expires_at": int(at.timestamp()) + KEPT_S,
        }
        self._unless_done(tables.put(self.table, item, condition="attribute_not_exists(pk)", label=job.id))

    def get(self, job_id: str) -> Progress:
        """A job as it stands.

        Raises:
            NotFoundError: no such job.
        """
        row = tables.get(self._key(job_id))
        if row is None:
            raise NotFoundError(f"there is no what-if {job_id}")
        return Progress(
            job=unpack(Job, row["doc"]),
            status=row["status"],
            piece=row["piece"],
            hours=row["hours"],
            why=row.get("why"),
            finished_at=row.get("finished_at"),
            results=unpack(Results, row["results"]) if "results" in row else None,
        )

    def advance(self, job_id: str, piece: int, hours: int) -> bool:
        """Piece number `piece` is done. False: somebody else has done it, or the job has ended."""
        write = tables.update(
            self._key(job_id),
            expression="SET piece = :next, hours = :hours",
            condition="piece = :piece AND #status = :running",
            names={"#status": "status"},
            values={":piece": piece, ":next": piece + 1, ":hours": hours, ":running": "running"},
            label=job_id,
        )
        return self._unless_done(write)

    def end(
        self, job_id: str, to: Status, at: datetime, *, results: Results | None = None, why: str | None = None
    ) -> bool:
        """The job ends, once. False: it has ended before."""
        row = {":results": pack(results) if results else None, ":why": why}
        more = "".join(f", {name[1:]} = {name}" for name, value in row.items() if value is not None)
        write = tables.update(
            self._key(job_id),
            expression=f"SET #status = :to, finished_at = :at{more}",
            condition="#status = :running",
            names={"#status": "status"},
            values={":to": to, ":at": to_text(at), ":running": "running", **row},
            label=job_id,
        )
        return self._unless_done(write)

    @staticmethod
    def _unless_done(write: Write) -> bool:
        try:
            tables.commit(write)
        except ConditionFailedError:
            return False
        return True

    def _key(self, job_id: str) -> Key:
        return Key(self.table, f"WHATIF#{job_id}", "WHATIF")


class WhatIfFiles:
    """States and pictures in one bucket."""

    def __init__(self, bucket: str) -> None:
        self.bucket = bucket

    def state(self, job_id: str, piece: int) -> State:
        """What a piece goes on from."""
        with translated():
            body = clients.s3().get_object(Bucket=self.bucket, Key=self._state_key(job_id, piece))["Body"].read()
        return State.model_validate_json(zlib.decompress(body))

    def save_state(self, job_id: str, piece: int, state: State) -> None:
        """Whoever writes it twice writes the same."""
        self._put(self._state_key(job_id, piece), zlib.compress(state.model_dump_json().encode()), "application/zlib")

    def save_picture(self, job_id: str, kind: str, picture: bytes) -> None:
        self._put(f"{FOLDER}{job_id}.{kind}", picture, _TYPES[kind])

    def link(self, job_id: str, kind: str, *, expires_s: int) -> str:
        """Where anybody may fetch the picture for so long."""
        with translated():
            return clients.s3().generate_presigned_url(
                "get_object", Params={"Bucket": self.bucket, "Key": f"{FOLDER}{job_id}.{kind}"}, ExpiresIn=expires_s
            )

    def _put(self, key: str, body: bytes, kind: str) -> None:
        with translated():
            clients.s3().put_object(Bucket=self.bucket, Key=key, Body=body, ContentType=kind)

    def _state_key(self, job_id: str, piece: int) -> str:
        return f"{FOLDER}{job_id}/{piece:06d}.json.z"
