"""The limits of a split are those of the whole order: what ships from where already counts for what comes later."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oms.allocation.sourcing.engine import source
from oms.allocation.sourcing.strategy import Split
from tests.unit.allocation.sourcing.test_engine import PLACES, case, orders, stocks, strategy

NAMES = [place.name for place in PLACES]
HERE = {"ber-1": 2, "ham-1": 2}


@settings(max_examples=150, deadline=None)
@given(orders, stocks, st.sampled_from([None, 1, 2, 3]), st.booleans(), st.sets(st.sampled_from(NAMES)))
def test_no_order_ships_from_more_locations_than_it_may_whenever_its_units_come(
    lines: dict[str, int], stock: dict[str, dict[str, int]], most: int | None, none: bool, used: set[str]
) -> None:
    rule = strategy(split=Split(mode="none" if none else "by_quantity", max_locations=None if none else most))
    before = dict.fromkeys(used, 1)
    outcome = source(case(lines, stock, ships=before), rule)
    limit = 1 if none else most
    joining = set(outcome.locations) - used
    if limit is not None:
        assert len(joining) <= max(limit - len(used), 0)
    if limit is None or not used:
        assert outcome == source(case(lines, stock), rule)
    assert outcome.bound <= outcome.cost


@pytest.mark.parametrize(
    ("split", "ships", "locations"),
    [
        (Split(mode="none"), {"ham-1": 1}, ("ham-1",)),
        (Split(mode="none"), {"lon-1": 1}, ()),
        (Split(max_locations=2), {"lon-1": 1}, ("ber-1",)),
        (Split(max_locations=2), {"ham-1": 1, "lon-1": 1}, ("ham-1",)),
        (Split(max_locations=2), {"ham-1": 1}, ("ber-1", "ham-1")),
        (Split(max_locations=3), {"lon-1": 1}, ("ber-1", "ham-1")),
        (Split(max_parcels=2), {"lon-1": 2}, ()),
        (Split(max_parcels=2), {"ber-1": 1}, ("ber-1",)),
        (Split(max_parcels=3), {"lon-1": 1}, ("ber-1", "ham-1")),
        (Split(), {"lon-1": 7}, ("ber-1", "ham-1")),
    ],
)
def test_what_ships_already_leaves_less_room(split: Split, ships: dict[str, int], locations: tuple[str, ...]) -> None:
    outcome = source(case({"A": 4}, {"A": HERE}, ships=ships), strategy(split=split))
    assert outcome.locations == locations
    assert outcome.waiting == ({} if len(locations) == 2 else {1: 2} if locations else {1: 4})


def test_a_location_for_which_the_split_has_no_room_is_out_for_that_reason() -> None:
    outcome = source(case({"A": 4}, {"A": HERE}, ships={"ham-1": 1}), strategy(split=Split(mode="none")))
    assert [row[:3] for row in outcome.refusals if row.constraint == "split"] == [
        ("ber-1", "split", "would be one more than the 1 location(s) that may ship it, which are ham-1")
    ]
    full = source(case({"A": 4}, {"A": HERE}, ships={"ham-1": 2}), strategy(split=Split(max_parcels=2)))
    assert {row.why for row in full.refusals if row.constraint == "split"} == {
        "may send no further parcel of the order, which has its 2"
    }
