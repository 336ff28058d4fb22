"""The local cloud for tests: one per run, on a free port, with state of its own, stopped at the end whatever happens.

    def test_an_order_is_taken(cloud: Cloud) -> None:
        answer = cloud.api("GET", "/v1/orders", token=cloud.token("operator"))

It is the very cloud of `make up`: the same templates, the same emulator, the same seed.
"""

import io
import time
import zipfile
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from infra.local.cloud import Cloud, temporary
from infra.local.emulator import Home

__all__ = ["Cloud", "cloud", "eventually", "zipped"]

_Found = TypeVar("_Found")
POLL_S = 0.05


@pytest.fixture(scope="session")
def cloud(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A freshly seeded local cloud."""
    reporter = request.config.pluginmanager.get_plugin("terminalreporter")

    def say(line: str) -> None:
        if reporter:
            reporter.write_line(f"local cloud: {line}")

    with temporary(Home(tmp_path_factory.mktemp("cloud")), say) as up:
        yield up


def eventually(look: Callable[[], _Found | None], *, within_s: float = 20.0) -> _Found:
    """What `look` finds, as soon as it finds something true.

    Raises:
        AssertionError: it found nothing in time; the last thing it saw is in the message.
    """
    deadline = time.monotonic() + within_s
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, f"nothing within {within_s} s; last seen: {found!r}"
        time.sleep(POLL_S)


def zipped(name: str, source: str) -> bytes:
    """A function's code: one file."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, source)
    return packed.getvalue()
