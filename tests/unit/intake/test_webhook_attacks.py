"""No forged or played back webhook gets in, whatever the channel's signing scheme; every genuine one does."""

import pytest

from oms.intake.notices import Arrival, ChannelPlugin, ChannelSecrets
from oms.kernel.plugins import find_plugin
from tests.unit.intake.specimens import ebay
from tests.webhook_attacks import ATTACKS, CURRENT, HONEST, PLUGINS, Webhook, accepted, cases, signing, webhook

ATTACKED = [pytest.param(hook, arrival, id=f"{kind}-{name}") for kind, name, hook, arrival in cases(ATTACKS)]
SENT = [pytest.param(hook, arrival, id=f"{kind}-{name}") for kind, name, hook, arrival in cases(HONEST)]


@pytest.mark.parametrize(("hook", "arrival"), ATTACKED)
def test_an_attack_is_refused(hook: Webhook, arrival: Arrival) -> None:
    assert arrival != hook.arrival
    assert accepted(hook, arrival) is False


@pytest.mark.parametrize(("hook", "arrival"), SENT)
def test_a_genuine_message_is_believed(hook: Webhook, arrival: Arrival) -> None:
    assert accepted(hook, arrival) is True


@pytest.mark.parametrize("kind", signing())
def test_a_replay_in_the_window_is_genuine_and_the_same_message(kind: str) -> None:
    hook = webhook(kind)
    plugin: ChannelPlugin | None = find_plugin(PLUGINS, kind)
    assert plugin is not None
    again = hook.arrival._replace(at=hook.arrival.at)
    assert accepted(hook, again)
    assert plugin.message_id(again) == plugin.message_id(hook.arrival)


@pytest.mark.parametrize("kind", signing())
def test_every_scheme_is_attacked_in_all_the_ways_that_touch_it(kind: str) -> None:
    hook = webhook(kind)
    applied = sum(each == kind for each, *_ in cases(ATTACKS))
    timeless = 4 * (hook.time is None) + 2 * (hook.name is None) + (not hook.value.startswith("v1,"))
    assert applied == len(ATTACKS) - timeless


@pytest.mark.parametrize(
    ("alg", "digest"), [("none", "SHA1"), ("HS256", "SHA1"), ("", "SHA1"), ("ecdsa", "MD5"), ("ecdsa", "none")]
)
def test_ebay_is_not_talked_into_another_algorithm(alg: str, digest: str) -> None:
    hook = webhook("ebay")
    headers = ebay.sign(hook.arrival.raw, CURRENT, alg=alg, digest=digest)
    assert accepted(hook, hook.arrival._replace(headers=headers)) is False


@pytest.mark.parametrize("key", ["", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "no key at all"])
def test_a_key_of_ebays_that_cannot_be_read_believes_nothing(key: str) -> None:
    hook = webhook("ebay")
    plugin: ChannelPlugin | None = find_plugin(PLUGINS, "ebay")
    assert plugin is not None
    secrets = ChannelSecrets("", keys={ebay.kid_of(CURRENT): key})
    assert plugin.verify(hook.module.CHANNEL, hook.arrival, secrets) is False


def test_squares_documented_example_is_believed_for_its_own_address_only() -> None:
    """The example of https://developer.squareup.com/docs/webhooks/step3validate."""
    plugin: ChannelPlugin | None = find_plugin(PLUGINS, "square")
    assert plugin is not None
    hook = webhook("square")
    signature = {"x-square-hmacsha256-signature": "2kRE5qRU2tR+tBGlDwMEw2avJ7QM4ikPYD/PJ3bd9Og="}
    arrival = Arrival(signature, b'{"hello":"world"}', hook.arrival.at)
    for url, good in (("https://example.com/webhook", True), ("https://example.com/webhook/", False)):
        channel = hook.module.CHANNEL.model_copy(update={"options": {"notification_url": url}})
        assert plugin.verify(channel, arrival, ChannelSecrets("asdf1234")) is good
    assert plugin.verify(channel.model_copy(update={"options": {}}), arrival, ChannelSecrets("asdf1234")) is False
