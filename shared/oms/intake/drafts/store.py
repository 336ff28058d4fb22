"""Draft orders, in the messages table.

| access pattern | how |
|---|---|
| one draft | get `DRAFT#<channel>#<draft id>` / `DRAFT`; who finds it past `expires_at` finds none |
| write a draft | put, if there is none (version 0) or it is open at the version that the writer has seen |
| mark it submitted | update, if it is open: status, order id; the content is removed |
| delete a draft | delete, unless it was submitted |

Attributes: `v` the version, `box` the content, sealed by privacy, `hash` its keyed fingerprint, `by`, `at`, `status`,
`order_id`, `expires_at` in epoch seconds. TTL deletes late, so readers look at `expires_at` themselves.
"""

from datetime import datetime

from oms.aws import tables
from oms.aws.tables import ConditionFailedError, Key
from oms.intake.drafts.model import Draft
from oms.kernel.time import to_text

KEPT_S = 30 * 24 * 3600  # from the last write; also in the record of processing (privacy/catalogue.py)


class DraftStore:
    """Drafts in one messages table."""

    def __init__(self, table: str) -> None:
        self.table = table

    def find(self, channel: str, draft_id: str, now: datetime) -> Draft | None:
        """The draft, or None when there is none (any more)."""
        item = tables.get(self._key(channel, draft_id))
        if item is None or item["expires_at"] <= now.timestamp():
            return None
        return Draft(
            channel=channel,
            draft_id=draft_id,
            version=item["v"],
            status=item["status"],
            box=item.get("box"),
            content_hash=item["hash"],
            by=item["by"],
            at=item["at"],
            expires_s=item["expires_at"],
            order_id=item.get("order_id"),
        )

    def put(self, draft: Draft, now: datetime) -> bool:
        """Write the next version of a draft; False: it is not there at the version before, or not open."""
        key = self._key(draft.channel, draft.draft_id)
        item = {
            "pk": key.pk,
            "sk": key.sk,
            "v": draft.version,
            "box": draft.box,
            "hash": draft.content_hash,
            "by": draft.by,
            "at": draft.at,
            "status": draft.status,
            "expires_at": draft.expires_s,
        }
        epoch = int(now.timestamp())
        if draft.version == 1:
            write = tables.put(
                self.table,
                item,
                condition="attribute_not_exists(pk) OR expires_at <= :now",
                values={":now": epoch},
                label="draft",
            )
        else:
            write = tables.put(
                self.table,
                item,
                condition="v = :before AND #status = :open AND expires_at > :now",
                names={"#status": "status"},
                values={":before": draft.version - 1, ":open": "open", ":now": epoch},
                label="draft",
            )
        return _done(write)

    def submitted(self, draft: Draft, order_id: str, now: datetime) -> None:
        """It has become an order, also when it was written to meanwhile; a repeat changes nothing."""
        write = tables.update(
            self._key(draft.channel, draft.draft_id),
            expression="SET #status = :submitted, order_id = :order, #at = :at, expires_at = :until REMOVE box",
            condition="#status = :open",
            names={"#status": "status", "#at": "at"},
            values={
                ":open": "open",
                ":submitted": "submitted",
                ":order": order_id,
                ":at": to_text(now),
                ":until": int(now.timestamp()) + KEPT_S,
            },
            label="draft",
        )
        _done(write)

    def delete(self, channel: str, draft_id: str, now: datetime) -> bool:
        """There is no such draft any more; False: it was submitted."""
        write = tables.delete(
            self._key(channel, draft_id),
            condition="attribute_not_exists(pk) OR #status = :open OR expires_at <= :now",
            names={"#status": "status"},
            values={":open": "open", ":now": int(now.timestamp())},
            label="draft",
        )
        return _done(write)

    def _key(self, channel: str, draft_id: str) -> Key:
        return Key(self.table, f"DRAFT#{channel}#{draft_id}", "DRAFT")


def _done(write: tables.Write) -> bool:
    try:
        tables.commit(write)
    except ConditionFailedError:
        return False
    return True
