"""Sourcing: conservation, limits, optimality against brute force, determinism."""

from datetime import UTC, datetime
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.allocation.rules import Demand, SourcingPlan, Take, rank
from oms.allocation.sourcing.desk import Sourcing
from oms.allocation.sourcing.model import Stock
from oms.orders.model import Destination
from oms.reference.geography import Point, centre_of, distance_km
from oms.reference.model import Location
from tests.order_builders import order

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
BERLIN = Destination(country="DE", postal_area="10")
SKUS = ("A", "B", "C")


def location(name: str, latitude: float, longitude: float) -> Location:
    return Location(
        id=name,
        name=name,
        country="DE",
        postal_code="10115",
        latitude=latitude,
        longitude=longitude,
        time_zone="Europe/Berlin",
    )


PLACES = {
    "ber-1": location("ber-1", 52.5, 13.4),
    "lon-1": location("lon-1", 51.5, 0.0),
    "nyc-1": location("nyc-1", 40.7, -74.0),
    "lax-1": location("lax-1", 34.0, -118.2),
}


def plan_sourcing(
    lines: list[Demand],
    stock: Stock,
    locations: dict[str, Location],
    destination: Destination,
    excluded: frozenset[str] = frozenset(),
) -> SourcingPlan:
    """What the built-in strategy makes of an order when no carrier is known: few places, then near ones."""
    waiting = order(destination=destination)
    return Sourcing(locations=locations).plan(waiting, lines, stock, excluded, NOW)[0]


demands = st.lists(st.tuples(st.sampled_from(SKUS), st.integers(1, 9)), min_size=1, max_size=5).map(
    lambda rows: [Demand(number, sku, units) for number, (sku, units) in enumerate(rows, 1)]
)
stocks = st.dictionaries(
    st.sampled_from(SKUS), st.dictionaries(st.sampled_from(sorted(PLACES)), st.integers(-2, 12), max_size=4)
)
destinations = st.sampled_from(
    [BERLIN, Destination(country="US", postal_area="902"), Destination(country="GB", postal_area="E1")]
)


def units(plan: SourcingPlan, number: int) -> int:
    return sum(take.quantity for take in plan.takes if take.number == number)


def unsplit(sku: str, lines: list[Demand], stock: Stock, places: tuple[str, ...]) -> bool:
    """Whether a SKU comes whole from one of the places, if anybody has all that is wanted of it."""
    wanted = sum(line.quantity for line in lines if line.sku == sku)
    having = [place for place, there in stock.get(sku, {}).items() if there >= wanted]
    return not wanted or not having or any(place in places for place in having)


def most(lines: list[Demand], stock: Stock) -> int:
    """Units that all locations together can cover."""
    total = 0
    for sku in {line.sku for line in lines}:
        wanted = sum(line.quantity for line in lines if line.sku == sku)
        total += min(wanted, sum(max(there, 0) for there in stock.get(sku, {}).values()))
    return total


def test_one_location_that_has_all_beats_a_nearer_one_that_has_half() -> None:
    lines = [Demand(1, "A", 1), Demand(2, "B", 1)]
    plan = plan_sourcing(lines, {"A": {"ber-1": 5, "lon-1": 5}, "B": {"lon-1": 5}}, PLACES, BERLIN)
    assert plan.takes == (Take(1, "A", "lon-1", 1), Take(2, "B", "lon-1", 1))
    assert plan.backordered == {}
    assert plan.reason == "cheapest by default 0, everything, without carrier"


def test_of_two_that_have_all_the_nearest_ships() -> None:
    stock = {"A": {"lax-1": 5, "nyc-1": 5}}
    assert plan_sourcing([Demand(1, "A", 2)], stock, PLACES, BERLIN).locations == ("nyc-1",)
    west = Destination(country="US", postal_area="902")
    assert plan_sourcing([Demand(1, "A", 2)], stock, PLACES, west).locations == ("lax-1",)


def test_equally_far_locations_are_told_apart_by_their_id() -> None:
    unknown = Destination(country="XX", postal_area="1")
    stock = {"A": {"nyc-1": 1, "lon-1": 1, "lax-1": 1}}
    assert plan_sourcing([Demand(1, "A", 1)], stock, PLACES, unknown).locations == ("lax-1",)


def test_a_line_is_split_only_when_no_chosen_location_has_all_of_it() -> None:
    plan = plan_sourcing([Demand(1, "A", 7)], {"A": {"ber-1": 4, "lon-1": 4}}, PLACES, BERLIN)
    assert plan.takes == (Take(1, "A", "ber-1", 4), Take(1, "A", "lon-1", 3))


def test_what_nobody_has_is_backordered_from_the_last_line() -> None:
    plan = plan_sourcing([Demand(1, "A", 2), Demand(2, "A", 2)], {"A": {"ber-1": 3}}, PLACES, BERLIN)
    assert plan.takes == (Take(1, "A", "ber-1", 2), Take(2, "A", "ber-1", 1))
    assert plan.backordered == {2: 1}


def test_an_excluded_location_is_not_asked() -> None:
    plan = plan_sourcing([Demand(1, "A", 1)], {"A": {"ber-1": 3}}, PLACES, BERLIN, frozenset({"ber-1"}))
    assert plan == SourcingPlan((), {1: 1}, "nothing in stock")


