"""Take a message in: is it genuine, then into the archive, then acknowledge. No order is looked at here.

The put in the archive is the only step: the bucket itself tells the queue of it, so there is no moment at which a
message is archived and forgotten, or acknowledged and not archived (ADR 0008).
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from oms.aws.secrets import KEPT_S, Secrets
from oms.intake.messages.model import Letter, MessageReceived, Reference, Source
from oms.intake.messages.store import Archive, span
from oms.intake.model import WebhookIgnored
from oms.intake.notices import (
    OUR_HEADERS,
    Arrival,
    AsksFirst,
    ChannelPlugin,
    ChannelSecrets,
    ComesByQueue,
    Pings,
    SignsWithKeys,
    own_ids_of,
)
from oms.intake.ports import KeyPort
from oms.kernel.errors import (
    Fault,
    NotFoundError,
    RejectedError,
    TooLargeError,
    TransientError,
    UnauthorizedError,
)
from oms.kernel.ids import derive_id
from oms.kernel.json import MAX_BYTES, read_json
from oms.kernel.plugins import find_plugin
from oms.kernel.time import Clock, to_text
from oms.reference.model import Channel
from oms.reference.store import ReferenceStore

PLUGINS = "oms.intake.channels"
_FRESH_S = 30.0  # a signature is checked against secrets of at most this age before it is refused
_TELLING = ("topic", "event", "event-type")  # what the name of a header ends in that says what the body is about


class PrivacyPort(Protocol):
    """Keyed hashes, so that a stranger cannot find out from an id whether we got a certain text; and redaction."""

    def fingerprint(self, text: str) -> str: ...

    def redact_message(self, raw: bytes, own: re.Pattern[str] | None = None) -> bytes: ...


class Notification(Protocol):
    """A message of the queue: its id and its bytes."""

    @property
    def id(self) -> str: ...
    @property
    def raw(self) -> bytes: ...


@dataclass(frozen=True)
class Reception:
    """The collaborators of those who take messages in."""

    reference: ReferenceStore
    archive: Archive
    people: PrivacyPort
    secrets: Secrets
    secret_prefix: str
    clock: Clock
    public_key: KeyPort


def receive_webhook(name: str, arrival: Arrival, desk: Reception) -> MessageReceived | WebhookIgnored:
    """Archive what a channel sends, after checking its signature over the raw bytes.

    A ping, which only tries the address, is not signed and not archived.
    What claims to be JSON and is not is refused at once: its sender should know, and no replay would mend it.

    Raises:
        NotFoundError: code `unknown_channel`.
        UnauthorizedError: code `bad_signature`.
        RejectedError: not readable, or larger than we take.
        TransientError: not archived, or perhaps; the sender should send again, and that changes nothing if it was.
    """
    channel = known_channel(name, desk.reference)
    plugin = plugin_of(channel)
    if plugin is None:
        raise NotFoundError("this channel takes no webhooks", code="unknown_channel")
    if isinstance(plugin, Pings) and plugin.is_ping(arrival):
        return WebhookIgnored(ignored="ping")
    _verify(plugin, channel, arrival, desk)
    # No signature is over what a stranger may add: our own names mean what we say, not what somebody sends.
    own = {name: value for name, value in arrival.headers.items() if not name.startswith(OUR_HEADERS)}
    arrival = arrival._replace(headers=own)
    _readable(arrival)
    given = plugin.message_id(arrival)
    return MessageReceived(message_id=keep_message(channel, arrival, source="webhook", given=given, desk=desk))


def answer_challenge(name: str, code: str, desk: Reception) -> str:
    """What a sender wants to hear before it sends to the channel's `notification_url`: that we know its token, too.

    Raises:
        NotFoundError: code `unknown_channel`: no such channel, or its kind asks nothing.
        RejectedError: code `credentials_missing`: the channel has no token, or does not know its own address.
    """
    channel = known_channel(name, desk.reference)
    plugin = plugin_of(channel)
    if not isinstance(plugin, AsksFirst):
        raise NotFoundError("this channel asks nothing", code="unknown_channel")
    endpoint = channel.options.get("notification_url")
    token = _secret(name, KEPT_S, desk).get("verification_token")
    if not endpoint or not token:
        raise RejectedError("the channel needs a verification_token and a notification_url", code="credentials_missing")
    return plugin.challenge(code, token=token, endpoint=endpoint)


def receive_notifications(batch: Iterable[Notification], *, desk: Reception) -> dict[str, Exception]:
    """Archive what senders put in the queue that only senders may write to; the errors by queue message id.

    One that concerns no channel of ours stays in the queue, until it lies where a person finds it: the channel may be
    missing.
    """
    errors: dict[str, Exception] = {}
    for message in batch:
        try:
            _keep_notification(Arrival({}, message.raw, desk.clock()), desk)
        except (RejectedError, TransientError) as error:
            errors[message.id] = error
    return errors


def _keep_notification(arrival: Arrival, desk: Reception) -> None:
    for channel in desk.reference.channels().values():
        plugin = plugin_of(channel)
        if isinstance(plugin, ComesByQueue) and plugin.concerns(channel, arrival):
            keep_message(channel, arrival, source="notification", given=plugin.message_id(arrival), desk=desk)
            return
    raise NotFoundError("no channel of ours is concerned", code="unknown_channel")


def keep_message(channel: Channel, arrival: Arrival, *, source: Source, given: str | None, desk: Reception) -> str:
    """Archive a message that is known to be genuine; its id.

    The id follows from the sender's own (`given`) and the bytes, so that what is sent again is the same message, and
    no two different ones are ever taken for one. Card numbers in it are cut down before it is kept.

    Raises:
        TransientError: not archived, or perhaps; the same call can be repeated.
    """
    telling = [f"{name}={value}" for name, value in sorted(arrival.headers.items()) if name.endswith(_TELLING)]
    digest = hashlib.sha256(arrival.raw).hexdigest()
    fingerprint = desk.people.fingerprint("\n".join((*telling, digest)) if given is None else digest)
    message_id = derive_id("msg", channel.name, given or "", fingerprint)
    own = own_ids_of(plugin_of(channel), channel.options)
    raw = desk.people.redact_message(arrival.raw, own)  # after the signature and the id, which are over what was sent
    letter = Letter(source=source, received_at=to_text(arrival.at), headers=arrival.headers, raw=raw)
    desk.archive.keep(Reference(channel.name, span(arrival.at), message_id), letter)
    return message_id


class Inbox:
    """For those who ask a channel for its orders: what they got goes in like a message that was sent."""

    def __init__(self, desk: Reception) -> None:
        self._desk = desk

    def put(self, channel: Channel, headers: Mapping[str, str], raw: bytes, sender_id: str) -> None:
        """Archive it; the same again under the same name changes nothing. Raises: as `keep_message`."""
        arrival = Arrival(headers, raw, self._desk.clock())
        keep_message(channel, arrival, source="poll", given=sender_id, desk=self._desk)


def known_channel(name: str, reference: ReferenceStore) -> Channel:
    """The channel of this name.

    Raises:
        NotFoundError: code `unknown_channel`.
    """
    channel = reference.channels().get(name)
    if channel is None:
        raise NotFoundError("there is no such channel", code="unknown_channel", faults=[Fault("channel", "is unknown")])
    return channel


def plugin_of(channel: Channel) -> ChannelPlugin | None:
    found: ChannelPlugin | None = find_plugin(PLUGINS, channel.kind)
    return found


def _verify(plugin: ChannelPlugin, channel: Channel, arrival: Arrival, desk: Reception) -> None:
    """Check with the secrets in memory; if that fails, once more with fresh ones: they may have been rotated."""
    if isinstance(plugin, SignsWithKeys):
        keys = _keys(plugin, channel, arrival, desk)
        if keys and plugin.verify(channel, arrival, ChannelSecrets("", keys=keys)):
            return
        raise UnauthorizedError("the signature does not match", code="bad_signature")
    for max_age_s in (KEPT_S, _FRESH_S):
        known = _secret(channel.name, max_age_s, desk)
        if plugin.verify(channel, arrival, ChannelSecrets(known.get("current", ""), known.get("previous"))):
            return
    raise UnauthorizedError("the signature does not match", code="bad_signature")


def _keys(plugin: SignsWithKeys, channel: Channel, arrival: Arrival, desk: Reception) -> dict[str, str]:
    key_id = plugin.key_id(arrival)
    if key_id is None:
        return {}
    try:
        key = desk.public_key(channel, key_id)
    except RejectedError as error:
        # Our credentials with the sender are wrong: the sender should send again, when they have been put right.
        raise TransientError(f"the sender's key cannot be asked for: {error}") from error
    return {key_id: key} if key is not None else {}


def _secret(name: str, max_age_s: float, desk: Reception) -> dict[str, str]:
    try:
        return desk.secrets.read(desk.secret_prefix + name, max_age_s=max_age_s)
    except NotFoundError:
        raise UnauthorizedError("the channel has no secret yet", code="bad_signature") from None


def _readable(arrival: Arrival) -> None:
    if len(arrival.raw) > MAX_BYTES:
        raise TooLargeError(f"the body is larger than {MAX_BYTES} bytes")
    if "json" in arrival.headers.get("content-type", "") or arrival.raw[:1] in (b"{", b"["):
        read_json(arrival.raw)
