"""What is left of an order is worth what its units are worth, to the minor unit, however they went."""

from hypothesis import given
from hypothesis import strategies as st

from oms.orders.amounts import kept_share, live_units, sum_of, without_cancelled, worth
from oms.orders.model import Line, Order
from tests.order_builders import order


@st.composite
def lines(draw: st.DrawFn, number: int) -> Line:
    quantity = draw(st.integers(1, 12))
    price = draw(st.integers(0, 5_000))
    return Line(
        number=number,
        sku=f"S{number}",
        quantity=quantity,
        unit_price_minor=price,
        discount_minor=draw(st.integers(0, quantity * price)),
        tax_minor=draw(st.integers(0, 9_999)),
        open=quantity,
    )


@st.composite
def orders(draw: st.DrawFn) -> Order:
    made = tuple(draw(lines(number)) for number in range(1, draw(st.integers(1, 4)) + 1))
    shipping, included = draw(st.integers(0, 2_000)), draw(st.booleans())
    goods = sum(map(worth, made))
    discount = draw(st.integers(0, goods))
    tax = sum(line.tax_minor for line in made) + draw(st.integers(0, 500))
    total = sum_of(made, shipping, discount, tax, included=included)
    return order(
        lines=made,
        shipping_minor=shipping,
        discount_minor=discount,
        tax_minor=tax,
        taxes_included=included,
        total_minor=total,
    )


def cancel(before: Order, off: dict[int, int]) -> Order:
    changed = tuple(
        line.model_copy(
            update={
                "cancelled": line.cancelled + off.get(line.number, 0),
                "open": line.open - off.get(line.number, 0),
            }
        )
        for line in before.lines
    )
    new, amounts = without_cancelled(before, changed)
    return before.model_copy(update={"lines": new, **amounts._asdict()})


def adds_up(each: Order) -> bool:
    comes_to = sum_of(
        each.lines, each.shipping_minor, each.discount_minor, each.tax_minor, included=each.taxes_included
    )
    return each.total_minor == max(comes_to, 0)


@given(orders(), st.data())
def test_the_total_is_the_sum_of_its_parts_whatever_was_cancelled_and_never_grows(
    before: Order, data: st.DataObject
) -> None:
    off = {line.number: data.draw(st.integers(0, line.quantity)) for line in before.lines}
    after = cancel(before, off)
    assert adds_up(after)
    assert 0 <= after.total_minor <= before.total_minor
    assert all(0 <= line.discount_minor <= live_units(line) * line.unit_price_minor for line in after.lines)
    if not any(live_units(line) for line in after.lines):
        assert (after.total_minor, after.tax_minor, after.shipping_minor, after.discount_minor) == (0, 0, 0, 0)


@given(orders(), st.data())
def test_a_lines_shares_are_the_same_whether_its_units_go_one_by_one_or_together(
    before: Order, data: st.DataObject
) -> None:
    line = before.lines[0]
    units = data.draw(st.integers(0, line.quantity))
    step = before
    for _ in range(units):
        step = cancel(step, {1: 1})
    at_once = cancel(before, {1: units})
    assert (step.lines[0].discount_minor, step.lines[0].tax_minor) == (
        at_once.lines[0].discount_minor,
        at_once.lines[0].tax_minor,
    )


@given(st.integers(0, 10_000), st.integers(1, 50))
def test_the_shares_of_single_units_sum_to_the_amount_and_differ_by_one_at_most(amount: int, units: int) -> None:
    shares = [kept_share(amount, units, kept + 1) - kept_share(amount, units, kept) for kept in range(units)]
    assert sum(shares) == amount
    assert max(shares) - min(shares) <= 1


def test_a_total_that_the_sender_rounded_otherwise_stays_otherwise_by_as_much() -> None:
    before = order(lines=(Line(number=1, sku="A", quantity=2, unit_price_minor=500, open=2),), total_minor=1001)
    assert cancel(before, {1: 1}).total_minor == 501
    assert cancel(before, {1: 2}).total_minor == 0
