"""Transfers, in the inventory table so that they change in one transaction with the stock at both ends.

| access pattern | how |
|---|---|
| one transfer | get `TRANSFER#<id>` / `TRANSFER` |
| those that leave a location, newest first | index `listed`: `TRANSFER#<phase>#from#<source>`, `<created_at>#<id>` |
| those that go to a location, newest first | the same with `to#<destination>`, from the row `TRANSFER#<id>` / `TO` |
| what is to come of a SKU | among the supplies: sk `TRANSFER#<destination>#<id>`, there while units are in transit |
| facts to publish | the table's stream, in the same form as the orders table (`v`, `n`, `doc`) |

A transfer is written on its version, with the positions, the journal and the rows of what is to come. The row `TO`
holds nothing but its place in the index: it is written when that changes. The phase is `open` or `ended`.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from oms.aws import tables
from oms.aws.documents import pack, unpack
from oms.aws.tables import Key, Write
from oms.inventory.supply.store import SupplyStore
from oms.inventory.transfers.model import Direction, Phase, Transfer, TransferLine
from oms.inventory.transfers.rules import supplies_of

_ALWAYS = "attribute_exists(pk) OR attribute_not_exists(pk)"  # the transfer's own condition guards its rows
_SIDES: dict[Direction, str] = {"outgoing": "from", "incoming": "to"}
_LAST = "\x7f"  # behind every instant
_AT_ONCE = 25  # transfers that are read in one batch


class TransferStore:
    """Reads and conditional writes of transfers in one inventory table."""

    def __init__(self, table: str, supplies: SupplyStore) -> None:
        self.table = table
        self._supplies = supplies

    def find(self, transfer_id: str) -> Transfer | None:
        return self.find_many([transfer_id]).get(transfer_id)

    def find_many(self, transfer_ids: Iterable[str]) -> dict[str, Transfer]:
        """Those that there are, by id; consistent."""
        rows = tables.get_many([self._key(one) for one in transfer_ids]).values()
        return {one.id: one for one in (unpack(Transfer, row["doc"]) for row in rows)}

    def under_way(self, transfer_ids: Iterable[str]) -> set[str]:
        """Those of some transfers that still bring units (port of orders)."""
        found = self.find_many(transfer_ids)
        return {name for name, one in found.items() if any(one.to_come(line) for line in one.lines)}

    def writes(self, transfer: Transfer, before: Transfer | None, moved: Sequence[TransferLine] = ()) -> list[Write]:
        """The transfer on its version, its place in the lists where that is another, and what is to come of `moved`."""
        key = self._key(transfer.id)
        item = {"pk": key.pk, "sk": key.sk, "v": transfer.version, "n": len(transfer.facts), "doc": pack(transfer)}
        item |= _listed("outgoing", transfer.source, transfer)
        if before is None:
            own = tables.put(self.table, item, condition="attribute_not_exists(pk)", label=transfer.id)
        else:
            own = tables.put(
                self.table, item, condition="v = :seen", values={":seen": before.version}, label=transfer.id
            )
        writes = [own]
        place = _listed("incoming", transfer.destination, transfer)
        if before is None or place != _listed("incoming", before.destination, before):
            row = {"pk": key.pk, "sk": "TO", "n": 0, **place}
            writes.append(tables.put(self.table, row, condition=_ALWAYS, label=f"place of {transfer.id}"))
        return [*writes, *(self._supplies.in_transit_write(one) for one in supplies_of(transfer, moved))]

    def listed(
        self, direction: Direction, location: str, phase: Phase, *, before: str | None = None
    ) -> Iterator[tuple[str, Transfer]]:
        """Transfers with their place in the list, the newest first, behind `before`."""
        rows = tables.query(
            self.table,
            index="listed",
            condition="listed_pk = :pk AND listed_sk < :before",
            values={":pk": _partition(direction, location, phase), ":before": before or _LAST},
            forward=False,
        )
        while some := list(islice(rows, _AT_ONCE)):
            found = self.find_many(row["pk"].removeprefix("TRANSFER#") for row in some)
            for row in some:
                transfer = found.get(row["pk"].removeprefix("TRANSFER#"))
                if transfer is not None and transfer.phase == phase:
                    yield row["listed_sk"], transfer

    def _key(self, transfer_id: str) -> Key:
        return Key(self.table, f"TRANSFER#{transfer_id}", "TRANSFER")


def _partition(direction: Direction, location: str, phase: Phase) -> str:
    return f"TRANSFER#{phase}#{_SIDES[direction]}#{location}"


def _listed(direction: Direction, location: str, transfer: Transfer) -> dict[str, str]:
    return {
        "listed_pk": _partition(direction, location, transfer.phase),
        "listed_sk": f"{transfer.created_at}#{transfer.id}",
    }
