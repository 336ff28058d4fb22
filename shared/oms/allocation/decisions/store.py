"""Decision records, in the orders table, written by the transaction that allocates.

| access pattern | how |
|---|---|
| the records of one transaction | put `DECISION#<name>` / `DECISION`, all of its orders in one packed item |
| the decisions about an order | batch get the names that its header has (`decided_in`) |

One item per transaction and not per order: 48 orders of a hot item share it, and alike records pack well.
"""

from collections.abc import Iterable

from oms.allocation.decisions.model import DecisionRecord, Records
from oms.aws import tables
from oms.aws.documents import pack, unpack
from oms.aws.tables import Key, Write


class DecisionStore:
    """Records of one orders table."""

    def __init__(self, table: str) -> None:
        self.table = table

    def write(self, name: str, records: Iterable[DecisionRecord]) -> Write:
        """The records of one transaction; fails when there is one of that name."""
        key = self._key(name)
        item = {"pk": key.pk, "sk": key.sk, "doc": pack(Records(records=tuple(records)))}
        return tables.put(self.table, item, condition="attribute_not_exists(pk)", label=f"decision {name}")

    def about(self, order_id: str, names: Iterable[str]) -> list[DecisionRecord]:
        """What was decided about an order, the first decision first."""
        rows = tables.get_many([self._key(name) for name in names], consistent=False)
        records = [record for row in rows.values() for record in unpack(Records, row["doc"]).records]
        mine = [record for record in records if record.order_id == order_id]
        return sorted(mine, key=lambda record: (record.attempt, record.at))

    def _key(self, name: str) -> Key:
        return Key(self.table, f"DECISION#{name}", "DECISION")
