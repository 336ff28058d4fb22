"""What a movement does to a position, and what it may not do."""

from collections.abc import Mapping, Sequence

from oms.inventory.lots import lots_after, named
from oms.inventory.model import CHANNEL_LEVEL, NOTHING, Change, LotMove, Movement, Position, PositionKey
from oms.inventory.own import own_of
from oms.kernel.errors import RejectedError, StateError, Why

BUCKETS = Change._fields
_TAKES = ("committed", "reserved")  # who takes must leave what others were promised


class ShortStockError(StateError):
    """More was to be taken than there is. Nothing was."""

    code = "short_stock"


class SerialsNeededError(RejectedError):
    """Units were to go whose serials are known, and nobody said which. Nothing was moved."""

    code = "serials_needed"


def applied(position: Position, movements: Sequence[Movement]) -> Position:
    """The position after the movements, one version on; reserved units whose time is up are written off with it.

    Raises:
        ShortStockError: a movement takes more than is available, or out of a bucket more than is in it.
    """
    movements = named(position, movements)
    terms = dict(position.terms)
    total = NOTHING
    for movement in movements:
        total = total.plus(movement.change)
        if movement.change.reserved:
            _move_term(terms, movement, position)
    after = _levelled(position.after(total._replace(reserved=0)), movements)._replace(
        lots=lots_after(position, movements),
        serials=position.serials + sum(_serials(movement) for movement in movements),
        terms=tuple(sorted((term, units) for term, units in terms.items() if units)),
        lapsed=(),
        version=position.version + 1,
    )
    refuse_negative(after)
    takes = sum(max(getattr(total, name), 0) for name in _TAKES)
    if takes and after.available < 0 and after.available < position.available:
        raise _short(position, f"{position.available} units can be taken", "take less, or wait for stock")
    return after


def left_over(positions: Mapping[PositionKey, Position], channel: str | None = None) -> dict[PositionKey, int]:
    """Units by position that are there for somebody who comes now: without those that others wait for.

    Who waits at one location is served from any: theirs are taken off where they wait, then where there is most. Own
    units of the channel, as whose the positions are seen, nobody else waits for.
    """
    own = {key: units for key, position in positions.items() if (units := own_of(channel, position))}
    free = {key: max(position.available, 0) - own.get(key, 0) for key, position in positions.items()}
    owed: dict[str, int] = {}
    for key, position in positions.items():
        here = min(free[key], position.backordered)
        free[key] -= here
        owed[key[0]] = owed.get(key[0], 0) + position.backordered - here
    for key in sorted(free, key=lambda one: (-free[one], one)) if any(owed.values()) else ():
        part = min(free[key], owed[key[0]])
        free[key] -= part
        owed[key[0]] -= part
    return {key: units + own.get(key, 0) for key, units in free.items()}


def lapsed_movements(position: Position) -> list[Movement]:
    """What is written down when somebody touches a position: reserved units whose time is up, lots that are over.

    Units of such a lot stay where they are: somebody must take them away, and until then they are `expired`.
    """
    over = [
        Movement("expired", position.key, NOTHING, f"lot:{lot.id}", lots=(LotMove(lot.id, 0),))
        for lot in position.ending
    ]
    kept = [Movement("expired", position.key, Change(reserved=-units), term=term) for term, units in position.lapsed]
    return [*kept, *over]


def as_read(position: Position, terms: Mapping[str, int], now: str) -> Position:
    """The position with its stored terms split at an instant: what is kept until `now` is not kept any more."""
    kept = sorted(terms.items())
    return position._replace(
        terms=tuple(pair for pair in kept if pair[0] > now),
        lapsed=tuple(pair for pair in kept if pair[0] <= now),
        read_at=now,
    )


def _serials(movement: Movement) -> int:
    return len(movement.serials) if movement.change.on_hand > 0 else -len(movement.serials)


def _levelled(position: Position, movements: Sequence[Movement]) -> Position:
    set_to = {name: value for movement in movements for name, value in movement.levels}
    channels = dict(position.channels)
    for name, units in set_to.items():
        if name.startswith(CHANNEL_LEVEL):
            channels[name.removeprefix(CHANNEL_LEVEL)] = units
    kept = tuple(sorted((name, units) for name, units in channels.items() if units))
    return position._replace(
        reorder_point=set_to.get("reorder_point", position.reorder_point),
        order_up_to=set_to.get("order_up_to", position.order_up_to),
        channels=kept,
    )


def _move_term(terms: dict[str, int], movement: Movement, position: Position) -> None:
    if movement.term is None:
        raise ValueError("reserved units need a term")
    terms[movement.term] = terms.get(movement.term, 0) + movement.change.reserved
    if terms[movement.term] < 0:
        raise _short(position, "fewer units are reserved until then", "read the reservation again")


def refuse_negative(after: Position) -> None:
    """Refuse a position with fewer units than none in a bucket, or with more set apart than there are.

    Raises:
        ShortStockError: so it is.
    """
    for name in BUCKETS:
        units = getattr(after, name)
        if units < 0:
            raise _short(after, f"{name} would be {units}", "move no more than there is")
    apart = after.damaged + after.quality_control
    if after.serials > after.on_hand:
        raise SerialsNeededError(f"{after.sku} at {after.location}: name the serials of the units that go")
    in_lots = sum(lot.units for lot in after.lots)
    if in_lots > after.on_hand:
        raise _short(after, f"{in_lots} units are of lots, of {after.on_hand} on hand", "name the lots that go")
    if apart > after.on_hand:
        raise _short(after, f"{apart} units are set apart, of {after.on_hand} on hand", "take units out of those first")


def _short(position: Position, message: str, possible: str) -> ShortStockError:
    text = f"{position.sku} at {position.location}: {message}"
    return ShortStockError(text, why=[Why("short_stock", text, possible)])
