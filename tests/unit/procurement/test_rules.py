"""How much to buy, and from whom."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.procurement.model import Offer, Supplier
from oms.procurement.rules import best_offer, reorder_quantity


@pytest.mark.parametrize(
    ("position", "moq", "pack", "quantity"),
    [
        (41, 1, 1, 0),  # above the point: nothing
        (40, 1, 1, 60),  # at the point: up to the target
        (40, 1, 24, 72),  # whole packs
        (40, 100, 24, 120),  # the minimum, in whole packs
        (99, 1, 1, 0),
        (-5, 1, 1, 105),  # backorders count
        (0, 500, 100, 500),
    ],
)
def test_the_quantity_fills_up_to_the_target(position: int, moq: int, pack: int, quantity: int) -> None:
    assert reorder_quantity(position=position, reorder_point=40, order_up_to=100, moq=moq, pack=pack) == quantity


@given(st.integers(-100, 200), st.integers(0, 100), st.integers(1, 300), st.integers(1, 500), st.integers(1, 60))
def test_a_quantity_respects_minimum_and_packs_and_reaches_the_target(
    position: int, point: int, more: int, moq: int, pack: int
) -> None:
    target = point + more
    quantity = reorder_quantity(position=position, reorder_point=point, order_up_to=target, moq=moq, pack=pack)
    if position > point:
        assert quantity == 0
        return
    assert quantity >= moq
    assert quantity % pack == 0
    assert position + quantity >= target
    assert quantity - pack < max(moq, target - position)  # not a pack more than needed


def test_the_soonest_supplier_is_chosen_then_the_smallest_minimum_then_the_id() -> None:
    def seller(name: str, days: int, moq: int) -> Supplier:
        offer = Offer(sku="CUP", moq=moq, lead_time_days=days, unit_cost_minor=1, currency="EUR")
        return Supplier(id=name, name=name, country="DE", offers=(offer,))

    slow, small, large, twin = seller("a", 9, 1), seller("c", 5, 1), seller("b", 5, 10), seller("d", 5, 1)
    found = best_offer("CUP", [slow, large, twin, small])
    assert found is not None
    assert found[0].id == "c"
    assert best_offer("PEN", [slow]) is None
