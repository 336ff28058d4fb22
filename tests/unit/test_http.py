"""The client for partners, against a partner on loopback that misbehaves in every way we know."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from oms.aws.http import Http, UnauthorizedByPartnerError, wait_s
from oms.kernel.errors import NotNowError, RejectedError, TooLargeError, TransientError
from oms.kernel.json import MAX_BYTES
from tests.partners import HTML, Partner, Reply, partner

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


@pytest.fixture(name="shop")
def _shop() -> Iterator[Partner]:
    with partner() as one:
        one.on("GET /orders/1", {"id": 1})
        yield one


_opened: list[Http] = []


def client(*, total_s: float = 2.0) -> Http:
    _opened.append(Http(private=True, total_s=total_s, clock=lambda: NOW))
    return _opened[-1]


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while _opened:
        _opened.pop().close()


def test_a_document_is_read_and_the_question_arrives_as_it_was_asked(shop: Partner) -> None:
    reply = client().get(f"{shop.url}/orders/1", headers={"x-key": "k"}, query={"since": "2026-11-23T09:30:00Z&x=1"})
    assert (reply.status, reply.found, reply.json()) == (200, True, {"id": 1})
    assert shop.calls[0].query == {"since": "2026-11-23T09:30:00Z&x=1"}
    assert (shop.calls[0].headers["x-key"], shop.calls[0].headers["accept-encoding"]) == ("k", "identity")


def test_one_connection_serves_all_calls_and_one_that_was_closed_meanwhile_is_replaced(shop: Partner) -> None:
    http = client()
    for _ in range(3):
        http.get(f"{shop.url}/orders/1", headers={})
    (kept,) = http._kept.values()
    shop.faults = [Reply(drop=True)]
    assert http.get(f"{shop.url}/orders/1", headers={}).json() == {"id": 1}
    assert (len(shop.calls), list(http._kept.values()) == [kept]) == (5, False)


def test_what_is_not_there_is_an_answer(shop: Partner) -> None:
    assert client().get(f"{shop.url}/orders/2", headers={}).found is False


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504])
def test_what_may_be_better_later_is_transient(shop: Partner, status: int) -> None:
    shop.faults = [Reply({}, status)]
    with pytest.raises(TransientError) as error:
        client().get(f"{shop.url}/orders/1", headers={})
    assert not isinstance(error.value, NotNowError)
    assert client().get(f"{shop.url}/orders/1", headers={}).json() == {"id": 1}


@pytest.mark.parametrize(
    ("headers", "after_s"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "86400"}, 900.0),
        ({"retry-after": format_datetime(datetime(2026, 11, 23, 9, 30, 42, tzinfo=UTC), usegmt=True)}, 42.0),
        ({"x-rate-limit-time-reset-ms": "12500"}, 12.5),
    ],
)
def test_a_partner_says_how_long_to_wait(shop: Partner, headers: dict[str, str], after_s: float) -> None:
    shop.faults = [Reply({}, 429, headers)]
    with pytest.raises(NotNowError) as error:
        client().get(f"{shop.url}/orders/1", headers={})
    assert error.value.after_s == after_s


@pytest.mark.parametrize("text", [None, "", "soon", "nan", "Tue, 99 Foo"])
def test_a_wait_that_says_nothing_is_none(text: str | None) -> None:
    assert wait_s(text, lambda: NOW) is None


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_are_told_apart(shop: Partner, status: int) -> None:
    shop.faults = [Reply({}, status)]
    with pytest.raises(UnauthorizedByPartnerError):
        client().get(f"{shop.url}/orders/1", headers={})


@pytest.mark.parametrize("status", [301, 302, 307, 400, 405, 422])
def test_a_refusal_is_not_tried_again_and_a_redirect_is_one(shop: Partner, status: int) -> None:
    shop.faults = [Reply({}, status, {"location": f"{shop.url}/orders/1"})]
    with pytest.raises(RejectedError) as error:
        client().get(f"{shop.url}/orders/1", headers={"authorization": "Bearer secret"})
    assert (error.value.code, len(shop.calls)) == ("partner_refused", 1)


def test_a_page_of_html_with_200_is_no_answer(shop: Partner) -> None:
    shop.faults = [HTML]
    reply = client().get(f"{shop.url}/orders/1", headers={})
    with pytest.raises(TransientError):
        reply.json()


def test_a_slow_partner_is_given_up_in_time(shop: Partner) -> None:
    shop.faults = [Reply({}, slow_s=5.0)]
    started = time.monotonic()
    with pytest.raises(TransientError):
        client(total_s=0.3).get(f"{shop.url}/orders/1", headers={})
    assert time.monotonic() - started < 1.5


def test_a_partner_that_hangs_up_is_transient(shop: Partner) -> None:
    shop.faults = [Reply(drop=True)]
    with pytest.raises(TransientError):
        client().get(f"{shop.url}/orders/1", headers={})


def test_an_endless_answer_is_not_read_to_its_end(shop: Partner) -> None:
    shop.faults = [Reply(b"[" + b" " * MAX_BYTES + b"]")]
    with pytest.raises(TooLargeError):
        client().get(f"{shop.url}/orders/1", headers={})


@contextmanager
def raw_server(answer: bytes, *, pause_s: float = 0.0, listens: bool = False) -> Iterator[str]:
    """A server that sends these bytes to whoever comes, one by one if it pauses.

    One that listens reads the question first and then hangs up in order (FIN); what the other leaves unread makes the
    system reset the connection (RST), if it has arrived by then.
    """
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        peer, _ = listening.accept()
        try:
            asked = b"" if listens else b"\r\n\r\n"
            while not asked.endswith(b"\r\n\r\n"):
                asked += peer.recv(65_536)
            step = 1 if pause_s else len(answer) + 1
            for start in range(0, len(answer), step):
                peer.sendall(answer[start : start + step])
                time.sleep(pause_s)
        except OSError:
            return
        finally:
            peer.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
    finally:
        listening.close()
        thread.join(timeout=2)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nx-header: ab\r\ncontent-length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    ],
)
def test_bytes_that_drip_do_not_hold_us_longer_than_the_deadline(answer: bytes) -> None:
    started = time.monotonic()
    with raw_server(answer, pause_s=0.1) as url, pytest.raises(TransientError):
        client(total_s=0.5).get(url, headers={})
    assert time.monotonic() - started < 3.0


def test_a_partner_that_never_ends_the_handshake_is_given_up_within_the_deadline_of_the_whole() -> None:
    """Its connections are taken and never spoken to; alone, connecting would have a minute."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        http = Http(private=True, connect_s=60.0, total_s=0.3, clock=lambda: NOW)
        started = time.monotonic()
        with pytest.raises(TransientError, match="TimeoutError"):
            http.get(f"https://127.0.0.1:{silent.getsockname()[1]}/", headers={})
        assert time.monotonic() - started < 10


