"""The address as it stands on a packing list."""

import pytest

from oms.fulfillment.paperwork import address_rows
from oms.privacy.model import Person
from oms.shipping.model import Lane
from oms.shipping.rules import most_specific


@pytest.mark.parametrize(
    ("place", "rows"),
    [
        ({"city": "Dubai", "country": "AE"}, ("1 Some Street", "Dubai", "AE")),
        ({"region": "Kowloon", "country": "HK"}, ("1 Some Street", "Kowloon", "HK")),
        ({"city": "Berlin", "postal_code": "10435", "country": "DE"}, ("1 Some Street", "10435 Berlin", "DE")),
    ],
)
def test_what_a_country_has_not_leaves_no_gap(place: dict[str, str], rows: tuple[str, ...]) -> None:
    assert address_rows(Person(id="per_1", name="Ana", address_lines=("1 Some Street",), **place)) == rows


def test_a_destination_without_a_postal_area_is_in_the_zone_of_its_country() -> None:
    assert most_specific({"HK": "far", "HK-9": "nowhere"}, Lane("HK", "")) == "HK"
