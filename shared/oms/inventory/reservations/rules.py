"""What a reservation is at an instant, where its units are kept, and what moves when it changes. Pure."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from oms.inventory.model import Change, Movement, Position, PositionKey
from oms.inventory.own import as_channel_sees
from oms.inventory.reservations.model import PREFIX, Kept, Reservation, Terms, Wanted
from oms.inventory.rules import ShortStockError, left_over
from oms.kernel.errors import Fault, Why
from oms.kernel.ids import derive_id
from oms.kernel.time import from_text, to_text
from oms.orders.bundles import whole_bundles

_MINUTE = timedelta(minutes=1)


def reservation_id_of(channel: str, owner: str) -> str:
    """One id for ever per natural key."""
    return derive_id("rsv", channel, owner)


def named(channel: str, name: str) -> str:
    """The id of the reservation that an order names: by its id, or by its owner in the order's channel."""
    return name if name.startswith(PREFIX) else reservation_id_of(channel, name)


def as_of(reservation: Reservation, now: str) -> Reservation:
    """The reservation at an instant: from `until` on it has expired, whether or not anybody wrote that down (I9)."""
    if reservation.live and reservation.until <= now:
        return reservation.model_copy(update={"status": "expired", "frozen": False})
    return reservation


def whole_minute(instant: datetime) -> str:
    """The instant, rounded up to a whole minute: a position has one term a minute, however many carts there are."""
    floor = instant.replace(second=0, microsecond=0)
    return to_text(floor if floor == instant else floor + _MINUTE)


def until(now: datetime, minutes: int, since: str, terms: Terms) -> str:
    """Until when activity at `now` keeps a reservation that began at `since`: not beyond the longest it may last."""
    return whole_minute(min(now + timedelta(minutes=minutes), _latest(since, terms)))


def frozen_until(now: datetime, since: str, terms: Terms) -> str:
    """Until when a buyer may be paying. It is an instant as well: if nobody thaws it, it is over then by itself."""
    return whole_minute(min(now, _latest(since, terms)) + timedelta(minutes=terms.frozen))


def thawed_until(reservation: Reservation, now: datetime, terms: Terms) -> str:
    """Until when it lasts once the buyer has stopped paying: as after activity, but this minute at least."""
    soon = whole_minute(now + timedelta(milliseconds=1))
    return min(reservation.until, max(soon, until(now, reservation.minutes, reservation.since, terms)))


def _latest(since: str, terms: Terms) -> datetime:
    return from_text(since) + timedelta(minutes=terms.longest)


def own_units(reservation: Reservation | None, positions: Mapping[PositionKey, Position]) -> dict[PositionKey, int]:
    """What of a reservation is really kept, by position: nothing where its time is up by that position's clock."""
    if reservation is None or not reservation.live:
        return {}
    units: dict[PositionKey, int] = {}
    for kept in reservation.kept:
        units[kept.key] = units.get(kept.key, 0) + kept.units
    terms = {key: dict(positions[key].terms) for key in units if key in positions}
    return {key: own for key, own in units.items() if terms.get(key, {}).get(reservation.until, 0) >= own}


def freed(reservation: Reservation | None, positions: Mapping[PositionKey, Position]) -> dict[PositionKey, Position]:
    """The positions as their owner sees them: an own hold is never in its owner's way (pain 2)."""
    seen = dict(positions)
    if reservation is not None:
        for key, units in own_units(reservation, positions).items():
            terms = dict(seen[key].terms)
            terms[reservation.until] -= units
            seen[key] = seen[key]._replace(terms=tuple(sorted((term, left) for term, left in terms.items() if left)))
    return seen


