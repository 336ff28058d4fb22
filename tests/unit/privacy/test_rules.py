"""Envelopes: what is sealed opens for the same person and key only."""

import os

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from oms.privacy.model import Person, WrappingKey
from oms.privacy.rules import RANDOM, blind_index, open_sealed, seal

KEY = WrappingKey("2026-11-23", b"k" * 32)
PEPPER = b"pepper"
_TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


@given(name=_TEXT, email=st.none() | _TEXT, rows=st.lists(_TEXT, max_size=4))
def test_what_was_sealed_comes_back(name: str, email: str | None, rows: list[str]) -> None:
    person = Person(id="per_1", name=name, email=email, address_lines=tuple(rows), city="X", country="DE")
    sealed = seal(person, KEY, PEPPER, os.urandom(RANDOM))
    assert open_sealed("per_1", sealed, KEY) == person
    assert (sealed.blind is None) is (not email)


def test_a_box_opens_for_nobody_else() -> None:
    sealed = seal(Person(id="per_1", name="A"), KEY, PEPPER, os.urandom(RANDOM))
    other = seal(Person(id="per_2", name="B"), KEY, PEPPER, os.urandom(RANDOM))
    for person_id, box, key in (
        ("per_2", sealed, KEY),
        ("per_1", sealed._replace(box=other.box), KEY),
        ("per_1", sealed._replace(wrapped_key=other.wrapped_key), KEY),
        ("per_1", sealed, WrappingKey(KEY.number, b"x" * 32)),
        ("per_1", sealed._replace(box=sealed.box[:-1] + bytes([sealed.box[-1] ^ 1])), KEY),
    ):
        with pytest.raises(InvalidTag):
            open_sealed(person_id, box, key)


def test_two_seals_of_one_person_share_nothing() -> None:
    person = Person(id="per_1", name="A", email="a@example.com")
    first, second = (seal(person, KEY, PEPPER, os.urandom(RANDOM)) for _ in range(2))
    assert first.box != second.box
    assert first.wrapped_key != second.wrapped_key
    assert first.blind == second.blind


def test_too_little_randomness_is_refused() -> None:
    with pytest.raises(ValueError, match="56 random bytes"):
        seal(Person(id="p", name="A"), KEY, PEPPER, b"1234")


def test_the_blind_index_knows_an_address_by_its_normal_form_and_its_pepper() -> None:
    assert blind_index(" Zoë@Example.COM", PEPPER) == blind_index("zoe\u0308@example.com", PEPPER)
    assert blind_index("a@example.com", PEPPER) != blind_index("a@example.com", b"other")


def test_nothing_secret_is_shown() -> None:
    shown = f"{KEY!r} {KEY} {Person(id='per_1', name='Secret Name')!r}"
    assert "kkk" not in shown
    assert "Secret Name" not in shown
