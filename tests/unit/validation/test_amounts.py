"""The amounts of an order, by law."""

from hypothesis import given
from hypothesis import strategies as st

from oms.validation.checks.amounts import Tolerance, check, total_of
from tests.unit.validation.scene import facts, new

_LINES = st.lists(
    st.builds(
        lambda quantity, price, tax, cut: {
            "sku": "LAMP",
            "quantity": quantity,
            "unit_price_minor": price,
            "tax_minor": tax,
            "discount_minor": quantity * price * cut // 100,
        },
        st.integers(1, 1000),
        st.integers(0, 10**7),
        st.integers(0, 10**6),
        st.integers(0, 100),
    ),
    min_size=1,
    max_size=30,
)


@given(lines=_LINES, shipping=st.integers(0, 10**6), shipping_tax=st.integers(0, 10**5), off_by=st.integers(-3, 3))
def test_a_total_is_the_sum_of_its_parts_and_nothing_near_it(
    lines: list[dict[str, int]], shipping: int, shipping_tax: int, off_by: int
) -> None:
    tax = sum(line["tax_minor"] for line in lines) + shipping_tax
    goods = sum(line["quantity"] * line["unit_price_minor"] - line["discount_minor"] for line in lines)
    total = goods + shipping + tax
    order = new(lines=lines, shipping_minor=shipping, tax_minor=tax, total_minor=max(total + off_by, 0))
    assert total_of(order) == total
    assert (check(order, facts(), Tolerance()) == []) is (order.total_minor == total)


@given(lines=_LINES)
def test_tax_inside_the_prices_is_not_counted_again(lines: list[dict[str, int]]) -> None:
    included = [{**line, "tax_minor": 0} for line in lines]
    goods = sum(line["quantity"] * line["unit_price_minor"] - line["discount_minor"] for line in lines)
    order = new(lines=included, shipping_minor=0, tax_minor=goods // 6, total_minor=goods, taxes_included=True)
    assert check(order, facts(), Tolerance()) == []


def test_a_sender_that_rounds_by_itself_may_be_off_by_as_much_as_its_policy_says() -> None:
    order = new(total_minor=13211)
    assert [fault.field for fault in check(order, facts(), Tolerance(tolerance_minor=1))] == ["total_minor"]
    assert check(order, facts(), Tolerance(tolerance_minor=2)) == []


def test_an_included_tax_cannot_exceed_what_contains_it() -> None:
    line = {"sku": "LAMP", "quantity": 1, "unit_price_minor": 100, "tax_minor": 101}
    order = new(lines=[line], taxes_included=True, shipping_minor=0, tax_minor=101, total_minor=100)
    assert [fault.field for fault in check(order, facts(), Tolerance())] == ["lines.0.tax_minor", "tax_minor"]


def test_a_discount_is_not_more_than_there_is_to_take_it_off() -> None:
    line = {"sku": "LAMP", "quantity": 1, "unit_price_minor": 100}
    order = new(lines=[line], shipping_minor=10, discount_minor=111, tax_minor=1, total_minor=0)
    assert [fault.field for fault in check(order, facts(), Tolerance())] == ["discount_minor"]
