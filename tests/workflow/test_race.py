"""More buyers than units, several workers at once (D1): on the local cloud, where conditions hold under threads."""

import pytest

from oms.allocation.run import GIVE_UP
from tests.cloud import Cloud
from tests.race import race, race_tables


@pytest.mark.parametrize(
    ("buyers", "units", "messages"), [(200, 50, 1), (200, 1_000, 3), (1_000, 100, 10)], ids=["D1", "enough", "crowd"]
)
def test_exactly_as_many_buyers_are_served_as_there_are_units(
    cloud: Cloud, buyers: int, units: int, messages: int
) -> None:
    with race_tables(cloud) as wiring:
        raced = race(wiring, buyers=buyers, units=units, workers=8, messages=messages)
    assert (raced.oversold, raced.undersold) == (0, 0)
    assert raced.allocated + raced.backordered == buyers
    assert raced.attempts_per_order <= GIVE_UP * (1 + raced.gave_back)
    assert raced.tried >= buyers
