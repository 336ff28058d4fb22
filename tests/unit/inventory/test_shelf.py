"""What is counted for an answer lasts until the last day that the answer itself promises."""

from hypothesis import given
from hypothesis import strategies as st

from oms.inventory.shelf import standing

DAYS = [f"2026-12-{day:02}" for day in range(1, 29)]
Lots = dict[str, int]  # units by place; a place is here the one lot that lies there


@given(
    st.dictionaries(
        st.sampled_from("abcdef"), st.tuples(st.integers(1, 5), st.sampled_from(DAYS), st.sampled_from(DAYS))
    ),
    st.integers(1, 12),
)
def test_nothing_is_counted_that_ends_before_the_last_day_of_the_answer(
    lots: dict[str, tuple[int, str, str]], wanted: int
) -> None:
    """`lots`: units, the day until which they last, and the day on which that place would deliver them."""
    rounds: list[str | None] = []

    def counted(day: str | None) -> Lots:
        rounds.append(day)
        return {name: units for name, (units, lasts, _) in lots.items() if day is None or lasts >= day}

    def answered(there: Lots) -> str | None:
        left, last = wanted, ""
        for name in sorted(there, key=lambda one: (lots[one][2], one)):
            if left > 0:
                left, last = left - there[name], lots[name][2]
        return None if left > 0 else last

    there, day = standing(counted, answered, lambda answer: answer)
    assert day == answered(there)
    if day is not None:
        assert all(lots[name][1] >= day for name in there)
    assert len(rounds) <= len(lots) + 2
    asked = [one for one in rounds if one is not None]
    assert asked == sorted(set(asked))
