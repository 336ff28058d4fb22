"""Available to promise by date: golden cases by hand, and laws against a brute force that walks day by day."""

from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.inventory.supply.model import Due, SupplyTerms
from oms.inventory.supply.rules import curve, lateness_days, promisable, promisable_on, together, usable_on
from oms.reference.model import Location

TODAY = date(2026, 11, 23)  # a Monday
HORIZON = 40


def day(number: int) -> date:
    return TODAY + timedelta(days=number)


BER = Location(
    id="ber-1",
    name="Berlin",
    country="DE",
    postal_code="12099",
    latitude=52,
    longitude=13,
    time_zone="Europe/Berlin",
    cutoff=time(15),
    holidays=frozenset({"2026-12-25"}),
)


@pytest.mark.parametrize(
    ("on_hand", "committed", "receipts", "quantity", "expected"),
    [
        (5, [], [], 5, 0),  # there
        (5, [], [], 6, None),  # nothing is to come
        (0, [], [(7, 10)], 10, 7),  # with the receipt
        (0, [], [(7, 10)], 11, None),
        (2, [], [(7, 10)], 3, 7),  # what is there does not do
        (10, [(7, 10)], [], 1, None),  # promised for next week: not sold today
        (10, [(7, 10)], [(6, 4)], 4, 0),  # ... unless a receipt covers that
        (10, [(7, 10)], [(8, 4)], 4, 8),  # ... in time
        (0, [(3, 5)], [(1, 5), (9, 5)], 5, 9),  # the first receipt is the older promise's
        (-4, [], [(2, 3), (5, 3)], 2, 5),  # eaten safety stock is filled up first
        (3, [(-9, 3)], [(-2, 6)], 6, 0),  # overdue counts as of today, both ways
    ],
)
def test_a_promise_is_for_the_first_day_from_which_the_units_stay(
    on_hand: int, committed: list[tuple[int, int]], receipts: list[tuple[int, int]], quantity: int, expected: int | None
) -> None:
    owed = [Due(day(number), units) for number, units in committed]
    coming = [Due(day(number), units) for number, units in receipts]
    found = curve(TODAY, on_hand, owed, coming)
    assert promisable_on(found, quantity) == (None if expected is None else day(expected))


dues = st.lists(st.builds(Due, st.integers(-5, HORIZON).map(day), st.integers(1, 20)), max_size=8)


def brute(on_hand: int, owed: list[Due], coming: list[Due], on: int) -> int:
    """The least, over every later day, of what is there by then."""
    return min(
        on_hand
        + sum(one.units for one in coming if one.on <= day(later))
        - sum(one.units for one in owed if one.on <= day(later))
        for later in range(on, HORIZON + 1)
    )


@given(st.integers(-10, 40), dues, dues, st.integers(1, 30))
def test_the_curve_is_what_walking_day_by_day_finds(
    on_hand: int, owed: list[Due], coming: list[Due], quantity: int
) -> None:
    found = curve(TODAY, on_hand, owed, coming)
    for on in range(HORIZON + 1):
        assert promisable(found, day(on)) == max(brute(on_hand, owed, coming, on), 0)
    days = [on for on in range(HORIZON + 1) if brute(on_hand, owed, coming, on) >= quantity]
    assert promisable_on(found, quantity) == (day(days[0]) if days else None)


@given(st.integers(0, 40), dues, st.lists(st.integers(1, 15), max_size=10))
def test_a_new_promise_never_robs_an_older_one(on_hand: int, coming: list[Due], wishes: list[int]) -> None:
    """Promise one after the other; then every day's books must cover all that was promised by it (domain I8)."""
    promised: list[Due] = []
    for quantity in wishes:
        on = promisable_on(curve(TODAY, on_hand, promised, coming), quantity)
        if on is not None:
            promised.append(Due(on, quantity))
    found = curve(TODAY, on_hand, promised, coming)
    assert all(units >= 0 for units in found.atp)


@given(st.integers(-10, 40), dues, dues)
def test_what_can_be_promised_never_falls_with_time(on_hand: int, owed: list[Due], coming: list[Due]) -> None:
    found = curve(TODAY, on_hand, owed, coming)
    units = [promisable(found, day(on)) for on in range(HORIZON + 1)]
    assert units == sorted(units)


@given(st.integers(0, 40), dues, dues, st.integers(0, 10))
def test_a_later_receipt_never_makes_a_promise_earlier(
    on_hand: int, owed: list[Due], coming: list[Due], by: int
) -> None:
    moved = [Due(one.on + timedelta(days=by), one.units) for one in coming]
    for quantity in (1, 5, 20):
        before = promisable_on(curve(TODAY, on_hand, owed, coming), quantity)
        after = promisable_on(curve(TODAY, on_hand, owed, moved), quantity)
        assert after is None or (before is not None and before <= after)


@given(st.lists(st.tuples(st.integers(-10, 40), dues, dues), max_size=3), st.integers(0, 20))
def test_locations_together_promise_what_each_can_less_what_is_owed(
    places: list[tuple[int, list[Due], list[Due]]], owed: int
) -> None:
    curves = [curve(TODAY, *place) for place in places]
    whole = together(curves, TODAY, owed)
    for on in range(HORIZON + 1):
        expected = sum(promisable(one, day(on)) for one in curves) - owed
        assert promisable(whole, day(on)) == max(expected, 0)


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        ([], 2),  # the prior
        ([9], 4),  # (1 x 9 + 5 x 2) / 6 = 3.17
        ([9] * 5, 6),  # (45 + 10) / 10 = 5.5
        ([9] * 64, 9),  # 64 x 9 + 10, of 69: 8.49
        ([0] * 9 + [30], 1),  # the ninth of ten is 0: (0 + 10) / 15
        ([0] * 8 + [30, 30], 21),  # the ninth of ten is 30: 310 / 15
        ([-20] * 64, 0),  # early is a gift, not a promise
        ([99] * 64 + [0] * 64, 1),  # only the last 64 count
    ],
)
def test_a_stated_date_is_shifted_by_the_suppliers_lateness(observed: list[int], expected: int) -> None:
    assert lateness_days(observed, SupplyTerms(quantile_pct=90, prior_days=2, prior_weight=5)) == expected


@given(st.lists(st.integers(-30, 60), min_size=1, max_size=80), st.integers(1, 99))
def test_lateness_lies_between_the_prior_and_the_quantile(observed: list[int], pct: int) -> None:
    bare = lateness_days(observed, SupplyTerms(quantile_pct=pct, prior_days=0, prior_weight=0))
    drawn = lateness_days(observed, SupplyTerms(quantile_pct=pct, prior_days=7, prior_weight=5))
    seen = observed[-64:]
    assert sum(one <= bare for one in seen) * 100 >= pct * len(seen)
    assert min(bare, 7) <= drawn <= max(bare, 7)


@pytest.mark.parametrize(
    ("due_on", "late", "expected"),
    [
        (date(2026, 11, 24), 0, date(2026, 11, 25)),  # Tuesday, worked on for one working day
        (date(2026, 11, 27), 0, date(2026, 11, 30)),  # Friday: on sale on Monday
        (date(2026, 11, 27), 1, date(2026, 12, 1)),  # Saturday is taken in on Monday
        (date(2026, 12, 24), 0, date(2026, 12, 28)),  # the 25th is a holiday, then it is weekend
    ],
)
def test_goods_are_taken_in_and_worked_on_on_the_locations_working_days(
    due_on: date, late: int, expected: date
) -> None:
    assert usable_on(due_on, late, BER, SupplyTerms(processing_days=1)) == expected
