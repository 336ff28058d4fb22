"""The contract of every channel plug-in: a new file in oms/intake/channels/ is tested here without another edit.

A plug-in brings its specimen as tests/unit/intake/specimens/<kind>.py: `CHANNEL`; `MESSAGE`, bytes that are an order or
that name one; `HEADERS`, those that go with it; `sign(raw, secret)`, the headers of a signature, or None for a
sender that does not sign (its way in is guarded otherwise); and `with_keys(secrets)` where a sender signs with public
keys.
"""

import importlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.intake.notices import (
    Arrival,
    Cancellation,
    ChannelPlugin,
    ChannelSecrets,
    Fetch,
    Ignored,
    Notice,
    Refund,
    Shipped,
    Snapshot,
)
from oms.kernel.errors import RejectedError
from oms.kernel.plugins import find_plugin, plugin_names

KINDS = plugin_names("oms.intake.channels")
# Secrets as the schemes want them: some insist on base64.
NEW, OLD, OLDER = "bmV3LXNlY3JldC1vZi0yNC1ieXRlcw==", "b2xkLXNlY3JldC1vZi0yNC1ieXRlcw==", "b2xkZXItc2VjcmV0LTI0LWJ5dGU="
BOTH = ChannelSecrets(NEW, OLD)
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def plugin_of(kind: str) -> ChannelPlugin:
    found: ChannelPlugin | None = find_plugin("oms.intake.channels", kind)
    assert found is not None
    return found


def specimen_of(kind: str) -> ModuleType:
    return importlib.import_module(f"tests.unit.intake.specimens.{kind}")


SIGNING = [kind for kind in KINDS if specimen_of(kind).sign is not None]


def signed(kind: str, secret: str, raw: bytes | None = None) -> Arrival:
    module = specimen_of(kind)
    raw = module.MESSAGE if raw is None else raw
    return Arrival({**module.HEADERS, **module.sign(raw, secret)}, raw, NOW, "POST", f"/v1/channels/{kind}/webhooks")


def verify(kind: str, arrival: Arrival, secrets: ChannelSecrets = BOTH) -> bool:
    module = specimen_of(kind)
    known = getattr(module, "with_keys", _as_they_are)(secrets)
    return plugin_of(kind).verify(module.CHANNEL, arrival, known)


def _as_they_are(secrets: ChannelSecrets) -> ChannelSecrets:
    return secrets


def parse(kind: str, raw: bytes) -> Sequence[Notice]:
    module = specimen_of(kind)
    return plugin_of(kind).parse(module.CHANNEL, module.HEADERS, raw)


@pytest.mark.parametrize("kind", KINDS)
def test_a_specimen_becomes_an_order_of_its_channel_or_names_one(kind: str) -> None:
    module = specimen_of(kind)
    notices = parse(kind, module.MESSAGE)
    assert notices
    for notice in notices:
        assert isinstance(notice, Snapshot | Fetch)
        if isinstance(notice, Snapshot):
            assert notice.order.channel == module.CHANNEL.name
    assert parse(kind, module.MESSAGE) == notices


@pytest.mark.parametrize("kind", SIGNING)
@pytest.mark.parametrize(("secret", "good"), [(NEW, True), (OLD, True), (OLDER, False), ("", False)])
def test_the_current_and_the_previous_secret_are_good_and_no_other(kind: str, secret: str, good: bool) -> None:
    assert verify(kind, signed(kind, secret)) is good


@pytest.mark.parametrize("kind", SIGNING)
def test_a_missing_previous_secret_lets_nobody_in(kind: str) -> None:
    for nothing in (None, ""):
        arrival = signed(kind, "")
        assert verify(kind, arrival, ChannelSecrets(NEW, nothing)) is False
        assert verify(kind, arrival._replace(headers={}), ChannelSecrets(NEW, nothing)) is False


@pytest.mark.parametrize("kind", SIGNING)
@given(place=st.integers(min_value=0, max_value=10_000), bit=st.integers(min_value=0, max_value=7))
def test_any_changed_bit_breaks_the_signature(kind: str, place: int, bit: int) -> None:
    arrival = signed(kind, NEW)
    changed = bytearray(arrival.raw)
    changed[place % len(changed)] ^= 1 << bit
    assert verify(kind, arrival._replace(raw=bytes(changed))) is False


@pytest.mark.parametrize("kind", SIGNING)
@given(value=st.text(max_size=80))
def test_a_malformed_signature_is_wrong_and_never_an_error(kind: str, value: str) -> None:
    arrival = signed(kind, NEW)
    for name in arrival.headers:
        assert verify(kind, arrival._replace(headers={**arrival.headers, name: value})) in (False, True)


_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_whatever_stands_in_a_field_the_answer_is_a_notice_or_a_refusal_with_a_field(
    kind: str, data: st.DataObject
) -> None:
    try:
        document = json.loads(specimen_of(kind).MESSAGE)
    except ValueError:
        pytest.skip("not a JSON sender")
    field = data.draw(st.sampled_from(sorted(document)))
    _answered(kind, json.dumps({**document, field: data.draw(_JSON)}).encode())


@pytest.mark.parametrize("kind", KINDS)
@given(document=_JSON)
def test_any_document_at_all_is_answered(kind: str, document: Any) -> None:
    _answered(kind, json.dumps(document).encode())


@pytest.mark.parametrize("kind", KINDS)
@given(raw=st.binary(max_size=200))
def test_any_bytes_at_all_are_answered(kind: str, raw: bytes) -> None:
    _answered(kind, raw)


def _answered(kind: str, raw: bytes) -> None:
    try:
        notices = parse(kind, raw)
    except RejectedError as error:
        assert error.faults or error.code in ("malformed_json", "too_large")  # noqa: PT017  either end is right
    else:
        assert all(isinstance(each, Snapshot | Cancellation | Refund | Shipped | Fetch | Ignored) for each in notices)
