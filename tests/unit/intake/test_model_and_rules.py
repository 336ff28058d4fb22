"""The canonical order: what it takes, what it refuses, and what becomes of it."""

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from oms.intake.model import NewOrder
from oms.intake.rules import (
    Decision,
    accept,
    body_text,
    first_answer,
    units_by_sku,
)
from oms.kernel.text import clean
from oms.orders.holding import HoldSpec
from oms.orders.model import Order, Promise
from oms.orders.natural import order_id_of
from oms.reference.geography import postal_area
from tests.intake import NOW, canonical

DATED = Decision(Promise(earliest_on="2026-11-25", latest_on="2026-11-27"), backorder_expected=False)


def new(**changes: Any) -> NewOrder:
    return NewOrder.model_validate(canonical(**changes))


def fields_wrong(**changes: Any) -> list[str]:
    with pytest.raises(ValidationError) as refused:
        new(**changes)
    return [".".join(str(part) for part in error["loc"]) for error in refused.value.errors()]


@pytest.mark.parametrize(
    "text", ["a\x00b", "a\nb", "\ud800", "a\u202eb", "a\u2066b", "\u2028", "   ", "\x7f", "\u0085"]
)
def test_text_that_is_not_what_it_seems_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"must not be blank|control characters"):
        clean(text)


@pytest.mark.parametrize(
    "text", ["Ω≈ç√∫", "田中さん", "👩‍👩‍👧", "'; DROP TABLE x;--", "<script>", "O\u2019Brien", "مرحبا", "a\u00a0b"]
)
def test_any_script_and_any_nonsense_without_control_characters_is_kept(text: str) -> None:
    assert clean(text) == unicodedata.normalize("NFC", text)


@given(st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=60))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    try:
        once = clean(text)
    except ValueError:
        return
    assert clean(once) == once == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"lines": []}, "lines"),
        ({"total_minor": 1.0}, "total_minor"),
        ({"total_minor": True}, "total_minor"),
        ({"total_minor": "13209"}, "total_minor"),
        ({"total_minor": 10**15}, "total_minor"),
        ({"shipping_minor": -1}, "shipping_minor"),
        ({"currency": "eur"}, "currency"),
        ({"channel": "Sales Desk"}, "channel"),
        ({"external_order_id": ""}, "external_order_id"),
        ({"external_order_id": "x" * 129}, "external_order_id"),
        ({"account_id": "no spaces"}, "account_id"),
        ({"customer": {"name": "A", "email": "nobody"}}, "customer.email"),
        ({"customer": {"name": "A", "vat": "1"}}, "customer.vat"),
        ({"customer": {"name": "A\x00"}}, "customer.name"),
    ],
)
def test_a_field_that_is_wrong_is_named(changes: dict[str, Any], field: str) -> None:
    assert fields_wrong(**changes) == [field]


def test_the_id_of_an_order_is_known_before_it_comes() -> None:
    assert order_id_of("sales_desk", "A-1") == order_id_of("sales_desk", "A-1")
    assert len({order_id_of("a", "bc"), order_id_of("ab", "c"), order_id_of("a", "b")}) == 3


@pytest.mark.parametrize(
    ("code", "area"), [("10435", "104"), ("SW1Y 4JH", "SW1"), ("e16 2qu", "E16"), ("K2P-0S0", "K2P"), ("01", "01")]
)
def test_a_postal_area_is_three_characters(code: str, area: str) -> None:
    assert postal_area(code) == area


@given(
    st.dictionaries(st.sampled_from(["total_minor", "shipping_minor", "tax_minor"]), st.integers(0, 10**9), min_size=1)
)
def test_another_amount_is_another_body(changes: dict[str, int]) -> None:
    before = canonical()
    same = all(before[name] == value for name, value in changes.items())
    assert (body_text(new(**changes)) == body_text(new())) is same


def test_the_unicode_form_makes_no_other_body() -> None:
    spelled = [{"name": unicodedata.normalize(form, "Zoë")} for form in ("NFC", "NFD")]
    assert len({body_text(new(customer=customer)) for customer in spelled}) == 1


def test_a_sku_on_two_lines_is_wanted_once_in_all() -> None:
    line = {"sku": "LAMP", "quantity": 2, "unit_price_minor": 1}
    assert units_by_sku(new(lines=[line, line, {**line, "sku": "MUG"}])) == {"LAMP": 4, "MUG": 2}


def test_the_first_answer_outlives_every_change() -> None:
    order = accept(new(), DATED, fingerprint="f", at=NOW, by="user:x")
    told = first_answer(order)
    later = order.changed(
        at=NOW, by="system:test", what="changed", status="completed", promise=Promise(latest_on="2027-01-01"), holds=()
    )
    assert first_answer(later) == told
    assert first_answer(Order.model_validate_json(later.model_dump_json())) == told


def test_an_order_over_the_limit_waits_and_says_so() -> None:
    order = accept(new(), DATED._replace(holds=(HoldSpec("credit_limit"),)), fingerprint="f", at=NOW, by="user:x")
    assert (order.status, order.version, [hold.reason for hold in order.holds]) == ("validating", 1, ["credit_limit"])
    assert [fact.type for fact in order.facts] == ["OrderSubmitted", "OrderHeld"]
    assert order.facts[0].data["holds"] == ["credit_limit"]
