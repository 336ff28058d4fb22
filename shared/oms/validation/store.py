"""What validation remembers: guards beside the orders, and policies among the settings.

| access pattern | how |
|---|---|
| count an order in under a guard | orders: update `GUARD#<kind>#<name>` if fewer were counted or its time is over |
| policies in force, and drafts | reference: pk `CONFIG`, as all settings; sk `POLICY#<name>`, `POLICY_DRAFT#<name>` |
| a policy as it was | reference: get `POLICY#<name>` / `V#<version>` |

A guard goes by itself some time after its end (`expires_at`); until then its stretch of time is in the condition.
"""

from datetime import datetime
from typing import Any

from oms.aws import tables
from oms.aws.documents import pack, unpack
from oms.aws.tables import Key, Write
from oms.validation.check import Guard
from oms.validation.policy import Policy

_SETTINGS = "CONFIG"
_DIGITS = 8


class GuardStore:
    """Guards of one orders table."""

    def __init__(self, table: str) -> None:
        self.table = table

    def write(self, guard: Guard, at: datetime) -> Write:
        """One more, if there is room for it; goes into the order's transaction."""
        first, last = int(guard.starts_at.timestamp()), int(guard.ends_at.timestamp())
        # Kept as long again from now: what was placed long ago may still come twice today.
        values: dict[str, Any] = {":one": 1, ":kept": max(last, int(at.timestamp()) + last - first)}
        if guard.most == 1:  # nothing to count: who does not overlap with what was there starts anew
            expression = "SET times = :one, from_s = :first, until_s = :last, expires_at = :kept"
            condition = "attribute_not_exists(pk) OR until_s <= :first OR from_s >= :last"
            values |= {":first": first, ":last": last}
        else:
            expression = "SET expires_at = :kept ADD times :one"
            condition = "attribute_not_exists(pk) OR times < :most"
            values[":most"] = guard.most
        key = Key(self.table, f"GUARD#{guard.kind}#{guard.name}", "GUARD")
        return tables.update(key, expression=expression, condition=condition, values=values, label=guard.label)


class PolicyStore:
    """Policies of one reference table."""

    def __init__(self, table: str) -> None:
        self.table = table

    def find(self, name: str) -> Policy | None:
        """What is in force; consistent, unlike what the settings show."""
        return self._load(Key(self.table, _SETTINGS, f"POLICY#{name}"))

    def draft(self, name: str) -> Policy | None:
        return self._load(Key(self.table, _SETTINGS, f"POLICY_DRAFT#{name}"))

    def version(self, name: str, version: int) -> Policy | None:
        return self._load(self._version_key(name, version))

    def save_draft(self, draft: Policy) -> None:
        always = "attribute_exists(pk) OR attribute_not_exists(pk)"
        tables.commit(self._put(Key(self.table, _SETTINGS, f"POLICY_DRAFT#{draft.name}"), draft, always))

    def drop_draft(self, draft: Policy) -> None:
        """Take the draft away as it is; repeating does nothing more."""
        tables.commit(self._drop_write(draft))

    def publish(self, draft: Policy, policy: Policy) -> None:
        """The draft comes into force: what was there stays as a version, and the draft goes.

        Raises:
            ConditionFailedError: somebody published, or changed the draft, meanwhile.
        """
        key = Key(self.table, _SETTINGS, f"POLICY#{policy.name}")
        item = {"pk": key.pk, "sk": key.sk, "v": policy.version, "doc": pack(policy)}
        now = tables.put(
            self.table,
            item,
            condition="attribute_not_exists(pk)" if policy.version == 1 else "v = :before",
            values=None if policy.version == 1 else {":before": policy.version - 1},
            label=f"policy {policy.name}",
        )
        kept = self._put(self._version_key(policy.name, policy.version), policy, "attribute_not_exists(pk)")
        tables.commit(now, kept, self._drop_write(draft))

    def _drop_write(self, draft: Policy) -> Write:
        key = Key(self.table, _SETTINGS, f"POLICY_DRAFT#{draft.name}")
        return tables.delete(
            key,
            condition="attribute_not_exists(pk) OR drafted_at = :at",
            values={":at": draft.at},
            label=f"draft {draft.name}",
        )

    def _version_key(self, name: str, version: int) -> Key:
        return Key(self.table, f"POLICY#{name}", f"V#{version:0{_DIGITS}}")

    def _put(self, key: Key, policy: Policy, condition: str) -> Write:
        item = {"pk": key.pk, "sk": key.sk, "v": policy.version, "doc": pack(policy), "drafted_at": policy.at}
        return tables.put(key.table, item, condition=condition, label=f"policy {policy.name}")

    def _load(self, key: Key) -> Policy | None:
        item = tables.get(key)
        return unpack(Policy, item["doc"]) if item else None
