"""Strict JSON: what the standard reader lets through, ours refuses (faults F1 to F8)."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.kernel.errors import MalformedError, RejectedError, TooLargeError
from oms.kernel.json import MAX_BYTES, read_json, write_json

CASES = Path(__file__).parents[4] / "shared/data/7_security_pii/given/json_parsing"


def test_numbers_are_integers_or_decimals_and_never_floats() -> None:
    assert read_json(b'{"a": 1, "b": 0.30000000000000004}') == {"a": 1, "b": Decimal("0.30000000000000004")}


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":1,"a":2}',
        b'{"a":NaN}',
        b'{"a":-Infinity}',
        b'{"a":' + b"9" * 4301 + b"}",
        b'{"a":1e400}',
        b"[" * 100_000,
        b'{"a":' * 40 + b"1" + b"}" * 40,
        b"\xff\xfe",
        b"",
        b"{'a':1}",
    ],
)
def test_what_an_attacker_likes_is_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        read_json(raw)


def test_a_body_over_the_limit_is_too_large() -> None:
    with pytest.raises(TooLargeError):
        read_json(b'"' + b"a" * MAX_BYTES + b'"')


def test_brackets_inside_text_do_not_count_as_depth() -> None:
    text = '["{{{[[[' * 20
    assert read_json(json.dumps({"a": text}).encode()) == {"a": text}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.text(st.characters(codec="utf-8")),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
        max_leaves=20,
    )
)
def test_what_we_write_we_read(document: object) -> None:
    assert read_json(write_json(document).encode()) == document


@pytest.mark.skipif(not CASES.exists(), reason="the public JSON cases are not here")
def test_the_public_parser_cases_are_accepted_or_refused_as_named() -> None:
    stricter = {  # valid JSON that we refuse on purpose: a key twice, a number beyond 40 digits
        "y_object_duplicated_key.json",
        "y_object_duplicated_key_and_value.json",
        "y_number.json",
        "y_number_double_close_to_zero.json",
        "y_number_real_fraction_exponent.json",
    }
    wrong = []
    for path in sorted(CASES.glob("*.json")):
        try:
            read_json(path.read_bytes())
        except RejectedError:
            accepted = False
        else:
            accepted = True
        expected = {"y": path.name not in stricter, "n": False, "i": accepted}[path.name[0]]
        if accepted != expected:
            wrong.append(path.name)
    assert wrong == []
