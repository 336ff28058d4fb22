"""Envelopes: what is sealed opens for the same person and key only."""

import os

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from oms.privacy.model import Person, WrappingKey
from oms.privacy.rules import RANDOM, blind_index, open_message, open_sealed, seal, seal_message, wrapping_key_of

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


@given(raw=st.binary(max_size=300))
def test_a_message_opens_under_its_id_and_key_and_names_the_key_it_needs(raw: bytes) -> None:
    sealed = seal_message("msg_1", raw, KEY, os.urandom(RANDOM))
    assert wrapping_key_of(sealed) == KEY.number
    assert open_message("msg_1", sealed, KEY) == raw
    assert len(sealed) == len(raw) + 102


def test_a_message_opens_under_no_other_id_and_not_when_a_byte_was_changed() -> None:
    sealed = seal_message("msg_1", b"raw", KEY, os.urandom(RANDOM))
    changed = [sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :] for at in range(14, len(sealed))]
    for message_id, blob in [("msg_2", sealed), *(("msg_1", blob) for blob in changed)]:
        with pytest.raises(InvalidTag):
            open_message(message_id, blob, KEY)


def test_what_is_not_a_sealed_message_is_refused() -> None:
    for blob in (b"", b"{}", b"BTN1", b"BTN12026-11-23" + b"x" * 71, b"XXXX" + b"x" * 200):
        with pytest.raises(ValueError, match="not a sealed message"):
            wrapping_key_of(blob)
    with pytest.raises(ValueError, match="56 random bytes"):
        seal_message("msg_1", b"raw", KEY, b"1234")
