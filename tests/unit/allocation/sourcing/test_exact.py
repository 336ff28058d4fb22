"""The solver: proven plans against an independent solver, published optima, and the laws of a plan."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oms.allocation.sourcing.dual import Dual
from oms.allocation.sourcing.engine import solve_any
from oms.allocation.sourcing.exact import solve
from oms.allocation.sourcing.local import spread
from oms.allocation.sourcing.network import MICRO, Network, Option, Piece, Source, Tariff, allowed, cost_of
from oms.allocation.sourcing.objective import Priced
from oms.allocation.sourcing.tariffs import Steps, tangent
from tests.facility_location import NAMES, SCALE, optima, read
from tests.plan_neighbours import neighbours
from tests.shared_data import shared_data
from tests.sourcing_instances import network
from tests.sourcing_milp import optimum

KINDS: tuple[dict[str, object], ...] = (
    {},
    {"split": 0.4},
    {"prices": 0},
    {"prices": 300},
    {"split": 0.3, "limits": True},
)
FLAT = Tariff((1_000, 5_000), (500, 700))
STEPS = Tariff((1_000, 2_000, 5_000, 10_000), (420, 510, 600, 950))
SMALL = Tariff((250, 500, 750, 1_000), (599, 749, 899, 1_049))
networks = st.builds(
    lambda seed, lines, places, kind: network(("law", seed), lines, places, **kind),
    st.integers(0, 10_000),
    st.integers(1, 6),
    st.integers(1, 7),
    st.sampled_from(KINDS),
)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_plan_costs_what_an_independent_solver_finds(kind: dict[str, object]) -> None:
    for seed in range(60):
        chance = random.Random(seed)  # noqa: S311  an instance, not a secret
        problem = network(("highs", seed), chance.randint(1, 8), chance.randint(1, 9), **kind)  # type: ignore[arg-type]
        answer = solve(problem)
        best, _ = optimum(problem)
        assert allowed(problem, answer.takes)
        assert cost_of(problem, answer.takes) == answer.cost
        assert answer.cost / MICRO >= best - 0.001
        if answer.proven:
            assert answer.cost / MICRO == pytest.approx(best, abs=0.001)


@pytest.mark.parametrize("name", NAMES)
def test_the_published_optimum_of_a_real_instance_is_found(name: str) -> None:
    path = shared_data("6_benchmarks", "given", "facility_location", f"{name}.txt")
    best = optima(shared_data("6_benchmarks", "given", "facility_location", "optima_bounds.txt"))[name]
    answer = solve_any(Priced(read(path), (), ()))
    assert answer.proven
    assert answer.cost / SCALE == pytest.approx(best, abs=0.01)


@settings(max_examples=60, deadline=None)
@given(networks)
def test_no_single_change_makes_a_plan_cheaper(problem: Network) -> None:
    answer = solve(problem)
    for plan in neighbours(problem, answer.takes):
        assert not allowed(problem, plan) or cost_of(problem, plan) >= answer.cost or not answer.proven


@settings(max_examples=60, deadline=None)
@given(networks)
def test_a_plan_takes_no_more_than_there_is_and_comes_out_the_same_again(problem: Network) -> None:
    answer = solve(problem)
    assert allowed(problem, answer.takes)
    assert solve(problem) == answer
    assert answer.bound <= answer.cost


@settings(max_examples=60, deadline=None)
@given(networks, st.booleans())
def test_what_prices_of_pieces_say_is_never_above_a_plan(problem: Network, whole: bool) -> None:
    answer = solve(problem)
    dual = Dual(problem, list(range(len(problem.sources))), [piece.wait // 2 for piece in problem.pieces], whole=whole)
    dual.ascend(answer.cost)
    assert dual.bound <= answer.cost
    used = {j for parts in answer.takes for j, _ in parts}
    assert dual.bound + sum(max(0, dual.worth[j]) for j in used) <= answer.cost


@settings(max_examples=60, deadline=None)
@given(networks, st.integers(1, 400))
def test_work_that_ends_early_ends_with_a_plan_and_a_bound_that_holds(problem: Network, steps: int) -> None:
    short, full = solve(problem, max_steps=steps), solve(problem)
    assert allowed(problem, short.takes)
    assert cost_of(problem, short.takes) == short.cost
    assert short.bound <= full.cost <= short.cost
    assert solve(problem, max_steps=steps) == short


@pytest.mark.parametrize("seed", [4, 5, 9, 17])
def test_orders_that_took_seconds_are_proven_and_cost_what_an_independent_solver_finds(seed: int) -> None:
    problem = network(("bench", seed), 20, 20, split=0.1)
    answer = solve(problem)
    assert answer.proven
    assert answer.cost / MICRO == pytest.approx(optimum(problem)[0], abs=0.001)


@settings(max_examples=40, deadline=None)
@given(networks)
def test_the_order_of_locations_does_not_change_what_a_plan_costs(problem: Network) -> None:
    last = len(problem.sources) - 1
    mirrored = problem._replace(
        sources=tuple(reversed(problem.sources)),
        pieces=tuple(
            piece._replace(options=tuple(option._replace(source=last - option.source) for option in piece.options))
            for piece in problem.pieces
        ),
        pools=tuple(pool._replace(source=last - pool.source) for pool in problem.pools),
    )
    one, other = solve(problem), solve(mirrored)
    assert one.cost == other.cost or not (one.proven and other.proven)


@settings(max_examples=40, deadline=None)
@given(networks)
def test_a_greedy_plan_is_allowed_and_never_better_than_the_proof(problem: Network) -> None:
    start = spread(problem)
    assert allowed(problem, start)
    answer = solve(problem, start=start)
    assert answer.cost <= cost_of(problem, start)


def test_beyond_what_is_always_proven_a_plan_comes_with_its_bound() -> None:
    problem = network(("beyond", 1), 25, 60)
    answer = solve_any(Priced(problem, (), ()))
    assert allowed(problem, answer.takes)
    assert cost_of(problem, answer.takes) == answer.cost
    assert 0 < answer.bound <= answer.cost
    assert answer.cost <= cost_of(problem, spread(problem))


@given(st.integers(1, 40_000), st.booleans())
def test_the_line_is_nowhere_above_the_tariff(most_g: int, small: bool) -> None:
    tariff = SMALL if small else STEPS
    line = Steps(tariff, most_g)
    assert line.at_zero >= 0
    for weight in range(1, most_g + 1, 37):
        assert line.at_zero + line.slope * weight <= tariff.cost(weight)


@given(st.tuples(st.integers(1, 30_000), st.integers(1, 30_000), st.integers(1, 30_000)), st.booleans())
def test_the_line_between_two_weights_is_not_above_the_tariff_there(weights: tuple[int, ...], small: bool) -> None:
    tariff = SMALL if small else STEPS
    least_g, about_g, most_g = sorted(weights)
    at_zero, slope = tangent(tariff, least_g, most_g, about_g)
    inside = [*range(least_g, most_g + 1, 41), most_g]
    assert all(at_zero + slope * weight <= tariff.cost(weight) for weight in inside)
    above = Steps(tariff, 30_000)
    floor = above.least_above(least_g, most_g)
    assert all(floor + above.slope * weight <= tariff.cost(weight) for weight in inside)


def test_a_parcel_more_is_paid_for_beyond_the_last_step() -> None:
    assert [FLAT.cost(grams) for grams in (0, 1, 1_000, 1_001, 5_000, 5_001, 10_000, 16_001)] == [
        0, 500, 500, 700, 700, 1_200, 1_400, 2_800,
    ]  # fmt: skip
    assert [FLAT.parcels(grams) for grams in (0, 1, 5_000, 5_001)] == [0, 1, 1, 2]


def test_one_location_with_all_of_it_beats_two_near_ones() -> None:
    sources = tuple(Source(name, fixed, FLAT) for name, fixed in (("near-1", 100), ("near-2", 100), ("far", 300)))
    pieces = (
        Piece(1, 400, 10**6, (Option(0, 0, 1), Option(2, 0, 1))),
        Piece(1, 400, 10**6, (Option(1, 0, 1), Option(2, 0, 1))),
    )
    answer = solve(Network(pieces, sources))
    assert answer.takes == (((2, 1),), ((2, 1),))
    assert (answer.cost, answer.bound) == (800, 800)


def test_a_line_that_nobody_has_whole_is_split_and_the_rest_waits() -> None:
    sources = (Source("a", 0, FLAT), Source("b", 0, FLAT))
    answer = solve(Network((Piece(5, 100, 10_000, (Option(0, 1, 2), Option(1, 2, 2))),), sources))
    assert answer.takes == (((0, 2), (1, 2)),)
    assert answer.cost == 2 * 500 + 2 + 4 + 10_000


def test_what_costs_more_than_waiting_waits() -> None:
    answer = solve(Network((Piece(1, 100, 499, (Option(0, 0, 1),)),), (Source("a", 0, FLAT),)))
    assert answer.takes == ((),)
    assert answer.cost == 499
