"""Ask a channel for its orders: what a gateway is, how one is found, and what it may use.

A gateway is a file in `oms/intake/gateways/` named as the channel's kind, ending in `PLUGIN = ...`. It speaks the
channel's API and hands over documents as the sender wrote them, put together where the sender has them in pieces;
reading them is the plug-in's work (`channels/<kind>.py`), which is told by the header `FETCHED` that the document was
fetched.

The credentials are in the channel's own secret, beside what it signs with, under the names that a gateway lists in
`needs`.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol, TypeVar, runtime_checkable

from oms.aws.http import Http, Reply, UnauthorizedByPartnerError
from oms.aws.secrets import KEPT_S, Secrets
from oms.kernel.errors import NotFoundError, RejectedError
from oms.kernel.plugins import find_plugin
from oms.kernel.time import Clock
from oms.reference.model import Channel

FETCHED: Mapping[str, str] = {"x-baton-fetched": "1"}
_T = TypeVar("_T")
_GATEWAYS = "oms.intake.gateways"
_EARLY = timedelta(seconds=60)  # a token is renewed before it ends: a call may take a while
_FRESH_S = 30.0


class Token(NamedTuple):
    """An access token and the instant it ends."""

    value: str
    ends_at: datetime


class Rate(NamedTuple):
    """What a sender allows of one operation: so many calls a second, so many at once after a pause."""

    per_s: float
    burst: int


class Listed(NamedTuple):
    """One order of a list. `document` None: the list only names it, fetch it."""

    external_order_id: str
    version: str | None
    document: bytes | None


class Page(NamedTuple):
    """Some orders of a window.

    `cursor` asks for the next page, None when this is the last; `total` is the sender's own count of the window where
    it gives one; `per_s` the rate that its answer's header allows.
    """

    orders: Sequence[Listed]
    cursor: str | None = None
    total: int | None = None
    per_s: float | None = None


class Access:
    """What a gateway may use to speak for one channel."""

    def __init__(
        self,
        channel: Channel,
        credentials: Mapping[str, str],
        *,
        http: Http,
        clock: Clock,
        tokens: dict[tuple[str, ...], Token],
    ) -> None:
        self.channel = channel
        self.http = http
        self.clock = clock
        self._credentials = credentials
        self._tokens = tokens

    def credential(self, name: str) -> str:
        """One of the channel's credentials.

        Raises:
            RejectedError: code `credentials_missing`.
        """
        value = self._credentials.get(name)
        if not value:
            raise RejectedError(f"the secret of {self.channel.name} has no {name}", code="credentials_missing")
        return value

    def option(self, name: str, otherwise: str) -> str:
        return self.channel.options.get(name) or otherwise

    def token(self, make: Callable[[], Token], *purpose: str) -> str:
        """A token that is good for a minute yet: the one kept for this purpose, or a new one."""
        key = (self.channel.name, *purpose)
        kept = self._tokens.get(key)
        if kept is None or kept.ends_at - _EARLY <= self.clock():
            kept = self._tokens[key] = make()
        return kept.value

    def with_token(self, call: Callable[[str], Reply], make: Callable[[], Token], *purpose: str) -> Reply:
        """Call with a token; once more with a new one when the kept one is refused: a sender may end one early.

        Raises:
            UnauthorizedByPartnerError: refused twice.
        """
        try:
            return call(self.token(make, *purpose))
        except UnauthorizedByPartnerError:
            self._tokens.pop((self.channel.name, *purpose), None)
        return call(self.token(make, *purpose))


class Gateway(Protocol):
    """One kind of channel, asked. `rates` are the published limits by operation (`fetch`, `list`)."""

    needs: Sequence[str]
    rates: Mapping[str, Rate]

    def fetch(self, access: Access, external_order_id: str) -> bytes | None:
        """The order as one JSON document for the plug-in's `parse`; None when the sender has no such order.

        Raises:
            TransientError: (`NotNowError` with `after_s`) try again.
            RejectedError: it will not be answered: credentials, address, a refusal.
        """
        ...


@runtime_checkable
class Lists(Protocol):
    """A gateway that lists the orders changed in a window of time."""

    def list_orders(self, access: Access, since: datetime, until: datetime, cursor: str | None) -> Page:
        """One page of what changed from `since` to before `until`. Raises: as `fetch`."""
        ...


@runtime_checkable
class Publishes(Protocol):
    """A gateway whose sender publishes the keys it signs with."""

    def public_key(self, access: Access, key_id: str) -> str | None:
        """The key in PEM; None when there is no such key. Raises: as `fetch`."""
        ...


class Partners:
    """The way out to the channels, for those who process messages and those who poll."""

    def __init__(self, *, http: Http, secrets: Secrets, secret_prefix: str, clock: Clock) -> None:
        self._http = http
        self._secrets = secrets
        self._prefix = secret_prefix
        self._clock = clock
        self._tokens: dict[tuple[str, ...], Token] = {}
        self._keys: dict[tuple[str, str], str] = {}

    def gateway_of(self, channel: Channel) -> Gateway | None:
        found: Gateway | None = find_plugin(_GATEWAYS, channel.kind)
        return found

    def lists(self, channel: Channel) -> bool:
        """Whether the channel can be polled."""
        return isinstance(self.gateway_of(channel), Lists)

    def rate(self, channel: Channel, operation: str) -> Rate | None:
        """The published limit, to start from."""
        gateway = self.gateway_of(channel)
        return gateway.rates.get(operation) if gateway else None

    def fetch(self, channel: Channel, external_order_id: str) -> bytes | None:
        """The order as the sender has it now, None when it has none; give it to `parse` with the header `FETCHED`.

        Raises:
            TransientError, NotNowError, RejectedError: see `Gateway.fetch`; code `not_fetchable` without a gateway.
        """
        gateway = self.gateway_of(channel)
        if gateway is None:
            raise RejectedError(f"channels of kind {channel.kind} cannot be asked", code="not_fetchable")
        return self._renewed(channel, lambda access: gateway.fetch(access, external_order_id))

    def list_orders(self, channel: Channel, since: datetime, until: datetime, cursor: str | None = None) -> Page:
        """One page of the orders that changed in the window.

        Raises:
            TransientError, NotNowError, RejectedError: see `fetch`.
        """
        gateway = self.gateway_of(channel)
        if not isinstance(gateway, Lists):
            raise RejectedError(f"channels of kind {channel.kind} cannot be asked", code="not_fetchable")
        return self._renewed(channel, lambda access: gateway.list_orders(access, since, until, cursor))

    def public_key(self, channel: Channel, key_id: str) -> str | None:
        """The sender's key in PEM, kept once known: a key id never means another key.

        Raises:
            TransientError, NotNowError, RejectedError: see `fetch`.
        """
        kept = self._keys.get((channel.name, key_id))
        gateway = self.gateway_of(channel)
        if kept is not None or not isinstance(gateway, Publishes):
            return kept
        key = self._renewed(channel, lambda access: gateway.public_key(access, key_id))
        if key is not None:
            self._keys[channel.name, key_id] = key
        return key

    def _renewed(self, channel: Channel, call: Callable[[Access], _T]) -> _T:
        """With the secret in memory; if the sender refuses it, once more with a fresh one: it may have been changed."""
        try:
            return call(self._access(channel, KEPT_S))
        except UnauthorizedByPartnerError:
            return call(self._access(channel, _FRESH_S))

    def _access(self, channel: Channel, max_age_s: float) -> Access:
        try:
            credentials = self._secrets.read(self._prefix + channel.name, max_age_s=max_age_s)
        except NotFoundError:
            raise RejectedError(f"the channel {channel.name} has no secret yet", code="credentials_missing") from None
        return Access(channel, credentials, http=self._http, clock=self._clock, tokens=self._tokens)
