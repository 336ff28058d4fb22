"""What a count of lots and serials says of the books as they are now. Pure.

    what is there now = what was counted + what moved since, lot by lot

What left since left by the books' guess, first expired first, wherever nobody said of which lot it was. A lot of which
more left than was counted shows a wrong guess: those units were of the lots that were counted, first expired first too.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from oms.inventory.counts.model import Since
from oms.inventory.model import LotMove, Position


class Seen(NamedTuple):
    """Serials of a count: those that should have been seen, and those that nobody has in stock here."""

    missing: tuple[str, ...]
    unknown: tuple[str, ...]


def units_now(counted: Mapping[str, int], since: Since, order: Sequence[str]) -> dict[str, int]:
    """Units by lot. `order`: the lots, first expired first; those that it does not name come last."""
    names = [*order, *sorted((counted.keys() | since.lots.keys()) - set(order))]
    raw = {name: counted.get(name, 0) + since.lots.get(name, 0) for name in names}
    nobody = since.on_hand - sum(since.lots.values())
    debt = -sum(min(units, 0) for units in (*raw.values(), nobody))
    now: dict[str, int] = {}
    for name in names:
        paid = min(max(raw[name], 0), debt)
        debt -= paid
        now[name] = max(raw[name], 0) - paid
    return now


def lot_moves(position: Position, now: Mapping[str, int], ends: Mapping[str, str | None]) -> tuple[LotMove, ...]:
    """What makes the lots of a position those of `now`.

    Of fewer units fewer may be set apart: then nobody says of which lot the rest of those is.
    """
    known = {lot.id: lot for lot in position.lots}
    moves: list[LotMove] = []
    for name in sorted(known.keys() | now.keys()):
        before = known.get(name)
        units, apart = (before.units, before.apart) if before else (0, 0)
        after = now.get(name, 0)
        if after != units:
            moves.append(LotMove(name, after - units, min(apart, after) - apart, ends.get(name)))
    return tuple(moves)


def seen(counted: Collection[str], in_stock: Collection[str], since: Since) -> Seen:
    """What of the serials does not fit. `in_stock`: those of the position now.

    Who has left since was there, who has come since was not.
    """
    expected = _before(in_stock, since.serials)
    missing = (expected - set(counted)) & set(in_stock)
    unknown = set(counted) - expected - set(in_stock)
    return Seen(tuple(sorted(missing)), tuple(sorted(unknown)))


def _before(in_stock: Iterable[str], moved: Iterable[tuple[bool, str]]) -> set[str]:
    there = set(in_stock)
    for came, serial in moved:
        if came:
            there.discard(serial)
        else:
            there.add(serial)
    return there
