"""Which lot a posted movement moves, and what the lots are that somebody names."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from oms.aws.tables import Write
from oms.inventory.lots import BlockedLotError, ends_at
from oms.inventory.model import Cause, Change, LotMove, Movement, PositionKey
from oms.inventory.moving.model import LOT_KINDS, LotRef, NewMovement
from oms.inventory.serials.store import SerialStore
from oms.inventory.tracing.model import KnownLot
from oms.inventory.tracing.store import LotStore
from oms.kernel.errors import Fault, RejectedError
from oms.reference.model import Item
from oms.reference.store import ReferenceStore

SERIAL_KINDS = ("received", "found", "lost", "adjusted")
_IN = ("received", "found", "adjusted")
_FOR_SALE = ("cleared", "repaired")


@dataclass(frozen=True)
class LotDesk:
    """The collaborators."""

    lots: LotStore
    serials: SerialStore
    reference: ReferenceStore


class FoundLot(NamedTuple):
    """A lot that somebody names, and until when it may be taken at a location. A new one has no version yet."""

    lot: KnownLot
    ends_at: str | None


class Booked(NamedTuple):
    """A movement with its lot, what else moves with it, and the writes that hold the lot still."""

    movements: list[Movement]
    writes: list[Write]


def booked(movement: Movement, new: NewMovement, desk: LotDesk, cause: Cause) -> Booked:
    """The movement with the lot and the serials that it names, and the writes of these.

    Raises:
        RejectedError: see `_of_lot`; code `serials_needed`: the article is kept by serial number; `invalid`: it is not.
        SerialError: one is in stock already, or not there.
    """
    found = _of_lot(movement, new, desk)
    item = desk.reference.items([movement.key[0]]).get(movement.key[0])
    if new.serials is None:
        if item is not None and item.serial_tracked and new.kind in SERIAL_KINDS:
            message = f"{item.sku} is kept by serial number: name them"
            raise RejectedError(message, code="serials_needed", faults=[Fault("serials", "are needed")])
        return found
    if item is None or not item.serial_tracked or new.kind not in SERIAL_KINDS:
        raise _wrong("serials", f"{movement.key[0]} does not go by serial number, or not with {new.kind}")
    serials = tuple(new.serials)
    first, *rest = found.movements
    if first.change.on_hand > 0:
        writes = desk.serials.came_in(movement.key, serials, cause, new.ref)
    else:
        writes = desk.serials.went_out(movement.key, serials, cause, new.ref, status="lost")
    return Booked([first._replace(serials=serials), *rest], [*found.writes, *writes])


def _of_lot(movement: Movement, new: NewMovement, desk: LotDesk) -> Booked:
    """The movement with the lot that it names. What comes in of a blocked lot is set apart in the same transaction.

    Raises:
        RejectedError: code `lot_needed`: the article is kept by lots; `invalid`: it is not, or the lot expires on
            another day, or it is new and nobody says when it expires.
        BlockedLotError: units of a blocked lot were to be sold again.
    """
    item = desk.reference.items([movement.key[0]]).get(movement.key[0])
    tracked = item is not None and item.lot_tracked and new.kind in LOT_KINDS
    if new.lot is None or item is None:
        if tracked:
            message = f"{movement.key[0]} is kept by lots: say of which"
            raise RejectedError(message, code="lot_needed", faults=[Fault("lot", "is needed")])
        return Booked([movement], [])
    if not tracked:
        raise _wrong("lot", f"{item.sku} is not kept by lots" if not item.lot_tracked else f"not with {new.kind}")
    found = found_lots(movement.key, {"lot": new.lot}, item, desk)[new.lot.id]
    lot, ends = found
    if lot.blocked and new.kind in _FOR_SALE:
        raise BlockedLotError.of(item.sku, lot.id)
    guard = held_still(lot, desk)
    movements = [movement._replace(lots=(_moved(new, lot.id, ends),))]
    if lot.blocked and new.kind in _IN and new.units > 0:
        movements.append(recalled_units(movement.key, found, new.units, movement.ref))
    return Booked(movements, [guard])


def found_lots(key: PositionKey, said: Mapping[str, LotRef], item: Item, desk: LotDesk) -> dict[str, FoundLot]:
    """The lots that are named, by number; `said` has them by the field that names them.

    Raises:
        RejectedError: code `invalid`: one expires on another day, or is new and nobody says when it expires.
    """
    known = desk.lots.known((item.sku, one.id) for one in said.values())
    place = desk.reference.locations().get(key[1])
    found: dict[str, FoundLot] = {}
    for field, one in said.items():
        lot = _lot(one, item, known.get((item.sku, one.id)), field)
        until = lot.expires_on if place else None
        found[lot.id] = FoundLot(lot, ends_at(until, item.shelf_days, place.time_zone) if until and place else None)
    return found


def held_still(lot: KnownLot, desk: LotDesk) -> Write:
    """The write that fails when the lot is blocked at the same moment; it makes the row of a new one."""
    return desk.lots.write(lot._replace(version=max(lot.version, 1)), lot.version)


def recalled_units(key: PositionKey, found: FoundLot, units: int, ref: str | None) -> Movement:
    """What sets units of a blocked lot apart in the transaction that brings them in."""
    apart = LotMove(found.lot.id, 0, units, found.ends_at)
    return Movement("quarantined", key, Change(quality_control=units), ref, lots=(apart,))


def _lot(said: LotRef, item: Item, known: KnownLot | None, field: str) -> KnownLot:
    if known is None:
        if said.expires_on is None and item.shelf_days:
            raise _wrong(f"{field}.expires_on", f"say when {said.id} expires")
        return KnownLot(item.sku, said.id, said.expires_on)
    if said.expires_on is not None and said.expires_on != known.expires_on:
        raise _wrong(f"{field}.expires_on", f"{said.id} expires on {known.expires_on or 'no day'}")
    return known


def _moved(new: NewMovement, lot_id: str, ends: str | None) -> LotMove:
    units = new.units
    apart = {"damaged": units, "quarantined": units, "repaired": -units, "cleared": -units}
    if new.kind in apart:
        return LotMove(lot_id, 0, apart[new.kind], ends)
    out = -units if new.kind == "lost" else units
    return LotMove(lot_id, out, out if new.out_of else 0, ends)


def _wrong(field: str, message: str) -> RejectedError:
    return RejectedError(message, code="invalid", faults=[Fault(field, message)])
