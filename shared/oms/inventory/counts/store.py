"""Count files of locations, in the files bucket.

| access pattern | how |
|---|---|
| a dropped file | object `counts/<location>/<name>`, read piece by piece, removed when all of it is taken in |
| what was not applied of a piece | object `outbox/<location>/<name>.<first line>.ndjson`, a row each with its reason |

A file is known by its name and its entity tag: another one of the same name is another file.
"""

from collections.abc import Sequence
from typing import NamedTuple

from botocore.exceptions import ClientError

from oms.aws import clients
from oms.aws.errors import code_of, translated

FOLDER, OUTBOX = "counts/", "outbox/"
# Gone, or another one under its name; without the right to list, S3 answers 403 for what is not there.
_GONE = frozenset({"NoSuchKey", "404", "403", "AccessDenied", "PreconditionFailed", "412"})
_PAST_THE_END = frozenset({"InvalidRange", "416"})


class Drop(NamedTuple):
    """A dropped file of a location."""

    location: str
    name: str
    etag: str

    @property
    def key(self) -> str:
        return f"{FOLDER}{self.location}/{self.name}"


class DropFolder:
    """The count files of one bucket."""

    def __init__(self, bucket: str) -> None:
        self.bucket = bucket

    @staticmethod
    def drop_of(key: str, etag: str) -> Drop | None:
        """The file of a key; None when it is no count file's."""
        location, _, name = key.removeprefix(FOLDER).partition("/")
        return Drop(location, name, etag) if key.startswith(FOLDER) and location and name else None

    def etag_of(self, key: str) -> str | None:
        """Which file lies under a key now; None: none."""
        with translated():
            try:
                return str(clients.s3().head_object(Bucket=self.bucket, Key=key)["ETag"])
            except ClientError as error:
                if code_of(error) in _GONE:
                    return None
                raise

    def read(self, drop: Drop, offset: int, size: int) -> tuple[bytes | None, bool]:
        """Bytes from `offset` on, and whether the file ends with them; None when the file is not there any more."""
        span = f"bytes={offset}-{offset + size - 1}"
        with translated():
            try:
                answer = clients.s3().get_object(Bucket=self.bucket, Key=drop.key, Range=span, IfMatch=drop.etag)
                raw: bytes = answer["Body"].read()
            except ClientError as error:
                if code_of(error) in _GONE:
                    return None, True
                if code_of(error) in _PAST_THE_END:
                    return b"", True
                raise
        whole = int(answer.get("ContentRange", f"/{len(raw)}").rpartition("/")[2])
        return raw, offset + len(raw) >= whole

    def tell(self, drop: Drop, line: int, rows: Sequence[str]) -> None:
        """Put what was not applied where the location finds it; twice is once. Nothing to tell: nothing is put."""
        if not rows:
            return
        key = f"{OUTBOX}{drop.location}/{drop.name}.{line:09d}.ndjson"
        with translated():
            clients.s3().put_object(
                Bucket=self.bucket, Key=key, Body="\n".join(rows).encode(), ContentType="application/x-ndjson"
            )

    def remove(self, drop: Drop) -> None:
        """Take it out of the folder; another that came under its name meanwhile stays."""
        with translated():
            try:
                clients.s3().delete_object(Bucket=self.bucket, Key=drop.key, IfMatch=drop.etag)
            except ClientError as error:
                if code_of(error) not in _GONE:
                    raise
