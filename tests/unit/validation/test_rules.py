"""What no single check owns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.kernel.errors import Fault, RejectedError
from oms.validation.rules import buyer_text, refuse_if_any, units_short
from tests.unit.validation.scene import new


def test_a_buyer_is_told_by_e_mail_else_telephone_else_name_and_place() -> None:
    def buyer(**customer: str) -> str:
        order = new(customer={"name": "Zoë  KRÜGER", **customer})
        return buyer_text(order.customer, order.ship_to)

    assert buyer(email="Zoe@Example.com", phone="1") == buyer(email="zoe@example.COM") == "email zoe@example.com"
    assert buyer(phone="+49 (30) 123-4") == "phone 49301234"
    assert buyer() == "name zoë krüger DE 10435"


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