def test_stock_eaten_into_the_safety_stock_counts_as_none() -> None:
    assert plan_sourcing([Demand(1, "A", 1)], {"A": {"ber-1": -2}}, PLACES, BERLIN).backordered == {1: 1}


@given(demands, stocks, destinations)
def test_every_unit_is_taken_or_backordered_and_no_location_gives_more_than_it_has(
    lines: list[Demand], stock: Stock, destination: Destination
) -> None:
    plan = plan_sourcing(lines, stock, PLACES, destination)
    for line in lines:
        assert units(plan, line.number) + plan.backordered.get(line.number, 0) == line.quantity
    for sku in SKUS:
        for place in PLACES:
            given_away = sum(take.quantity for take in plan.takes if (take.sku, take.location) == (sku, place))
            assert given_away <= max(stock.get(sku, {}).get(place, 0), 0)
    assert all(take.quantity > 0 for take in plan.takes)
    assert sum(take.quantity for take in plan.takes) == most(lines, stock)


@given(demands, stocks, destinations)
def test_no_smaller_and_no_nearer_set_of_locations_covers_as_much(
    lines: list[Demand], stock: Stock, destination: Destination
) -> None:
    plan = plan_sourcing(lines, stock, PLACES, destination)
    distances = rank(PLACES, destination)
    best = most(lines, stock)
    sets = [
        places
        for size in range(len(PLACES) + 1)
        for places in combinations(sorted(PLACES), size)
        if most(lines, {sku: {p: there[p] for p in places if p in there} for sku, there in stock.items()}) == best
        and all(unsplit(sku, lines, stock, places) for sku in SKUS)
    ]
    fewest = min(sets, key=lambda places: (len(places), sum(distances[p] for p in places), places))
    assert plan.locations == fewest


@given(demands, stocks, destinations)
def test_the_same_question_gets_the_same_plan_in_whatever_order_it_is_put(
    lines: list[Demand], stock: Stock, destination: Destination
) -> None:
    mirrored = {sku: dict(reversed(list(there.items()))) for sku, there in reversed(list(stock.items()))}
    places = dict(reversed(PLACES.items()))
    plan = plan_sourcing(lines, stock, PLACES, destination)
    assert plan_sourcing(list(reversed(lines)), mirrored, places, destination) == plan


def test_twenty_lines_that_lie_in_twenty_places_come_from_all_of_them() -> None:
    many = {f"l-{n:02}": location(f"l-{n:02}", 50, n) for n in range(40)}
    lines = [Demand(n + 1, f"S{n}", 1) for n in range(20)]
    stock = {f"S{n}": {f"l-{n * 2:02}": 1} for n in range(20)} | {"S0": {"l-39": 1}}
    plan = plan_sourcing(lines, stock, many, BERLIN)
    assert plan.reason == "cheapest by default 0, everything, without carrier"
    assert plan.backordered == {}
    assert len(plan.locations) == 20


@pytest.mark.parametrize(
    ("here", "there", "kilometres"),
    [
        (Point(52.5, 13.4), Point(52.5, 13.4), 0),
        (Point(0, 0), Point(0, 180), 20015),  # half the circumference of a sphere of 6,371 km
        (Point(52.52, 13.405), Point(51.507, -0.128), 932),  # Berlin to London
        (Point(40.713, -74.006), Point(34.052, -118.244), 3936),  # New York to Los Angeles
    ],
)
def test_distances_are_great_circles(here: Point, there: Point, kilometres: int) -> None:
    assert distance_km(here, there) == kilometres == distance_km(there, here)


@pytest.mark.parametrize(
    ("country", "area", "town", "within_km"),
    [
        ("DE", "10", Point(52.52, 13.4), 50),
        ("DE", "80", Point(48.14, 11.58), 50),
        ("DE", "50", Point(50.94, 6.96), 50),
        ("DE", "20", Point(53.55, 9.99), 50),
        ("GB", "E1", Point(51.52, -0.07), 50),
        ("GB", "LS1", Point(53.8, -1.55), 50),
        ("GB", "EH1", Point(55.95, -3.19), 50),
        ("GB", "M1", Point(53.48, -2.24), 50),
        ("AT", "101", Point(48.2, 16.37), 100),
        ("NL", "101", Point(52.37, 4.9), 100),
        ("PL", "00", Point(52.23, 21.01), 100),
        ("IT", "201", Point(45.46, 9.19), 100),
        ("CH", "800", Point(47.37, 8.54), 100),
        ("BE", "100", Point(50.85, 4.35), 100),
    ],
)
def test_the_beginning_of_a_postal_code_says_which_region(country: str, area: str, town: Point, within_km: int) -> None:
    found = centre_of(country, area)
    assert found is not None
    assert distance_km(found, town) <= within_km


@pytest.mark.parametrize("country", ["DE", "GB", "AT", "NL", "PL", "IT", "CH", "BE"])
def test_a_code_of_no_known_region_is_in_the_middle_of_its_country(country: str) -> None:
    assert centre_of(country, "") == centre_of(country, "?")
    assert centre_of(country, "") is not None


def test_a_zip_digit_says_which_coast() -> None:
    assert centre_of("US", "902") == Point(37, -120)
    assert centre_of("US", "100") == Point(41, -75)
    assert centre_of("US", "") == Point(37, -92)
    assert centre_of("XX", "1") is None
