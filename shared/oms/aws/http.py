"""JSON over HTTPS to partners who may be slow, down, moved, or not who they say.

Python's own client with three guards it lacks: the address that was really connected to must be public (an address in
a channel's settings must not reach our own network, whatever the name resolves to), the whole exchange has one
deadline however slowly the bytes come, and an answer has a largest size. No redirects: a credential goes only where
it was meant to go. One connection per origin is kept.
"""

import http.client
import io
import ipaddress
import socket
import ssl
import time
from collections.abc import Mapping
from contextlib import closing
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from oms.kernel.errors import MalformedError, NotNowError, RejectedError, TooLargeError, TransientError
from oms.kernel.json import MAX_BYTES, read_json
from oms.kernel.time import Clock, utc_now

_CONNECT_S = 3.0
_TOTAL_S = 12.0  # an API call of Amazon's takes 1 to 5 s; two of ours fit into a function of 30 s
_LONGEST_WAIT_S = 900.0  # the longest that a message of a queue is put off
_TRY_AGAIN = frozenset({408, 409, 423, 425, 429})
_NOT_FOUND = frozenset({404, 410})


class Reply(NamedTuple):
    """A 2xx, or a 404 or 410. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def found(self) -> bool:
        return self.status not in _NOT_FOUND

    def json(self) -> Any:
        """The document, read strictly.

        Raises:
            TransientError: it is not JSON, as when a proxy answers 200 with a page of its own.
        """
        try:
            return read_json(self.raw)
        except MalformedError:
            raise TransientError("the partner's answer is not JSON") from None


class UnauthorizedByPartnerError(RejectedError):
    """Our credentials were refused: nothing helps but new ones."""

    code = "partner_refused_credentials"


class Http:
    """A client. `private` true lets it call loopback and private addresses, without TLS: the local cloud and tests."""

    def __init__(
        self, *, private: bool = False, connect_s: float = _CONNECT_S, total_s: float = _TOTAL_S, clock: Clock = utc_now
    ) -> None:
        self._private = private
        self._connect_s = connect_s
        self._total_s = total_s
        self._clock = clock
        self._kept: dict[tuple[str, str, int], _Connection] = {}

    def close(self) -> None:
        """Close the kept connections."""
        while self._kept:
            self._kept.popitem()[1].close()

    def get(self, url: str, *, headers: Mapping[str, str], query: Mapping[str, str] | None = None) -> Reply:
        """See `send`."""
        return self.send("GET", f"{url}?{urlencode(query)}" if query else url, headers=headers)

    def send(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None = None) -> Reply:
        """One exchange. It is safe to repeat: nothing that we send to a channel for intake changes anything there.

        Raises:
            TransientError: no answer in time, a broken one, 5xx, 408, 409, 423, 425.
            NotNowError: with `Retry-After` (429, 503, ...): how long to wait.
            UnauthorizedByPartnerError: 401 or 403.
            RejectedError: code `partner_refused` (any other 3xx or 4xx), `partner_address` (not HTTPS, or an address
                that is not public).
            TooLargeError: more than `MAX_BYTES`.
        """
        origin, target = self._taken_apart(url)
        wanted = {"accept": "application/json", "accept-encoding": "identity", "user-agent": "baton", **headers}
        try:
            reply = self._exchange(origin, method, target, wanted, body)
        except (OSError, http.client.HTTPException) as error:
            raise TransientError(f"no answer from {origin[1]}: {type(error).__name__}") from None
        return self._judged(reply, origin[1])

    def _taken_apart(self, url: str) -> tuple[tuple[str, str, int], str]:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise _bad_address("is not a URL") from None
        if parts.username is not None or not parts.hostname:
            raise _bad_address("is not an address without credentials")
        if parts.scheme != "https" and not (parts.scheme == "http" and self._private):
            raise _bad_address("must be https")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return (parts.scheme, parts.hostname, port or (443 if parts.scheme == "https" else 80)), target

    def _exchange(
        self, origin: tuple[str, str, int], method: str, target: str, headers: Mapping[str, str], body: bytes | None
    ) -> Reply:
        deadline = time.monotonic() + self._total_s
        kept = self._kept.pop(origin, None)
        if kept is not None:
            kept.deadline = deadline
            try:
                return self._spoken(kept, origin, method, target, headers, body)
            except (http.client.RemoteDisconnected, ConnectionError, ssl.SSLError):
                pass  # it had been closed meanwhile; a new one tells whether the partner is there
        new = _Connection(origin, private=self._private, connect_s=self._connect_s)
        new.deadline = deadline
        return self._spoken(new, origin, method, target, headers, body)

    def _spoken(
        self,
        connection: "_Connection",
        origin: tuple[str, str, int],
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> Reply:
        done = False
        try:
            connection.request(method, target, body=body, headers=dict(headers))
            with closing(connection.getresponse()) as answer:
                raw = answer.read(MAX_BYTES + 1)
            if len(raw) > MAX_BYTES:
                raise TooLargeError(f"{origin[1]} answers with more than {MAX_BYTES} bytes")
            if answer.length:  # `read` of an amount takes an early end for the end
                raise http.client.IncompleteRead(raw, answer.length)
            done = not answer.will_close
            return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, raw)
        finally:
            if done:
                self._kept[origin] = connection
            else:
                connection.close()

    def _judged(self, reply: Reply, host: str) -> Reply:
        status = reply.status
        if status // 100 == 2 or status in _NOT_FOUND:  # noqa: PLR2004  the class of success
            return reply
        said = f"{host} answers {status}"
        if status in _TRY_AGAIN or status >= 500:  # noqa: PLR2004  every 5xx is theirs
            wait = _wait(reply.headers, self._clock)
            if wait is None:
                raise TransientError(said)
            raise NotNowError(said, after_s=wait)
        if status in (401, 403):
            raise UnauthorizedByPartnerError(said)
        raise RejectedError(said, code="partner_refused")


def wait_s(retry_after: str | None, clock: Clock) -> float | None:
    """Seconds of a `Retry-After` (a number or a date), at most a quarter of an hour; None when it says nothing."""
    if not retry_after:
        return None
    try:
        wait = float(retry_after)
    except ValueError:
        try:
            then = parsedate_to_datetime(retry_after)
            wait = (then - clock()).total_seconds()
        except (ValueError, TypeError):
            return None
    return min(max(wait, 0.0), _LONGEST_WAIT_S) if wait == wait else None  # noqa: PLR0124  NaN is no time


def _wait(headers: Mapping[str, str], clock: Clock) -> float | None:
    """What the sender says of waiting: `Retry-After`, or BigCommerce's milliseconds to the end of its window."""
    left_ms = headers.get("x-rate-limit-time-reset-ms", "")
    if "retry-after" not in headers and left_ms.isascii() and left_ms.isdigit():
        return min(int(left_ms[:9]) / 1_000, _LONGEST_WAIT_S)
    return wait_s(headers.get("retry-after"), clock)


