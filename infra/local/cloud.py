"""The local cloud as a whole: brought up step by step, used through one handle, always closed."""

import http.client
import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from infra.local import assembly, deploy, emulator, outputs, seed
from infra.local.clients import Clients
from infra.local.emulator import Home
from infra.local.tokens import access_token

Say = Callable[[str], None]
Headers = Mapping[str, str]
ANSWER_S = 40.0  # API Gateway itself gives up after 30


@dataclass(frozen=True)
class Reply:
    """An HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Cloud:
    """A local cloud that is up: AWS by `client`, our API by `api`; safe to share between threads."""

    home: Home
    clients: Clients
    outputs: dict[str, Any]
    _idle: SimpleQueue[http.client.HTTPConnection] = field(default_factory=SimpleQueue, compare=False, repr=False)
    _tokens: dict[str, str] = field(default_factory=dict, compare=False, repr=False)
    _making: threading.Lock = field(default_factory=threading.Lock, compare=False, repr=False)

    def client(self, service: str) -> Any:
        """A boto3 client of this cloud."""
        return self.clients(service)

    def token(self, role: str, *objects: str) -> str:
        """An access token of a user in the group `role`, bound to `objects` if any are named; made once per cloud."""
        name = " ".join([role, *objects])
        with self._making:
            if name not in self._tokens:
                self._tokens[name] = access_token(self.clients, self.outputs, role, objects)
            return self._tokens[name]

    def api(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        body: bytes | None = None,
        query: Mapping[str, str] | None = None,
        token: str | None = None,
        headers: Headers | None = None,
    ) -> Reply:
        """Call our API. `path` is as documented (`/v1/orders`); a JSON or raw body; redirects are not followed."""
        return self.fetch(
            method,
            self.outputs["ApiUrl"] + quote(path, safe="/%~") + (f"?{urlencode(query)}" if query else ""),
            body=_bytes(json) if json is not None else body,
            headers={
                **({"content-type": "application/json"} if json is not None else {}),
                **({"authorization": f"Bearer {token}"} if token else {}),
                **(headers or {}),
            },
        )

    def fetch(self, method: str, url: str, *, body: bytes | None = None, headers: Headers) -> Reply:
        """Send one request to the emulator over a kept connection."""
        parts = urlsplit(url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        headers = {"host": parts.netloc, **headers}  # a signed link is signed for its own host name
        try:
            return self._send(self._connection(), method, target, body, headers)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            # A kept connection may have been closed meanwhile; every call of ours is safe to repeat.
            return self._send(self._fresh(), method, target, body, headers)

    def _send(
        self, connection: http.client.HTTPConnection, method: str, target: str, body: bytes | None, headers: Headers
    ) -> Reply:
        try:
            connection.request(method, target, body, dict(headers))
            answer = connection.getresponse()
            reply = Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        except BaseException:
            connection.close()
            raise
        self._idle.put(connection)
        return reply

    def close(self) -> None:
        """Give all connections back; the emulator runs on."""
        self.clients.close()
        while True:
            try:
                self._idle.get_nowait().close()
            except Empty:
                return

    def _connection(self) -> http.client.HTTPConnection:
        try:
            return self._idle.get_nowait()
        except Empty:
            return self._fresh()

    def _fresh(self) -> http.client.HTTPConnection:
        address = urlsplit(self.outputs["EndpointUrl"])
        return http.client.HTTPConnection(address.hostname or "", address.port, timeout=ANSWER_S)


def bring_up(home: Home, *, keep: bool, tied: bool, say: Say) -> Cloud:
    """Synthesize if needed, start the emulator, deploy, seed, warm up, and write the outputs. Repeating it is cheap."""
    began = time.monotonic()
    say("synthesizing the stacks (about 15 s when a source changed)")
    assembly.synthesize()
    stacks = assembly.stacks()
    started = time.monotonic()
    running = emulator.start(home, keep=keep, tied=tied)
    say(f"emulator on {running.endpoint} in {time.monotonic() - started:.1f} s")
    clients = Clients(running.endpoint)
    deploy.deploy(clients, stacks, say)
    known = outputs.gather(clients, stacks)
    started = time.monotonic()
    say(f"company seeded: {seed.seed(clients, known)} in {time.monotonic() - started:.1f} s")
    deploy.warm_up(clients, say)
    known = outputs.gather(clients, stacks)
    outputs.write(known, home.outputs)
    say(f"up after {time.monotonic() - began:.1f} s")
    return Cloud(home, clients, known)


def attach(home: Home) -> Cloud | None:
    """The cloud that runs in `home`, if one does."""
    running = emulator.running(home)
    if running is None or not home.outputs.exists():
        return None
    return Cloud(home, Clients(running.endpoint), json.loads(home.outputs.read_text()))


@contextmanager
def temporary(home: Home, say: Say) -> Iterator[Cloud]:
    """A cloud of its own, empty at first and gone afterwards, even if this process is killed."""
    emulator.stop(home)
    shutil.rmtree(home.folder, ignore_errors=True)
    try:
        cloud = bring_up(home, keep=False, tied=True, say=say)
        try:
            yield cloud
        finally:
            cloud.close()
    finally:
        emulator.stop(home)


def _bytes(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()
