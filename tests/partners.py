"""A partner on loopback for tests: what it answers is a table, and it can be made to misbehave for some calls."""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from oms.aws.http import Http
from oms.kernel.time import Clock, utc_now


class Call(NamedTuple):
    """A request as the partner got it. Header names are lower case; of a repeated query field the last counts."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


class Reply(NamedTuple):
    """What it answers: JSON, unless `body` is bytes."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = {}
    slow_s: float = 0.0
    drop: bool = False


Answer = Callable[[Call], Reply]

HTML = Reply(b"<!doctype html><title>We will be back soon</title>", headers={"content-type": "text/html"})
GONE = Reply({"message": "not found"}, 404)


@dataclass
class Partner:
    """The table of answers by `METHOD path`, the faults that come first, and what was asked."""

    url: str = ""
    answers: dict[str, Answer] = field(default_factory=dict)
    faults: list[Reply] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    clients: list[Http] = field(default_factory=list)

    def client(self, *, total_s: float = 1.0, clock: Clock = utc_now) -> Http:
        """A client that may call a partner on loopback; it is closed with the partner."""
        self.clients.append(Http(private=True, total_s=total_s, clock=clock))
        return self.clients[-1]

    def on(self, what: str, body: Any = None, status: int = 200, **headers: str) -> None:
        """Answer `GET /path` so, always."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[what] = lambda _call: Reply(body, status, named)

    def asked(self) -> list[str]:
        return [f"{call.method} {call.path}" for call in self.calls]

    def reply_to(self, call: Call) -> Reply:
        self.calls.append(call)
        if self.faults:
            return self.faults.pop(0)
        answer = self.answers.get(f"{call.method} {call.path}")
        return answer(call) if answer else GONE


@contextmanager
def partner() -> Iterator[Partner]:
    """A partner that listens while the context lasts."""
    one = Partner()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            parts = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = one.reply_to(Call(self.command, parts.path, query, headers, self.rfile.read(length)))
            time.sleep(reply.slow_s)
            if reply.drop:
                self.close_connection = True
                return
            with contextlib.suppress(ConnectionError):  # who has lost patience has hung up
                self._send(reply)

        do_GET = do_POST = do_PUT = _any  # noqa: N815  what the base class looks for

        def _send(self, reply: Reply) -> None:
            raw = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            raw = b"" if reply.status == 204 else raw
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: object) -> None:
            """A test says what it has to say."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    one.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield one
    finally:
        for client in one.clients:
            client.close()
        server.shutdown()
        server.server_close()
