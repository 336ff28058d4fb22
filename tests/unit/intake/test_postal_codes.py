"""Addresses of countries without postal codes, and of countries with them, through every channel plug-in."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from pydantic import ValidationError

from oms.intake.imports.columns import layout_of
from oms.intake.imports.reading import read_csv
from oms.intake.model import NewOrder
from oms.intake.notices import FETCHED, Snapshot
from oms.intake.rules import destination_of
from oms.kernel.errors import RejectedError
from tests.intake import canonical
from tests.unit.intake.market_scene import WHOLE
from tests.unit.intake.test_channel_contract import KINDS, plugin_of, specimen_of

_CODES = frozenset({"zip", "postalCode", "PostalCode", "postcode", "postal_code"})
_COUNTRIES = frozenset(
    {"country", "country_code", "countryCode", "CountryCode", "country_iso", "country_iso2", "country_id"}
)


def moved(value: Any, country: str) -> Any:
    """The document with every address in the country, and without its postal code."""
    if isinstance(value, list):
        return [moved(each, country) for each in value]
    if not isinstance(value, dict):
        return value
    place = bool(_CODES & set(value))
    return {
        name: country if place and name in _COUNTRIES else moved(each, country)
        for name, each in value.items()
        if name not in _CODES
    }


def message(kind: str, country: str) -> tuple[Mapping[str, str], bytes]:
    module = specimen_of(kind)
    if kind in WHOLE:
        return FETCHED, json.dumps(moved(WHOLE[kind], country)).encode()
    if kind == "x12_850":
        return module.HEADERS, module.MESSAGE.replace(b"*44139*US", b"**" + country.encode())
    if kind == "edifact_orders":
        text: bytes = module.MESSAGE
        return module.HEADERS, text.replace(b"++46149+DE", b"+++" + country.encode())
    document = moved(json.loads(module.MESSAGE), "USA" if kind == "walmart" else country)
    return module.HEADERS, json.dumps(document).encode()


def order_of(kind: str, country: str) -> NewOrder:
    headers, raw = message(kind, country)
    channel = specimen_of(kind).CHANNEL
    if kind == "generic":  # its mapping says the country
        channel = channel.model_copy(update={"mapping": {**channel.mapping, "ship_to.country": f'`"{country}"`'}})
    found: Sequence[Any] = plugin_of(kind).parse(channel, headers, raw)
    (snapshot,) = [each for each in found if isinstance(each, Snapshot)]
    return snapshot.order


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "walmart"])  # which sells in three countries
def test_an_address_in_hong_kong_needs_no_postal_code_in_any_channel(kind: str) -> None:
    order = order_of(kind, "HK")
    assert (order.ship_to.country, order.ship_to.postal_code) == ("HK", "")
    assert destination_of(order).postal_area == ""


@pytest.mark.parametrize("kind", KINDS)
def test_an_address_in_germany_needs_one_in_every_channel(kind: str) -> None:
    """Of Walmart's, one in the United States."""
    with pytest.raises(RejectedError) as error:
        order_of(kind, "DE")
    words = [fault.message for fault in error.value.faults]
    assert words == ["is needed in US" if kind == "walmart" else "is needed in DE"]


_HEAD = "external_order_id,currency,customer_name,address_1,city,country,sku,quantity,unit_price"


@pytest.mark.parametrize(
    ("country", "city", "faults"),
    [
        ("AE", "Dubai", []),
        ("HK", "", []),
        ("DE", "Berlin", ["postal_code"]),
        ("US", "", ["city", "postal_code"]),
        ("IE", "Dublin", []),
    ],
)
def test_a_file_without_postal_codes_is_taken_where_they_are_not_needed(
    country: str, city: str, faults: list[str]
) -> None:
    layout = layout_of(_HEAD)
    row = f"A-1,EUR,Ana,1 Some Street,{city},{country},MUG,1,2.00"
    (entry,) = read_csv(row.encode(), layout, channel="desk", first_row=2)
    assert [fault.fault.field for fault in entry.faults] == faults
    assert (entry.order is not None) is (not faults)


@pytest.mark.parametrize(
    ("ship_to", "fields"),
    [
        ({"country": "AE", "city": "Dubai"}, []),
        ({"country": "HK", "region": "Kowloon"}, []),
        ({"country": "DE", "city": "Berlin"}, ["ship_to.postal_code"]),
        ({"country": "DE", "city": "Berlin", "postal_code": " "}, ["ship_to.postal_code"]),
        ({"country": "FR", "postal_code": "75001"}, ["ship_to.city"]),
    ],
)
def test_an_order_over_the_api_needs_what_the_country_needs(ship_to: dict[str, str], fields: list[str]) -> None:
    body = canonical(ship_to={"address_lines": ["1 Some Street"], **ship_to})
    try:
        NewOrder.model_validate(body)
        wrong = []
    except ValidationError as error:
        wrong = [".".join(map(str, each["loc"])) for each in error.errors()]
    assert wrong == fields
