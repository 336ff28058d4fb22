"""What a parcel weighs on the bill and what it costs."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from oms.shipping.model import IMPERIAL, METRIC, Break, Dimensional, Lane, Service, Size, Surcharges, ZoneRate
from oms.shipping.rules import billable_g, most_specific, quote, rate_for, refusal
from tests.shipping_builders import rate, service, size

HOME = Lane("DE", "10", residential=False)
DIVISORS = Path(__file__).parents[4] / "shared/data/5_reference/given/rate_cards/dim_divisors.csv"
POUND_MG = 453_592


def pounds(grams: int) -> int:
    return grams * 1000 // POUND_MG


def test_the_golden_box_is_billed_at_17_pounds() -> None:
    box = Size(weight_g=5_443, length_mm=437, width_mm=308, height_mm=242)  # 17.2 x 12.1 x 9.5 in, 12 lb
    assert billable_g(box, IMPERIAL) == 7_712
    assert pounds(billable_g(box, IMPERIAL)) == 17


def test_a_dense_box_is_billed_at_its_own_weight_rounded_up_to_the_pound() -> None:
    assert pounds(billable_g(size(4_540, 150, 150, 150), IMPERIAL)) == 11


def test_each_side_is_rounded_up_before_the_volume_is_taken() -> None:
    assert billable_g(size(1, 201, 100, 100), METRIC) == 420
    assert billable_g(size(1, 200, 100, 100), METRIC) == 400


def test_a_rule_for_large_boxes_only_leaves_small_ones_at_their_weight() -> None:
    postal = Dimensional(side_um=25_400, divisor=166, weight_mg=POUND_MG, step_mg=POUND_MG, above_units=1_728)
    foot = Size(weight_g=900, length_mm=304, width_mm=304, height_mm=304)
    larger = Size(weight_g=900, length_mm=330, width_mm=304, height_mm=304)
    assert pounds(billable_g(foot, postal)) == 2
    assert pounds(billable_g(larger, postal)) == 12  # 13 x 12 x 12 / 166 = 11.28


@pytest.mark.skipif(not DIVISORS.exists(), reason="real divisors are not here")
def test_the_presets_are_the_divisors_that_carriers_publish() -> None:
    rows = list(csv.DictReader(DIVISORS.read_text().splitlines()))
    published = {
        (row["carrier"], row["unit"]): int(row["divisor"]) for row in rows if "retail" not in row["service_scope"]
    }
    assert published["FedEx", "in3/lb"] == IMPERIAL.divisor
    assert published["DHL Express", "cm3/kg"] == METRIC.divisor


def test_a_quote_lists_each_part_and_sums_to_the_total() -> None:
    extra = Surcharges(
        fuel_bp=725,
        residential_minor=50,
        remote_areas=frozenset({"DE-25"}),
        remote_minor=700,
        oversize_mm=1_000,
        oversize_minor=1_250,
    )
    dear = service(surcharges=extra)
    found = quote(dear, dear.rates["home"], size(900, 1_001, 20, 20), Lane("DE", "259", residential=True))
    assert found.parts == (("base", 400), ("fuel", 29), ("residential", 50), ("remote", 700), ("oversize", 1_250))
    assert found.total_minor == 2_429


@pytest.mark.parametrize(("base", "fuel"), [(100, 7), (200, 15), (331, 24), (0, 0)])
def test_fuel_is_rounded_half_up_to_the_minor_unit(base: int, fuel: int) -> None:
    offered = service(surcharges=Surcharges(fuel_bp=725), rates={"home": rate((5_000, base)), "near": rate((1, 1))})
    assert quote(offered, offered.rates["home"], size(), HOME).total_minor == base + fuel


@pytest.mark.parametrize(("grams", "price"), [(1, 400), (1_000, 400), (1_001, 600), (5_000, 600), (5_001, 900)])
def test_a_weight_break_includes_its_limit(grams: int, price: int) -> None:
    assert quote(service(), service().rates["home"], size(grams, 10, 10, 10), HOME).total_minor == price


def test_no_price_is_invented_above_the_last_break() -> None:
    with pytest.raises(ValueError, match="no price for 31501 g"):
        quote(service(), service().rates["home"], size(31_501, 10, 10, 10), HOME)


def test_the_most_specific_place_counts() -> None:
    places = {"GB": "home", "GB-IV": "highlands", "GB-IV2": "islands"}
    assert most_specific(places, Lane("GB", "IV2")) == "GB-IV2"
    assert most_specific(places, Lane("GB", "iv1")) == "GB-IV"
    assert most_specific(places, Lane("GB", "EC1")) == "GB"
    assert most_specific(places, Lane("IE", "IV2")) is None


def test_a_service_says_why_it_refuses_a_parcel() -> None:
    offered = service()
    home = rate_for(offered, HOME)
    assert home is not None
    assert refusal(offered, home, [size()]) is None
    assert refusal(offered, home, [size(), size(31_501)]) == "too_heavy"
    assert refusal(offered, home, [size(100, 1_201, 10, 10)]) == "too_long"
    assert refusal(offered, home, [size(100, 1_000, 1_000, 1_000)]) == "too_heavy"
    assert rate_for(offered, Lane("US", "100")) is None


def test_breaks_that_fall_are_not_a_rate() -> None:
    with pytest.raises(ValidationError, match="must rise"):
        rate((1_000, 500), (2_000, 400))
    with pytest.raises(ValidationError, match="zones without a rate: far"):
        service(zones={"DE": "far"})


prices = st.lists(st.integers(0, 10_000), min_size=1, max_size=6).map(sorted)


@st.composite
def offers(draw: st.DrawFn) -> Service:
    amounts = draw(prices)
    breaks = tuple(Break(up_to_g=(place + 1) * 5_000, price_minor=amount) for place, amount in enumerate(amounts))
    extra = Surcharges(
        fuel_bp=draw(st.integers(0, 4_000)),
        oversize_g=draw(st.integers(1, 30_000)),
        oversize_minor=draw(st.integers(0, 999)),
    )
    home = ZoneRate(breaks=breaks, transit_days_min=1, transit_days_max=1)
    return service(rates={"home": home}, zones={"DE": "home"}, surcharges=extra)


@given(offers(), st.data())
def test_a_heavier_parcel_never_costs_less_in_the_same_zone(offered: Service, data: st.DataObject) -> None:
    home = offered.rates["home"]
    weights = st.integers(1, home.breaks[-1].up_to_g)
    light, heavy = sorted((data.draw(weights), data.draw(weights)))
    costs = [quote(offered, home, size(grams, 10, 10, 10), HOME).total_minor for grams in (light, heavy)]
    assert costs == sorted(costs)


@given(st.integers(1, 30_000), st.tuples(*[st.integers(1, 2_000)] * 3), st.integers(1, 2_000))
def test_billable_weight_is_never_less_than_the_actual_and_grows_with_each_side(
    grams: int, sides: tuple[int, int, int], more: int
) -> None:
    small = billable_g(size(grams, *sides), METRIC)
    assert small >= grams
    assert billable_g(size(grams, sides[0] + more, *sides[1:]), METRIC) >= small
    assert billable_g(size(grams, *reversed(sides)), METRIC) == small
