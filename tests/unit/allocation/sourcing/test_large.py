"""Orders beyond what is proven: plans that are allowed, cost what they say, and are close to the best there is."""

import random
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oms.allocation.sourcing.exact import solve
from oms.allocation.sourcing.large import improved
from oms.allocation.sourcing.local import spread
from oms.allocation.sourcing.network import Network, Option, Piece, Source, Tariff, allowed, cost_of
from oms.allocation.sourcing.rebuilt import rebuilt
from oms.allocation.sourcing.scaled import Scaling
from tests.sourcing_instances import network

networks = st.builds(
    network,
    st.integers(0, 10_000),
    st.integers(1, 12),
    st.integers(1, 8),
    split=st.sampled_from((0.0, 0.3, 1.0)),
    limits=st.booleans(),
)


@settings(max_examples=60, deadline=None)
@given(networks, st.integers(0, 3), st.booleans())
def test_what_is_rebuilt_is_allowed_costs_what_it_says_and_is_no_dearer(
    problem: Network, seed: int, warm: bool
) -> None:
    start = spread(problem)
    found = rebuilt(problem, start, random.Random(seed), max_steps=3_000, warm=warm)  # noqa: S311  a sequence
    assert allowed(problem, found.takes)
    assert found.cost == cost_of(problem, found.takes) <= cost_of(problem, start)


@settings(max_examples=40, deadline=None)
@given(networks, st.integers(0, 3))
def test_a_scaled_plan_costs_what_it_says(problem: Network, seed: int) -> None:
    found = Scaling(problem).plan(random.Random(seed))  # noqa: S311  a sequence
    assert found.cost == cost_of(problem, found.takes)


def test_plans_of_orders_that_can_be_proven_are_within_one_per_cent_of_the_best_in_the_mean() -> None:
    gaps = []
    for seed in range(12):
        problem = network(("large", seed), 14, 12, split=0.1)
        best = solve(problem)
        assert best.proven
        takes, _ = improved(problem, bound=0, max_steps=150_000)
        assert allowed(problem, takes)
        gaps.append(cost_of(problem, takes) / best.cost - 1)
    assert min(gaps) == 0
    assert statistics.fmean(gaps) < 0.01


def test_limits_are_kept() -> None:
    problem = network(("limits", 3), 40, 12, split=0.2, limits=True)
    takes, _ = improved(problem, bound=0, max_steps=150_000)
    assert allowed(problem, takes)
    assert cost_of(problem, takes) <= cost_of(problem, spread(problem))


@pytest.mark.parametrize("lines", [30, 300])
def test_the_same_order_gets_the_same_plan(lines: int) -> None:
    problem = network(("again", lines), lines, 10)
    assert improved(problem, bound=0, max_steps=30_000) == improved(problem, bound=0, max_steps=30_000)


def test_a_plan_that_is_good_enough_ends_the_work() -> None:
    tariff = Tariff((5_000,), (500,))
    sources = tuple(Source(f"l{j}", 100 * j, tariff) for j in range(3))
    pieces = tuple(Piece(1, 1_000, 10_000, tuple(Option(j, 0, 1) for j in range(3))) for _ in range(5))
    takes, steps = improved(Network(pieces, sources), bound=500)
    assert takes == (((0, 1),),) * 5
    assert steps == 0


def test_five_full_parcels_come_from_where_a_parcel_is_cheapest_though_every_piece_alone_would_go_elsewhere() -> None:
    """A step of the tariff is paid by the piece that crosses it: taken one by one no piece would move."""
    near, far = Tariff((1_000, 5_000), (100, 600)), Tariff((1_000, 5_000), (300, 320))
    sources = (Source("near", 0, near), Source("far", 0, far))
    pieces = tuple(Piece(1, 1_000, 10_000, (Option(0, 0, 1), Option(1, 0, 1))) for _ in range(25))
    takes, _ = improved(Network(pieces, sources), bound=0, max_steps=20_000)
    assert cost_of(Network(pieces, sources), takes) == 5 * 320
