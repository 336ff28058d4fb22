"""Prices of pieces: what no source is paid too much for, and no piece could raise alone."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from oms.allocation.sourcing.ascent import ascend

WAIT = 100
costs = st.lists(st.lists(st.integers(0, WAIT), min_size=4, max_size=4), min_size=1, max_size=5)
opening = st.lists(st.integers(0, 60), min_size=5, max_size=5)


@given(costs, opening)
def test_no_source_is_paid_more_than_it_costs_to_open(rows: list[list[int]], base: list[int]) -> None:
    prices, missing = ascend([WAIT] * 4, rows, base[: len(rows)])
    for row, opens, rest in zip(rows, base, missing, strict=False):
        paid = sum(max(0, price - cost) for price, cost in zip(prices, row, strict=True))
        assert rest == opens - paid >= 0


@given(costs, opening)
def test_the_prices_are_a_bound_that_no_piece_can_raise_alone(rows: list[list[int]], base: list[int]) -> None:
    prices, missing = ascend([WAIT] * 4, rows, base[: len(rows)])
    for place, price in enumerate(prices):
        full = any(not rest and row[place] <= price for row, rest in zip(rows, missing, strict=True))
        assert price == WAIT or full
    assert sum(prices) <= _cheapest(rows, base)


def test_without_sources_everything_waits() -> None:
    assert ascend([7, 9], [], []) == ([7, 9], [])


def test_what_opening_costs_is_paid_once() -> None:
    assert ascend([WAIT, WAIT], [[10, 20]], [30]) == ([40, 20], [0])


def _cheapest(rows: list[list[int]], base: list[int]) -> int:
    names = range(len(rows))
    sets = [chosen for size in range(len(rows) + 1) for chosen in combinations(names, size)]
    return min(
        sum(base[k] for k in chosen) + sum(min([WAIT, *(rows[k][i] for k in chosen)]) for i in range(4))
        for chosen in sets
    )
