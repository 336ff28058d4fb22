"""When a parcel leaves and arrives: cut-offs to the second, DST, leap days, the turn of the year (faults D9)."""

import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.shipping.calendar import delivery_date, handover_date, promise_window
from tests.shipping_builders import location, service

BERLIN = ZoneInfo("Europe/Berlin")
SAME_DAY = location(handling_days=0, cutoff=time(15, 0))
LATE_PICKUP = service(pickup_cutoff=time(18, 0))
HOLIDAYS = Path(__file__).parents[4] / "shared/data/5_reference/given/holidays/date-holidays_DE_2026.json"


def local(year: int, month: int, day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    """Wall-clock time in Berlin."""
    return datetime(year, month, day, hour, minute, second, tzinfo=BERLIN).astimezone(UTC)


@pytest.mark.parametrize(
    ("second", "expected"),
    [((14, 59, 59), date(2026, 11, 23)), ((15, 0, 0), date(2026, 11, 23)), ((15, 0, 1), date(2026, 11, 24))],
)
def test_one_second_after_the_cut_off_is_the_next_day(second: tuple[int, int, int], expected: date) -> None:
    assert handover_date(LATE_PICKUP, SAME_DAY, local(2026, 11, 23, *second)) == expected


@pytest.mark.parametrize(
    ("second", "expected"),
    [((13, 59, 59), date(2026, 11, 23)), ((14, 0, 0), date(2026, 11, 23)), ((14, 0, 1), date(2026, 11, 24))],
)
def test_the_pickup_of_today_is_missed_one_second_after_its_own_cut_off(
    second: tuple[int, int, int], expected: date
) -> None:
    early = service(pickup_cutoff=time(14, 0))
    assert handover_date(early, SAME_DAY, local(2026, 11, 23, *second)) == expected


def test_handling_days_are_working_days() -> None:
    two_days = location(handling_days=2, holidays=frozenset({"2026-11-24"}))
    assert handover_date(service(), two_days, local(2026, 11, 20, 12, 0)) == date(2026, 11, 25)  # Fri, Mon, (Tue), Wed


def test_a_weekend_order_starts_on_monday_however_early_it_came() -> None:
    assert handover_date(LATE_PICKUP, SAME_DAY, local(2026, 11, 21, 9, 0)) == date(2026, 11, 23)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (datetime(2026, 3, 27, 14, 0, tzinfo=UTC), date(2026, 3, 27)),  # winter: 15:00
        (datetime(2026, 3, 27, 14, 0, 1, tzinfo=UTC), date(2026, 3, 30)),
        (datetime(2026, 3, 30, 13, 0, tzinfo=UTC), date(2026, 3, 30)),  # summer: 15:00
        (datetime(2026, 3, 30, 13, 0, 1, tzinfo=UTC), date(2026, 3, 31)),
        (datetime(2026, 10, 23, 13, 0, 1, tzinfo=UTC), date(2026, 10, 26)),
        (datetime(2026, 10, 26, 14, 0, tzinfo=UTC), date(2026, 10, 26)),
    ],
)
def test_the_cut_off_follows_the_local_clock_through_dst(at: datetime, expected: date) -> None:
    assert handover_date(LATE_PICKUP, SAME_DAY, at) == expected


def test_the_same_instant_is_another_day_elsewhere() -> None:
    at = datetime(2026, 11, 24, 4, 30, tzinfo=UTC)  # Tuesday in Berlin, Monday 20:30 in Los Angeles
    west = location("lax-1", "US", "America/Los_Angeles", handling_days=0, cutoff=time(21, 0))
    night = service(pickup_cutoff=time(21, 0))
    assert handover_date(night, west, at) == date(2026, 11, 23)
    assert handover_date(night, SAME_DAY, at) == date(2026, 11, 24)


