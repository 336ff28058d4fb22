"""The contract of every channel plug-in: a new file in oms/intake/channels/ is tested here without another edit.

A plug-in brings its specimen as tests/unit/intake/specimens/<kind>.py: `SPECIMEN`, a message that is an order, and
`sign(raw, secret)`, the headers that go with it.
"""

import importlib
import json
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.intake.model import ChannelPlugin, ChannelSecrets, Ignored, NewOrder
from oms.kernel.errors import RejectedError
from oms.kernel.plugins import find_plugin, plugin_names

KINDS = plugin_names("oms.intake.channels")
BOTH = ChannelSecrets("new", "old")


def plugin_of(kind: str) -> ChannelPlugin:
    found: ChannelPlugin | None = find_plugin("oms.intake.channels", kind)
    assert found is not None
    return found


def specimen_of(kind: str) -> ModuleType:
    return importlib.import_module(f"tests.unit.intake.specimens.{kind}")


def signed(kind: str, secret: str) -> tuple[dict[str, str], bytes]:
    module = specimen_of(kind)
    raw = json.dumps(module.SPECIMEN).encode()
    return module.sign(raw, secret), raw


def test_there_is_at_least_shopify() -> None:
    assert "shopify" in KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_a_specimen_becomes_an_order_of_its_channel(kind: str) -> None:
    headers, raw = signed(kind, "new")
    order = plugin_of(kind).parse("some_channel", headers, json.loads(raw))
    assert isinstance(order, NewOrder)
    assert order.channel == "some_channel"
    assert plugin_of(kind).parse("some_channel", headers, json.loads(raw)) == order


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("secret", "good"), [("new", True), ("old", True), ("older", False), ("", False)])
def test_the_current_and_the_previous_secret_are_good_and_no_other(kind: str, secret: str, good: bool) -> None:
    headers, raw = signed(kind, secret)
    assert plugin_of(kind).verify(headers, raw, BOTH) is good


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_previous_secret_lets_nobody_in(kind: str) -> None:
    for nothing in (None, ""):
        headers, raw = signed(kind, "")
        assert plugin_of(kind).verify(headers, raw, ChannelSecrets("new", nothing)) is False
        assert plugin_of(kind).verify({}, raw, ChannelSecrets("new", nothing)) is False


@pytest.mark.parametrize("kind", KINDS)
@given(place=st.integers(min_value=0, max_value=10_000), bit=st.integers(min_value=0, max_value=7))
def test_any_changed_bit_breaks_the_signature(kind: str, place: int, bit: int) -> None:
    headers, raw = signed(kind, "new")
    changed = bytearray(raw)
    changed[place % len(raw)] ^= 1 << bit
    assert plugin_of(kind).verify(headers, bytes(changed), BOTH) is False


@pytest.mark.parametrize("kind", KINDS)
@given(value=st.text(max_size=80))
def test_a_malformed_signature_is_wrong_and_never_an_error(kind: str, value: str) -> None:
    headers, raw = signed(kind, "new")
    for name in headers:
        assert plugin_of(kind).verify({**headers, name: value}, raw, BOTH) in (False, True)


_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_whatever_stands_in_a_field_the_answer_is_an_order_or_a_refusal_with_a_field(
    kind: str, data: st.DataObject
) -> None:
    module = specimen_of(kind)
    field = data.draw(st.sampled_from(sorted(module.SPECIMEN)))
    document = {**module.SPECIMEN, field: data.draw(_JSON)}
    try:
        outcome = plugin_of(kind).parse("c", module.sign(b"", "new"), document)
    except RejectedError as error:
        assert error.faults  # noqa: PT017  either end is right
    else:
        assert isinstance(outcome, NewOrder | Ignored)


@pytest.mark.parametrize("kind", KINDS)
@given(document=_JSON)
def test_any_document_at_all_is_answered(kind: str, document: Any) -> None:
    headers = specimen_of(kind).sign(b"", "new")
    try:
        outcome = plugin_of(kind).parse("c", headers, document)
    except RejectedError as error:
        assert error.faults  # noqa: PT017  either end is right
    else:
        assert isinstance(outcome, Ignored)
