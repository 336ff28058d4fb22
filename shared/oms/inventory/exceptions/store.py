"""Stock exceptions, in the inventory table so that a correction and its end are one transaction.

| access pattern | how |
|---|---|
| one exception | get `EXCEPTION#<id>` / `EXCEPTION`; the id follows from kind, SKU and location |
| exceptions of a kind and status, oldest first | index `listed`: `EXCEPTION#<status>#<kind>`, `<since>#<id>` |
| facts to publish | the table's stream, in the same form as the orders table (`v`, `n`, `doc`) |
"""

from collections.abc import Iterator

from oms.aws import tables
from oms.aws.documents import pack, unpack
from oms.aws.tables import Key, Write
from oms.inventory.exceptions.model import ExceptionKind, ExceptionStatus, StockException

_NEXT = "\x01"  # `key + _NEXT` is behind `key` and before every other key


class ExceptionStore:
    """Reads and conditional writes of exceptions in one inventory table."""

    def __init__(self, table: str) -> None:
        self.table = table

    def get(self, exception_id: str) -> StockException | None:
        row = tables.get(self._key(exception_id))
        return unpack(StockException, row["doc"]) if row else None

    def write(self, exception: StockException) -> Write:
        """Put it, if nobody else has written it since it was read."""
        key = self._key(exception.id)
        item = {
            "pk": key.pk,
            "sk": key.sk,
            "v": exception.version,
            "n": len(exception.facts),
            "doc": pack(exception),
            "listed_pk": f"EXCEPTION#{exception.status}#{exception.finding.kind}",
            "listed_sk": f"{exception.since}#{exception.id}",
        }
        if exception.version == 1:
            return tables.put(self.table, item, condition="attribute_not_exists(pk)", label=exception.id)
        seen = {":seen": exception.version - 1}
        return tables.put(self.table, item, condition="v = :seen", values=seen, label=exception.id)

    def listed(
        self, kind: ExceptionKind, status: ExceptionStatus, *, after: str | None = None
    ) -> Iterator[tuple[str, StockException]]:
        """Exceptions with their place in the list, behind `after`; what has changed its status since is left out."""
        rows = tables.query(
            self.table,
            index="listed",
            condition="listed_pk = :pk AND listed_sk > :after",
            values={":pk": f"EXCEPTION#{status}#{kind}", ":after": after + _NEXT if after else " "},
        )
        for row in rows:
            found = self.get(row["pk"].removeprefix("EXCEPTION#"))
            if found is not None and found.status == status:
                yield row["listed_sk"], found

    def _key(self, exception_id: str) -> Key:
        return Key(self.table, f"EXCEPTION#{exception_id}", "EXCEPTION")
