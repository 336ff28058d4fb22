"""Idempotency claims, in the orders table so that they are completed in the order's own transaction (ADR 0006).

| access pattern | how |
|---|---|
| take a key | put `CLAIM#<scope>` / `CLAIM`, if absent, expired, or in flight past its deadline with the same body |
| what became of a key | get the same item |
| complete it | update on condition that it is still ours and in flight; in the order's transaction |
| give it up (the request was refused) | delete on the same condition |

Attributes: `owner` the request, `hash` of its body, `open` 1 while in flight, `deadline` and `expires_at`
in epoch seconds, `answer` the JSON that was answered. TTL deletes late, so readers look at `expires_at` themselves.
"""

from datetime import datetime
from typing import NamedTuple

from oms.aws import tables
from oms.aws.tables import ConditionFailedError, Item, Key, Write
from oms.kernel.errors import ConflictError, InFlightError, RejectedError
from oms.kernel.ids import KEYS_KEPT_S, derive_id

IN_FLIGHT_S = 30  # no HTTP API call lives longer than 29 s: past this, whoever held the claim is gone
_OURS = "#owner = :owner AND #open = :one"


class Claim(NamedTuple):
    """A key that is being worked on by `owner`."""

    scope: str
    owner: str


def scope_of(principal: str, method: str, route: str, key: str) -> str:
    """Keys of different callers and operations never meet."""
    return derive_id("clm", principal, method, route, key)


class ClaimStore:
    """Claims in one orders table."""

    def __init__(self, table: str) -> None:
        self.table = table

    def begin(self, claim: Claim, body_hash: str, at: datetime) -> str | None:
        """Take the key: None when it is ours now, the stored answer when it was completed.

        Raises:
            InFlightError: somebody is at work on it.
            RejectedError: code `idempotency_key_reused`: it was used for another body.
            ConflictError: it ended while we looked; try again.
        """
        now = int(at.timestamp())
        item = {
            **self._key_attributes(claim),
            "owner": claim.owner,
            "hash": body_hash,
            "open": 1,
            "deadline": now + IN_FLIGHT_S,
            "expires_at": now + KEYS_KEPT_S,
        }
        write = tables.put(
            self.table,
            item,
            condition="attribute_not_exists(pk) OR expires_at <= :now"
            " OR (#open = :one AND deadline <= :now AND #hash = :hash)",
            names={"#open": "open", "#hash": "hash"},
            values={":now": now, ":one": 1, ":hash": body_hash},
            label="claim",
        )
        try:
            tables.commit(write)
        except ConditionFailedError:
            return self._taken(claim, body_hash, now)
        return None

    def _taken(self, claim: Claim, body_hash: str, now: int) -> str | None:
        found: Item | None = tables.get(self._key(claim))
        if found is None or found["expires_at"] <= now:
            raise ConflictError("the claim ended just now")
        if found["hash"] != body_hash:
            raise RejectedError("the key was used with another body", code="idempotency_key_reused")
        if found["open"] and found["owner"] == claim.owner:
            return None  # our own put was applied, its answer lost, and the client's retry found it
        if found["open"]:
            raise InFlightError("the first request with this key is still running")
        return str(found["answer"])

    def complete_write(self, claim: Claim, answer: str) -> Write:
        return tables.update(
            self._key(claim),
            expression="SET #answer = :answer, #open = :zero",
            condition=_OURS,
            names={"#answer": "answer", "#owner": "owner", "#open": "open"},
            values={":answer": answer, ":zero": 0, ":one": 1, ":owner": claim.owner},
            label="claim",
        )

    def release(self, claim: Claim) -> None:
        """Give the key up; nothing happens when it is not ours any more."""
        write = tables.delete(
            self._key(claim),
            condition=_OURS,
            names={"#owner": "owner", "#open": "open"},
            values={":one": 1, ":owner": claim.owner},
            label="claim",
        )
        try:
            tables.commit(write)
        except ConditionFailedError:
            return

    def _key(self, claim: Claim) -> Key:
        return Key(self.table, f"CLAIM#{claim.scope}", "CLAIM")

    def _key_attributes(self, claim: Claim) -> dict[str, str]:
        key = self._key(claim)
        return {"pk": key.pk, "sk": key.sk}
