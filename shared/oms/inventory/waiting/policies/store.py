"""What is decided about orders that wait for an item: with the item, in the reference table.

| access pattern | how |
|---|---|
| an item with the policy in force | get `ITEM#<sku>` / `ITEM`: attributes `waiting`, and its version `waiting_v` |
| policies as they were, the newest first | query pk `ITEM#<sku>`, sk begins with `WAITING#V` |

So whoever reads an item has its policy, at no call or read unit more. What was decided is written once.
"""

from oms.aws import tables
from oms.aws.documents import pack, unpack
from oms.aws.tables import Key
from oms.reference.model import Item, WaitingPolicy

_DIGITS = 8


class WaitingPolicyStore:
    """Policies of one reference table."""

    def __init__(self, table: str) -> None:
        self.table = table

    def find(self, sku: str) -> tuple[Item | None, WaitingPolicy | None]:
        """The item as the catalogue has it, and the policy in force, if one was ever set; consistent."""
        row = tables.get(self._item_key(sku))
        if row is None:
            return None, None
        policy = unpack(WaitingPolicy, row["waiting"]) if "waiting" in row else None
        return unpack(Item, row["doc"]), policy

    def enact(self, policy: WaitingPolicy) -> None:
        """The policy comes into force; what was there stays as a version.

        Raises:
            ConditionFailedError: another one of this version is there, or the item is not.
        """
        first = policy.version == 1
        unchanged = "attribute_not_exists(waiting_v)" if first else "waiting_v = :before"
        now = tables.update(
            self._item_key(policy.name),
            expression="SET waiting = :policy, waiting_v = :version",
            condition=f"attribute_exists(pk) AND {unchanged}",
            values={
                ":policy": pack(policy),
                ":version": policy.version,
                **({} if first else {":before": policy.version - 1}),
            },
            label=f"policy for {policy.name}",
        )
        kept = tables.put(
            self.table,
            {"pk": self._item_key(policy.name).pk, "sk": _sort(policy.version), "doc": pack(policy)},
            condition="attribute_not_exists(pk)",
            label=f"policy for {policy.name} {policy.version}",
        )
        tables.commit(now, kept)

    def versions(self, sku: str, *, limit: int, before: int | None = None) -> list[WaitingPolicy]:
        """What was in force below `before`, the newest first."""
        if before is not None and before <= 1:
            return []
        last = before - 1 if before is not None else 10**_DIGITS - 1
        rows = tables.query(
            self.table,
            condition="pk = :pk AND sk BETWEEN :first AND :last",
            values={":pk": self._item_key(sku).pk, ":first": _sort(1), ":last": _sort(last)},
            forward=False,
            limit=limit,
        )
        return [unpack(WaitingPolicy, row["doc"]) for row in rows]

    def _item_key(self, sku: str) -> Key:
        return Key(self.table, f"ITEM#{sku}", "ITEM")


def _sort(version: int) -> str:
    return f"WAITING#V{version:0{_DIGITS}}"
