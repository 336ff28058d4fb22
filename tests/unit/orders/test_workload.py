"""Which day of a location work falls on, and what it takes of it."""

from datetime import UTC, datetime, time

import pytest

from oms.orders.model import FulfillmentLine
from oms.orders.workload.model import Counted, Load, Workday
from oms.orders.workload.rules import counted, limit_of, workday
from oms.reference.model import Location


def location(**more: object) -> Location:
    return Location.model_validate(
        {
            "id": "nyc-1",
            "name": "nyc-1",
            "country": "US",
            "postal_code": "1",
            "latitude": 40,
            "longitude": -74,
            "time_zone": "America/New_York",
            **more,
        }
    )


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2026, 11, 24, 2, 0, tzinfo=UTC), "2026-11-24"),  # Monday, 21:00 in New York
        (datetime(2026, 11, 23, 20, 0, tzinfo=UTC), "2026-11-23"),  # Monday, 15:00: the cut-off itself
        (datetime(2026, 11, 23, 20, 0, 1, tzinfo=UTC), "2026-11-24"),
        (datetime(2026, 11, 28, 2, 0, tzinfo=UTC), "2026-11-30"),  # Friday evening there, Saturday in UTC
        (datetime(2026, 11, 25, 21, 0, tzinfo=UTC), "2026-11-27"),  # the evening before Thanksgiving
        (datetime(2027, 3, 14, 19, 30, tzinfo=UTC), "2027-03-15"),  # Sunday that clocks go forward: 15:30 of summer
    ],
)
def test_work_falls_on_the_next_day_that_the_location_works_in_its_own_time(at: datetime, day: str) -> None:
    assert workday(location(holidays=frozenset({"2026-11-26"})), at) == Workday("nyc-1", day)


def test_who_never_works_has_no_day() -> None:
    assert workday(location(working_days=frozenset()), datetime(2026, 11, 23, tzinfo=UTC)) is None


def test_a_whole_day_and_a_night_shift_count_by_the_cut_off() -> None:
    late = location(cutoff=time(23, 59))
    assert workday(late, datetime(2026, 11, 24, 4, 0, tzinfo=UTC)) == Workday("nyc-1", "2026-11-23")


def test_a_further_part_of_a_giant_order_is_no_order_of_its_own() -> None:
    lines = [FulfillmentLine(number=number, sku="A", quantity=3) for number in (1, 2)]
    day = Workday("nyc-1", "2026-11-23")
    assert counted(day, lines) == Counted(on="2026-11-23", orders=1, lines=2, units=6)
    assert counted(day, lines, part=1) == Counted(on="2026-11-23", orders=0, lines=2, units=6)


def test_no_limit_is_none_and_each_kind_binds_by_itself() -> None:
    assert limit_of(location(daily_units=5)) == Load(units=5)
    assert Load(9, 9, 5).fits(Load(units=5))
    assert not Load(1, 1, 6).fits(Load(units=5))
    assert not Load(2, 1, 1).fits(Load(1, 9, 9))
