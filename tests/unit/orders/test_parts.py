"""An order taken apart: nothing is lost and nothing invented, to the minor unit."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from oms.orders.model import Line, Order
from oms.orders.parts import first_units, live_value, parts_of, shipped_value
from tests.order_builders import order


@st.composite
def any_orders(draw: st.DrawFn) -> Order:
    """Consistent orders: tax on lines or on the order alone, inside or not, discounts, units cancelled."""
    lines: list[Line] = []
    for number in range(1, draw(st.integers(1, 6)) + 1):
        quantity, price = draw(st.integers(1, 40)), draw(st.integers(0, 9_999))
        cancelled = draw(st.integers(0, quantity))
        lines.append(
            Line(
                number=number,
                sku=f"S{number}",
                quantity=quantity,
                unit_price_minor=price,
                discount_minor=draw(st.integers(0, quantity * price)),
                tax_minor=draw(st.sampled_from([0, draw(st.integers(0, 5_000))])),
                cancelled=cancelled,
                open=quantity - cancelled,
            )
        )
    goods = sum(each.quantity * each.unit_price_minor - each.discount_minor for each in lines)
    shipping = draw(st.integers(0, 2_000))
    discount = draw(st.integers(0, goods + shipping))
    tax = sum(each.tax_minor for each in lines) + draw(st.integers(0, 3_000))
    included = draw(st.booleans())
    fields: dict[str, Any] = {"lines": tuple(lines), "shipping_minor": shipping, "discount_minor": discount}
    total = goods + shipping - discount + (0 if included else tax)
    return order(**fields, tax_minor=tax, taxes_included=included, total_minor=total)


@given(any_orders())
def test_the_parts_sum_to_the_total_and_none_is_negative(some: Order) -> None:
    parts = parts_of(some)
    assert sum(parts.lines) + parts.charges == some.total_minor
    assert min(*parts.lines, parts.charges) >= 0


@given(st.integers(0, 10**9), st.integers(1, 10**6), st.data())
def test_the_units_of_a_line_sum_to_its_part_and_differ_by_one_at_most(part: int, quantity: int, data: Any) -> None:
    cut = data.draw(st.integers(0, quantity))
    assert first_units(part, quantity, 0) == 0
    assert first_units(part, quantity, quantity) == part
    if cut:
        one = first_units(part, quantity, cut) - first_units(part, quantity, cut - 1)
        assert one in (part // quantity, part // quantity + 1)


@given(any_orders(), st.data())
def test_what_shipped_is_part_of_what_lives_and_more_is_never_worth_less(some: Order, data: Any) -> None:
    shipped = {each.number: data.draw(st.integers(0, each.quantity - each.cancelled)) for each in some.lines}
    assert 0 <= shipped_value(some, shipped) <= live_value(some) <= some.total_minor
    everything = {each.number: each.quantity - each.cancelled for each in some.lines}
    assert shipped_value(some, everything) == live_value(some)


@given(any_orders())
def test_with_nothing_cancelled_all_lives_and_with_all_cancelled_nothing(some: Order) -> None:
    whole = some.model_copy(update={"lines": tuple(each.model_copy(update={"cancelled": 0}) for each in some.lines)})
    gone = tuple(each.model_copy(update={"cancelled": each.quantity}) for each in some.lines)
    assert live_value(whole) == some.total_minor
    assert live_value(some.model_copy(update={"lines": gone})) == 0


def test_a_tax_of_the_order_alone_is_shared_over_lines_and_postage() -> None:
    lines = (
        Line(number=1, sku="A", quantity=3, unit_price_minor=100, open=3),
        Line(number=2, sku="B", quantity=1, unit_price_minor=100, open=1),
    )
    some = order(lines=lines, shipping_minor=100, tax_minor=100, total_minor=600)
    assert parts_of(some) == ((360, 120), 120)
    assert [first_units(100, 3, units) for units in range(4)] == [0, 34, 67, 100]
    half = some.model_copy(update={"lines": (lines[0].model_copy(update={"open": 2, "cancelled": 1}), lines[1])})
    assert (live_value(half), shipped_value(half, {2: 1}), shipped_value(half, {})) == (480, 240, 0)
