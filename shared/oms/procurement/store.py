"""The procurement table: suppliers, and one open proposal per SKU and location.

| access pattern | how |
|---|---|
| all suppliers with their offers | query pk `SUPPLIERS`; sk `SUPPLIER#<id>` (tens; read whole once per scan) |
| the open proposal of a SKU at a location | `PROPOSAL#<sku>#<location>` / `OPEN` |
| open proposals by location and SKU | index `open`: `OPEN`, `<location>#<sku>` |
| facts to publish | the table's stream, in the same form as the orders table (`v`, `n`, `doc`) |
"""

from collections.abc import Iterable

from oms.aws import tables
from oms.aws.documents import pack, unpack
from oms.aws.tables import ConditionFailedError, Key
from oms.procurement.model import Proposal, Supplier

_AFTER_ALL = "\U0010ffff"  # sorts after every character
_NEXT = "\x01"  # `key + _NEXT` is behind `key` and before every other key


class ProcurementStore:
    """Reads and conditional writes of one procurement table."""

    def __init__(self, table: str) -> None:
        self.table = table

    def put_supplier(self, supplier: Supplier) -> None:
        """Write a supplier, whatever was there."""
        item = {"pk": "SUPPLIERS", "sk": f"SUPPLIER#{supplier.id}", "doc": pack(supplier)}
        always = "attribute_exists(pk) OR attribute_not_exists(pk)"
        tables.commit(tables.put(self.table, item, condition=always, label=supplier.id))

    def suppliers(self) -> list[Supplier]:
        rows = tables.query(self.table, condition="pk = :pk", values={":pk": "SUPPLIERS"})
        return [unpack(Supplier, row["doc"]) for row in rows]

    def open_among(self, wanted: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
        """Which of these (SKU, location) have an open proposal."""
        keys = {self._key(sku, location): (sku, location) for sku, location in wanted}
        return {keys[key] for key in tables.get_many(keys)}

    def propose(self, proposal: Proposal) -> bool:
        """Write a new proposal with its fact; False: one is open already, and stays."""
        key = self._key(proposal.sku, proposal.location)
        item = {
            "pk": key.pk,
            "sk": key.sk,
            "v": proposal.version,
            "s": proposal.status,
            "n": len(proposal.facts),
            "doc": pack(proposal),
            "open_pk": "OPEN",
            "open_sk": f"{proposal.location}#{proposal.sku}",
        }
        try:
            tables.commit(tables.put(self.table, item, condition="attribute_not_exists(pk)", label=proposal.id))
        except ConditionFailedError:
            return False
        return True

    def page(self, *, location: str | None, after: str | None, limit: int) -> list[tuple[str, Proposal]]:
        """Open proposals behind the key `after`, with their keys, by location and SKU."""
        first, last = (f"{location}#", f"{location}#{_AFTER_ALL}") if location else (" ", _AFTER_ALL)
        if after and after >= last:
            return []
        rows = tables.query(
            self.table,
            index="open",
            condition="open_pk = :pk AND open_sk BETWEEN :first AND :last",
            values={":pk": "OPEN", ":first": max(first, after + _NEXT) if after else first, ":last": last},
            limit=limit,
        )
        keys = {Key(self.table, row["pk"], row["sk"]): row["open_sk"] for row in rows}
        items = tables.get_many(keys)
        return [(name, unpack(Proposal, items[key]["doc"])) for key, name in keys.items() if key in items]

    def _key(self, sku: str, location: str) -> Key:
        return Key(self.table, f"PROPOSAL#{sku}#{location}", "OPEN")
