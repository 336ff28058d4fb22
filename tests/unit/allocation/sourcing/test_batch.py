"""Orders that compete for scarce stock."""

from itertools import permutations, product

from hypothesis import given, settings
from hypothesis import strategies as st

from oms.allocation.sourcing.batch import Left, Placed, Solve, assign_units, decide_together

PLACES = ("a", "b", "c")
WAIT = 1_000
costs = st.dictionaries(st.sampled_from(PLACES), st.integers(0, 99), max_size=3)
stocks = st.fixed_dictionaries({name: st.integers(0, 3) for name in PLACES})


def cheapest(rows: list[dict[str, int]]) -> Solve:
    def solve(order: int, left: Left) -> Placed:
        options = sorted((cost, name) for name, cost in rows[order].items() if left.get(("A", name), 0) > 0)
        return Placed(options[0][0], {("A", options[0][1]): 1}) if options else Placed(WAIT, {})

    return solve


def taken(plans: list[Placed]) -> dict[tuple[str, str], int]:
    total: dict[tuple[str, str], int] = {}
    for plan in plans:
        for key, units in plan.taken.items():
            total[key] = total.get(key, 0) + units
    return total


@settings(max_examples=150, deadline=None)
@given(st.lists(costs, max_size=6), stocks)
def test_deciding_together_is_never_worse_than_one_by_one(rows: list[dict[str, int]], units: dict[str, int]) -> None:
    stock = {("A", name): there for name, there in units.items()}
    solve = cheapest(rows)
    together, sequence = decide_together(len(rows), solve, stock)
    left, one_by_one, fair = dict(stock), 0, []
    for order in range(len(rows)):
        plan = solve(order, left)
        one_by_one += plan.cost
        fair.append(plan.units)
        for key, count in plan.taken.items():
            left[key] -= count
    assert sum(plan.cost for plan in together) <= one_by_one
    assert all(plan.units >= units for plan, units in zip(together, fair, strict=True))
    left = dict(stock)
    for order in sequence:
        assert solve(order, left) == together[order]
        for key, count in together[order].taken.items():
            left[key] -= count
    assert all(count <= stock[key] for key, count in taken(together).items())


@settings(max_examples=150, deadline=None)
@given(st.lists(costs, max_size=5), stocks)
def test_units_are_assigned_at_the_least_sum(rows: list[dict[str, int]], units: dict[str, int]) -> None:
    given_to = assign_units(rows, units, WAIT)
    assert all(given_to.count(name) <= units[name] for name in PLACES)
    best = min(
        sum(WAIT if name is None else row.get(name, 10**9) for row, name in zip(rows, plan, strict=True))
        for plan in product((None, *PLACES), repeat=len(rows))
        if all(plan.count(name) <= units[name] for name in PLACES)
    )
    assert sum(WAIT if name is None else row[name] for row, name in zip(rows, given_to, strict=True)) == best


def test_the_only_unit_goes_where_it_saves_the_most() -> None:
    rows = [{"a": 10, "b": 12}, {"a": 10}]
    plans, sequence = decide_together(2, cheapest(rows), {("A", "a"): 1, ("A", "b"): 1})
    assert [dict(plan.taken) for plan in plans] == [{("A", "b"): 1}, {("A", "a"): 1}]
    assert sequence == [1, 0]
    assert assign_units(rows, {"a": 1, "b": 1}, WAIT) == ["b", "a"]


def test_equal_orders_are_served_as_they_come() -> None:
    for rows in permutations([{"a": 5}, {"a": 5}, {"a": 5}]):
        assert assign_units(list(rows), {"a": 1}, WAIT) == ["a", None, None]
        plans, _ = decide_together(3, cheapest(list(rows)), {("A", "a"): 1})
        assert [plan.cost for plan in plans] == [5, WAIT, WAIT]


def test_the_first_of_two_keeps_the_only_unit_though_the_second_would_save_more() -> None:
    rows = [{"a": 90}, {"a": 10}]
    plans, sequence = decide_together(2, cheapest(rows), {("A", "a"): 1})
    assert [plan.cost for plan in plans] == [90, WAIT]
    assert sequence == [0, 1]
