"""Demand of a horizon from counted orders."""

import pytest

from oms.allocation.prices.forecast import (
    basket_of,
    counted,
    destination_of,
    expected_demand,
    region_of,
    smoothed_rate,
)
from oms.allocation.prices.model import Basket
from oms.orders.model import Destination
from tests.order_builders import line, order

MUG = Basket((("mug", 1),), "DE-1", 1)
PAIR = Basket((("cup", 1), ("mug", 2)), "DE-1", 2)


def test_a_region_is_a_country_and_the_first_character_of_its_postal_code() -> None:
    assert region_of(Destination(country="GB", postal_area="sw1a")) == "GB-S"
    assert region_of(Destination(country="HK", postal_area="")) == "HK-"
    assert destination_of("GB-S") == ("GB", "S")
    assert destination_of("HK-") == ("HK", "")


def test_lines_of_one_sku_are_one_and_their_order_does_not_matter() -> None:
    lines = (line(1, 2, "mug"), line(2, 1, "cup"), line(3, 3, "mug"))
    made = order(lines=lines, destination=Destination(country="DE", postal_area="101"))
    assert basket_of(made) == Basket((("cup", 1), ("mug", 5)), "DE-1", 2)
    assert counted([made, made]) == {basket_of(made): 2}


def test_a_bundle_is_demand_for_what_it_is_made_of() -> None:
    lines = (line(1, 2, "set", components=(("mug", 2), ("spoon", 1))), line(2, 1, "mug"))
    made = order(lines=lines, destination=Destination(country="DE", postal_area="101"))
    assert basket_of(made).units == (("mug", 5), ("spoon", 2))


def test_steady_demand_is_expected_to_go_on() -> None:
    assert smoothed_rate([4] * 28) == 4
    assert smoothed_rate([0] * 28) == 0
    assert smoothed_rate([]) == 0


def test_intermittent_demand_is_that_of_croston_as_corrected_by_syntetos_and_boylan() -> None:
    # Six units every fourth day, the last one today: size 6, interval 4, times 1 - 0.1 / 2.
    assert smoothed_rate([0, 0, 0, 6] * 7) == pytest.approx(0.95 * 6 / 4)


def test_a_sku_that_went_silent_is_expected_less_the_longer_it_is_silent() -> None:
    rates = [smoothed_rate([0, 0, 0, 6] * 3 + [0] * silent) for silent in (4, 8, 16)]
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] == pytest.approx(0.95 * 6 / 16)


def test_baskets_come_as_often_as_they_were_counted() -> None:
    days = [{MUG: 3, PAIR: 1}] * 14
    assert expected_demand(days, 7) == {MUG: pytest.approx(21), PAIR: pytest.approx(7)}
    assert expected_demand([], 7) == {}


def test_demand_that_rises_is_expected_above_its_mean() -> None:
    rising = [{MUG: number + 1} for number in range(28)]
    mean = sum(range(1, 29)) / 28
    assert mean * 14 < expected_demand(rising, 14)[MUG] < 28 * 14
