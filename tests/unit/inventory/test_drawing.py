"""Who draws on what is to come: golden cases by hand, and laws against the pooled reckoning."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from oms.inventory.supply.drawing import Ahead, Drawing
from oms.inventory.supply.model import Due
from oms.inventory.supply.rules import Curve, curve, promisable, promisable_on, together

TODAY = date(2026, 11, 23)
NAMES = ("ber-1", "lon-1", "nyc-1")


def day(number: int) -> date:
    return TODAY + timedelta(days=number)


def comes(on_hand: int, *receipts: tuple[int, int]) -> Curve:
    return curve(TODAY, on_hand, (), [Due(day(on), units) for on, units in receipts])


def test_each_takes_the_earliest_that_may_ship_to_him_and_leaves_the_rest_to_others() -> None:
    drawing = Drawing({"ber-1": comes(0, (10, 3)), "lon-1": comes(0, (3, 2))})
    assert drawing.draw(1, frozenset({"ber-1"})) == day(10)
    assert drawing.draw(1) == day(3)
    assert drawing.draw(2) == day(10)  # one is left in London, one more is to come to Berlin
    assert drawing.draw(1, frozenset({"lon-1"})) is None
    assert {name: one.promisable for name, one in drawing.left().items()} == {"ber-1": (0, 1), "lon-1": (0, 0)}


def test_who_may_get_it_nowhere_takes_nothing_from_anybody() -> None:
    drawing = Drawing({"ber-1": comes(2)})
    assert drawing.draw(1, frozenset()) is None
    assert drawing.draw(2) == day(0)


_CURVES = st.dictionaries(
    st.sampled_from(NAMES),
    st.builds(
        lambda on_hand, receipts: comes(on_hand, *receipts),
        st.integers(-5, 5),
        st.lists(st.tuples(st.integers(0, 20), st.integers(1, 9)), max_size=4),
    ),
)
_AHEAD = st.lists(
    st.builds(Ahead, st.integers(1, 6), st.none() | st.sets(st.sampled_from(NAMES)).map(frozenset)), max_size=6
)


@given(_CURVES, st.lists(st.integers(1, 6), max_size=6))
def test_where_all_may_ship_to_all_the_kth_unit_is_promised_when_k_are_there(
    curves: dict[str, Curve], line: list[int]
) -> None:
    drawing, pooled, upto = Drawing(curves), together(list(curves.values()), TODAY), 0
    for units in line:
        upto += units
        assert drawing.draw(units) == promisable_on(pooled, upto)


@given(_CURVES, _AHEAD, _AHEAD)
def test_who_comes_later_changes_nothing_for_who_is_there(
    curves: dict[str, Curve], first: list[Ahead], later: list[Ahead]
) -> None:
    alone = Drawing(curves)
    days = [alone.draw(one.units, one.places) for one in first]
    both = Drawing(curves)
    assert [both.draw(one.units, one.places) for one in [*first, *later]][: len(first)] == days


@given(_CURVES, _AHEAD)
def test_what_is_left_and_what_was_drawn_are_what_there_is(curves: dict[str, Curve], ahead: list[Ahead]) -> None:
    drawing = Drawing(curves)
    taken = 0
    for one in ahead:
        before = _last(drawing)
        found = drawing.draw(one.units, one.places)
        drawn = before - _last(drawing)
        assert drawn == one.units if found else 0 <= drawn < one.units
        taken += drawn
    assert taken + _last(drawing) == sum(promisable(one, day(30)) for one in curves.values())


def _last(drawing: Drawing) -> int:
    return sum(promisable(one, day(30)) for one in drawing.left().values())
