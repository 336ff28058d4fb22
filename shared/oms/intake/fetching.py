"""Ask a channel for its orders: what a gateway is, how one is found, and what it may use.

A gateway is a file in `oms/intake/gateways/` named as the channel's kind, ending in `PLUGIN = ...`. It speaks the
channel's API and hands over documents as the sender wrote them, put together where the sender has them in pieces;
reading them is the plug-in's work (`channels/<kind>.py`), which is told by the headers `FETCHED` that the document was
fetched.

The credentials are in the channel's own secret, beside what it signs with, under the names that a gateway lists in
`needs`.
"""

import contextlib
import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol, TypeVar, runtime_checkable
from urllib.parse import urlencode

from oms.aws.http import Http, Reply, UnauthorizedByPartnerError
from oms.aws.secrets import KEPT_S, Secrets
from oms.intake.levels.model import Level, Shown
from oms.kernel.errors import NotFoundError, RejectedError, TransientError
from oms.kernel.plugins import find_plugin
from oms.kernel.time import Clock
from oms.reference.model import Channel

_T = TypeVar("_T")
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_GATEWAYS = "oms.intake.gateways"
_EARLY = timedelta(seconds=60)  # a token is renewed before it ends: a call may take a while
_FRESH_S = 30.0
_LONGEST_TOKEN_S = 86_400
_KEY_KEPT = timedelta(hours=1)  # what eBay recommends
_UNKNOWN_PER_MINUTE = 6  # key ids come in headers that strangers write: each unknown one costs a call


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

    def grant(self, url: str, form: Mapping[str, str], *, headers: Mapping[str, str] | None = None) -> Token:
        """A token from an OAuth 2 token endpoint.

        Raises:
            UnauthorizedByPartnerError: the credentials are refused (OAuth answers 400 for a grant that was revoked).
            TransientError: as any call; or an answer without a token.
        """
        sent = {"content-type": "application/x-www-form-urlencoded", **(headers or {})}
        try:
            reply = self.http.send("POST", url, headers=sent, body=urlencode(form).encode())
        except RejectedError as error:
            if error.code == "partner_refused":
                raise UnauthorizedByPartnerError(str(error)) from None
            raise
        return self.token_of(reply, "access_token", "expires_in")

    def token_of(self, reply: Reply, name: str, lifetime: str) -> Token:
        """The token in an answer, and when it ends: an hour when the answer does not say."""
        said = reply.json()
        value, seconds = (said.get(name), said.get(lifetime)) if isinstance(said, dict) else (None, None)
        if not reply.found or not isinstance(value, str) or not value:
            raise TransientError("the partner's answer holds no token")
        ends_in_s = seconds if isinstance(seconds, int) and not isinstance(seconds, bool) else 3_600
        return Token(value, self.clock() + timedelta(seconds=min(max(ends_in_s, 0), _LONGEST_TOKEN_S)))

    def with_token(self, call: Callable[[str], Reply], make: Callable[[], Token], *purpose: str) -> Reply:
        """Call with the token kept for this purpose, or with a new one when there is none or it is refused.

        A token is renewed a minute before its end; a sender may also end one early.

        Raises:
            UnauthorizedByPartnerError: a new one is refused, too.
        """
        key = (self.channel.name, *purpose)
        kept = self._tokens.get(key)
        if kept is not None and kept.ends_at - _EARLY > self.clock():
            with contextlib.suppress(UnauthorizedByPartnerError):
                return call(kept.value)
        self._tokens.pop(key, None)
        made = make()
        reply = call(made.value)
        self._tokens[key] = made
        return reply


