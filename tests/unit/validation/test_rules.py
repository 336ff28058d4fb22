"""The checks, by exact values and by law."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.intake.model import NewOrder
from oms.kernel.errors import Fault, RejectedError
from oms.validation.rules import (
    currency_faults,
    destination_faults,
    refuse_if_any,
    sku_faults,
    total_faults,
    total_of,
    units_short,
)
from tests.intake import canonical


def new(**changes: Any) -> NewOrder:
    return NewOrder.model_validate(canonical(**changes))


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
    assert (total_faults(order) == []) is (order.total_minor == total)


@given(lines=_LINES)
def test_tax_inside_the_prices_is_not_counted_again(lines: list[dict[str, int]]) -> None:
    included = [{**line, "tax_minor": 0} for line in lines]
    goods = sum(line["quantity"] * line["unit_price_minor"] - line["discount_minor"] for line in lines)
    order = new(lines=included, shipping_minor=0, tax_minor=goods // 6, total_minor=goods, taxes_included=True)
    assert total_faults(order) == []


def test_each_contradiction_is_named() -> None:
    lines = [{"sku": "LAMP", "quantity": 1, "unit_price_minor": 100, "discount_minor": 101, "tax_minor": 9}]
    order = new(lines=lines, shipping_minor=0, tax_minor=5, total_minor=1)
    assert total_faults(order) == [
        Fault("lines.0.discount_minor", "is more than the line is worth"),
        Fault("tax_minor", "the lines alone carry 9, not 5"),
        Fault("total_minor", "the parts come to 4, not 1"),
    ]


def test_an_included_tax_cannot_exceed_the_total() -> None:
    order = new(taxes_included=True, total_minor=11100, tax_minor=11101)
    assert [fault.field for fault in total_faults(order)] == ["tax_minor"]


def test_skus_currency_and_country_are_looked_up() -> None:
    assert [fault.field for fault in sku_faults(new().lines, {"LAMP"})] == ["lines.1.sku"]
    assert currency_faults("EUR", {"EUR"}) == []
    assert currency_faults("USD", {"GBP", "EUR"}) == [Fault("currency", "the channel takes EUR, GBP, not USD")]
    assert destination_faults("DE", {"DE"}) == []
    assert destination_faults("FR", {"DE"}) == [Fault("ship_to.country", "nothing ships to FR")]


def test_all_faults_are_told_at_once_under_the_first_code() -> None:
    first, second = Fault("a", "x"), Fault("b", "y")
    with pytest.raises(RejectedError) as refused:
        refuse_if_any({"none": [], "first": [first], "second": [second]})
    assert (refused.value.code, refused.value.faults) == ("first", (first, second))
    refuse_if_any({"none": []})


@given(
    wanted=st.dictionaries(st.sampled_from("ABC"), st.integers(1, 50)),
    stock=st.dictionaries(st.sampled_from("ABC"), st.dictionaries(st.sampled_from("xyz"), st.integers(-5, 50))),
)
def test_units_short_are_what_no_location_has(wanted: dict[str, int], stock: dict[str, dict[str, int]]) -> None:
    short = units_short(wanted, stock)
    for sku, units in wanted.items():
        free = sum(max(there, 0) for there in stock.get(sku, {}).values())
        assert short.get(sku, 0) == max(units - free, 0)
    assert set(short) <= set(wanted)
