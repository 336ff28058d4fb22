"""Which lots a movement moves: those it names, else the first expired first. Pure.

    units on hand = sum of the lots + units whose lot nobody has said

So an article may be kept by lots from some day on, and whoever does not know of lots (a count, a carrier's word) leaves
books that add up: what goes without a name goes first expired first, what comes without one has no lot.
"""

from collections.abc import Iterable, Sequence

from oms.inventory.model import Lot, LotMove, Movement, Position
from oms.kernel.errors import StateError, Why

MAX_LOTS = 50  # of a position: 3 to 4 KB of its item
_SENT = ("shipped", "transferred")  # to somebody: what is expired goes last of all


def named(position: Position, movements: Sequence[Movement]) -> list[Movement]:
    """The movements with the lots that they take, where they take units and do not say of which lot."""
    if not position.lots:
        return list(movements)
    found: list[Movement] = []
    state = position
    for movement in movements:
        taken = -movement.change.on_hand
        if taken > 0 and not movement.lots:
            movement = movement._replace(lots=first_expired(state, taken, sent=movement.kind in _SENT))
        state = state._replace(
            on_hand=state.on_hand + movement.change.on_hand, lots=lots_after(state, [movement], bounded=False)
        )
        found.append(movement)
    return found


def first_expired(position: Position, units: int, *, sent: bool = True) -> tuple[LotMove, ...]:
    """Lots to take `units` of, first expired first.

    What is sent to somebody is good, if enough of it is there: then units without a lot, then what is over. What is
    lost or counted away has no lot first, and then is what is over.
    """
    good = [lot for lot in position.lots if lot.free and (lot.ends_at is None or lot.ends_at > position.read_at)]
    over = [lot for lot in position.lots if lot.free and lot not in good]
    nobody = position.on_hand - sum(lot.units for lot in position.lots)
    moves: list[LotMove] = []
    for lot in [*good, None, *over] if sent else [None, *over, *good]:
        taken = min(units, lot.free if lot else nobody)
        units -= taken
        if lot and taken:
            moves.append(LotMove(lot.id, -taken))
    return tuple(moves)


def lots_after(position: Position, movements: Iterable[Movement], *, bounded: bool = True) -> tuple[Lot, ...]:
    """The lots of the position after the movements, first expired first; those of which nothing is left are gone.

    Raises:
        StateError: a lot has not so many units, or would have more apart than it has; or there would be too many lots.
    """
    lots = {lot.id: lot for lot in position.lots}
    for movement in movements:
        for move in movement.lots:
            lot = lots.get(move.id) or Lot(move.id, 0, 0, move.ends_at)
            lots[move.id] = lot._replace(units=lot.units + move.units, apart=lot.apart + move.apart)
    for lot in lots.values():
        if not 0 <= lot.apart <= lot.units:
            before = next((one for one in position.lots if one.id == lot.id), Lot(lot.id, 0))
            raise _short(position, f"{before.units} units are of lot {lot.id}, {before.apart} of them set apart")
    kept = sorted((lot for lot in lots.values() if lot.units), key=lambda lot: (lot.ends_at or "~", lot.id))
    if bounded and len(kept) > max(MAX_LOTS, len(position.lots)):
        raise _short(position, f"{MAX_LOTS} lots are there already")
    return tuple(kept)


def _short(position: Position, message: str) -> StateError:
    text = f"{position.sku} at {position.location}: {message}"
    return StateError(text, code="short_stock", why=[Why("short_stock", text, "name other lots, or fewer units")])
