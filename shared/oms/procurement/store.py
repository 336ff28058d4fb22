"""The procurement table: suppliers, one open proposal per SKU and location, and purchases for buyers.

| access pattern | how |
|---|---|
| all suppliers with their offers | query pk `SUPPLIERS`; sk `SUPPLIER#<id>` (tens; read whole once per scan) |
| the open proposal of a SKU at a location | `PROPOSAL#<sku>#<location>` / `OPEN` |
| open proposals by location and SKU | index `open`: `OPEN`, `<location>#<sku>` |
| a purchase for a buyer; its id follows from the fulfillment order | get `PURCHASE#<id>` / `PURCHASE` |
| purchases of a supplier, newest first | index `open`: `PURCHASES#<supplier>`, `<raised_at>#<id>` |
| facts to publish | the table's stream, in the same form as the orders table (`v`, `n`, `doc`) |
"""

from collections.abc import Iterable
from typing import Any

from oms.aws import tables
from oms.aws.documents import pack, unpack
from oms.aws.tables import ConditionFailedError, Key, Write
from oms.procurement.model import Proposal, Purchase, Supplier

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

    def purchase(self, purchase_id: str) -> Purchase | None:
        """One purchase; consistent."""
        row = tables.get(self._purchase_key(purchase_id))
        return unpack(Purchase, row["doc"]) if row else None

    def raise_write(self, purchase: Purchase) -> Write:
        """A new purchase with its fact; fails when there is one."""
        return tables.put(
            self.table, self._purchase_item(purchase), condition="attribute_not_exists(pk)", label=purchase.id
        )

    def change_write(self, purchase: Purchase) -> Write:
        """A purchase with its fact, on the version before."""
        seen = {":seen": purchase.version - 1}
        item = self._purchase_item(purchase)
        return tables.put(self.table, item, condition="v = :seen", values=seen, label=purchase.id)

    def _purchase_item(self, purchase: Purchase) -> dict[str, Any]:
        key = self._purchase_key(purchase.id)
        return {
            "pk": key.pk,
            "sk": key.sk,
            "v": purchase.version,
            "n": len(purchase.facts),
            "doc": pack(purchase),
            "open_pk": f"PURCHASES#{purchase.supplier}",
            "open_sk": f"{purchase.raised_at}#{purchase.id}",
        }

    def purchases(self, supplier: str, *, before: str | None, limit: int) -> list[tuple[str, Purchase]]:
        """Purchases of a supplier behind the key `before`, with their keys, the newest first."""
        rows = tables.query(
            self.table,
            index="open",
            condition="open_pk = :pk AND open_sk < :before",
            values={":pk": f"PURCHASES#{supplier}", ":before": before or _AFTER_ALL},
            forward=False,
            limit=limit,
        )
        keys = {Key(self.table, row["pk"], row["sk"]): row["open_sk"] for row in rows}
        items = tables.get_many(keys)
        return [(name, unpack(Purchase, items[key]["doc"])) for key, name in keys.items() if key in items]

    def _purchase_key(self, purchase_id: str) -> Key:
        return Key(self.table, f"PURCHASE#{purchase_id}", "PURCHASE")

    def _key(self, sku: str, location: str) -> Key:
        return Key(self.table, f"PROPOSAL#{sku}#{location}", "OPEN")
