"""What a channel's message says, and the contract of the plug-ins that read it.

Most senders repeat the whole order each time they have news of it: a `Snapshot`. The newest version wins, so it does
not matter in which order the messages come. Some send only what changed, or only an id: then the order is fetched.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol, runtime_checkable

from oms.intake.model import NewOrder
from oms.kernel.errors import Fault
from oms.kernel.identifiers import carries_card
from oms.reference.model import Channel


class Snapshot(NamedTuple):
    """The whole order as the sender has it now.

    `version` is the sender's time of the last change or its running number, written so that a later one is the greater
    text; None when the sender has none. `gone` are units that the sender took off the order, by external line id.
    `begun`: the sender says that a part of it is shipped; unless we have shipped something of it, it was not by us.
    """

    order: NewOrder
    version: str | None = None
    cancelled: bool = False
    gone: Mapping[str, int] = {}
    begun: bool = False


class Cancellation(NamedTuple):
    """The order, or `units` of it by external line id, is not wanted any more.

    `asked` true: the buyer asks; nothing is decided yet. False: the sender has cancelled.
    """

    external_order_id: str
    reason: str
    units: Mapping[str, int] | None = None
    asked: bool = False
    version: str | None = None


class Refund(NamedTuple):
    """The sender gave money back, and says for which units (by external line id)."""

    external_order_id: str
    refund_id: str
    amount_minor: int
    currency: str
    units: Mapping[str, int] = {}


class Shipped(NamedTuple):
    """The sender has the order as shipped, all of it. It asks nothing of an order that is not with us, or that we ship.

    `reason` says it in the sender's terms.
    """

    external_order_id: str
    reason: str
    version: str | None = None


class Fetch(NamedTuple):
    """The message only names an order: ask the sender for it."""

    external_order_id: str


class Ignored(NamedTuple):
    """A genuine message that asks nothing of us."""

    reason: str


Notice = Snapshot | Cancellation | Refund | Shipped | Fetch | Ignored


class Arrival(NamedTuple):
    """One message as it arrived. Header names are lower case; `path` and `query` as the sender signed them."""

    headers: Mapping[str, str]
    raw: bytes
    at: datetime
    method: str = "POST"
    path: str = ""
    query: str = ""


# The headers of a document that we asked for. Ours: the edge takes away what a stranger sends under this name.
OUR_HEADERS = "x-baton-"
FETCHED: Mapping[str, str] = {f"{OUR_HEADERS}fetched": "1"}


def was_fetched(headers: Mapping[str, str]) -> bool:
    """Whether this is the sender's answer to our question, and so all that it has to say of the order by now."""
    return FETCHED.items() <= headers.items()


class ChannelSecrets(NamedTuple):
    """What a channel signs with: during a rotation both are good. `keys` are public keys in PEM by their id."""

    current: str
    previous: str | None = None
    keys: Mapping[str, str] = {}


class ChannelPlugin(Protocol):
    """One kind of channel: a file in `oms/intake/channels/` that ends in `PLUGIN = ...`. Pure: no clock, no network."""

    def verify(self, channel: Channel, arrival: Arrival, secrets: ChannelSecrets) -> bool:
        """Whether the raw bytes were signed with one of the secrets, within the scheme's time. Never raises."""
        ...

    def message_id(self, arrival: Arrival) -> str | None:
        """The sender's own name of this message, the same on every repeat; None when it gives none."""
        ...

    def parse(self, channel: Channel, headers: Mapping[str, str], raw: bytes) -> Sequence[Notice]:
        """What the message says, in its own order.

        Raises:
            RejectedError: it is meant to be an order and is not a valid one; `faults` name the sender's own fields.
        """
        ...


@runtime_checkable
class SignsWithKeys(ChannelPlugin, Protocol):
    """A sender that signs with keys of its own; `verify` finds the public one in `secrets.keys`."""

    def key_id(self, arrival: Arrival) -> str | None:
        """The id of the key that the message says it was signed with: not to be believed before `verify`."""
        ...


@runtime_checkable
class AsksFirst(ChannelPlugin, Protocol):
    """A sender that makes sure of an endpoint before it sends there."""

    def challenge(self, code: str, *, token: str, endpoint: str) -> str:
        """The answer to its question."""
        ...


@runtime_checkable
class Pings(ChannelPlugin, Protocol):
    """A sender that tries the address, unsigned, before it sends anything; it wants exactly a 200."""

    def is_ping(self, arrival: Arrival) -> bool:
        """Whether the message is that, and nothing else. Never raises."""
        ...


@runtime_checkable
class CountsIds(ChannelPlugin, Protocol):
    """A sender whose own counter numbers orders and lines with so many digits that one may look like a card's.

    Nobody can type into such a number, so a whole one is taken as it is (ADR 25).
    """

    own_ids: re.Pattern[str]


def own_ids_of(plugin: ChannelPlugin | None, options: Mapping[str, str]) -> re.Pattern[str] | None:
    """How the ids look that the sender counts; None where they need no exception.

    Of a sender whose plug-in does not know it, the channel's option `own_ids_digits` says how many digits they have.
    """
    if isinstance(plugin, CountsIds):
        return plugin.own_ids
    digits = options.get("own_ids_digits", "")
    return re.compile(rf"\d{{{digits}}}") if digits.isascii() and digits.isdigit() else None


def carry_card(notice: Notice, own: re.Pattern[str] | None) -> list[Fault]:
    """The names in a notice that carry a card number. Those of an order's content were looked at when it was read."""
    if isinstance(notice, Ignored):
        return []
    names = dict[str, str]()
    if isinstance(notice, Snapshot):
        names |= {"version": notice.version or "", **{f"lines.{place}": each for place, each in enumerate(notice.gone)}}
    else:
        names["external_order_id"] = notice.external_order_id
        units = {} if isinstance(notice, Shipped | Fetch) else notice.units or {}
        names |= {f"lines.{place}": each for place, each in enumerate(units)}
    if isinstance(notice, Refund):
        names["refund_id"] = notice.refund_id
    elif isinstance(notice, Cancellation | Shipped):
        names["version"] = notice.version or ""
    return [
        Fault(field, "must not carry a card number") for field, name in names.items() if carries_card(name, own=own)
    ]


@runtime_checkable
class ComesByQueue(ChannelPlugin, Protocol):
    """A sender that does not sign but writes to a queue that only senders may write to."""

    def concerns(self, channel: Channel, arrival: Arrival) -> bool:
        """Whether the message is for this channel. Never raises."""
        ...
