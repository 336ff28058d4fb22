"""What is remembered of asking the channels, in the polls table.

| access pattern | how |
|---|---|
| how the polling of a channel stands | get `CHANNEL#<channel>` / `POLLING`; written under its version, with its facts |
| which listed orders were taken in already | batch get `SEEN#<channel>#<external order id>` / `ORDER`; kept 3 days |
| gaps of a channel, newest first | query `CHANNEL#<channel>`, sk from `GAP#<until>`; kept 90 days |
| facts to publish | the table's stream, in the same form as the orders table (`v`, `n`, `doc`) |
"""

from collections.abc import Iterable
from datetime import datetime

from oms.aws import tables
from oms.aws.documents import pack, unpack
from oms.aws.tables import Key, Write
from oms.intake.polling.model import Gap, Polling, Seen

_SEEN_S = 3 * 24 * 3600  # longer than any window reaches back
_GAP_S = 90 * 24 * 3600
_ALWAYS = "attribute_exists(pk) OR attribute_not_exists(pk)"


class PollStore:
    """Reads and conditional writes of one polls table."""

    def __init__(self, table: str) -> None:
        self.table = table

    def find_many(self, channels: Iterable[str]) -> dict[str, Polling]:
        """How polling stands, by channel; nothing for a channel that was never polled."""
        items = tables.get_many([self._key(channel) for channel in channels])
        found = [unpack(Polling, item["doc"]) for item in items.values()]
        return {polling.channel: polling for polling in found}

    def save(self, polling: Polling, *others: Write) -> None:
        """Write the next version, with what belongs to it.

        Raises:
            ConditionFailedError: somebody else wrote first.
        """
        key = self._key(polling.channel)
        item = {
            "pk": key.pk,
            "sk": key.sk,
            "v": polling.version,
            "n": len(polling.facts),
            "doc": pack(polling),
        }
        tables.commit(
            tables.put(
                self.table,
                item,
                condition="attribute_not_exists(pk)" if polling.version == 1 else "v = :before",
                values=None if polling.version == 1 else {":before": polling.version - 1},
                label=f"polling of {polling.channel}",
            ),
            *others,
        )

    def seen(self, channel: str, external_order_ids: Iterable[str]) -> dict[str, str]:
        """The version that was last taken in, by order."""
        items = tables.get_many([self._seen_key(channel, each) for each in external_order_ids])
        found = [unpack(Seen, item["doc"]) for item in items.values()]
        return {each.external_order_id: each.version for each in found}

    def see(self, channel: str, seen: Seen, at: datetime) -> None:
        """Remember that a version was taken in; repeating it changes nothing."""
        key = self._seen_key(channel, seen.external_order_id)
        item = {"pk": key.pk, "sk": key.sk, "doc": pack(seen), "expires_at": int(at.timestamp()) + _SEEN_S}
        tables.commit(tables.put(self.table, item, condition=_ALWAYS, label="seen"))

    def gap_write(self, gap: Gap, at: datetime) -> Write:
        key = Key(self.table, self._key(gap.channel).pk, f"GAP#{gap.until}")
        item = {"pk": key.pk, "sk": key.sk, "doc": pack(gap), "expires_at": int(at.timestamp()) + _GAP_S}
        return tables.put(self.table, item, condition=_ALWAYS, label="gap")

    def gaps(self, channel: str, *, limit: int = 100) -> list[Gap]:
        """The newest gaps first."""
        rows = tables.query(
            self.table,
            condition="pk = :pk AND begins_with(sk, :gap)",
            values={":pk": self._key(channel).pk, ":gap": "GAP#"},
            forward=False,
            limit=limit,
        )
        return [unpack(Gap, row["doc"]) for row in rows]

    def _key(self, channel: str) -> Key:
        return Key(self.table, f"CHANNEL#{channel}", "POLLING")

    def _seen_key(self, channel: str, external_order_id: str) -> Key:
        return Key(self.table, f"SEEN#{channel}#{external_order_id}", "ORDER")
