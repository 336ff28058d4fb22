"""Which lots a movement moves: those it names, else the first expired first. Pure.

    units on hand = sum of the lots + units whose lot nobody has said

So an article may be kept by lots from some day on, and whoever does not know of lots (a count, a carrier's word) leaves
books that add up: what goes without a name goes first expired first, what comes without one has no lot.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from oms.inventory.model import Lot, LotMove, Movement, Position
from oms.kernel.errors import StateError, Why
from oms.kernel.time import to_text
from oms.orders.model import FulfillmentOrder


class LotError(StateError):
    """Units of a lot were to move that are not there. Nothing was moved."""

    code = "short_stock"


class BlockedLotError(LotError):
    """Units of a blocked lot were to be sold or sent. Nothing was moved."""

    code = "lot_blocked"

    @classmethod
    def of(cls, sku: str, lot_id: str) -> "BlockedLotError":
        """The refusal that says what must come first."""
        text = f"lot {lot_id} of {sku} is blocked: unblock it first"
        return cls(text, why=[Why(cls.code, text, "unblock the lot, or name other lots")])


MAX_LOTS = 50  # of a position: 3 to 4 KB of its item
_SENT = ("shipped", "transferred")  # to somebody: what is expired goes last of all


def named(position: Position, movements: Sequence[Movement]) -> list[Movement]:
    """The movements with the lots that they take, where they take units and do not say of which lot."""
    if not position.lots:
        return list(movements)
    found: list[Movement] = []
    state = position
    for one in movements:
        taken = -one.change.on_hand
        unnamed = taken > 0 and not one.lots
        movement = one._replace(lots=first_expired(state, taken, sent=one.kind in _SENT)) if unnamed else one
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


def next_lots(position: Position, ahead: int, units: int, *, last: str = "") -> list[tuple[str | None, int]]:
    """The lots of `units` that go after `ahead` others, first expired first, then those of no lot (None).

    What is over, or by the instant `last`, is not among them. Where fewer are there, they are the last ones.
    """
    ends = max(position.read_at, last)
    good = [lot for lot in position.lots if lot.free and (lot.ends_at is None or lot.ends_at > ends)]
    queue: list[tuple[str | None, int]] = [(lot.id, lot.free) for lot in good]
    queue.append((None, position.on_hand - sum(lot.units for lot in position.lots)))
    skipped = max(min(ahead, sum(some for _, some in queue) - units), 0)
    found: list[tuple[str | None, int]] = []
    for lot, some in queue:
        passed = min(skipped, some)
        skipped -= passed
        now = min(some - passed, units)
        units -= now
        found += [(lot, now)] if now else []
    return found


def picked(work: FulfillmentOrder, units: Mapping[str, int]) -> dict[str, tuple[LotMove, ...]]:
    """By SKU the lots that the location says to have taken, where it says so of all units."""
    said: dict[str, Counter[str]] = {}
    for line in work.lines:
        if line.lots and not line.components:
            said.setdefault(line.sku, Counter()).update(dict(line.lots))
    return {
        sku: tuple(LotMove(lot, -count) for lot, count in sorted(lots.items()))
        for sku, lots in said.items()
        if lots.total() == units.get(sku, 0)
    }


def taken(lots: Iterable[LotMove], units: int) -> tuple[list[LotMove], list[LotMove]]:
    """The first `units` of some lots, and what is left of them."""
    first: list[LotMove] = []
    rest: list[LotMove] = []
    for lot in lots:
        now = min(units, lot.units)
        units -= now
        first += [lot._replace(units=now)] if now else []
        rest += [lot._replace(units=lot.units - now)] if lot.units > now else []
    return first, rest


def lots_after(position: Position, movements: Iterable[Movement], *, bounded: bool = True) -> tuple[Lot, ...]:
    """The lots of the position after the movements, first expired first; those of which nothing is left are gone.

    Raises:
        LotError: a lot has not so many units, or would have more apart than it has; or there would be too many lots.
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
    now = position.read_at
    marked = (lot._replace(over=lot.ends_at is not None and lot.ends_at <= now) for lot in lots.values() if lot.units)
    kept = sorted(marked, key=_order)
    if bounded and len(kept) > max(MAX_LOTS, len(position.lots)):
        raise _short(position, f"{MAX_LOTS} lots are there already")
    return tuple(kept)


def stored_lots(lots: Iterable[Lot]) -> dict[str, dict[str, Any]] | None:
    """Lots as they are stored; None: there are none."""
    return {lot.id: {"u": lot.units, "a": lot.apart, "e": lot.ends_at, "o": lot.over or None} for lot in lots} or None


def lots_of(stored: Mapping[str, Mapping[str, Any]]) -> tuple[Lot, ...]:
    """Lots as they were stored, first expired first."""
    lots = (Lot(name, lot["u"], lot["a"], lot.get("e"), lot.get("o", False)) for name, lot in stored.items())
    return tuple(sorted(lots, key=_order))


def ends_at(expires_on: str, shelf_days: int, time_zone: str) -> str:
    """The instant from which a lot may not be taken any more: `expires_on` is its last good day at the location.

    A buyer must get `shelf_days` days of it at least, so it ends so many days earlier.
    """
    day = date.fromisoformat(expires_on) + timedelta(days=1 - shelf_days)
    return to_text(datetime.combine(day, time(), ZoneInfo(time_zone)))


def _order(lot: Lot) -> tuple[str, str]:
    return lot.ends_at or "~", lot.id


def _short(position: Position, message: str) -> LotError:
    text = f"{position.sku} at {position.location}: {message}"
    return LotError(text, why=[Why("short_stock", text, "name other lots, or fewer units")])
