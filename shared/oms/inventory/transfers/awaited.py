"""Units that orders wait for by transfers that were asked for and have not left: `incoming` does not have them yet."""

from collections import Counter
from collections.abc import Iterable, Mapping

from oms.inventory.model import PositionKey
from oms.inventory.supply.store import SupplyStore
from oms.inventory.transfers.store import TransferStore


def awaited(skus: Iterable[str], *, supplies: SupplyStore, transfers: TransferStore) -> Mapping[PositionKey, int]:
    """By SKU and destination; a moment old. A query per SKU, and a batch get of the transfers."""
    names = [one.reference for one in supplies.all_to_come(skus) if one.kind == "transfer"]
    units: Counter[PositionKey] = Counter()
    for one in transfers.find_many(names).values() if names else ():
        for line in one.lines if one.for_order_id else ():
            units[line.sku, one.destination] += line.committed
    return units
