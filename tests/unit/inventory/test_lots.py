"""Lots, whatever moves: what is named goes, else the first expired first, and they are never more than is on hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.inventory.lots import MAX_LOTS, LotError, first_expired, taken
from oms.inventory.model import Change, Kind, Lot, LotMove, Movement, Position
from oms.inventory.rules import ShortStockError, applied

NOW = "2026-11-23T09:00:00.000Z"
ENDS = (None, "2026-11-01T00:00:00.000Z", "2026-12-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z")
NAMES = ("A", "B", "C", "D")


def at(lots: tuple[Lot, ...], on_hand: int) -> Position:
    return Position("BRIE", "ber-1", on_hand, 0, 0, version=1, lots=lots, read_at=NOW)


@st.composite
def positions(draw: st.DrawFn) -> Position:
    lots = []
    for name, ends in zip(NAMES, ENDS, strict=True):
        units = draw(st.integers(0, 5))
        if units:
            lots.append(Lot(name, units, draw(st.integers(0, units)), ends))
    apart = sum(lot.apart for lot in lots)
    lots.sort(key=lambda lot: (lot.ends_at or "~", lot.id))
    more = draw(st.integers(0, 5))
    return at(tuple(lots), sum(lot.units for lot in lots) + more)._replace(damaged=apart)


@given(positions(), st.integers(0, 25), st.booleans())
def test_what_is_taken_without_a_name_is_good_before_it_is_over_and_soonest_first(
    position: Position, units: int, sent: bool
) -> None:
    moves = {move.id: -move.units for move in first_expired(position, units, sent=sent)}
    free = {lot.id: lot.free for lot in position.lots}
    assert all(0 < units <= free[name] for name, units in moves.items())
    unnamed = position.on_hand - sum(lot.units for lot in position.lots)
    assert sum(moves.values()) >= min(units, unnamed + sum(free.values())) - unnamed
    if sent:
        good = [lot for lot in position.lots if lot.ends_at is None or lot.ends_at > NOW]
        left = units
        for lot in good:
            assert moves.get(lot.id, 0) == min(left, lot.free)
            left -= min(left, lot.free)


@given(positions(), st.integers(-8, 8), st.sampled_from([None, *NAMES, "NEW"]))
def test_lots_are_never_more_than_is_on_hand(position: Position, units: int, name: str | None) -> None:
    lots = (LotMove(name, units),) if name else ()
    kind: Kind = "received" if units >= 0 else "shipped"
    try:
        after = applied(position, [Movement(kind, position.key, Change(on_hand=units), lots=lots)])
    except (ShortStockError, LotError):
        assert units < 0
        return
    assert after.on_hand == position.on_hand + units
    assert sum(lot.units for lot in after.lots) <= after.on_hand
    assert all(0 <= lot.apart <= lot.units for lot in after.lots)
    if name:
        assert sum(lot.units for lot in after.lots) == sum(lot.units for lot in position.lots) + units


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.integers(1, 5)), max_size=5), st.integers(0, 30))
def test_lots_that_are_divided_are_the_same_together(lots: list[tuple[str, int]], units: int) -> None:
    first, rest = taken([LotMove(*lot) for lot in lots], units)
    total = sum(count for _, count in lots)
    assert sum(lot.units for lot in first) == min(units, total)
    assert sum(lot.units for lot in (*first, *rest)) == total


def test_a_position_has_room_for_fifty_lots() -> None:
    full = at(tuple(Lot(f"L{number:02}", 1) for number in range(MAX_LOTS)), MAX_LOTS)
    more = Movement("received", full.key, Change(on_hand=1), lots=(LotMove("NEW", 1),))
    with pytest.raises(LotError, match="50 lots are there already"):
        applied(full, [more])
