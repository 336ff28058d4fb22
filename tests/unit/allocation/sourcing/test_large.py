"""Orders beyond what is proven: plans that are allowed, cost what they say, and are close to the best there is."""

import random
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oms.allocation.sourcing.exact import solve
from oms.allocation.sourcing.large import solved
from oms.allocation.sourcing.local import spread
from oms.allocation.sourcing.network import MICRO, Network, Option, Piece, Source, Tariff, allowed, cost_of
from oms.allocation.sourcing.paired import Pairs
from oms.allocation.sourcing.rebuilt import rebuilt
from oms.allocation.sourcing.sets import Sets
from oms.allocation.sourcing.shaken import Found, Shaking
from tests.sourcing_instances import network

FOREVER = 1 << 60
networks = st.builds(
    network,
    st.integers(0, 10_000),
    st.integers(1, 12),
    st.integers(1, 8),
    split=st.sampled_from((0.0, 0.3, 1.0)),
    limits=st.booleans(),
)


def chance(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311  a sequence, not a secret


@settings(max_examples=40, deadline=None)
@given(networks, st.integers(0, 3))
def test_what_is_rebuilt_is_allowed_costs_what_it_says_and_is_no_dearer(problem: Network, seed: int) -> None:
    start = spread(problem)
    found = rebuilt(problem, start, chance(seed), max_steps=1_000, enough=0)
    assert allowed(problem, found.takes)
    assert found.cost == cost_of(problem, found.takes) <= cost_of(problem, start)


@settings(max_examples=60, deadline=None)
@given(networks)
def test_what_is_shared_out_anew_is_allowed_no_dearer_and_leaves_nothing_to_share(problem: Network) -> None:
    start = spread(problem)
    among = {j for parts in start for j, _ in parts}
    pairs = Pairs(problem)
    found = pairs.improve(start, among, FOREVER)
    assert allowed(problem, found)
    assert cost_of(problem, found) <= cost_of(problem, start)
    assert pairs.improve(found, among, FOREVER) == found


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 12))
def test_two_sources_share_out_an_order_nearly_as_cheaply_as_can_be(seed: int, lines: int) -> None:
    """Nearly: loads that are close to each other count as one."""
    problem = network(("two", seed), lines, 2, stocked=1.0)
    found = cost_of(problem, Pairs(problem).improve(spread(problem), {0, 1}, FOREVER))
    best = solve(problem)
    assert best.proven
    assert best.cost <= found <= best.cost + best.cost // 50


@settings(max_examples=40, deadline=None)
@given(networks, st.integers(0, 3))
def test_a_shaken_plan_is_allowed_no_dearer_and_uses_no_other_source(problem: Network, seed: int) -> None:
    start = Found(cost_of(problem, spread(problem)), spread(problem))
    found = Shaking(problem, [1_000] * len(problem.sources), chance(seed)).shaken(start, 2_000, 0)
    assert allowed(problem, found.takes)
    assert found.cost == cost_of(problem, found.takes) <= start.cost
    assert found.used <= start.used


@settings(max_examples=40, deadline=None)
@given(networks, st.integers(1, 60_000))
def test_sets_of_sources_keep_to_their_number_and_come_once_each(problem: Network, about_g: int) -> None:
    sets = Sets(problem, about_g)
    sets.search(chance(1), 5_000)
    found = [tuple(one) for one in sets.cheapest(30)]
    assert len(set(found)) == len(found)
    assert all(len(one) <= sets.most for one in found)


def test_the_only_three_sources_that_have_everything_together_are_found_among_thirty() -> None:
    """Every one of the others has more of the order than any of the three."""
    lines, tariff = 30, Tariff((10_000, 50_000), (5 * MICRO, 9 * MICRO))
    has = [set(range(k, lines, 3)) for k in range(3)]
    has += [set(range(lines)) - {k, (k + 7) % lines, (k + 1) % lines, (k + 11) % lines} - {0, 1, 2} for k in range(27)]
    sources = tuple(Source(f"l{j:02}", MICRO, tariff) for j in range(len(has)))
    pieces = tuple(
        Piece(1, 500, 1_000 * MICRO, tuple(Option(j, MICRO, 1) for j, mine in enumerate(has) if i in mine))
        for i in range(lines)
    )
    answer = solved(Network(pieces, sources), max_steps=200_000)
    assert {j for parts in answer.takes for j, _ in parts} == {0, 1, 2}
    assert answer.cost == (3 * 6 + 30) * MICRO


def test_plans_of_orders_that_can_be_proven_are_the_best_or_within_half_a_per_cent() -> None:
    gaps = []
    for seed in range(6):
        problem = network(("large", seed), 14, 12, split=0.1)
        best = solve(problem)
        assert best.proven
        found = solved(problem, max_steps=60_000)
        assert allowed(problem, found.takes)
        assert found.bound <= best.cost <= found.cost == cost_of(problem, found.takes)
        gaps.append(found.cost / best.cost - 1)
    assert min(gaps) == 0
    assert statistics.fmean(gaps) < 0.005


@pytest.mark.parametrize("seed", [3, 5])
def test_limits_are_kept(seed: int) -> None:
    problem = network(("limits", seed), 40, 12, split=0.2, limits=True)
    found = solved(problem, max_steps=60_000)
    assert allowed(problem, found.takes)
    assert found.bound <= found.cost == cost_of(problem, found.takes) <= cost_of(problem, spread(problem))


@pytest.mark.parametrize("lines", [30, 300])
def test_the_same_order_gets_the_same_plan(lines: int) -> None:
    problem = network(("again", lines), lines, 10)
    assert solved(problem, max_steps=30_000) == solved(problem, max_steps=30_000)


def test_a_plan_that_is_good_enough_ends_the_work() -> None:
    tariff = Tariff((5_000,), (500,))
    sources = tuple(Source(f"l{j}", 100 * j, tariff) for j in range(3))
    pieces = tuple(Piece(1, 1_000, 10_000, tuple(Option(j, 0, 1) for j in range(3))) for _ in range(5))
    answer = solved(Network(pieces, sources))
    assert answer.takes == (((0, 1),),) * 5
    assert answer.proven
    assert answer.steps == 0


@pytest.mark.parametrize("sources", [0, 1, 2])
def test_an_order_that_nobody_has_waits(sources: int) -> None:
    places = tuple(Source(f"l{j}", 100, Tariff((5_000,), (500,))) for j in range(sources))
    problem = Network((Piece(1, 1_000, 10_000, ()), Piece(3, 500, 10_000, ())), places)
    answer = solved(problem, max_steps=20_000)
    assert answer.takes == ((), ())
    assert answer.cost == 40_000


def test_five_full_parcels_come_from_where_a_parcel_is_cheapest_though_every_piece_alone_would_go_elsewhere() -> None:
    """A step of the tariff is paid by the piece that crosses it: taken one by one no piece would move."""
    near, far = Tariff((1_000, 5_000), (100, 600)), Tariff((1_000, 5_000), (300, 320))
    sources = (Source("near", 0, near), Source("far", 0, far))
    pieces = tuple(Piece(1, 1_000, 10_000, (Option(0, 0, 1), Option(1, 0, 1))) for _ in range(25))
    assert solved(Network(pieces, sources), max_steps=20_000).cost == 5 * 320
