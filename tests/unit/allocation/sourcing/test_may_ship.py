"""Who may ship, asked ahead: the very places from which sourcing would take a unit that lies there alone."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from oms.allocation.sourcing.engine import source_by
from oms.allocation.sourcing.mayship import OF_THE_DAY, may_ship
from oms.allocation.sourcing.model import Case, Place, Wanted
from oms.allocation.sourcing.strategy import BUILT_IN, Constraint, Filters, Rule, Split
from oms.orders.mayship import ANYBODY, MayShip

_PLACES = st.lists(
    st.builds(
        Place,
        name=st.sampled_from(("ber-1", "lon-1", "nyc-1", "tor-1")),
        country=st.sampled_from(("DE", "GB", "US")),
        km=st.integers(0, 900),
        networks=st.sets(st.sampled_from(("own", "stores"))).map(frozenset),
        capabilities=st.sets(st.just("hazmat_room")).map(frozenset),
        blocked=st.booleans(),
    ),
    max_size=4,
    unique_by=lambda place: place.name,
)
_FILTERS = st.builds(
    Filters,
    networks=st.sampled_from(((), ("own",), ("stores",))),
    countries=st.sampled_from(((), ("DE",), ("GB", "US"))),
    max_km=st.none() | st.integers(1, 900),
    capabilities=st.sampled_from(({}, {"hazmat": "hazmat_room"})),
)
_STANDING: tuple[Constraint, ...] = ("network", "country", "distance", "capability")


@st.composite
def _rules(draw: st.DrawFn) -> Rule:
    named = draw(st.permutations([*_STANDING, *sorted(OF_THE_DAY), "carrier"]))
    hard = draw(st.integers(0, len(named)))
    soft = draw(st.integers(hard, len(named)))
    return Rule(
        name="one",
        filters=draw(_FILTERS),
        hard=tuple(name for name in named[:hard] if name != "carrier"),
        soft=tuple(named[hard:soft]),
    )


def _case(places: list[Place], stock: dict[str, dict[str, int]]) -> Case:
    lines = (Wanted(1, "CUP", 1), Wanted(2, "ACID", 1, classes=frozenset({"hazmat"})))
    return Case(lines, "DE", "10", "web", "consumer", stock, tuple(places))


@given(_PLACES, _rules())
def test_a_place_may_ship_what_sourcing_would_take_from_there_if_it_lay_nowhere_else(
    places: list[Place], rule: Rule
) -> None:
    may = may_ship(_case(places, {sku: {one.name: 1 for one in places} for sku in ("CUP", "ACID")}), rule)
    for sku in ("CUP", "ACID"):
        for place in places:
            case = _case(places, {sku: {place.name: 1}})
            only = replace(case, lines=tuple(line for line in case.lines if line.sku == sku))
            taken = source_by(only, BUILT_IN, rule).parts
            allowed = may.of(sku)
            assert bool(taken) == (allowed is None or place.name in allowed)


def test_soft_constraints_are_dropped_one_by_one_until_those_left_have_all_that_is_wanted() -> None:
    near = Place("ber-1", "DE", km=5, networks=frozenset({"own"}))
    far = Place("lon-1", "GB", km=900, networks=frozenset({"own"}))
    foreign = Place("shop-1", "GB", km=900)
    rule = Rule(
        name="one", filters=Filters(max_km=100, networks=("own",)), hard=("hours",), soft=("distance", "network")
    )
    everywhere = {sku: {one.name: 1 for one in (near, far, foreign)} for sku in ("CUP", "ACID")}
    may = may_ship(_case([near, far, foreign], everywhere), rule)
    assert [sorted(tier["CUP"]) for tier in may.tiers] == [["ber-1"], ["ber-1", "lon-1"], ["ber-1", "lon-1", "shop-1"]]
    stock = {"CUP": {"ber-1": 1, "lon-1": 2, "shop-1": 4}}
    assert may.stock(stock, {"CUP": 1}) == {"CUP": {"ber-1": 1}}
    assert may.stock(stock, {"CUP": 3}) == {"CUP": {"ber-1": 1, "lon-1": 2}}
    assert may.stock(stock, {"CUP": 9}) == stock
    assert may_ship(_case([near], {sku: {"ber-1": 1} for sku in everywhere}), rule) == ANYBODY
    assert MayShip().stock(stock, {"CUP": 9}) == stock


def test_no_more_locations_count_than_may_ship_an_order_those_with_the_most_of_it_first() -> None:
    stock = {"CUP": {"ber-1": 3, "lon-1": 4, "shop-1": 1}, "ACID": {"ber-1": 2, "shop-1": 9}}
    wanted = {"CUP": 4, "ACID": 2}
    assert MayShip(most=1).stock(stock, wanted) == {"CUP": {"ber-1": 3}, "ACID": {"ber-1": 2}}
    assert MayShip(most=2).stock(stock, wanted) == {"CUP": {"ber-1": 3, "lon-1": 4}, "ACID": {"ber-1": 2}}
    assert MayShip(most=3).stock(stock, wanted) == stock
    tiers = ({"CUP": frozenset({"lon-1"}), "ACID": frozenset({"shop-1"})},)
    assert MayShip(tiers, most=1).stock(stock, wanted) == {"CUP": {"lon-1": 4}, "ACID": {}}


def test_a_rule_says_how_many_locations_may_ship() -> None:
    place = Place("ber-1", "DE", km=5)
    case = _case([place], {sku: {"ber-1": 1} for sku in ("CUP", "ACID")})
    assert may_ship(case, Rule(name="one", split=Split(max_locations=2))) == MayShip(most=2)
    assert may_ship(case, Rule(name="one", split=Split(mode="none"))).most == 1
