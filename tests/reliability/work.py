"""What one message costs by channel: AWS calls and CPU of our code, from the posted bytes to the order in the table.

Real handlers on moto, warm, one message to a batch (a full one shares the read of the orders); the CPU of moto itself
is taken off. What a sender must be asked for comes from a double, at no cost.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from types import ModuleType
from typing import Any, NamedTuple

from moto.core.botocore_stubber import BotocoreStubber

from functions.intake.queue_process_messages import handler as process
from oms.aws import clients
from oms.intake.messages.receiving import Reception, keep_message, plugin_of, receive_webhook
from oms.intake.model import NewOrder
from oms.intake.notices import Arrival, ChannelSecrets, Snapshot
from oms.kernel.errors import RejectedError
from oms.kernel.plugins import plugin_names
from oms.reference.model import Channel, Item
from oms.wiring import Wiring
from tests.crash import calls_of
from tests.intake import TestClock, archived, company, message_rows
from tests.lambda_events import bucket_event, sqs_event
from tests.reliability import payloads

MESSAGES = 8
_SECRET = "bmV3LXNlY3JldC1vZi0yNC1ieXRlcw=="
_FETCHED = {"x-baton-fetched": "1"}


class Cost(NamedTuple):
    """Per message."""

    kind: str
    calls: int
    cpu_ms: float
    outcome: str


class _Cloud:
    """Stands in front of moto with a watch."""

    def __init__(self) -> None:
        self.spent_s = 0.0

    @contextmanager
    def timed(self) -> Iterator[None]:
        inner = BotocoreStubber.__call__

        def timed(stubber: Any, *args: Any, **more: Any) -> Any:
            began = time.process_time()
            try:
                return inner(stubber, *args, **more)
            finally:
                self.spent_s += time.process_time() - began

        BotocoreStubber.__call__ = timed  # type: ignore[method-assign, assignment]
        try:
            yield
        finally:
            BotocoreStubber.__call__ = inner  # type: ignore[method-assign]


def cost(kind: str) -> Cost:
    """Of messages of one sender, each about an order of a channel of its own."""
    specimen = import_module(f"tests.unit.intake.specimens.{kind}")
    document = _fetched(kind)
    with company(TestClock()) as wiring:
        channels = [specimen.CHANNEL.model_copy(update={"name": f"{kind}_{n}"}) for n in range(MESSAGES + 2)]
        _set_up(wiring, channels, specimen, document)
        reception, cloud = wiring.reception, _Cloud()
        _one(channels[0], specimen, reception)  # fills what is kept in memory
        _forget_buyers()
        calls = calls_of(lambda: _one(channels[1], specimen, reception))
        _forget_buyers()
        _one(channels[2], specimen, reception)  # makes the clients again that were just dropped
        cpu_s = 0.0
        for channel in channels[3:]:
            _forget_buyers()
            with cloud.timed():
                began, before = time.process_time(), cloud.spent_s
                _one(channel, specimen, reception)
                cpu_s += time.process_time() - began - (cloud.spent_s - before)
        outcomes = {str(row.get("outcome") or row["reason"]) for row in message_rows().values()}
        listing = calls.count("ListObjectsV2")  # the driver's, not ours
        return Cost(kind, len(calls) - listing, cpu_s * 1000 / len(channels[3:]), ", ".join(sorted(outcomes)))


def _one(channel: Channel, specimen: ModuleType, reception: Reception) -> None:
    """One message in, and worked off."""
    headers = {**specimen.HEADERS, **(specimen.sign(specimen.MESSAGE, _SECRET) if specimen.sign else {})}
    path = f"/v1/channels/{specimen.CHANNEL.kind}/webhooks"
    arrival = Arrival(headers, specimen.MESSAGE, reception.clock(), "POST", path)
    if specimen.sign:
        receive_webhook(channel.name, arrival, reception)
    else:
        keep_message(channel, arrival, source="notification", given=None, desk=reception)
    (key,) = [key for key in archived() if f"/{channel.name}/" in key]
    answer = process(sqs_event([bucket_event(key)]), None)
    if answer["batchItemFailures"]:
        raise AssertionError(answer)


def _forget_buyers() -> None:
    """All channels say the same order, which is conspicuous: the guards against that are taken away."""
    for row in clients.dynamodb().scan(TableName="baton-orders")["Items"]:
        if not row["pk"]["S"].startswith("ORDER#"):
            clients.dynamodb().delete_item(TableName="baton-orders", Key={name: row[name] for name in ("pk", "sk")})


def _set_up(wiring: Wiring, channels: list[Channel], specimen: ModuleType, document: bytes | None) -> None:
    known = getattr(specimen, "with_keys", _as_they_are)(ChannelSecrets(_SECRET))
    for channel in channels:
        wiring.reference.put_setting("CHANNEL", channel.name, channel)
        name = wiring.setting("CHANNEL_SECRET_PREFIX") + channel.name
        wiring.secrets._kept[name] = (time.monotonic(), {"current": known.current})
    for sku in {line.sku for order in _orders(channels[0], specimen, document) for line in order.lines}:
        wiring.reference.put_item(Item(sku=sku, name=sku, weight_g=500, length_mm=100, width_mm=100, height_mm=100))
    wiring.reception = replace(wiring.reception, public_key=lambda _channel, key_id: known.keys.get(key_id))
    wiring.messages = replace(wiring.messages, fetch=lambda _channel, _order_id: document)


def _as_they_are(secrets: ChannelSecrets) -> ChannelSecrets:
    return secrets


def _orders(channel: Channel, specimen: ModuleType, document: bytes | None) -> Iterator[NewOrder]:
    plugin = plugin_of(channel)
    if plugin is None:
        raise LookupError(channel.kind)
    said = [*plugin.parse(channel, specimen.HEADERS, specimen.MESSAGE)]
    said += plugin.parse(channel, _FETCHED, document) if document else []
    yield from (notice.order for notice in said if isinstance(notice, Snapshot))


def _fetched(kind: str) -> bytes | None:
    """A given order of a sender that has to be asked."""
    if kind not in payloads._SENDERS:
        return None
    plugin = plugin_of(payloads.channel_of(kind))
    for sample in payloads.samples(kind):
        try:
            said = plugin.parse(payloads.channel_of(kind), sample.headers, sample.raw) if plugin else []
        except RejectedError:
            continue
        if sample.headers == _FETCHED and any(isinstance(notice, Snapshot) for notice in said):
            return sample.raw
    return None


def figures() -> list[tuple[str, str]]:
    """A row per kind of channel."""
    costs = [cost(kind) for kind in plugin_names("oms.intake.channels")]
    return [
        (f"one message of {each.kind}", f"{each.calls} AWS calls, {each.cpu_ms:.1f} ms CPU ({each.outcome})")
        for each in costs
    ]