def document_of(**parts: Any) -> bytes:
    """One document of what several calls gave; decimals become texts, which the plug-ins read alike."""
    return json.dumps(parts, separators=(",", ":"), ensure_ascii=False, default=str).encode()


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
class TakesLevels(Protocol):
    """A gateway whose sender is told what it may sell, `levels_at_once` SKUs to a call; `rates` has `levels`."""

    levels_at_once: int

    def shown_levels(self, access: Access, skus: Sequence[str]) -> Mapping[str, Shown] | None:
        """What it shows now, of the SKUs that it sells; None when it cannot be read. Raises: as `fetch`."""
        ...

    def tell_levels(self, access: Access, levels: Sequence[Level]) -> Collection[str]:
        """Have it show these; the SKUs that it did not take, as it shows something newer. Raises: as `fetch`."""
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
        self._keys: dict[tuple[str, str], tuple[str, datetime]] = {}
        self._unknown: list[datetime] = []

    def close(self) -> None:
        """Hang up."""
        self._http.close()

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
        """The order as the sender has it now, None when it has none; give it to `parse` with the headers `FETCHED`.

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

    def takes_levels(self, channel: Channel) -> int:
        """How many SKUs the channel is told of in one call; 0: it cannot be told."""
        gateway = self.gateway_of(channel)
        return gateway.levels_at_once if isinstance(gateway, TakesLevels) else 0

    def shown_levels(self, channel: Channel, skus: Sequence[str]) -> Mapping[str, Shown] | None:
        """What the channel shows of its SKUs now; None when it cannot be read.

        Raises:
            TransientError, NotNowError, RejectedError: see `fetch`.
        """
        gateway = self._teller(channel)
        return self._renewed(channel, lambda access: gateway.shown_levels(access, skus))

    def tell_levels(self, channel: Channel, levels: Sequence[Level]) -> Collection[str]:
        """Tell the channel what it may sell; the SKUs that it did not take, as it shows something newer.

        Raises:
            TransientError, NotNowError, RejectedError: see `fetch`.
        """
        gateway = self._teller(channel)
        return self._renewed(channel, lambda access: gateway.tell_levels(access, levels))

    def _teller(self, channel: Channel) -> TakesLevels:
        gateway = self.gateway_of(channel)
        if not isinstance(gateway, TakesLevels):
            raise RejectedError(f"channels of kind {channel.kind} cannot be told", code="takes_no_levels")
        return gateway

    def public_key(self, channel: Channel, key_id: str) -> str | None:
        """The sender's key in PEM, kept for an hour; None when it has no such key.

        Raises:
            TransientError, NotNowError, RejectedError: see `fetch`; and after too many unknown ids in a minute.
        """
        gateway, name, now = self.gateway_of(channel), (channel.name, key_id), self._clock()
        if not isinstance(gateway, Publishes) or not _KEY_ID.match(key_id):
            return None
        kept = self._keys.get(name)
        if kept is not None and now - kept[1] < _KEY_KEPT:
            return kept[0]
        if kept is None:
            self._count_unknown(now)
        try:
            key = self._renewed(channel, lambda access: gateway.public_key(access, key_id))
        except TransientError:
            if kept is not None:
                return kept[0]  # better an hour-old key than none: an id never comes to mean another key
            raise
        if key is not None:
            self._keys[name] = (key, now)
        return key

    def _count_unknown(self, now: datetime) -> None:
        self._unknown = [at for at in self._unknown if now - at < timedelta(minutes=1)]
        if len(self._unknown) >= _UNKNOWN_PER_MINUTE:
            raise TransientError("too many unknown key ids")
        self._unknown.append(now)

    def _renewed(self, channel: Channel, call: Callable[[Access], _T]) -> _T:
        """With the secret in memory; if the sender refuses it, once more with a fresh one: it may have been changed."""
        try:
            try:
                return call(self._access(channel, KEPT_S))
            except UnauthorizedByPartnerError:
                return call(self._access(channel, _FRESH_S))
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise TransientError(f"{channel.name} answers otherwise than documented") from error

    def _access(self, channel: Channel, max_age_s: float) -> Access:
        try:
            credentials = self._secrets.read(self._prefix + channel.name, max_age_s=max_age_s)
        except NotFoundError:
            raise RejectedError(f"the channel {channel.name} has no secret yet", code="credentials_missing") from None
        return Access(channel, credentials, http=self._http, clock=self._clock, tokens=self._tokens)
