"""What the picture of a what-if says of its money and of what it compares."""

import pytest

from oms.allocation.sourcing.strategy import BUILT_IN
from oms.allocation.whatif.drawing import Box, Path, Words
from oms.allocation.whatif.model import Job, NewWhatIf, Pair, Results, Tally
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