def place(
    lines: Sequence[Wanted],
    before: Reservation | None,
    positions: Mapping[PositionKey, Position],
    nearest: Sequence[str] | None,
    *,
    allow_partial: bool,
    channel: str | None = None,
    may_ship: Mapping[str, Collection[str]] = {},
) -> tuple[Kept, ...]:
    """Where the units are kept: a line whole at one location if it can be, from the nearest on, else from the fullest.

    Units that orders wait for are not there for a cart. What is kept already and not asked for anew stays where it is.
    `nearest` None: nobody knows where it goes. `channel`: whose cart it is. `may_ship`: the locations of the SKUs that
    only some may ship.

    Raises:
        ShortStockError: somewhere is less than was asked for, and all was wanted; `faults` name each line.
    """
    own = own_units(before, positions)
    there_for_it = left_over(as_channel_sees(channel, positions), channel)
    free = {key: units + own.get(key, 0) for key, units in there_for_it.items()}
    kept: list[Kept] = []
    faults: list[Fault] = []
    for row, line in enumerate(lines):
        mine = {} if line.components else {location: units for (sku, location), units in own.items() if sku == line.sku}
        mine = {location: min(units, free[line.sku, location]) for location, units in mine.items()}
        whole, may = _whole(line, free), may_ship.get(line.sku)
        if may is not None:
            mine, whole = ({name: n for name, n in row.items() if name in may} for row in (mine, whole))
        stays = nearest is None or sum(mine.values()) == line.quantity
        shares = _filled(_stay(mine, line.quantity) if stays else {}, line.quantity, whole, nearest)
        there = sum(shares.values())
        if there < line.quantity and not allow_partial:
            faults.append(Fault(f"lines.{row}.quantity", f"{line.quantity} of {line.sku} wanted, {there} available"))
        of = line.sku if line.components else None
        for location, units in sorted(shares.items()):
            for sku, each in line.parts:
                free[sku, location] -= each * units
                kept.append(Kept(sku=sku, location=location, units=each * units, of=of))
    if faults or not kept:
        raise _short(faults or [Fault("lines", "nothing of it is available")])
    return tuple(kept)


def moved(
    before: Reservation | None,
    after: Reservation | None,
    positions: Mapping[PositionKey, Position],
    *,
    ref: str,
) -> list[Movement]:
    """What moves from one state of a reservation to another; where its time is up already, nothing is given back."""
    net: dict[tuple[PositionKey, str], int] = {}
    if before is not None:
        net |= {(key, before.until): -units for key, units in own_units(before, positions).items()}
    if after is not None and after.live:
        for kept in after.kept:
            net[kept.key, after.until] = net.get((kept.key, after.until), 0) + kept.units
    return [
        Movement("reserved" if units > 0 else "unreserved", key, Change(reserved=units), ref=ref, term=term)
        for (key, term), units in sorted(net.items(), key=lambda row: (row[1], row[0]))
        if units
    ]


def lapsed_at(reservation: Reservation, positions: Mapping[PositionKey, Position]) -> list[Movement]:
    """Touch every position that still has the reservation's time in its books: writing it writes off what is over."""
    return [
        Movement("expired", kept.key, Change(), ref=reservation.id, term=reservation.until)
        for kept in reservation.kept
        if kept.key in positions and reservation.until in dict(positions[kept.key].lapsed)
    ]


def _whole(line: Wanted, free: Mapping[PositionKey, int]) -> dict[str, int]:
    """Units of a line that each location has: of a bundle, those that it can make whole."""
    shelves: dict[str, dict[str, int]] = {part: {} for part, _ in line.parts}
    for (sku, location), units in free.items():
        if sku in shelves:
            shelves[sku][location] = units
    return whole_bundles(line.parts, shelves)


def _stay(mine: Mapping[str, int], wanted: int) -> dict[str, int]:
    """Of what is kept, no more than is wanted; the most where there is most."""
    stays: dict[str, int] = {}
    for location, units in sorted(mine.items(), key=lambda pair: (-pair[1], pair[0])):
        part = min(units, wanted)
        if part:
            stays[location] = part
            wanted -= part
    return stays


def _filled(
    shares: Mapping[str, int], wanted: int, free: Mapping[str, int], nearest: Sequence[str] | None
) -> dict[str, int]:
    filled = dict(shares)
    rank = {location: number for number, location in enumerate(nearest or ())}
    order = sorted(free, key=lambda name: (rank.get(name, len(rank)), -free[name], name))
    left = wanted - sum(filled.values())
    whole = next((name for name in order if left and free[name] - filled.get(name, 0) >= left), None)
    for name in [whole] if whole is not None else order:
        part = min(left, free[name] - filled.get(name, 0))
        if part > 0:
            filled[name] = filled.get(name, 0) + part
            left -= part
    return filled


def _short(faults: Sequence[Fault]) -> ShortStockError:
    text = "; ".join(fault.message for fault in faults)
    return ShortStockError(text, faults=faults, why=[Why("short_stock", text, "ask for less, or take what there is")])
