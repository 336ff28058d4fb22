"""Serial numbers: each is a thing that is in one place and one state.

| access pattern | how |
|---|---|
| serials of a SKU by number | batch get `SERIAL#<sku>` / `SERIAL#<serial>` |
| all of a SKU, where the index is behind | query pk `SERIAL#<sku>` |
| those in stock at a location | index `listed`: `SERIALS#<sku>#<location>`, `<serial>`; there while it is in stock |

A row is written on its version in the transaction that moves the unit, so the same serial can neither come in twice nor
go out twice. `past` are its last moves, the newest last.
"""

from collections.abc import Iterable, Mapping, Sequence

from oms.aws import tables
from oms.aws.tables import Key, Write
from oms.inventory.model import Cause, PositionKey
from oms.inventory.serials.model import KEPT_MOVES, Serial, SerialMove, SerialStatus
from oms.kernel.errors import StateError, Why

MOST_SERIALS = 50  # in one movement, or of one fulfillment order: each is a write of its transaction


class SerialError(StateError):
    """A serial is not where it would have to be, or not named. Nothing was moved."""

    code = "serial_elsewhere"


class SerialStore:
    """Reads and conditional writes of serials in one inventory table."""

    def __init__(self, table: str) -> None:
        self.table = table

    def known(self, sku: str, serials: Iterable[str]) -> dict[str, Serial]:
        """Serials of a SKU by number, those that there are; consistent."""
        rows = tables.get_many([self._key(sku, serial) for serial in serials]).values()
        return {one.serial: one for one in (_serial(row) for row in rows)}

    def in_stock(self, at: PositionKey, count: int) -> set[str]:
        """The serials in stock at a position that counts so many: found by the index, read for sure.

        The index may be a moment old: where it has not as many, all of the SKU are read.
        """
        rows = tables.query(
            self.table, index="listed", condition="listed_pk = :pk", values={":pk": f"SERIALS#{at[0]}#{at[1]}"}
        )
        found = _there(at, self.known(at[0], [row["listed_sk"] for row in rows]).values())
        if len(found) == count:
            return found
        every = tables.query(self.table, condition="pk = :pk", values={":pk": self._key(at[0], "").pk}, consistent=True)
        return _there(at, (_serial(row) for row in every))

    def came_in(self, at: PositionKey, serials: Sequence[str], cause: Cause, ref: str | None) -> list[Write]:
        """The writes of serials that are in stock at a position from now on: new ones, or ones that come back.

        Raises:
            SerialError: one is in stock already.
        """
        known = self.known(at[0], serials)
        for one in known.values():
            if one.status == "in_stock":
                raise _elsewhere(one, f"is in stock at {one.location} already", "read it again; it is another one")
        return self._moved(at, serials, known, "in_stock", cause, ref)

    def went_out(
        self, at: PositionKey, serials: Sequence[str], cause: Cause, ref: str | None, *, status: SerialStatus
    ) -> list[Write]:
        """The writes of serials that leave a position.

        Raises:
            SerialError: one is not in stock there.
        """
        known = self.known(at[0], serials)
        twice = sorted({serial for serial in serials if serials.count(serial) > 1})
        if twice:
            text = f"{twice[0]} of {at[0]} is named twice"
            raise SerialError(text, why=[Why("serial_elsewhere", text, "name each that goes once")])
        for serial in serials:
            one = known.get(serial)
            if one is None or one.status != "in_stock" or one.location != at[1]:
                where = Serial(sku=at[0], serial=serial, status="lost", location=at[1], ref=None, past=())
                raise _elsewhere(one or where, f"is not in stock at {at[1]}", "name those that are")
        return self._moved(at, serials, known, status, cause, ref)

    def lost_on_the_way(self, at: PositionKey, serials: Sequence[str], cause: Cause, ref: str) -> list[Write]:
        """The writes of serials that did not arrive at a position; one that turned up meanwhile stays where it is."""
        known = self.known(at[0], serials)
        gone = [serial for serial in serials if serial in known and known[serial].status == "in_transit"]
        return self._moved(at, gone, known, "lost", cause, ref)

    def _moved(
        self,
        at: PositionKey,
        serials: Sequence[str],
        known: Mapping[str, Serial],
        status: SerialStatus,
        cause: Cause,
        ref: str | None,
    ) -> list[Write]:
        move = SerialMove(at=cause.at, status=status, location=at[1], ref=ref)
        return [self._write(at[0], serial, known.get(serial), move) for serial in serials]

    def _write(self, sku: str, serial: str, before: Serial | None, move: SerialMove) -> Write:
        key = self._key(sku, serial)
        past = (*(before.past if before else ()), move)[-KEPT_MOVES:]
        version = before.version if before else 0
        item = {"pk": key.pk, "sk": key.sk, "n": 0, "v": version + 1, "sku": sku, "serial": serial}
        item |= {"past": [one.model_dump(exclude_none=True) for one in past]}
        if move.status == "in_stock":
            item |= {"listed_pk": f"SERIALS#{sku}#{move.location}", "listed_sk": serial}
        label = f"serial {serial} of {sku}"
        if not version:
            return tables.put(self.table, item, condition="attribute_not_exists(pk)", label=label)
        return tables.put(self.table, item, condition="v = :seen", values={":seen": version}, label=label)

    def _key(self, sku: str, serial: str) -> Key:
        return Key(self.table, f"SERIAL#{sku}", f"SERIAL#{serial}")


def _there(at: PositionKey, serials: Iterable[Serial]) -> set[str]:
    return {one.serial for one in serials if one.status == "in_stock" and one.location == at[1]}


def _serial(row: tables.Item) -> Serial:
    past = tuple(SerialMove.model_validate(one) for one in row["past"])
    last = past[-1]
    return Serial(row["sku"], row["serial"], last.status, last.location, last.ref, past, row["v"])


def _elsewhere(one: Serial, message: str, possible: str) -> SerialError:
    text = f"{one.serial} of {one.sku} {message}"
    return SerialError(text, why=[Why("serial_elsewhere", text, possible)])