def _bad_address(what: str) -> RejectedError:
    return RejectedError(f"the partner's address {what}", code="partner_address")


def _public(address: str) -> None:
    ip = ipaddress.ip_address(address)
    if not (getattr(ip, "ipv4_mapped", None) or ip).is_global:
        raise _bad_address("is not public")


@cache
def _trust() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class _Connection(http.client.HTTPConnection):
    """One connection, its peer looked at before a byte is sent, everything up to the last byte bounded by a deadline.

    Only the name server is asked without one: the system's resolver has its own, and the rest gets what is left then.
    """

    def __init__(self, origin: tuple[str, str, int], *, private: bool, connect_s: float) -> None:
        scheme, host, port = origin
        super().__init__(host, port, timeout=connect_s)
        self._scheme = scheme
        self._private = private
        self._connect_s = connect_s
        self.deadline = 0.0

    def connect(self) -> None:
        raw = self._reached()
        try:
            raw.settimeout(self._patience())  # of the handshake as a whole: OpenSSL's loop keeps one deadline
            if not self._private:
                _public(raw.getpeername()[0])
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            secured = _trust().wrap_socket(raw, server_hostname=self.host) if self._scheme == "https" else raw
        except BaseException:
            raw.close()
            raise
        self.sock: Any = _Timed(secured, self)

    def _reached(self) -> socket.socket:
        """The first address of the name that answers."""
        problem = OSError("the name has no address")
        for family, kind, protocol, _, address in socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM):
            patience = self._patience()
            raw = socket.socket(family, kind, protocol)
            try:
                raw.settimeout(patience)
                raw.connect(address)
            except OSError as error:
                raw.close()
                problem = error
            else:
                return raw
        raise problem

    def _patience(self) -> float:
        return min(self._connect_s, self.left())

    def left(self) -> float:
        """Seconds until the deadline.

        Raises:
            TimeoutError: none.
        """
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the exchange took too long")
        return left


class _Timed:
    """A socket as `http.client` uses one, whose every wait ends at the connection's deadline."""

    def __init__(self, wrapped: socket.socket, owner: _Connection) -> None:
        self._wrapped = wrapped
        self._owner = owner

    def sendall(self, data: bytes) -> None:
        self.ready()
        self._wrapped.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Hand out a reader that keeps the socket open until it is closed itself.

        Of an answer that ends the connection, `http.client` reads the rest after it has closed its own side.
        """
        return io.BufferedReader(_Reading(self, self._wrapped.makefile("rb", buffering=0)))

    def ready(self) -> None:
        """Let the next wait end with the time that is left."""
        self._wrapped.settimeout(self._owner.left())

    def close(self) -> None:
        self._wrapped.close()


class _Reading(io.RawIOBase):
    def __init__(self, source: _Timed, held: socket.SocketIO) -> None:
        super().__init__()
        self._source = source
        self._held = held

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._source.ready()
        return self._held.readinto(buffer)

    def close(self) -> None:
        self._held.close()
        super().close()
