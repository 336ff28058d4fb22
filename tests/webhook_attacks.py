"""What an attacker does to a genuine webhook, for every channel that signs: sixteen ways, and one honest control.

The sender is played by the channel's specimen (`tests/unit/intake/specimens`). Which headers carry the signature, the
time and the message's id is read off their names, so a new channel is attacked without another edit. A way that a
scheme has nothing to set against (no signed time, say) does not apply and is not counted.
"""

import base64
import importlib
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import NamedTuple

from oms.intake.notices import Arrival, ChannelPlugin, ChannelSecrets
from oms.kernel.plugins import find_plugin, plugin_names

PLUGINS = "oms.intake.channels"
CURRENT, PREVIOUS = "Y3VycmVudC1zZWNyZXQtMjQtYnl0ZXM=", "cHJldmlvdXMtc2VjcmV0LTI0LWJ5dGU="
STRANGER = "c3RyYW5nZXItc2VjcmV0LTI0LWJ5dGU="
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
OTHER_BODY = b'{"id": 1}'


class Webhook(NamedTuple):
    """One genuine message, and which of its headers are what."""

    kind: str
    module: ModuleType
    arrival: Arrival
    signature: str
    time: str | None
    name: str | None

    def changed(self, **headers: str | None) -> Arrival:
        """With other headers; None takes one away."""
        kept = {name: value for name, value in self.arrival.headers.items() if name not in headers}
        return self.arrival._replace(
            headers=kept | {name: value for name, value in headers.items() if value is not None}
        )

    def signed_by(self, secret: str, raw: bytes | None = None) -> Arrival:
        raw = self.arrival.raw if raw is None else raw
        return self.arrival._replace(raw=raw, headers={**self.module.HEADERS, **self.module.sign(raw, secret)})

    @property
    def value(self) -> str:
        return self.arrival.headers[self.signature]


Attack = Callable[[Webhook], Arrival | None]


def signing() -> list[str]:
    """The channels that sign."""
    return [kind for kind in plugin_names(PLUGINS) if _specimen(kind).sign is not None]


def webhook(kind: str) -> Webhook:
    module = _specimen(kind)
    signed: Mapping[str, str] = module.sign(module.MESSAGE, CURRENT)
    arrival = Arrival({**module.HEADERS, **signed}, module.MESSAGE, NOW, "POST", f"/v1/channels/{kind}/webhooks")
    time = next((name for name in signed if "timestamp" in name), None)
    name = next((name for name in signed if name == "webhook-id"), None)
    (signature,) = [each for each in signed if "sign" in each or "hmac" in each]
    return Webhook(kind, module, arrival, signature, time, name)


def accepted(hook: Webhook, arrival: Arrival) -> bool:
    """Whether the channel's plug-in believes it. Raises nothing, whatever comes."""
    plugin: ChannelPlugin | None = find_plugin(PLUGINS, hook.kind)
    assert plugin is not None
    secrets = ChannelSecrets(CURRENT, PREVIOUS)
    secrets = getattr(hook.module, "with_keys", lambda known: known)(secrets)
    return plugin.verify(hook.module.CHANNEL, arrival, secrets)


def _specimen(kind: str) -> ModuleType:
    return importlib.import_module(f"tests.unit.intake.specimens.{kind}")


def _later(by: timedelta) -> Attack:
    """The message comes `by` later than its signed time: an old one is played back, or a clock is wrong."""
    return lambda hook: hook.arrival._replace(at=NOW + by) if hook.time else None


def _value(change: Callable[[str], str]) -> Attack:
    return lambda hook: hook.changed(**{hook.signature: change(hook.value)})


def _swapped_time(hook: Webhook) -> Arrival | None:
    return hook.changed(**{hook.time: str(int(NOW.timestamp()) + 1)}) if hook.time else None


def _swapped_name(hook: Webhook) -> Arrival | None:
    return hook.changed(**{hook.name: "msg_another"}) if hook.name else None


def _malformed_time(hook: Webhook) -> Arrival | None:
    return hook.changed(**{hook.time: "2026-11-23T09:30:00Z"}) if hook.time else None


def _no_name(hook: Webhook) -> Arrival | None:
    return hook.changed(**{hook.name: None}) if hook.name else None


def _old_version(hook: Webhook) -> Arrival | None:
    return hook.changed(**{hook.signature: hook.value.replace("v1,", "v0,")}) if hook.value.startswith("v1,") else None


def _as_hex(value: str) -> str:
    prefix, comma, encoded = value.rpartition(",")
    return prefix + comma + base64.b64decode(encoded).hex()


ATTACKS: Mapping[str, Attack] = {
    "301 s too old": _later(timedelta(seconds=301)),
    "301 s too early": _later(timedelta(seconds=-301)),
    "body changed": lambda hook: hook.arrival._replace(raw=hook.arrival.raw[:-1] + b" }"),
    "body emptied": lambda hook: hook.arrival._replace(raw=b""),
    "signature stripped": lambda hook: hook.changed(**{hook.signature: None}),
    "signature empty": _value(lambda _value: ""),
    "version v0": _old_version,
    "id swapped": _swapped_name,
    "id stripped": _no_name,
    "time swapped": _swapped_time,
    "time malformed": _malformed_time,
    "header malformed": _value(lambda value: f"{value[:-5]}\u00e9%\ud800={value[-5:]}"),
    "signature truncated": _value(lambda value: value[: len(value) // 2]),
    "another alphabet": _value(_as_hex),
    "signed by a stranger": lambda hook: hook.signed_by(STRANGER),
    "signed for another body": lambda hook: hook.signed_by(CURRENT, OTHER_BODY)._replace(raw=hook.arrival.raw),
    "signed with nothing": lambda hook: hook.signed_by(""),
}
# What is no attack and must get through: at the edge of the tolerance, and during a rotation.
HONEST: Mapping[str, Attack] = {
    "as it was sent": lambda hook: hook.arrival,
    "300 s old": _later(timedelta(seconds=300)),
    "300 s early": _later(timedelta(seconds=-300)),
    "previous secret": lambda hook: hook.signed_by(PREVIOUS),
}


def cases(table: Mapping[str, Attack]) -> Iterator[tuple[str, str, Webhook, Arrival]]:
    """Every way that applies, for every channel that signs."""
    for kind in signing():
        hook = webhook(kind)
        for name, change in table.items():
            arrival = change(hook)
            if arrival is not None:
                yield kind, name, hook, arrival
