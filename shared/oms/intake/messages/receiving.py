"""Take a message in: is it genuine, then into the archive, then acknowledge. No order is looked at here.

The put in the archive is the only step: the bucket itself tells the queue of it, so there is no moment at which a
message is archived and forgotten, or acknowledged and not archived (ADR 0008).
"""

import hashlib
from dataclasses import dataclass
from typing import Protocol

from oms.aws.secrets import KEPT_S, Secrets
from oms.intake.messages.model import Letter, MessageReceived, Reference, Source
from oms.intake.messages.store import Archive, span
from oms.intake.notices import Arrival, ChannelPlugin, ChannelSecrets
from oms.kernel.errors import Fault, NotFoundError, TooLargeError, UnauthorizedError
from oms.kernel.ids import derive_id
from oms.kernel.json import MAX_BYTES, read_json
from oms.kernel.plugins import find_plugin
from oms.kernel.time import Clock, to_text
from oms.reference.model import Channel
from oms.reference.store import ReferenceStore

PLUGINS = "oms.intake.channels"
_FRESH_S = 30.0  # a signature is checked against secrets of at most this age before it is refused
_TELLING = ("topic", "event", "event-type")  # what the name of a header ends in that says what the body is about


class Fingerprints(Protocol):
    """Keyed hashes (context privacy): a stranger cannot find out from an id whether we got a certain text."""

    def fingerprint(self, text: str) -> str: ...


@dataclass(frozen=True)
class Reception:
    """The collaborators of those who take messages in."""

    reference: ReferenceStore
    archive: Archive
    people: Fingerprints
    secrets: Secrets
    secret_prefix: str
    clock: Clock


def receive_webhook(name: str, arrival: Arrival, desk: Reception) -> MessageReceived:
    """Archive what a channel sends, after checking its signature over the raw bytes.

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
    _verify(plugin, channel, arrival, desk)
    _readable(arrival)
    given = plugin.message_id(arrival)
    return MessageReceived(message_id=keep_message(channel, arrival, source="webhook", given=given, desk=desk))


def keep_message(channel: Channel, arrival: Arrival, *, source: Source, given: str | None, desk: Reception) -> str:
    """Archive a message that is known to be genuine; its id.

    The id follows from the sender's own (`given`) and the bytes, so that what is sent again is the same message, and
    no two different ones are ever taken for one.

    Raises:
        TransientError: not archived, or perhaps; the same call can be repeated.
    """
    telling = [f"{name}={value}" for name, value in sorted(arrival.headers.items()) if name.endswith(_TELLING)]
    digest = hashlib.sha256(arrival.raw).hexdigest()
    fingerprint = desk.people.fingerprint("\n".join((*telling, digest)) if given is None else digest)
    message_id = derive_id("msg", channel.name, given or "", fingerprint)
    letter = Letter(source=source, received_at=to_text(arrival.at), headers=arrival.headers, raw=arrival.raw)
    desk.archive.keep(Reference(channel.name, span(arrival.at), message_id), letter)
    return message_id


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
    for max_age_s in (KEPT_S, _FRESH_S):
        if plugin.verify(channel, arrival, _channel_secrets(channel.name, max_age_s, desk)):
            return
    raise UnauthorizedError("the signature does not match", code="bad_signature")


def _channel_secrets(name: str, max_age_s: float, desk: Reception) -> ChannelSecrets:
    try:
        known = desk.secrets.read(desk.secret_prefix + name, max_age_s=max_age_s)
    except NotFoundError:
        raise UnauthorizedError("the channel has no secret yet", code="bad_signature") from None
    return ChannelSecrets(known["current"], known.get("previous"))


def _readable(arrival: Arrival) -> None:
    if len(arrival.raw) > MAX_BYTES:
        raise TooLargeError(f"the body is larger than {MAX_BYTES} bytes")
    if "json" in arrival.headers.get("content-type", "") or arrival.raw[:1] in (b"{", b"["):
        read_json(arrival.raw)
