"""The documents bucket.

| access pattern | how |
|---|---|
| packing list of a parcel | object `packing-lists/<parcel id>.pdf` |

The key follows from the parcel, and the bytes from its data, so writing twice is writing once.
"""

from botocore.exceptions import ClientError

from oms.aws import clients
from oms.aws.errors import code_of, translated
from oms.orders.model import Parcel

# Without the right to list the bucket, S3 answers 403 for a key that is not there (S3 API reference, HeadObject).
_ABSENT = frozenset({"404", "403", "NoSuchKey"})


class DocumentStore:
    """Writes, removes and links documents of one bucket."""

    def __init__(self, bucket: str) -> None:
        self.bucket = bucket

    def packing_list_key(self, parcel_id: str) -> str:
        return f"packing-lists/{parcel_id}.pdf"

    def write_packing_list(self, parcel_id: str, pdf: bytes) -> None:
        with translated():
            clients.s3().put_object(
                Bucket=self.bucket,
                Key=self.packing_list_key(parcel_id),
                Body=pdf,
                ContentType="application/pdf",
                ContentDisposition=f'inline; filename="{parcel_id}.pdf"',
            )

    def discard_packing_list(self, parcel_id: str) -> None:
        """Remove it; nothing there is fine."""
        with translated():
            clients.s3().delete_object(Bucket=self.bucket, Key=self.packing_list_key(parcel_id))

    def link(self, parcel: Parcel, *, expires_s: int) -> str | None:
        """A link that anybody may follow for so long; None when there is no packing list."""
        key = self.packing_list_key(parcel.id)
        with translated():
            try:
                clients.s3().head_object(Bucket=self.bucket, Key=key)
            except ClientError as error:
                if code_of(error) in _ABSENT:
                    return None
                raise
            return clients.s3().generate_presigned_url(
                "get_object", Params={"Bucket": self.bucket, "Key": key}, ExpiresIn=expires_s
            )
