"""Try again after a lost race: read, decide and write once more, on what is true now."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from oms.kernel.errors import ConflictError

TRIES = 8  # lost races before the caller is told; the waits sum to at most 2.5 s

_WAIT_S = 0.01
_Answer = TypeVar("_Answer")


def raced(attempt: Callable[[], _Answer]) -> _Answer:
    """Try until the race is won.

    Who lost waits a random time, twice as long at the most after each loss: otherwise all losers meet again.

    Raises:
        ConflictError: it was lost eight times.
    """
    for lost in range(1, TRIES + 1):
        try:
            return attempt()
        except ConflictError:
            if lost == TRIES:
                raise
        time.sleep(random.uniform(0, _WAIT_S * 2**lost))  # noqa: S311  jitter, not a secret
    raise AssertionError("unreachable: the last try returns or raises")
