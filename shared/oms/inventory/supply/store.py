"""Supplies, in the inventory table so that they change in one transaction with the stock that they announce.

| access pattern | how |
|---|---|
| one supply | get `SUPPLY#<supply id>` / `SUPPLY` |
| what is still to come of a SKU | query `SUPPLIES#<sku>`; sk `<location>#<supply id>`, there while units are to come |
| the same of a transfer | `SUPPLIES#<sku>`; sk `TRANSFER#<location>#<transfer id>`, written with the transfer |
| how late a supplier is | batch get `LATENESS#<supplier>` / `LATENESS` |
| facts to publish | the table's stream, in the same form as the orders table (`v`, `n`, `doc`) |

A supply is written on its version; the row of what is to come, the position and the journal go with it.
"""

from collections.abc import Iterable

from oms.aws import tables
from oms.aws.documents import pack, unpack
from oms.aws.tables import Key, Write
from oms.inventory.supply.model import Lateness, Supply

_ALWAYS = "attribute_exists(pk) OR attribute_not_exists(pk)"  # the supply's own condition guards its row


class SupplyStore:
    """Reads and conditional writes of supplies in the inventory table."""

    def __init__(self, table: str) -> None:
        self.table = table

    def find(self, supply_id: str) -> Supply | None:
        row = tables.get(self._key(supply_id))
        return unpack(Supply, row["doc"]) if row else None

    def to_come(self, sku: str, *, consistent: bool = False) -> list[Supply]:
        """Every open supply of a SKU, by location and id; a moment old if not `consistent`."""
        rows = tables.query(self.table, condition="pk = :pk", values={":pk": f"SUPPLIES#{sku}"}, consistent=consistent)
        return [unpack(Supply, row["doc"]) for row in rows]

    def all_to_come(self, skus: Iterable[str]) -> list[Supply]:
        """The same of several SKUs."""
        return [one for some in tables.side_by_side(self.to_come, list(dict.fromkeys(skus))) for one in some]

    def lateness(self, suppliers: Iterable[str], *, consistent: bool = False) -> dict[str, Lateness]:
        """By supplier; who never delivered has no days."""
        keys = {Key(self.table, f"LATENESS#{name}", "LATENESS"): name for name in sorted(set(suppliers))}
        found = {name: Lateness(supplier=name) for name in keys.values()}
        for key, row in tables.get_many(keys, consistent=consistent).items():
            found[keys[key]] = unpack(Lateness, row["doc"])
        return found

    def writes(self, supply: Supply) -> list[Write]:
        """The supply on its version (1: not there yet), and its row among what is to come, or the end of that row."""
        key = self._key(supply.id)
        item = {"pk": key.pk, "sk": key.sk, "v": supply.version, "n": len(supply.facts), "doc": pack(supply)}
        if supply.version == 1:
            own = tables.put(self.table, item, condition="attribute_not_exists(pk)", label=supply.id)
        else:
            own = tables.put(
                self.table, item, condition="v = :seen", values={":seen": supply.version - 1}, label=supply.id
            )
        row = Key(self.table, f"SUPPLIES#{supply.sku}", f"{supply.location}#{supply.id}")
        return [own, _row_write(row, supply)]

    def in_transit_write(self, supply: Supply) -> Write:
        """The row of a transfer's line among what is to come, or its end; the transfer's own condition guards it."""
        row = Key(self.table, f"SUPPLIES#{supply.sku}", f"TRANSFER#{supply.location}#{supply.reference}")
        return _row_write(row, supply)

    def lateness_write(self, lateness: Lateness) -> Write:
        """What is known of a supplier, on its version."""
        key = Key(self.table, f"LATENESS#{lateness.supplier}", "LATENESS")
        item = {"pk": key.pk, "sk": key.sk, "v": lateness.version, "n": 0, "doc": pack(lateness)}
        label = f"lateness of {lateness.supplier}"
        if lateness.version == 1:
            return tables.put(self.table, item, condition="attribute_not_exists(pk)", label=label)
        return tables.put(self.table, item, condition="v = :seen", values={":seen": lateness.version - 1}, label=label)

    def _key(self, supply_id: str) -> Key:
        return Key(self.table, f"SUPPLY#{supply_id}", "SUPPLY")


def _row_write(row: Key, supply: Supply) -> Write:
    if not supply.to_come:
        return tables.delete(row, condition=_ALWAYS, label=f"to come {supply.id}")
    bare = supply.model_copy(update={"facts": (), "log": ()})
    shown = {"pk": row.pk, "sk": row.sk, "n": 0, "doc": pack(bare)}
    return tables.put(row.table, shown, condition=_ALWAYS, label=f"to come {supply.id}")
