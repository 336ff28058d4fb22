"""Money is integers; what goes in comes out, and parts sum to the whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.kernel.money import share, to_decimal_text, to_minor

CURRENCIES = st.sampled_from(["EUR", "USD", "JPY", "KWD"])


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [("19.90", "EUR", 1990), ("0", "USD", 0), ("-5.5", "GBP", -550), ("1200", "JPY", 1200), ("1.234", "KWD", 1234)],
)
def test_an_amount_becomes_minor_units_of_its_currency(amount: str, currency: str, minor: int) -> None:
    assert to_minor(amount, currency) == minor


@pytest.mark.parametrize(
    "amount",
    [
        "",
        "1e3",
        "NaN",
        "Infinity",
        "1_000",
        "1,00",
        "0.001",
        "٣",
        "0x10",
        "9999999999999999",
        "--1",
        "1." + 40 * "9",
        61 * "0",
    ],
)
def test_what_is_not_a_plain_amount_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match=r"plain decimal|decimals|finite|digits"):
        to_minor(amount, "EUR")


@given(st.integers(-(10**14), 10**14), CURRENCIES)
def test_text_and_minor_units_are_inverse(minor: int, currency: str) -> None:
    assert to_minor(to_decimal_text(minor, currency), currency) == minor


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10**6), min_size=1, max_size=50))
def test_shares_sum_to_the_amount_and_none_is_off_by_a_unit_or_more(amount: int, weights: list[int]) -> None:
    if sum(weights) == 0:
        weights = [1, *weights]
    parts = share(amount, weights)
    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * sum(weights) - amount * weight) < sum(weights)


def test_a_remainder_goes_to_the_largest_fraction_then_to_the_first() -> None:
    assert share(100, [1, 1, 1]) == [34, 33, 33]
    assert share(-100, [1, 1, 1]) == [-34, -33, -33]
    assert share(10, [0, 3, 1]) == [0, 8, 2]


def test_nothing_can_be_split_by_nothing() -> None:
    assert share(0, [0, 0]) == [0, 0]
    with pytest.raises(ValueError, match="weights"):
        share(1, [0, 0])
