"""The checks against the given lists: what real posts and banks publish is not found wrong."""

import pytest

from tests.reliability.checks import OLD, cpu_us, exponents, postal_examples, zip_codes


def test_published_postal_codes_are_taken_and_zip_codes_belong_to_their_state() -> None:
    examples, codes = postal_examples(), zip_codes(every=100)
    if examples is None or codes is None:
        pytest.skip("the given data shared/data/5_reference is not here")
    own, other = codes
    assert (set(examples.wrong), other.wrong) == (OLD, [])
    assert own.right / own.all > 0.99, own.wrong


def test_every_currency_in_use_has_its_minor_unit() -> None:
    found = exponents()
    if found is None:
        pytest.skip("the given data shared/data/5_reference is not here")
    assert found.wrong == []


def test_no_check_is_slow() -> None:
    assert {name: round(spent) for name, spent in cpu_us().items() if spent > 500} == {}
