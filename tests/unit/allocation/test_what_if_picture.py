"""What the picture of a what-if says of its money and of what it compares."""

import pytest

from oms.allocation.sourcing.strategy import BUILT_IN
from oms.allocation.whatif.drawing import Box, Path, Words
from oms.allocation.whatif.model import ByFallback, FallbackShare, Job, NewWhatIf, Pair, Results, Tally
from oms.allocation.whatif.picture import drawn

JOB = Job.model_construct(
    id="wif_1",
    by="user:tester",
    created_at="2026-11-23T09:00:00Z",
    request=NewWhatIf(days=1),
    strategy=BUILT_IN,
    since="2026-11-22T00",
    until="2026-11-23T00",
)
ONE = Pair(happened=Tally(orders=2, shipping_minor=1_001), tried=Tally(orders=2, shipping_minor=901))


def results(*days: str) -> Results:
    return Results(total=ONE, days=dict.fromkeys(days, ONE))


@pytest.mark.parametrize(
    ("currency", "name", "figures"),
    [
        ("EUR", "Cost per order, EUR", {"5.00", "4.50"}),
        ("JPY", "Cost per order, JPY", {"500", "450"}),
        ("", "Cost per order", {"5.00", "4.50"}),
    ],
)
def test_money_has_the_currency_of_the_rate_cards_and_its_decimals(currency: str, name: str, figures: set[str]) -> None:
    words = [shape.text for shape in drawn(JOB, results("2026-11-22"), currency).shapes if isinstance(shape, Words)]
    assert name in words
    assert figures <= set(words)
    assert (
        "Compared are first decisions at today's estimates of freight and handling, not what was paid in the end."
        in words
    )


def test_a_day_alone_is_two_bars_and_several_days_are_two_lines() -> None:
    alone = drawn(JOB, results("2026-11-22"), "EUR").shapes
    several = drawn(JOB, results("2026-11-21", "2026-11-22"), "EUR").shapes
    bars = [[one for one in shapes if isinstance(one, Box) and one.width == 56] for shapes in (alone, several)]
    lines = [[one for one in shapes if isinstance(one, Path) and one.width == 2.5] for shapes in (alone, several)]
    assert ([len(some) for some in bars], [len(some) for some in lines]) == ([2, 0], [0, 2])
    assert round(bars[0][1].height / bars[0][0].height, 3) == 0.9


def test_what_fallbacks_did_is_drawn_with_what_it_cost_the_most_first() -> None:
    drop = FallbackShare(tried=ByFallback(orders=2, units=30, cost_minor=1_250))
    waits = FallbackShare(happened=ByFallback(orders=3, units=40), tried=ByFallback(orders=1, units=10))
    made = Results(total=ONE, fallbacks={"drop_ship": drop, "backorder": waits})
    shapes = drawn(JOB, made, "EUR").shapes
    words = [shape.text for shape in shapes if isinstance(shape, Words)]
    start = words.index("Units that nobody could ship at once, by fallback")
    said = ["backorder", "40", "10", "drop ship", "0", "30, freight and handling 12.50 EUR"]
    assert words[start + 1 :] == said
    lengths = [shape.width for shape in shapes if isinstance(shape, Box)][-4:]
    assert [round(length / lengths[0], 3) for length in lengths] == [1.0, 0.25, 0.0, 0.75]


def test_where_everything_found_a_place_no_fallback_is_drawn() -> None:
    words = [shape.text for shape in drawn(JOB, results("2026-11-22"), "EUR").shapes if isinstance(shape, Words)]
    assert words[-2:] == ["Units that nobody could ship at once, by fallback", "nothing"]
