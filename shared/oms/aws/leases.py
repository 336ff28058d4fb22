"""Token buckets as one process sees them: taken from in chunks, so that most tokens cost no call.

A process leases a tenth of the bucket at once and serves from that; what it has not used after LEASE_S is forgotten.
So in any time T at most `burst + per_minute * (T + LEASE_S) / 60 s` tokens are given, however many processes give them.
That a bucket is empty is remembered as well, until it has a token again: who asks meanwhile costs no call either.
"""

from dataclasses import dataclass
from typing import NamedTuple

from oms.aws.buckets import SECOND_US, Buckets, Rate
from oms.kernel.errors import TransientError

LEASE_S = 10
UNMETERED_S = 1  # how long everybody gets tokens before a table that failed is asked again
_CHUNKS = 10  # leases to a bucket
_LARGEST = 100
_KEPT = 2_000  # buckets remembered per process


class Token(NamedTuple):
    """Whether there was a token, how many are left, how long until the next, and whether that is news."""

    given: bool
    left: int
    wait_us: int
    news: bool


@dataclass
class _Lease:
    tokens: int
    left: int
    until_us: int
    tat_us: int = 0
    empty: bool = False


class Leases:
    """The leases of one process on the buckets of one table."""

    def __init__(self, buckets: Buckets) -> None:
        self._buckets = buckets
        self._kept: dict[str, _Lease] = {}

    def take(self, name: str, rate: Rate, *, now_us: int) -> Token:
        """One token of a bucket, if it has one.

        Raises:
            TransientError: the table is not ready; for a second from now everybody is given what they ask for.
        """
        lease = self._kept.get(name)
        news = lease is None or lease.until_us <= now_us or not (lease.tokens or lease.empty)
        if lease is None or news:
            lease = self._renew(name, rate, now_us, lease.tat_us if lease else 0)
        if not lease.tokens:
            return Token(given=False, left=0, wait_us=lease.until_us - now_us, news=news)
        lease.tokens -= 1
        return Token(given=True, left=lease.left + lease.tokens, wait_us=0, news=news)

    def _renew(self, name: str, rate: Rate, now_us: int, tat_us: int) -> _Lease:
        if len(self._kept) >= _KEPT:
            self._kept = {key: lease for key, lease in self._kept.items() if lease.until_us > now_us}
        wanted = max(1, min(_LARGEST, rate.burst // _CHUNKS))
        try:
            taken = self._buckets.take(name, wanted, rate, now_us=now_us, tat_us=tat_us)
        except TransientError:
            self._kept[name] = _Lease(rate.burst, rate.burst, now_us + UNMETERED_S * SECOND_US)
            raise
        wait_us = LEASE_S * SECOND_US if taken.tokens else taken.wait_us
        self._kept[name] = _Lease(taken.tokens, taken.left, now_us + wait_us, taken.tat_us, empty=not taken.tokens)
        return self._kept[name]
