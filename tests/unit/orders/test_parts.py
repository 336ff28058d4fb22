"""An order taken apart: nothing is lost and nothing invented, to the minor unit."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from oms.orders.amounts import kept_share, worth
from oms.orders.model import Line, Order
from oms.orders.parts import parts_of, shipped_value
from tests.order_builders import order


@st.composite
def any_orders(draw: st.DrawFn) -> Order:
    """Consistent orders: tax on lines or on the order alone, inside or not, discounts, units cancelled."""
    lines: list[Line] = []
    for number in range(1, draw(st.integers(1, 6)) + 1):
        quantity, price = draw(st.integers(1, 40)), draw(st.integers(0, 9_999))
        live = draw(st.integers(0, quantity))
        lines.append(
            Line(
                number=number,
                sku=f"S{number}",
                quantity=quantity,
                unit_price_minor=price,
                discount_minor=draw(st.integers(0, live * price)),
                tax_minor=draw(st.sampled_from([0, draw(st.integers(0, 5_000))])) if live else 0,
                cancelled=quantity - live,
                open=live,
            )
        )
    goods = sum(map(worth, lines))
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


@given(any_orders(), st.data())
def test_what_shipped_is_part_of_what_lives_and_more_is_never_worth_less(some: Order, data: Any) -> None:
    shipped = {each.number: data.draw(st.integers(0, each.quantity - each.cancelled)) for each in some.lines}
    assert 0 <= shipped_value(some, shipped) <= some.total_minor
    everything = {each.number: each.quantity - each.cancelled for each in some.lines}
    if any(everything.values()):
        assert shipped_value(some, everything) == some.total_minor


def test_a_tax_of_the_order_alone_is_shared_over_lines_and_postage() -> None:
    lines = (
        Line(number=1, sku="A", quantity=3, unit_price_minor=100, open=3),
        Line(number=2, sku="B", quantity=1, unit_price_minor=100, open=1),
    )
    some = order(lines=lines, shipping_minor=100, tax_minor=100, total_minor=600)
    assert parts_of(some) == ((360, 120), 120)
    assert [kept_share(100, 3, units) for units in range(4)] == [0, 34, 67, 100]
    assert [shipped_value(some, units) for units in ({}, {2: 1}, {1: 1, 2: 1}, {1: 9})] == [0, 240, 360, 480]
