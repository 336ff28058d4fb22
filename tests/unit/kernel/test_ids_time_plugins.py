"""Ids that survive a retry, instants that sort, plug-ins found by name."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.kernel.ids import check_digit_mod10, derive_id, shard_of
from oms.kernel.plugins import find_plugin
from oms.kernel.time import from_text, to_text


def test_the_same_cause_gives_the_same_id_for_ever() -> None:
    assert derive_id("ord", "shopify_eu", "1001") == "ord_ef7ib5wthw443rwpui4cqeialk"


@given(st.lists(st.text(), min_size=1), st.lists(st.text(), min_size=1))
def test_different_causes_give_different_ids(one: list[str], other: list[str]) -> None:
    assert (derive_id("x", *one) == derive_id("x", *other)) == (one == other)


def test_shards_are_used_evenly() -> None:
    counts = [0] * 8
    for number in range(8_000):
        counts[shard_of(f"ord_{number}", 8)] += 1
    assert min(counts) > 850
    assert max(counts) < 1150


def test_the_gs1_check_digit_of_the_published_example() -> None:
    assert check_digit_mod10("629104150021") == "3"  # GS1 General Specifications, GTIN-13 6291041500213
    assert check_digit_mod10("37610425002123456") == "9"  # GS1 check digit calculator page, SSCC example


def test_instants_sort_as_text_and_come_back() -> None:
    noon = datetime(2026, 3, 29, 12, 0, tzinfo=UTC)
    assert to_text(noon) == "2026-03-29T12:00:00.000Z"
    assert to_text(noon.astimezone(timezone(timedelta(hours=2)))) == to_text(noon)
    assert from_text("2026-03-29T14:00:00+02:00") == noon
    assert to_text(noon) < to_text(noon + timedelta(milliseconds=1))


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        from_text("2026-03-29T12:00:00")
    with pytest.raises(ValueError, match="time zone"):
        to_text(datetime(2026, 1, 1))  # noqa: DTZ001  that is the point


@pytest.mark.parametrize("name", ["nobody", "../secrets", "Shopify", "a.b", "", "_x"])
def test_an_unknown_plugin_is_none_and_nothing_strange_is_imported(name: str) -> None:
    assert find_plugin("oms.intake.channels", name) is None


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_an_instant_outside_the_calendar_is_refused_as_a_value(text: str) -> None:
    with pytest.raises(ValueError, match="out of range"):
        from_text(text)
