"""What channels were told of stock, in the polls table.

| access pattern | how |
|---|---|
| how telling a channel stands | get `CHANNEL#<channel>` / `LEVELS`; written under its version |
| what a channel was told of SKUs | batch get `LEVELS#<channel>` / `SKU#<sku>`; written with the above, 90 at a time |
"""

from collections.abc import Iterable

from oms.aws import tables
from oms.aws.documents import pack, unpack
from oms.aws.tables import Key, Write
from oms.intake.levels.model import Pushing, Told

TOGETHER = 90  # SKUs to a transaction of 100
_ALWAYS = "attribute_exists(pk) OR attribute_not_exists(pk)"


class LevelStore:
    """Reads and conditional writes of one polls table."""

    def __init__(self, table: str) -> None:
        self.table = table

    def find(self, channel: str) -> Pushing | None:
        item = tables.get(self._key(channel))
        return unpack(Pushing, item["doc"]) if item else None

    def told(self, channel: str, skus: Iterable[str]) -> dict[str, Told]:
        """By SKU; those that the channel was never told are blank."""
        names = list(dict.fromkeys(skus))
        items = tables.get_many([self._sku_key(channel, sku) for sku in names])
        found = {told.sku: told for told in (unpack(Told, item["doc"]) for item in items.values())}
        return {sku: found.get(sku) or Told(channel=channel, sku=sku) for sku in names}

    def save(self, pushing: Pushing, told: Iterable[Told] = ()) -> None:
        """Write the next version of how it stands, with what was told: whoever else was at it has lost.

        Raises:
            ConditionFailedError: somebody else wrote first.
        """
        key = self._key(pushing.channel)
        item = {"pk": key.pk, "sk": key.sk, "v": pushing.version, "n": len(pushing.facts), "doc": pack(pushing)}
        first = pushing.version == 1
        state = tables.put(
            self.table,
            item,
            condition="attribute_not_exists(pk)" if first else "v = :before",
            values=None if first else {":before": pushing.version - 1},
            label=f"levels of {pushing.channel}",
        )
        tables.commit(state, *(self._told_write(each) for each in told))

    def _told_write(self, told: Told) -> Write:
        key = self._sku_key(told.channel, told.sku)
        item = {"pk": key.pk, "sk": key.sk, "n": 0, "doc": pack(told)}
        return tables.put(self.table, item, condition=_ALWAYS, label=f"level of {told.sku}")

    def _key(self, channel: str) -> Key:
        return Key(self.table, f"CHANNEL#{channel}", "LEVELS")

    def _sku_key(self, channel: str, sku: str) -> Key:
        return Key(self.table, f"LEVELS#{channel}", f"SKU#{sku}")