def test_transit_counts_transit_days_and_arrival_is_pushed_past_days_without_delivery() -> None:
    every_day = frozenset(range(7))
    running = service(transit_days=every_day)
    assert delivery_date(running, date(2026, 11, 26), 2, ()) == date(2026, 11, 30)  # Thu + Fri, Sat; Monday delivers
    assert delivery_date(service(), date(2026, 11, 26), 2, ()) == date(2026, 11, 30)  # Thu + Fri, Mon
    assert delivery_date(service(), date(2026, 11, 26), 2, {"2026-11-30"}) == date(2026, 12, 1)
    assert delivery_date(service(), date(2026, 11, 26), 0, ()) == date(2026, 11, 26)


def test_the_leap_day_is_a_day() -> None:
    assert delivery_date(service(), date(2028, 2, 28), 1, ()) == date(2028, 2, 29)
    assert delivery_date(service(), date(2027, 2, 26), 1, ()) == date(2027, 3, 1)
    assert handover_date(LATE_PICKUP, SAME_DAY, local(2028, 2, 28, 15, 0, 1)) == date(2028, 2, 29)


def test_the_turn_of_the_year_is_crossed() -> None:
    year_end = location(handling_days=1, holidays=frozenset({"2027-01-01"}))
    window = promise_window(service(), (1, 2), year_end, local(2026, 12, 31, 12, 0), {"2027-01-01"})
    assert window == (date(2027, 1, 4), date(2027, 1, 5), date(2027, 1, 6))


@pytest.mark.skipif(not HOLIDAYS.exists(), reason="real holidays are not here")
def test_german_holidays_keep_the_location_closed() -> None:
    public = frozenset(row["date"][:10] for row in json.loads(HOLIDAYS.read_text()) if row["type"] == "public")
    closed = location(handling_days=0, holidays=public)
    assert handover_date(LATE_PICKUP, closed, local(2026, 12, 24, 16, 0)) == date(2026, 12, 28)
    assert handover_date(LATE_PICKUP, closed, local(2026, 4, 2, 16, 0)) == date(2026, 4, 7)  # Easter


def test_calendars_that_never_meet_are_an_error_and_not_a_loop() -> None:
    sundays = service(pickup_days=frozenset({6}))
    with pytest.raises(ValueError, match="no pickup day in common"):
        handover_date(sundays, SAME_DAY, local(2026, 11, 23, 12, 0))
    with pytest.raises(ValueError, match="never works"):
        handover_date(service(), location(working_days=frozenset()), local(2026, 11, 23, 12, 0))


days = st.frozensets(st.integers(0, 6), min_size=1)
instants = st.datetimes(datetime(2024, 1, 1), datetime(2032, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
zones = st.sampled_from(
    ["Europe/Berlin", "Europe/London", "America/New_York", "America/Los_Angeles", "Asia/Kathmandu", "Pacific/Apia"]
)


@given(instants, zones, days, days, days, st.integers(0, 5), st.integers(0, 9), st.integers(0, 9))
def test_no_promise_is_earlier_than_the_calendars_allow(
    at: datetime,
    zone: str,
    work: frozenset[int],
    transit: frozenset[int],
    delivery: frozenset[int],
    handling: int,
    shortest: int,
    more: int,
) -> None:
    place = location(zone=zone, working_days=work, handling_days=handling)
    offered = service(pickup_days=work, transit_days=transit, delivery_days=delivery)
    window = promise_window(offered, (shortest, shortest + more), place, at, ())
    today = at.astimezone(ZoneInfo(zone)).date()
    assert window.ship_on >= today + timedelta(days=handling)
    assert window.ship_on.weekday() in work
    assert window.ship_on + timedelta(days=shortest) <= window.earliest_on <= window.latest_on
    assert {window.earliest_on.weekday(), window.latest_on.weekday()} <= delivery
    used = [window.ship_on + timedelta(days=n) for n in range(1, (window.latest_on - window.ship_on).days + 1)]
    assert sum(day.weekday() in transit for day in used) >= shortest + more


@given(instants, st.integers(0, 3 * 24 * 3600))
def test_a_later_order_never_leaves_earlier(at: datetime, seconds: int) -> None:
    place = location()
    assert handover_date(service(), place, at) <= handover_date(service(), place, at + timedelta(seconds=seconds))
