"""What is known of lots, in the inventory table so that a receipt and a recall cannot pass each other unseen.

| access pattern | how |
|---|---|
| lots of SKUs by number | batch get `LOT#<sku>` / `LOT#<lot id>` |

The units of a lot lie in the positions; its movements in the journal. A receipt writes the row on its version too, so a
lot that is blocked at the same moment is seen by one of the two.
"""

from collections.abc import Iterable

from oms.aws import tables
from oms.aws.tables import Key, Write
from oms.inventory.lots import BlockedLotError
from oms.inventory.tracing.model import KnownLot
from oms.orders.model import FulfillmentOrder


class LotStore:
    """Reads and conditional writes of lots in one inventory table."""

    def __init__(self, table: str) -> None:
        self.table = table

    def known(self, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], KnownLot]:
        """Lots by SKU and number, those that there are; consistent."""
        keys = {self._key(*one): one for one in wanted}
        return {keys[at]: _lot(keys[at], row) for at, row in tables.get_many(keys).items()}

    def refuse_blocked(self, work: FulfillmentOrder) -> None:
        """Refuse work whose lines name a lot that is blocked; no read where none is named.

        Raises:
            BlockedLotError: one is.
        """
        named = sorted({(line.sku, lot) for line in work.lines if not line.components for lot, _ in line.lots})
        for (sku, lot_id), lot in self.known(named).items() if named else ():
            if lot.blocked:
                raise BlockedLotError.of(sku, lot_id)

    def write(self, lot: KnownLot, seen: int) -> Write:
        """The lot, if it is at the version that was seen (0: not there yet)."""
        key = self._key(lot.sku, lot.id)
        item = {"pk": key.pk, "sk": key.sk, "n": 0, "v": lot.version, "blocked": lot.blocked}
        item |= {"expires_on": lot.expires_on, "why": lot.why}
        label = f"lot {lot.id} of {lot.sku}"
        if not seen:
            return tables.put(self.table, item, condition="attribute_not_exists(pk)", label=label)
        return tables.put(self.table, item, condition="v = :seen", values={":seen": seen}, label=label)

    def _key(self, sku: str, lot_id: str) -> Key:
        return Key(self.table, f"LOT#{sku}", f"LOT#{lot_id}")


def _lot(key: tuple[str, str], row: tables.Item) -> KnownLot:
    return KnownLot(*key, row.get("expires_on"), bool(row["blocked"]), row.get("why"), row["v"])
