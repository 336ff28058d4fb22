"""What is shown of a person: masks that say too little to find anybody, and for a purpose no more than it needs."""

from typing import get_args

import pytest

from oms.privacy.catalogue import ALL, PURPOSES, purpose_of
from oms.privacy.model import Person
from oms.privacy.views import PersonView, PurposeName, fields_of, masked, shown

ZOE = Person(
    id="per_1",
    name="Zoë Krüger",
    email="zoe.krueger@mail.example.com",
    phone="+49 30 1234567",
    company="Nordlicht",
    address_lines=("Schönhauser Allee 44a", "Hinterhaus"),
    city="Berlin",
    region="BE",
    postal_code="10435",
    country="DE",
    billing='{"name":"Nordlicht GmbH","address_lines":["Ring 1"],"city":"Bonn","country":"DE"}',
    note="Please ring",
    gift_message="Happy birthday",
)
SECRETS = (
    "Zoë",
    "Krüger",
    "krueger",
    "mail.example",
    "1234567",
    "Nordlicht",
    "Allee",
    "Berlin",
    "10435",
    "Ring",
    "ring",
)


def test_a_mask_tells_two_persons_apart_and_names_none() -> None:
    view = masked(ZOE)
    assert view == PersonView(
        masked=True,
        hidden=("address_lines", "billing", "gift_message", "note"),
        name="Z••• K•••",
        company="N•••",
        email="z•••@m•••.com",
        phone="•••67",
        city="B•••",
        region="B•••",
        postal_code="104•",
        country="DE",
    )
    assert [secret for secret in SECRETS if secret in view.model_dump_json()] == []


def test_little_data_is_masked_as_well() -> None:
    view = masked(Person(id="per_1", name="O", phone="12", email="a"))
    assert (view.name, view.phone, view.email, view.company, view.postal_code) == (
        "O•••",
        "•••",
        "•••@a•••.a",
        None,
        None,
    )


@pytest.mark.parametrize("purpose", PURPOSES, ids=[purpose.name for purpose in PURPOSES])
def test_a_purpose_shows_the_fields_that_it_needs_and_names_the_others(purpose: "object") -> None:
    wanted = purpose_of(getattr(purpose, "name", ""))
    assert wanted is not None
    view = shown(ZOE, wanted)
    assert set(fields_of(view)) == wanted.fields
    assert set(view.hidden) == ALL - wanted.fields
    assert not view.masked


def test_the_purposes_of_the_api_are_those_of_the_catalogue() -> None:
    assert {purpose.name for purpose in PURPOSES} == set(get_args(PurposeName))
    assert purpose_of("curiosity") is None


def test_only_the_privacy_officer_sees_everything() -> None:
    whole = [purpose for purpose in PURPOSES if purpose.fields == ALL]
    assert [(purpose.name, purpose.roles) for purpose in whole] == [
        ("data_subject_request", frozenset({"privacy_officer"}))
    ]
