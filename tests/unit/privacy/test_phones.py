"""One form for a phone number, so that it is found however it was written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.privacy.phones import international


@pytest.mark.parametrize(
    ("written", "country"),
    [
        ("+49 30 1234567", "DE"),
        ("+49 (0)30 / 1234-567", "FR"),
        ("0049301234567", "US"),
        ("030 123 45 67", "DE"),
        ("(030) 1234567 ext. 12", "DE"),
        ("+４９ ３０ １２３４５６７", "DE"),  # noqa: RUF001  full-width on purpose
    ],
)
def test_every_way_of_writing_a_number_is_one_number(written: str, country: str) -> None:
    assert international(written, country) == "+49301234567"


def test_a_country_has_its_own_habits() -> None:
    assert international("(415) 555-0100", "US") == international("1-415-555-0100", "CA") == "+14155550100"
    assert international("06 6982 0001", "IT") == "+390669820001"
    assert international("030 1234567", "XX") == "0301234567"


@pytest.mark.parametrize("written", ["", "call me", "12345", "4" * 18])
def test_what_is_no_number_has_no_form(written: str) -> None:
    assert international(written, "DE") is None


@given(st.text(max_size=30), st.sampled_from(["DE", "US", "IT", "XX", ""]))
def test_any_text_has_a_form_or_none(written: str, country: str) -> None:
    form = international(written, country)
    assert form is None or (form.lstrip("+").isascii() and form.lstrip("+").isdigit())
    assert form is None or not form.startswith("+") or international(form, "FR") == form
