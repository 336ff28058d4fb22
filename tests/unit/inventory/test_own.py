"""Own units of a channel: nobody else takes them, whatever is reserved, taken and given back in between."""

from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from oms.inventory.model import Change, Movement, Position
from oms.inventory.own import as_channel_sees, own_of
from oms.inventory.reservations.model import Wanted
from oms.inventory.reservations.rules import place
from oms.inventory.rules import ShortStockError, applied, left_over

KEYS = (("CUP", "ber-1"), ("CUP", "lon-1"))
CHANNELS = ("shop", "marketplace", "desk")
NOW, TERM = "2026-11-23T09:00:00.000Z", "2026-11-23T10:00:00.000Z"


def position(location: str, on_hand: int, *, own: dict[str, int], **more: Any) -> Position:
    return Position("CUP", location, on_hand, 0, 0, channels=tuple(sorted(own.items())), read_at=NOW, **more)


class Step(NamedTuple):
    """What somebody does: a cart of a channel, or new own units of it at a location."""

    channel: str
    units: int
    sets_at: int | None


steps = st.lists(
    st.builds(Step, st.sampled_from(CHANNELS), st.integers(1, 6), st.sampled_from([None, None, 0, 1])), max_size=12
)
owned = st.dictionaries(st.sampled_from(CHANNELS), st.integers(1, 5))
shelves = st.tuples(st.integers(0, 9), owned, st.integers(0, 2), st.integers(0, 3))


@settings(max_examples=200, deadline=None)
@given(st.tuples(shelves, shelves), steps)
def test_nothing_is_oversold_and_no_channel_takes_what_is_another_ones(
    shelf: tuple[tuple[int, dict[str, int], int, int], ...], steps: list[Step]
) -> None:
    books = {
        key: position(key[1], there, own=own, safety_stock=safety, backordered=waits)
        for key, (there, own, safety, waits) in zip(KEYS, shelf, strict=True)
    }
    for step in steps:
        if step.sets_at is not None:
            key = KEYS[step.sets_at]
            level = Movement("guarded", key, Change(), levels=((f"channel:{step.channel}", step.units - 1),))
            books[key] = applied(books[key], [level])
            continue
        before = dict(books)
        try:
            kept = place(
                [Wanted(sku="CUP", quantity=step.units)], None, books, None, allow_partial=True, channel=step.channel
            )
        except ShortStockError:
            seen = left_over(as_channel_sees(step.channel, books), step.channel)
            assert sum(seen.values()) == 0
            continue
        for one in kept:
            books[one.key] = applied(
                books[one.key], [Movement("reserved", one.key, Change(reserved=one.units), term=TERM)]
            )
        for key, after in books.items():
            taken = before[key].available - after.available
            assert after.available >= min(before[key].available, 0)
            for channel in set(CHANNELS) - {step.channel}:
                assert not taken or own_of(channel, after) == own_of(channel, before[key])


def test_each_channel_sees_its_own_units_and_no_others() -> None:
    books = {KEYS[0]: position("ber-1", 9, own={"marketplace": 3, "desk": 2}, committed=1)}
    seen = {name: as_channel_sees(name, books)[KEYS[0]].available for name in (*CHANNELS, None)}
    assert seen == {"shop": 3, "marketplace": 6, "desk": 5, None: 3}
    assert as_channel_sees("shop", as_channel_sees("shop", books)) == as_channel_sees("shop", books)
    plain = {KEYS[1]: position("lon-1", 4, own={})}
    assert as_channel_sees("shop", plain) is plain


def test_who_waits_in_other_channels_has_no_claim_to_own_units() -> None:
    books = {KEYS[0]: position("ber-1", 5, own={"marketplace": 3}, backordered=9)}
    left = {name: left_over(as_channel_sees(name, books), name)[KEYS[0]] for name in ("shop", "marketplace")}
    assert left == {"shop": 0, "marketplace": 3}


def test_what_was_taken_before_units_became_a_channels_own_stays_taken() -> None:
    books = {KEYS[0]: position("ber-1", 5, own={"marketplace": 4}, committed=4)}
    assert [as_channel_sees(name, books)[KEYS[0]].available for name in ("shop", "marketplace")] == [0, 1]
