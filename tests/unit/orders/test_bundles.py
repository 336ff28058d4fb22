"""Bundles on the shelf."""

from hypothesis import given
from hypothesis import strategies as st

from oms.orders.bundles import on_the_shelf, whole_bundles, with_bundles
from oms.orders.model import Line

SET = Line(number=1, sku="TEA-SET", quantity=3, unit_price_minor=1, open=3, components=(("CUP", 4), ("POT", 1)))
CUPS = Line(number=2, sku="CUP", quantity=3, unit_price_minor=1, open=3)


def test_a_bundle_is_its_components_on_the_shelf_and_anything_else_is_itself() -> None:
    assert on_the_shelf(SET, 3) == {"CUP": 12, "POT": 3}
    assert on_the_shelf(CUPS, 3) == {"CUP": 3}


def test_a_location_makes_as_many_bundles_as_its_scarcest_component_allows() -> None:
    stock = {"CUP": {"ber-1": 9, "lon-1": 40, "nyc-1": 8}, "POT": {"ber-1": 5, "lon-1": 3}}
    assert whole_bundles(SET.components, stock) == {"ber-1": 2, "lon-1": 3}
    assert with_bundles(stock, {"TEA-SET": SET.components})["TEA-SET"] == {"ber-1": 2, "lon-1": 3}
    assert whole_bundles(SET.components, {"CUP": {"ber-1": 9}}) == {}
    assert whole_bundles(SET.components, {"CUP": {"ber-1": -4}, "POT": {"ber-1": 5}}) == {"ber-1": 0}


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 5)), min_size=1, max_size=5))
def test_the_bundles_of_a_location_can_be_made_and_one_more_can_not(parts: list[tuple[int, int]]) -> None:
    components = tuple((f"S{number}", each) for number, (_, each) in enumerate(parts))
    stock = {f"S{number}": {"ber-1": there} for number, (there, _) in enumerate(parts)}
    made = whole_bundles(components, stock)["ber-1"]
    assert all(made * each <= stock[sku]["ber-1"] for sku, each in components)
    assert any((made + 1) * each > stock[sku]["ber-1"] for sku, each in components)
