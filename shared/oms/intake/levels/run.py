"""Tell channels what they may sell: what moved since last time, as often as the channel lets us.

The journal of stock says which SKUs moved; what the channel may sell of them is read then, so that a level is never
older than the books. A run that dies in the middle of a stretch of the journal goes over it again: what the channel
knows already costs reads only. A channel belongs to the run that writes its state first.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from oms.aws.tables import ConditionFailedError
from oms.events.channels import ChannelLevelsFailed
from oms.intake.fetching import Rate
from oms.intake.levels import rules
from oms.intake.levels.model import Level, Pushing, PushReport, Shown, Told
from oms.intake.levels.store import TOGETHER, LevelStore
from oms.intake.polling.model import Bucket
from oms.intake.polling.rules import backoff, full_bucket, spent, throttled, wait_s
from oms.inventory.model import Entry
from oms.kernel.errors import NotNowError, RejectedError, TransientError
from oms.kernel.time import Clock, from_text, to_text
from oms.reference.model import Channel

BY = "system:push_levels"
SINCE = "levels_since"  # the option of a channel that says from when on its levels are pushed
OVERLAP = timedelta(minutes=2)  # entries are made known a little after their time
STRETCH = timedelta(minutes=15)  # of the journal at once, when a run has fallen behind
MAX_WAITING = 1_000
_ALL, _EACH, _BUSY = timedelta(seconds=45), timedelta(seconds=20), timedelta(minutes=2)
_CAREFUL = Rate(per_s=1.0, burst=5)
_PATIENCE_S = 3.0
_LOG_ROWS = 20


class Journal(Protocol):
    """The movements of stock (`oms.inventory.store.StockStore` is one)."""

    def journal(self, since: datetime, until: datetime) -> Iterator[Entry]: ...


class TellsLevels(Protocol):
    """The way out to the channels; `Partners` is one."""

    def takes_levels(self, channel: Channel) -> int: ...
    def rate(self, channel: Channel, operation: str) -> Rate | None: ...
    def shown_levels(self, channel: Channel, skus: Sequence[str]) -> Mapping[str, Shown] | None: ...
    def tell_levels(self, channel: Channel, levels: Sequence[Level]) -> Collection[str]: ...


@dataclass(frozen=True)
class LevelDesk:
    """The collaborators. `offered` are the units by SKU that a channel may sell now, `sold_as` what is sold of SKUs.

    `pause` waits for seconds.
    """

    store: LevelStore
    stock: Journal
    partners: TellsLevels
    offered: Callable[[str, Iterable[str]], Mapping[str, int]]
    sold_as: Callable[[set[str]], set[str]]
    clock: Clock
    pause: Callable[[float], None]


@dataclass
class _Tally:
    channels: int = 0
    told: int = 0
    same: int = 0
    waits: int = 0
    unlisted: int = 0


class _NotNow(Exception):  # noqa: N818  no error: the rest of the channel waits for the next run
    """The channel lets us say no more for now."""


def push_levels(desk: LevelDesk, *, channels: Mapping[str, Channel]) -> PushReport:
    """Tell every channel that wants to know (`push_minutes`) and is due. Safe to run twice at once."""
    started = desk.clock()
    tally, failing = _Tally(), []
    for channel in channels.values():
        if not (channel.active and channel.push_minutes and desk.partners.takes_levels(channel)):
            continue
        if desk.clock() - started >= _ALL:
            break
        state = desk.store.find(channel.name) or first(channel, started)
        if state.next_at > to_text(started) or (state.busy_until or "") > to_text(started):
            continue
        run = _Run(channel, state, desk, min(desk.clock() + _EACH, started + _ALL), tally)
        try:
            run.go()
        except ConditionFailedError:  # another run is at it
            continue
        if run.state.failures:
            failing.append(channel.name)
    return PushReport(**vars(tally), failing=tuple(failing))


def first(channel: Channel, now: datetime) -> Pushing:
    """A channel that was never told anything: what moves from now on, or from the instant that its option says."""
    return Pushing(channel=channel.name, watermark=channel.options.get(SINCE) or to_text(now), next_at=to_text(now))


@dataclass
class _Run:
    """One channel until `deadline`; `state` is as it was last written."""

    channel: Channel
    state: Pushing
    desk: LevelDesk
    deadline: datetime
    tally: _Tally

    def go(self) -> None:
        """Raises: ConditionFailedError: another run is at work on this channel."""
        started = self.desk.clock()
        self._write(busy_until=to_text(started + _BUSY))
        again = to_text(started + timedelta(minutes=self.channel.push_minutes))
        try:
            self._all()
            ending: dict[str, Any] = {"next_at": again, "failures": 0, "problem": None}
        except _NotNow:
            ending = {"next_at": to_text(self.desk.clock())}
        except ConditionFailedError:
            raise
        except (TransientError, RejectedError) as error:
            ending = self._failed(error)
        self._write(busy_until=None, **ending)
        self.tally.channels += 1

    def _all(self) -> None:
        now = self.desk.clock()
        waiting = set(self.state.waiting)
        while from_text(self.state.watermark) < now:
            since = from_text(self.state.watermark)
            until = min(now, since + STRETCH)
            entries = self.desk.stock.journal(since - OVERLAP, until)
            moved = self.desk.sold_as({posting.sku for entry in entries for posting in entry.postings})
            self._skus(sorted(moved | waiting))
            waiting = set()
            self._write(watermark=to_text(until))

    def _skus(self, skus: Iterable[str]) -> None:
        size = self.desk.partners.takes_levels(self.channel)
        names, size = list(skus), min(size, TOGETHER)
        for start in range(0, len(names), size):
            if self.desk.clock() >= self.deadline:
                raise _NotNow
            self._some(names[start : start + size])

    def _some(self, names: Sequence[str]) -> None:
        """Decide, tell, and remember in one write; dying before it means telling the same again."""
        before = self.desk.store.told(self.channel.name, names)
        asked = [sku for sku in names if rules.due(before[sku], self.desk.clock())]
        offered = self.desk.offered(self.channel.name, asked) if asked else {}
        asked = [sku for sku in asked if self._news(before[sku], offered.get(sku, 0))]
        rest = [sku for sku in self.state.waiting if sku not in names]
        if not asked:
            self.state = self.state.model_copy(update={"waiting": tuple(rest)})
            return
        self._take_call()
        shown = self._spoken(lambda: self.desk.partners.shown_levels(self.channel, asked))
        now = self.desk.clock()
        decisions = [
            rules.decided(
                max(offered.get(sku, 0), 0), before[sku], (shown or {}).get(sku), now, reads=shown is not None
            )
            for sku in asked
        ]
        levels = [decision.level for decision in decisions if decision.level is not None]
        refused = self._tell(levels, read=shown is not None)
        waiting = [one.told.sku for one in decisions if one.word == "wait" or one.told.sku in refused]
        self._write(
            told=[one.told for one in decisions if one.told.sku not in refused],
            waiting=(*rest, *waiting)[-MAX_WAITING:],
        )
        self.tally.told += len(levels) - len(refused)
        self.tally.waits += len(waiting)
        self.tally.same += sum(decision.word == "same" for decision in decisions)
        self.tally.unlisted += sum(decision.word == "unlisted" for decision in decisions)

    def _tell(self, levels: Sequence[Level], *, read: bool) -> Collection[str]:
        """Those that it did not take, as it showed something newer just now."""
        if not levels:
            return ()
        if read:
            self._take_call()
        refused: Collection[str] = self._spoken(lambda: self.desk.partners.tell_levels(self.channel, levels))
        return refused

    def _news(self, told: Told, offered: int) -> bool:
        """Whether a SKU is worth a call: the level is another than the channel was told."""
        return told.units != max(offered, 0) or told.differs_since is not None

    # -- how often we may call

    def _take_call(self) -> None:
        bucket = self._bucket()
        wait = wait_s(bucket, self.desk.clock())
        if wait > _PATIENCE_S:
            raise _NotNow
        if wait:
            self.desk.pause(wait)
        self.state = self.state.model_copy(update={"bucket": spent(bucket, self.desk.clock())})

    def _spoken(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except NotNowError as error:
            blocked = throttled(self._bucket(), self.desk.clock(), error.after_s)
            self.state = self.state.model_copy(update={"bucket": blocked})
            raise _NotNow from error

    def _bucket(self) -> Bucket:
        published = self.desk.partners.rate(self.channel, "levels") or _CAREFUL
        return self.state.bucket or full_bucket(published.per_s, published.burst, self.desk.clock())

    def _failed(self, error: TransientError | RejectedError) -> dict[str, Any]:
        failures = self.state.failures + 1
        problem = error.code if isinstance(error, RejectedError) else type(error).__name__
        again = to_text(self.desk.clock() + backoff(failures))
        changes: dict[str, Any] = {"next_at": again, "failures": failures, "problem": problem}
        if isinstance(error, RejectedError) and self.state.problem != problem:
            changes["said"] = [ChannelLevelsFailed(channel=self.channel.name, reason=problem)]
        return changes

    def _write(self, *, told: Iterable[Told] = (), said: Iterable[Any] = (), **changes: Any) -> None:
        """Write the next version. Raises: ConditionFailedError: another run is at it."""
        if said:
            moved = self.state.changed(*said, at=self.desk.clock(), by=BY, **changes)
            moved = moved.model_copy(update={"log": moved.log[-_LOG_ROWS:]})
        else:
            update = {**changes, "version": self.state.version + 1, "facts": ()}
            moved = self.state.model_copy(update=update)
        self.desk.store.save(moved, told)
        self.state = moved