def test_a_partner_that_takes_no_more_connections_is_given_up_within_the_deadline_of_the_whole() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, ExitStack() as stack:
        address = full.getsockname()
        for _ in range(4):  # what the backlog lets in, and some that wait for it
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(address)
        http = Http(private=True, connect_s=60.0, total_s=0.3, clock=lambda: NOW)
        started = time.monotonic()
        with pytest.raises(TransientError, match="TimeoutError"):
            http.get(f"http://127.0.0.1:{address[1]}/", headers={})
        assert time.monotonic() - started < 10


@pytest.mark.parametrize("listens", [True, False])
@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\n{}",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n",
        b"HTTP/1.1 twohundred OK\r\n\r\n",
    ],
)
def test_what_is_no_http_or_ends_too_soon_is_transient(answer: bytes, *, listens: bool) -> None:
    with raw_server(answer, listens=listens) as url, pytest.raises(TransientError):
        client().get(url, headers={})


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\ncontent-length: 50002\r\nconnection: close\r\n\r\n{" + b" " * 50_000 + b"}",
        b"HTTP/1.0 200 OK\r\n\r\n{" + b" " * 50_000 + b"}",
    ],
    ids=["length", "chunked", "length and close", "long and close", "until it closes"],
)
def test_an_answer_that_is_whole_is_taken_though_the_partner_hangs_up_after_it(answer: bytes) -> None:
    with raw_server(answer, listens=True) as url:
        assert client().get(url, headers={}).json() == {}


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9001/2018-06-01/runtime/invocation/next",
        "http://example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://user:secret@example.com/",
        "https:///nowhere",
        "https://example.com:99999/",
        "//example.com/",
    ],
)
def test_an_address_that_is_no_partners_is_refused_before_anything_is_sent(url: str) -> None:
    with pytest.raises(RejectedError) as error:
        Http().get(url, headers={"authorization": "Bearer secret"})
    assert error.value.code == "partner_address"


def test_an_https_address_on_our_own_network_is_refused_once_it_is_known_where_it_leads() -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(2)
    try:
        for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]"):
            with pytest.raises(RejectedError) as error:
                Http().get(f"https://{host}:{listening.getsockname()[1]}/", headers={"authorization": "Bearer secret"})
            assert error.value.code == "partner_address"
            peer, _ = listening.accept()
            assert peer.recv(100) == b""
            peer.close()
    finally:
        listening.close()
