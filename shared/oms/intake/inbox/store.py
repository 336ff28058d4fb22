"""Dropped files and what is answered to them: in the files bucket, with their numbers in the jobs table.

| access pattern | how |
|---|---|
| a dropped file | object `inbox/<channel>/<name>`, removed when all of it is in the archive or in an import job |
| an acknowledgement | object `outbox/<channel>/<number>.<name>` |
| the next number of a channel | item `ANSWER#<channel>` / `NEXT` |
| the number of the answer to a file | item `ANSWER#<channel>` / `FILE#<digest>` |

A file that is sent again, or taken up again after a crash, is answered under the same number.
"""

from datetime import datetime
from typing import NamedTuple

from botocore.exceptions import ClientError

from oms.aws import clients, tables
from oms.aws.errors import code_of, translated
from oms.aws.tables import ConditionFailedError, Key
from oms.intake.imports.store import KEPT_S, UPLOADS
from oms.kernel.errors import ConflictError

INBOX, OUTBOX = "inbox/", "outbox/"
_TRIES = 5
_LARGEST = 999_999_999  # X12 ISA13 has nine digits
_ABSENT = frozenset({"NoSuchKey", "404", "403", "AccessDenied"})  # without the right to list, S3 answers 403
_OTHER = frozenset({"PreconditionFailed", "412"})


class Drop(NamedTuple):
    """A dropped file: for which channel, under which name, when."""

    channel: str
    name: str
    etag: str
    at: datetime
    size: int

    @property
    def key(self) -> str:
        return f"{INBOX}{self.channel}/{self.name}"


def channel_and_name(key: str) -> tuple[str, str] | None:
    """Of an object of the inbox; None for any other."""
    channel, _, name = key.removeprefix(INBOX).partition("/")
    return (channel, name) if key.startswith(INBOX) and channel and name else None


class Inbox:
    """The inbox and outbox of one files bucket, and the numbers of answers."""

    def __init__(self, bucket: str, table: str) -> None:
        self.bucket = bucket
        self.table = table

    def find(self, channel: str, name: str) -> Drop | None:
        """A dropped file; None when it has been taken already."""
        with translated():
            try:
                head = clients.s3().head_object(Bucket=self.bucket, Key=f"{INBOX}{channel}/{name}")
            except ClientError as error:
                if code_of(error) in _ABSENT:
                    return None
                raise
        return Drop(channel, name, head["ETag"], head["LastModified"], head["ContentLength"])

    def read(self, drop: Drop) -> bytes:
        """The content of a file.

        Raises:
            TransientError: another one took its place just now.
        """
        with translated():
            try:
                return clients.s3().get_object(Bucket=self.bucket, Key=drop.key, IfMatch=drop.etag)["Body"].read()
            except ClientError as error:
                if code_of(error) in _ABSENT | _OTHER:
                    raise ConflictError("the file changed while it was taken") from error
                raise

    def remove(self, drop: Drop) -> None:
        """Take it out of the inbox. Another that came under its name meanwhile stays: it has its own notification."""
        with translated():
            try:
                clients.s3().delete_object(Bucket=self.bucket, Key=drop.key, IfMatch=drop.etag)
            except ClientError as error:
                if code_of(error) not in _ABSENT | _OTHER:
                    raise

    def hand_over(self, drop: Drop, import_id: str) -> None:
        """Give the file to an import job; storing it there starts the job.

        Raises:
            TransientError: another one took its place just now.
        """
        with translated():
            try:
                clients.s3().copy_object(
                    Bucket=self.bucket,
                    Key=f"{UPLOADS}{import_id}",
                    CopySource={"Bucket": self.bucket, "Key": drop.key},
                    CopySourceIfMatch=drop.etag,
                )
            except ClientError as error:
                if code_of(error) in _ABSENT | _OTHER:
                    raise ConflictError("the file changed while it was taken") from error
                raise

    def answer(self, drop: Drop, number: int, text: str) -> None:
        """Put an acknowledgement where the sender fetches it; twice is once."""
        key = f"{OUTBOX}{drop.channel}/{number:09d}.{drop.name.rpartition('/')[2]}"
        with translated():
            clients.s3().put_object(Bucket=self.bucket, Key=key, Body=text.encode(), ContentType="text/plain")

    def numbers_for(self, drop: Drop, digest: str, count: int) -> int:
        """The first of `count` numbers for the answers to a file: always the same for the same file.

        Raises:
            ConflictError: others are numbering on and on.
        """
        for _ in range(_TRIES):
            taken = tables.get(self._file_key(drop, digest))
            if taken is not None:
                return int(taken["first"])
            counter = tables.get(self._next_key(drop))
            first = int(counter["next"]) if counter and counter["next"] + count <= _LARGEST else 1
            try:
                tables.commit(*self._writes(drop, digest, first, count, counter))
            except ConditionFailedError:
                continue
            return first
        raise ConflictError("the numbers of the answers keep changing")

    def _writes(
        self, drop: Drop, digest: str, first: int, count: int, counter: tables.Item | None
    ) -> tuple[tables.Write, tables.Write]:
        key, mine = self._next_key(drop), self._file_key(drop, digest)
        values = {":was": counter["next"]} if counter else None
        step = tables.put(
            self.table,
            {"pk": key.pk, "sk": key.sk, "next": first + count},
            condition="#next = :was" if counter else "attribute_not_exists(pk)",
            names={"#next": "next"} if counter else None,
            values=values,
            label="next",
        )
        row = {"pk": mine.pk, "sk": mine.sk, "first": first, "expires_at": int(drop.at.timestamp()) + KEPT_S}
        return step, tables.put(self.table, row, condition="attribute_not_exists(pk)", label="file")

    def _next_key(self, drop: Drop) -> Key:
        return Key(self.table, f"ANSWER#{drop.channel}", "NEXT")

    def _file_key(self, drop: Drop, digest: str) -> Key:
        return Key(self.table, f"ANSWER#{drop.channel}", f"FILE#{digest}")
