"""Orders that compete for the same stock: cheaper together, and nobody gets less than in the fair sequence."""

from hypothesis import given, settings
from hypothesis import strategies as st

from oms.allocation.sourcing.batch import Left, Placed
from oms.allocation.sourcing.desk import Sourcing
from oms.allocation.together import MOST_ORDERS, MOST_POSITIONS, cheapest_sequence, planner
from oms.inventory.model import Position, PositionKey
from oms.orders.model import Destination, Order
from tests.allocation_scene import START, confirmed_order, position
from tests.unit.allocation.test_rules import BERLIN, PLACES

ZURICH = Destination(country="CH", postal_area="80")
LOS_ANGELES = Destination(country="US", postal_area="902")
SOURCING = Sourcing(locations=PLACES)
orders = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from("ABC"), st.integers(1, 3), min_size=1),
        st.sampled_from([BERLIN, ZURICH, LOS_ANGELES]),
    ),
    min_size=2,
    max_size=5,
).map(lambda rows: [order(number, units, to) for number, (units, to) in enumerate(rows)])
pictures = st.dictionaries(
    st.tuples(st.sampled_from("ABC"), st.sampled_from(sorted(PLACES))), st.integers(0, 4), max_size=12
).map(lambda rows: {key: position(*key, units) for key, units in rows.items()})


def order(number: int, units: dict[str, int], to: Destination) -> Order:
    return confirmed_order(f"ord_{number}", units, minute=number, destination=to)


def run(sequence: list[Order], picture: dict[PositionKey, Position]) -> dict[str, Placed]:
    plan = planner({one.id: () for one in sequence}, SOURCING, START)
    left = {key: there.available for key, there in picture.items()}
    placed: dict[str, Placed] = {}
    for one in sequence:
        placed[one.id] = plan(one, {key: units for key, units in left.items() if key[0] in {x.sku for x in one.lines}})
        for key, units in placed[one.id].taken.items():
            left[key] -= units
    assert all(units >= 0 for units in left.values())
    return placed


def cheapest(fair: list[Order], picture: dict[PositionKey, Position]) -> list[Order]:
    return cheapest_sequence(fair, picture, planner({one.id: () for one in fair}, SOURCING, START))


def test_the_near_unit_is_left_to_who_has_no_other_near() -> None:
    first, second = order(1, {"A": 1}, ZURICH), order(2, {"A": 1}, BERLIN)
    picture = {key: position(*key, 1) for key in (("A", "ber-1"), ("A", "lon-1"))}
    assert [dict(one.taken) for one in run([first, second], picture).values()] == [
        {("A", "ber-1"): 1}, {("A", "lon-1"): 1},
    ]  # fmt: skip
    sequence = cheapest([first, second], picture)
    assert sequence == [second, first]
    assert {name: dict(one.taken) for name, one in run(sequence, picture).items()} == {
        "ord_2": {("A", "ber-1"): 1},
        "ord_1": {("A", "lon-1"): 1},
    }


@settings(max_examples=150, deadline=None)
@given(orders, pictures)
def test_together_costs_no_more_and_nobody_gets_fewer_units(
    fair: list[Order], picture: dict[PositionKey, Position]
) -> None:
    before = run(fair, picture)
    sequence = cheapest(fair, picture)
    assert sorted(one.id for one in sequence) == sorted(one.id for one in fair)
    after = run(sequence, picture)
    assert sum(one.cost for one in after.values()) <= sum(one.cost for one in before.values())
    assert all(after[name].units >= one.units for name, one in before.items())
    assert cheapest(fair, picture) == sequence


def test_orders_that_take_seconds_to_plan_are_not_planned_ahead() -> None:
    skus = [f"S{number}" for number in range(MOST_POSITIONS // 2 + 1)]
    fair = [order(1, dict.fromkeys(skus, 1), ZURICH), order(2, {"S0": 1}, BERLIN)]
    picture = {(sku, place): position(sku, place, 1) for sku in skus for place in ("ber-1", "lon-1")}

    def never(_order: Order, _left: Left) -> Placed:
        raise AssertionError

    assert cheapest_sequence(fair, picture, never) == fair


def test_where_all_have_enough_nothing_is_planned_ahead() -> None:
    def plan(_order: Order, _left: Left) -> Placed:
        raise AssertionError("planned ahead")

    fair = [order(1, {"A": 1}, ZURICH), order(2, {"A": 1}, BERLIN)]
    enough = {key: position(*key, 2) for key in (("A", "ber-1"), ("A", "lon-1"))}
    assert cheapest_sequence(fair, enough, plan) == fair
    only_one_place = {("A", "ber-1"): position("A", "ber-1", 1)}
    assert cheapest_sequence(fair, only_one_place, plan) == fair
    crowd = [order(number, {"A": 1}, BERLIN) for number in range(MOST_ORDERS + 1)]
    assert cheapest_sequence(crowd, enough, plan) == crowd
