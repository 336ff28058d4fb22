"""The reading kit: what every plug-in leans on."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.intake.reading import MAX_NOTE, AddressNames, Reader, apart, note_of, settled
from oms.kernel.errors import RejectedError
from oms.validation.checks.amounts import total_of
from tests.intake import canonical

PLACE = {"name": "Ada", "address1": "12 Square", "city": "London", "postal_code": "SW1", "country": "GB"}


def read(method: str, value: Any, **kwargs: Any) -> tuple[Any, list[str]]:
    reader = Reader({}, "EUR")
    found = getattr(reader, method)({"it": value}, "it", **kwargs)
    return found, [fault.field for fault in reader.faults]


@pytest.mark.parametrize(
    ("value", "text", "faults"),
    [
        (" Ada\tLovelace\r\n ", "Ada Lovelace", []),
        ("", None, []),
        ("  ", None, []),
        (None, None, []),
        (17, "17", []),
        (Decimal("1.50"), "1.50", []),
        (True, None, ["it"]),
        (["x"], None, ["it"]),
    ],
)
def test_a_text_is_one_line_and_blank_is_absent(value: Any, text: str | None, faults: list[str]) -> None:
    assert read("text", value) == (text, faults)


@pytest.mark.parametrize(
    ("value", "units", "faults"),
    [
        (3, 3, []),
        ("3", 3, []),
        ("3.0000", 3, []),
        (Decimal("3.0"), 3, []),
        (None, 0, []),
        ("", 0, []),
        ("1.5", 0, ["it"]),
        (-1, 0, ["it"]),
        (True, 0, ["it"]),
        ("٣", 0, ["it"]),
        ({}, 0, ["it"]),
    ],
)
def test_units_are_whole_however_they_are_written(value: Any, units: int, faults: list[str]) -> None:
    assert read("number", value) == (units, faults)


@pytest.mark.parametrize(
    ("value", "minor", "faults"),
    [
        ("19.90", 1990, []),
        (Decimal("19.9"), 1990, []),
        (Decimal("2E+1"), 2000, []),
        ("25.0000", 2500, []),
        (19, 1900, []),
        (None, 0, []),
        ("-1.00", 0, ["it"]),
        ("1.001", 0, ["it"]),
        (True, 0, ["it"]),
        ([1], 0, ["it"]),
    ],
)
def test_an_amount_is_minor_units_or_a_fault(value: Any, minor: int, faults: list[str]) -> None:
    assert read("money", value) == (minor, faults)


@pytest.mark.parametrize(
    ("value", "kwargs", "instant", "faults"),
    [
        ("2026-11-23T10:30:00+01:00", {}, "2026-11-23T09:30:00.000Z", []),
        ("2026-11-23T09:30:00Z", {}, "2026-11-23T09:30:00.000Z", []),
        ("2026-11-23 09:30:00", {"naive_utc": True}, "2026-11-23T09:30:00.000Z", []),
        ("2026-11-23T09:30:00", {}, None, ["it"]),
        ("yesterday", {}, None, ["it"]),
        ("0001-01-01T00:00:00+23:00", {}, None, ["it"]),
        (None, {}, None, []),
    ],
)
def test_a_time_is_utc_text(value: Any, kwargs: dict[str, Any], instant: str | None, faults: list[str]) -> None:
    assert read("instant", value, **kwargs) == (instant, faults)


def test_a_count_of_milliseconds_or_seconds_is_utc_text() -> None:
    assert read("epoch", 1795426200123) == ("2026-11-23T09:30:00.123Z", [])
    assert read("epoch", 1795426200, unit_ms=1000) == ("2026-11-23T09:30:00.000Z", [])
    assert read("epoch", None) == (None, [])
    assert read("epoch", 10**14, unit_ms=1000) == (None, ["it"])


@given(amount=st.integers(min_value=0, max_value=10**9), units=st.integers(min_value=1, max_value=500))
def test_a_line_amount_comes_apart_without_loss(amount: int, units: int) -> None:
    price, discount = apart(amount, units)
    assert price * units - discount == amount
    assert 0 <= discount < units


def test_a_senders_rounding_is_seen_and_more_than_rounding_stays_a_contradiction() -> None:
    base = {name: canonical()[name] for name in ("shipping_minor", "tax_minor")} | {"discount_minor": 0}
    lines = [{"quantity": 3, "unit_price_minor": 100, "discount_minor": 0}]
    exact = 300 + base["shipping_minor"] + base["tax_minor"]

    def parts(total: int) -> tuple[int, int]:
        ours = settled({**base, "lines": lines, "total_minor": total})
        return ours["shipping_minor"] - base["shipping_minor"], ours["discount_minor"]

    assert [parts(exact + by) for by in (0, 1, 2, 3, -1, -2, -3)] == [
        (0, 0), (1, 0), (2, 0), (0, 0), (0, 1), (0, 2), (0, 0),
    ]  # fmt: skip


def test_who_is_billed_is_said_only_when_it_is_somebody_else() -> None:
    reader, names = Reader({}), AddressNames()
    person, place = reader.person(PLACE, names), reader.address(PLACE, names)
    assert reader.bill_to(PLACE, names, "billing", {**person, **place}) is None
    assert reader.bill_to({"country": "GB"}, names, "billing", {**person, **place}) is None
    other = reader.bill_to({**PLACE, "name": "Charles"}, names, "billing", {**person, **place})
    assert other is not None
    assert (other["name"], other["city"]) == ("Charles", "London")


def test_no_address_line_is_lost() -> None:
    names = AddressNames(lines=tuple("abcdef"))
    lines = Reader({}).address({name: name for name in "abcdef"}, names)["address_lines"]
    assert lines == ["a", "b", "c", "d, e, f"]


def test_a_note_that_is_too_long_is_cut_visibly() -> None:
    assert note_of(None, []) is None
    assert note_of("ring twice", ["gift: yes"]) == "ring twice\ngift: yes"
    cut = note_of("x" * 1_999, ["more"])
    assert cut is not None
    assert (len(cut), cut[-1]) == (MAX_NOTE, "…")


def test_a_fault_of_the_model_names_the_senders_field() -> None:
    theirs = {"lines": "line_items", "lines.*.sku": "line_items.*.product.sku", "customer": "buyer", "ship_to": "to"}
    wrong = canonical(lines=[{**canonical()["lines"][0], "sku": ""}], customer={"name": ""}, ship_to={})
    with pytest.raises(RejectedError) as refused:
        Reader(theirs).order(wrong)
    assert [fault.field for fault in refused.value.faults] == [
        "line_items.0.product.sku", "buyer.name", "to.country", "to.address_lines",
    ]  # fmt: skip
    assert refused.value.code == "invalid"


def test_a_good_order_comes_through() -> None:
    order = Reader({}).order(canonical())
    assert total_of(order) == order.total_minor
