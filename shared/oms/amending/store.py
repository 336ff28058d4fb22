"""Change sets, in the orders table so that they are made in the order's own transaction.

| access pattern | how |
|---|---|
| one change set | get `ORDER#<order id>` / `CHANGE#<change set id>` |
| which one is open | the order's header names it (`Order.change`), so that there is one at most |

Attributes: `v` version, `s` status, `doc` the value (deflated JSON). No personal data: an address that is to come is a
person of its own.
"""

from oms.amending.model import ChangeSet
from oms.aws import tables
from oms.aws.documents import pack, unpack
from oms.aws.tables import Key, Write
from oms.kernel.errors import NotFoundError


class ChangeStore:
    """Change sets in one orders table."""

    def __init__(self, table: str) -> None:
        self.table = table

    def find(self, order_id: str, change_id: str) -> ChangeSet | None:
        item = tables.get(self._key(order_id, change_id))
        return unpack(ChangeSet, item["doc"]) if item else None

    def get(self, order_id: str, change_id: str) -> ChangeSet:
        """The change set.

        Raises:
            NotFoundError: no such change set of this order.
        """
        found = self.find(order_id, change_id)
        if found is None:
            raise NotFoundError(f"order {order_id} has no change set {change_id}")
        return found

    def write(self, change: ChangeSet) -> Write:
        """The write of a change set: only if the stored version is the one before it (0: not there yet)."""
        key = self._key(change.order_id, change.id)
        item = {"pk": key.pk, "sk": key.sk, "v": change.version, "s": change.status, "doc": pack(change)}
        if change.version == 1:
            return tables.put(self.table, item, condition="attribute_not_exists(pk)", label=change.id)
        return tables.put(
            self.table, item, condition="v = :before", values={":before": change.version - 1}, label=change.id
        )

    def _key(self, order_id: str, change_id: str) -> Key:
        return Key(self.table, f"ORDER#{order_id}", f"CHANGE#{change_id}")
