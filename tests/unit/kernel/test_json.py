"""Strict JSON: what the standard reader lets through, ours refuses (faults F1 to F8)."""

import json
from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.kernel.errors import MalformedError, RejectedError, TooLargeError
from oms.kernel.json import MAX_BYTES, MAX_DEPTH, read_json, write_json
from tests.shared_data import shared_data


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


@given(raw=st.binary(max_size=200) | st.text(alphabet='{}[]",:0129.eE+-\\u d8tfn', max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        document = read_json(raw)
    except MalformedError:
        return
    assert "float" not in {type(leaf).__name__ for leaf in _leaves(document)}


def _leaves(document: object) -> Iterator[object]:
    if isinstance(document, dict):
        for value in document.values():
            yield from _leaves(value)
    elif isinstance(document, list):
        for value in document:
            yield from _leaves(value)
    else:
        yield document


def test_the_deepest_document_is_read_and_one_level_more_is_not() -> None:
    assert read_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    with pytest.raises(MalformedError, match="nests deeper"):
        read_json(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1))


def test_a_number_of_any_size_that_fits_a_line_is_read_exactly() -> None:
    assert read_json(b"[123e65, -0.0, 1E-78]") == [Decimal("123e65"), Decimal("-0.0"), Decimal("1E-78")]
    assert read_json(b"9" * 128) == 10**128 - 1
    for raw in (b"9" * 129, b"1e129", b"-1e-129", b"1e999999999999"):
        with pytest.raises(MalformedError):
            read_json(raw)


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


def test_the_public_parser_cases_are_accepted_or_refused_as_named() -> None:
    stricter = {"y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"}  # F8
    wrong = []
    for path in sorted(shared_data("7_security_pii", "given", "json_parsing").glob("*.json")):
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


def test_the_key_that_stands_twice_among_very_many_is_named_without_counting_each() -> None:
    many = ",".join(f'"{number}":1' for number in range(60_000))
    with pytest.raises(MalformedError, match="the key 'z' stands twice"):
        read_json(f'{{{many},"z":1,"z":2}}'.encode())
