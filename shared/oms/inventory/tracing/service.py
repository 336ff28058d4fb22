"""Block a lot everywhere, and say where it is and where it went."""

from dataclasses import dataclass

from oms.aws.tables import commit
from oms.inventory.model import Cause, Change, LotMove, Movement, Position, PositionKey
from oms.inventory.serials.model import SerialView
from oms.inventory.serials.store import SerialStore
from oms.inventory.store import StockStore
from oms.inventory.tracing.model import KnownLot, LotPlace, LotUse, LotUsePage, LotView
from oms.inventory.tracing.store import LotStore
from oms.kernel.errors import ConflictError, MalformedError, NotFoundError
from oms.kernel.time import Clock, to_text

TRIES = 5
HOPS = 200  # entries of the journal that one page looks through: about a second
_GONE = ("shipped", "transferred")


@dataclass(frozen=True)
class TracingDesk:
    """The collaborators."""

    lots: LotStore
    serials: SerialStore
    stock: StockStore
    clock: Clock


def read_lot(sku: str, lot_id: str, *, desk: TracingDesk) -> LotView:
    """A lot, and where what is left of it lies.

    Raises:
        NotFoundError: nobody has ever booked one in.
    """
    known = _known(sku, lot_id, desk)
    places = tuple(
        LotPlace(location=position.location, units=lot.units, apart=lot.apart, ends_at=lot.ends_at)
        for position in desk.stock.positions_of(sku)
        for lot in position.lots
        if lot.id == lot_id
    )
    return LotView(
        sku=sku, lot_id=lot_id, expires_on=known.expires_on, blocked=known.blocked, reason=known.why, locations=places
    )


def block_lot(sku: str, lot_id: str, reason: str, *, by: str, desk: TracingDesk) -> LotView:
    """Set all free units of a lot apart, wherever they lie, and what comes in of it from now on.

    Orders that were to get it get other units: what then lacks is said by `StockFellShort`. The block is written first,
    so who dies half way and sends it again goes on where it was.

    Raises:
        NotFoundError: nobody has ever booked one in.
        ConflictError: a position changed under our hands five times; send it again.
    """
    known = _known(sku, lot_id, desk)
    if not known.blocked:
        commit(desk.lots.write(known._replace(blocked=True, why=reason, version=known.version + 1), known.version))
    for position in desk.stock.positions_of(sku):
        _set_apart(position.key, lot_id, Cause(by, to_text(desk.clock()), reason), desk)
    return read_lot(sku, lot_id, desk=desk)


def unblock_lot(sku: str, lot_id: str, *, desk: TracingDesk) -> LotView:
    """Let what comes in of a lot be sold again; what was set apart is cleared by movements, location by location.

    Raises:
        NotFoundError: nobody has ever booked one in.
        ConflictError: somebody else wrote first.
    """
    known = _known(sku, lot_id, desk)
    if known.blocked:
        commit(desk.lots.write(known._replace(blocked=False, why=None, version=known.version + 1), known.version))
    return read_lot(sku, lot_id, desk=desk)


def trace_lot(sku: str, lot_id: str, *, cursor: str | None, desk: TracingDesk) -> LotUsePage:
    """Where a lot went: one page of the histories of its SKU's positions, location by location, the newest first.

    Nothing is written for this when goods move: the journal has it, and a recall may take a second per page.

    Raises:
        NotFoundError: nobody has ever booked one in.
        MalformedError: code `bad_cursor`: not an entry of such a history.
    """
    _known(sku, lot_id, desk)
    positions = desk.stock.positions_of(sku)
    place, _, entry = (cursor or "").partition("#")
    if cursor is not None and not any(one.location == place for one in positions):
        raise MalformedError("not a cursor of this list", code="bad_cursor")
    for number, position in enumerate(positions):
        if cursor is not None and position.location < place:
            continue
        begin = _from(position, entry if position.location == place else "", desk)
        uses, before = _uses(begin, lot_id, desk)
        later = positions[number + 1 :]
        after = f"{position.location}#{before}" if before else (f"{later[0].location}#" if later else None)
        if uses or before or not later:
            return LotUsePage(uses=tuple(uses), next_cursor=after)
    return LotUsePage(uses=())


def read_serial(sku: str, serial: str, *, desk: TracingDesk) -> SerialView:
    """One thing by its serial number: where it is, and what happened to it.

    Raises:
        NotFoundError: nobody has ever booked it in.
    """
    found = desk.serials.known(sku, [serial]).get(serial)
    if found is None:
        raise NotFoundError(f"there is no serial {serial} of {sku}")
    own = found._asdict()
    del own["version"]
    return SerialView(**own)


def _from(position: Position, entry: str, desk: TracingDesk) -> Position:
    if not entry:
        return position
    found = desk.stock.entry(entry)
    if found is None or all((one.sku, one.location) != position.key for one in found.postings):
        raise MalformedError("not a cursor of this list", code="bad_cursor")
    return position._replace(entry=entry)


def _uses(position: Position, lot_id: str, desk: TracingDesk) -> tuple[list[LotUse], str | None]:
    """Uses among the next entries of a history, and the entry behind them."""
    uses: list[LotUse] = []
    before = None
    for entry, posting in desk.stock.history(position, limit=HOPS):
        before = posting.before
        units = sum(by for name, by, _ in posting.lots if name == lot_id)
        if units < 0 and posting.kind in _GONE:
            use = LotUse(location=position.location, at=entry.at, kind=posting.kind, units=-units, ref=posting.ref)
            uses.append(use)
    return uses, before


def _set_apart(key: PositionKey, lot_id: str, cause: Cause, desk: TracingDesk) -> None:
    for lost in range(1, TRIES + 1):
        position = desk.stock.positions_at([key])[key]
        free = next((lot.free for lot in position.lots if lot.id == lot_id), 0)
        if not free:
            return
        lots = (LotMove(lot_id, 0, free),)
        movement = Movement("quarantined", key, Change(quality_control=free), ref=f"lot:{lot_id}", lots=lots)
        try:
            commit(*desk.stock.writes([movement], {key: position}, cause))
        except ConflictError:
            if lost == TRIES:
                raise
        else:
            return


def _known(sku: str, lot_id: str, desk: TracingDesk) -> KnownLot:
    found = desk.lots.known([(sku, lot_id)]).get((sku, lot_id))
    if found is None:
        raise NotFoundError(f"there is no lot {lot_id} of {sku}")
    return found
