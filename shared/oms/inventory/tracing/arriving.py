"""Goods that come in by lots and by serial number: what must be said of them, and what is written with them."""

from oms.aws.tables import Write
from oms.inventory.model import Cause, LotMove, Movement
from oms.inventory.moving.model import LotRef
from oms.inventory.tracing.booking import Booked, LotDesk, found_lots, held_still, recalled_units
from oms.inventory.tracing.model import Named
from oms.kernel.errors import Fault, RejectedError
from oms.reference.model import Item


def arrived(movement: Movement, named: Named, item: Item | None, desk: LotDesk, cause: Cause) -> Booked:
    """The movement with the lots and serials that came, and the writes of these; blocked lots are set apart at once.

    Raises:
        RejectedError: code `lot_needed`, `serials_needed`: the article is kept by them; `invalid`: it is not, or a lot
            expires on another day or nobody says when.
        SerialError: one is in stock already.
    """
    _check_kept(movement.key[0], named, item)
    movements, writes = [movement], list[Write]()
    if item is not None and named.lots is not None:
        said = {f"lots.{at}": LotRef(id=lot.id, expires_on=lot.expires_on) for at, lot in enumerate(named.lots)}
        found = found_lots(movement.key, said, item, desk)
        moves = tuple(LotMove(lot.id, lot.units, ends_at=found[lot.id].ends_at) for lot in named.lots)
        apart = [
            recalled_units(movement.key, found[lot.id], lot.units, movement.ref)
            for lot in named.lots
            if found[lot.id].lot.blocked
        ]
        movements = [movement._replace(lots=moves), *apart]
        writes += [held_still(found[lot.id].lot, desk) for lot in named.lots]
    if named.serials is not None:
        serials = tuple(named.serials)
        writes += desk.serials.came_in(movement.key, serials, cause, movement.ref)
        movements[0] = movements[0]._replace(serials=serials)
    return Booked(movements, writes)


def _check_kept(sku: str, named: Named, item: Item | None) -> None:
    lots, serials = item is not None and item.lot_tracked, item is not None and item.serial_tracked
    if lots and named.lots is None:
        raise _needed(f"{sku} is kept by lots: say of which", "lot_needed", "lots")
    if serials and named.serials is None:
        raise _needed(f"{sku} is kept by serial number: name them", "serials_needed", "serials")
    wrong = [
        Fault(field, f"{sku} is not kept by {field}")
        for field, said, kept in (("lots", named.lots, lots), ("serials", named.serials, serials))
        if said is not None and not kept
    ]
    if wrong:
        raise RejectedError(wrong[0].message, code="invalid", faults=wrong)


def _needed(message: str, code: str, field: str) -> RejectedError:
    return RejectedError(message, code=code, faults=[Fault(field, "are needed")])
