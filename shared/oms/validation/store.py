"""What validation remembers: guards beside the orders, and policies among the settings.

| access pattern | how |
|---|---|
| count an order in under a guard | orders: update `GUARD#<kind>#<name>` if fewer were counted or its time is over |
| policies: in force, drafted, as they were | reference: editions of the kind `POLICY` (`oms.reference.editions`) |

A guard goes by itself some time after its end (`expires_at`); until then its stretch of time is in the condition.
"""

from datetime import datetime
from typing import Any

from oms.aws import tables
from oms.aws.tables import Key, Write
from oms.reference.editions import EditionStore
from oms.validation.check import Guard
from oms.validation.policy import Policy


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


def policy_store(table: str) -> EditionStore[Policy]:
    """Policies of one reference table."""
    return EditionStore(table, "POLICY", Policy)
