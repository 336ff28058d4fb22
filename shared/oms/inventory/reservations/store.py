"""Reservations, in the inventory table so that they are written in the transaction that moves their units.

| access pattern | how |
|---|---|
| one reservation; its id follows from channel and owner | get `RESERVATION#<id>` / `RESERVATION` |
| those of many orders | batch get of the ids that the orders name |
| live ones that the sweep must look at | index `expiring`: `EXPIRING#<shard>`, `<look_at>#<id>` |

Attributes: `v` version, `s` status, `doc` the value (deflated JSON); `expires_at` for the TTL, 90 days after it ended.
A live one is in the index under an instant that may be early: activity does not move it, the sweep does.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from oms.aws import tables
from oms.aws.documents import pack, unpack
from oms.aws.tables import Key, Write
from oms.inventory.reservations.model import Reservation
from oms.inventory.reservations.rules import as_of
from oms.kernel.ids import shard_of
from oms.kernel.time import Clock, from_text, to_text, utc_now

SHARDS = 8
_KEPT = timedelta(days=90)
_SK = "RESERVATION"


class ReservationStore:
    """Reservations of one inventory table, as they are now by the clock."""

    def __init__(self, table: str, clock: Clock = utc_now) -> None:
        self.table = table
        self._clock = clock

    def key(self, reservation_id: str) -> Key:
        return Key(self.table, f"RESERVATION#{reservation_id}", _SK)

    def find(self, reservation_id: str) -> Reservation | None:
        return self.find_many([reservation_id]).get(reservation_id)

    def find_many(self, reservation_ids: Iterable[str]) -> dict[str, Reservation]:
        """Those that there are, by id, in one batch get; consistent."""
        now = to_text(self._clock())
        found = [as_of(one, now) for one in self.rows(reservation_ids)]
        return {one.id: one for one in found}

    def rows(self, reservation_ids: Iterable[str]) -> list[Reservation]:
        """As they are written, whatever the time."""
        keys = [self.key(reservation_id) for reservation_id in reservation_ids]
        return [unpack(Reservation, row["doc"]) for row in tables.get_many(keys).values()]

    def due(self, shard: int, *, limit: int) -> Iterator[str]:
        """Ids of live reservations that must be looked at by now, the most overdue first."""
        rows = tables.query(
            self.table,
            index="expiring",
            condition="expiring_pk = :pk AND expiring_sk <= :now",
            values={":pk": f"EXPIRING#{shard}", ":now": to_text(self._clock()) + "~"},
            limit=limit,
        )
        return (row["pk"].removeprefix("RESERVATION#") for row in rows)

    def write(self, reservation: Reservation) -> Write:
        """The write of a changed reservation: only if the stored version is the one before (0: not there yet)."""
        key = self.key(reservation.id)
        item = {"pk": key.pk, "sk": key.sk, "v": reservation.version, "s": reservation.status, "n": 0}
        item["doc"] = pack(reservation)
        if reservation.live:
            item["expiring_pk"] = f"EXPIRING#{shard_of(reservation.id, SHARDS)}"
            item["expiring_sk"] = f"{reservation.look_at}#{reservation.id}"
        else:
            item["expires_at"] = int((from_text(reservation.changed_at) + _KEPT).timestamp())
        label = f"reservation {reservation.id}"
        if reservation.version == 1:
            return tables.put(self.table, item, condition="attribute_not_exists(pk)", label=label)
        seen = {":seen": reservation.version - 1}
        return tables.put(self.table, item, condition="v = :seen", values=seen, label=label)
