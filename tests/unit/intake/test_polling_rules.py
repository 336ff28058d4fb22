"""How often we may ask, and what the answers teach."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.intake.paging import Place
from oms.intake.polling.model import Polling, Window
from oms.intake.polling.rules import (
    audit_window,
    backoff,
    full_bucket,
    gone_on,
    is_due,
    learned,
    news_window,
    refilled,
    spent,
    throttled,
    wait_s,
)
from oms.kernel.errors import RejectedError
from oms.kernel.time import to_text

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def polling(**changes: str | None) -> Polling:
    given = {"channel": "c", "audited_until": to_text(NOW), "next_at": to_text(NOW), **changes}
    return Polling.model_validate(given)


@given(
    rate=st.floats(min_value=0.005, max_value=50),
    burst=st.integers(min_value=1, max_value=200),
    steps=st.lists(st.floats(min_value=0.001, max_value=600), max_size=60),
)
def test_no_window_of_time_has_more_calls_than_the_rate_and_the_burst_allow(
    rate: float, burst: int, steps: list[float]
) -> None:
    bucket, now, calls = full_bucket(rate, burst, NOW), NOW, 0
    for step in steps:
        while wait_s(bucket, now) == 0 and calls < 10_000:
            bucket, calls = spent(bucket, now), calls + 1
        now += timedelta(seconds=step)
    allowed = burst + (now - NOW).total_seconds() * bucket.per_hour / 3600 + 1
    assert calls <= allowed


def test_amazons_list_is_asked_for_once_in_three_minutes_after_its_burst() -> None:
    bucket = full_bucket(0.0056, 2, NOW)
    assert bucket.per_hour == 20
    assert wait_s(bucket, NOW) == 0
    bucket = spent(spent(bucket, NOW), NOW)
    assert wait_s(bucket, NOW) == 180
    assert wait_s(bucket, after(90)) == 90
    assert wait_s(bucket, after(180)) == 0


@given(rate=st.floats(min_value=0.005, max_value=20), pauses=st.lists(st.integers(1, 5_000), min_size=1, max_size=40))
def test_looking_often_gives_no_more_and_loses_nothing(rate: float, pauses: list[int]) -> None:
    empty = full_bucket(rate, 1_000_000, NOW).model_copy(update={"milli": 0})
    bucket, now = empty, NOW
    for pause in pauses:
        now += timedelta(milliseconds=pause)
        bucket = refilled(bucket, now)
    whole = refilled(empty, now).milli
    assert whole - len(pauses) <= bucket.milli <= whole


def test_what_the_senders_header_says_counts_and_otherwise_a_cut_rate_comes_back() -> None:
    bucket = full_bucket(2.0, 40, NOW)
    assert learned(bucket, 0.5, 2.0).per_hour == 1800
    cut = throttled(bucket, NOW, 30)
    assert (cut.per_hour, wait_s(cut, NOW), wait_s(cut, after(30))) == (3600, 30, 0)
    assert wait_s(spent(cut, after(30)), after(30)) > 0
    for _ in range(20):
        cut = learned(cut, None, 2.0)
    assert cut.per_hour == 7200


def test_a_rate_is_never_cut_to_nothing() -> None:
    bucket = full_bucket(0.0056, 1, NOW)
    for _ in range(20):
        bucket = throttled(bucket, NOW, 0)
    assert bucket.per_hour == 1


def test_a_failing_channel_waits_longer_each_time_up_to_half_an_hour() -> None:
    assert [backoff(count) // timedelta(minutes=1) for count in (1, 2, 3, 4, 5, 6, 100)] == [1, 2, 4, 8, 16, 30, 30]


def test_windows_overlap_and_audits_wait_until_things_have_settled() -> None:
    window = news_window(polling(watermark=to_text(NOW)), None, after(300))
    assert (window.since, window.until) == (to_text(after(-300)), to_text(after(300)))
    assert news_window(polling(), "2026-11-20T00:00:00Z", NOW).since == "2026-11-19T23:55:00.000Z"
    with pytest.raises(RejectedError):
        news_window(polling(), "soon", NOW)
    assert audit_window(polling(), after(4_499)) is None
    audit = audit_window(polling(), after(4_500))
    assert audit is not None
    assert (audit.since, audit.until) == (to_text(after(-3_600)), to_text(after(3_600)))


def test_a_channel_belongs_to_the_run_that_is_at_it_until_that_must_be_gone() -> None:
    busy = polling(busy_until=to_text(after(120)))
    assert [is_due(busy, after(seconds)) for seconds in (0, 119, 120)] == [False, False, True]
    assert not is_due(polling(next_at=to_text(after(1))), NOW)


@given(
    times=st.lists(st.integers(0, 30), max_size=120),
    size=st.integers(1, 10),
)
def test_every_order_of_a_list_is_on_some_page(times: list[int], size: int) -> None:
    stored = sorted((f"t{at:02}", number) for number, at in enumerate(times))
    place, seen = Place.of(None, "t00"), set()
    for _ in range(500):
        found = [row for row in stored if row[0] >= place.since]
        page = found[(place.page - 1) * size : place.page * size]
        seen |= {number for _, number in page}
        cursor = place.after([at for at, _ in page], size)
        if cursor is None:
            break
        place = Place.of(cursor, "t00")
    assert seen == set(range(len(times)))


@given(before=st.integers(min_value=0, max_value=40), around=st.integers(min_value=1, max_value=40))
def test_a_circle_of_any_length_is_noticed_and_a_list_without_one_never(before: int, around: int) -> None:
    window: Window | None = Window(since="2026-11-23T09:00:00.000Z", until="2026-11-23T10:00:00.000Z")
    place = steps = 0
    while window is not None:
        place = place + 1 if place < before + around - 1 else before
        window = gone_on(window, str(place))
        steps += 1
        assert window is None or window.cursor == str(place)
    assert around <= steps <= 3 * (before + around) + 3
    straight = Window(since="2026-11-23T09:00:00.000Z", until="2026-11-23T10:00:00.000Z")
    for number in range(200):
        following = gone_on(straight, str(number))
        assert following is not None
        straight = following
