"""How far the books are proved, in the inventory table.

| access pattern | how |
|---|---|
| what is proved of positions | batch get `PROOF#<shard>` / `<sku>#<location>` |
| proved positions, in a fixed order | query pk `PROOF#<shard>`, behind a key |
| how far the journal was read, and the sweep went | get `PROGRESS` / `PROGRESS` |

A proof is only ever replaced by one of a newer version, so runs beside each other do no harm.
"""

from collections.abc import Iterable

from oms.aws import tables
from oms.aws.tables import ConditionFailedError, Key, Write
from oms.inventory.drift.model import Progress, Proof
from oms.inventory.model import Change, PositionKey
from oms.kernel.ids import shard_of

SHARDS = 8
_NEXT = "\x01"  # `key + _NEXT` is behind `key` and before every other key


class ProofStore:
    """Reads and conditional writes of proofs in one inventory table."""

    def __init__(self, table: str) -> None:
        self.table = table

    def proofs(self, keys: Iterable[PositionKey]) -> dict[PositionKey, Proof]:
        """What is proved; a position of which nothing is has version 0."""
        wanted = {self._key(key): key for key in keys}
        rows = tables.get_many(wanted)
        return {key: _proof(rows[at]) if at in rows else Proof() for at, key in wanted.items()}

    def write(self, key: PositionKey, proof: Proof) -> Write:
        at = self._key(key)
        item = {
            "pk": at.pk,
            "sk": at.sk,
            "v": proof.version,
            "n": 0,
            "sku": key[0],
            "location": key[1],
            "units": {name: by for name, by in zip(Change._fields, proof.units, strict=True) if by},
            "terms": dict(proof.terms),
            "ignored": list(proof.ignored),
        }
        condition = "attribute_not_exists(pk) OR v < :new"
        return tables.put(self.table, item, condition=condition, values={":new": proof.version}, label=f"proof {key}")

    def save(self, key: PositionKey, proof: Proof) -> None:
        """Keep a proof, unless a newer one is there."""
        try:
            tables.commit(self.write(key, proof))
        except ConditionFailedError:
            return

    def page(self, shard: int, *, after: str | None, limit: int) -> list[tuple[str, PositionKey]]:
        """Proved positions of a shard with their place, behind `after`."""
        rows = tables.query(
            self.table,
            condition="pk = :pk AND sk > :after",
            values={":pk": f"PROOF#{shard}", ":after": after + _NEXT if after else " "},
            limit=limit,
        )
        return [(row["sk"], (row["sku"], row["location"])) for row in rows]

    def progress(self) -> Progress | None:
        row = tables.get(Key(self.table, "PROGRESS", "PROGRESS"))
        return Progress(row["until"], row["shard"], row.get("after"), row["v"]) if row else None

    def save_progress(self, progress: Progress) -> bool:
        """Keep how far this run came; False: another run has gone on meanwhile."""
        item = {"pk": "PROGRESS", "sk": "PROGRESS", "n": 0, "v": progress.version + 1}
        item |= {"until": progress.until, "shard": progress.shard, "after": progress.after}
        condition = "attribute_not_exists(pk) OR v = :seen"
        try:
            tables.commit(
                tables.put(self.table, item, condition=condition, values={":seen": progress.version}, label="progress")
            )
        except ConditionFailedError:
            return False
        return True

    def _key(self, key: PositionKey) -> Key:
        return Key(self.table, f"PROOF#{shard_of(key[0], SHARDS)}", f"{key[0]}#{key[1]}")


def _proof(row: tables.Item) -> Proof:
    terms = tuple(sorted(row["terms"].items()))
    return Proof(row["v"], Change(**row["units"]), terms, tuple(row["ignored"]))
