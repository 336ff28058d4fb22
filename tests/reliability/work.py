"""What one message costs by channel: AWS calls and CPU of our code, from the posted bytes to the order in the table.

Real handlers on moto, warm, one message to a batch (a full one shares the read of the orders); the CPU of moto itself
is taken off. What a sender must be asked for comes from a double, at no cost.
"""

import json
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
from oms.credit.model import Account
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
from tests.unit.intake import market_scene

MESSAGES = 8
_LIMIT = 100_000_000
_SECRET = "bmV3LXNlY3JldC1vZi0yNC1ieXRlcw=="
_TAKEN = "created"
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
    """Of messages of one sender, each about an order of a channel of its own; of the first order that is taken."""
    for document in [*_fetched(kind), None]:
        found = _cost(kind, document)
        if _TAKEN in found.outcome:
            break
    return found


def _cost(kind: str, document: bytes | None) -> Cost:
    specimen = import_module(f"tests.unit.intake.specimens.{kind}")
    with company(TestClock()) as wiring:
        channels = [
            specimen.CHANNEL.model_copy(update={"name": f"{kind}_{n}", "currencies": frozenset({"EUR", "GBP", "USD"})})
            for n in range(MESSAGES + 2)
        ]
        _set_up(wiring, channels, specimen, document)
        reception, cloud = wiring.reception, _Cloud()
        _one(channels[0], specimen, reception)  # fills what is kept in memory
        if document is not None and not _outcomes().startswith(_TAKEN):
            return Cost(kind, 0, 0.0, _outcomes())  # another order may do better
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
        listing = calls.count("ListObjectsV2")  # the driver's, not ours
        return Cost(kind, len(calls) - listing, cpu_s * 1000 / len(channels[3:]), _outcomes())


def _outcomes() -> str:
    return ", ".join(sorted({str(row.get("outcome") or row["reason"]) for row in message_rows().values()}))


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
        if account := channel.options.get("account_id"):
            wiring.accounts.put(Account(id=account, currency=channel.options["currency"], limit_minor=_LIMIT))
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


def _fetched(kind: str) -> list[bytes]:
    """Orders of a sender that has to be asked: the given ones, and ours, because not every given one adds up."""
    plugin, channel = plugin_of(payloads.channel_of(kind)), payloads.channel_of(kind)
    ours = json.dumps(market_scene.WHOLE[kind]).encode() if kind in market_scene.WHOLE else None
    given = [each.raw for each in (payloads.samples(kind) if ours else []) if each.headers == _FETCHED]
    found: list[bytes] = []
    for raw in [*given, *([ours] if ours else [])]:
        try:
            said = plugin.parse(channel, _FETCHED, raw) if plugin else []
        except RejectedError:
            continue
        if any(isinstance(notice, Snapshot) for notice in said):
            found.append(raw)
    return found


def figures() -> list[tuple[str, str]]:
    """A row per kind of channel."""
    costs = [cost(kind) for kind in plugin_names("oms.intake.channels")]
    return [
        (f"one message of {each.kind}", f"{each.calls} AWS calls, {each.cpu_ms:.1f} ms CPU ({each.outcome})")
        for each in costs
    ]
