"""One run over one channel: list what changed, take in what we have not, remember how far we came.

Every page is remembered with the allowance that it cost, so a run that dies goes on where it was; what it had taken
in and not yet remembered is taken in again, which changes nothing.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from oms.events.channels import ChannelGapFound
from oms.intake.fetching import Listed, Page, Rate
from oms.intake.notices import FETCHED
from oms.intake.polling import rules
from oms.intake.polling.model import Bucket, Ending, Gap, Polling, Seen, Window
from oms.intake.polling.ports import Asks, Inbox, KnownOrders
from oms.intake.polling.store import PollStore
from oms.kernel.errors import NotNowError, RejectedError, TransientError
from oms.kernel.time import Clock, from_text, to_text
from oms.orders.natural import order_id_of
from oms.reference.model import Channel

BY = "system:poll_channels"
SINCE = "poll_since"  # the option of a channel that says from when its first poll asks
LISTS, FETCHES = "list", "fetch"
_LOG_ROWS = 20
# Refusals that concern one order; others concern the channel.
_OF_ONE_ORDER = frozenset({"partner_refused", "too_large"})
_NAMED = 50  # orders that a gap names
_AGAIN = 2  # times that a window is listed anew when it came short
_CAREFUL = Rate(per_s=0.5, burst=5)  # for a sender that publishes no rate


class ListInACircleError(TransientError):
    """The sender's list would never end."""


@dataclass(frozen=True)
class PollDesk:
    """The collaborators of polling. `pause` waits for so many seconds, `patience_s` at most for one call."""

    store: PollStore
    partners: Asks
    orders: KnownOrders
    inbox: Inbox
    clock: Clock
    pause: Callable[[float], None]
    patience_s: float = 3.0


@dataclass
class Run:
    """What is going on with one channel until `deadline`; `state` is as it was last written."""

    channel: Channel
    state: Polling
    desk: PollDesk
    deadline: datetime
    listed: int = 0
    taken_in: int = 0
    gaps: int = 0
    wait_s: float = 0.0
    _ids: set[str] = field(default_factory=set)
    _missed: list[str] = field(default_factory=list)
    _refused: list[str] = field(default_factory=list)

    def move(self, *facts: Any, **changes: Any) -> Polling:
        """The next state, with its facts."""
        if facts:
            moved = self.state.changed(*facts, at=self.desk.clock(), by=BY, **changes)
            return moved.model_copy(update={"log": moved.log[-_LOG_ROWS:]})
        return self.state.model_copy(update={**changes, "version": self.state.version + 1, "facts": ()})

    def write(self, state: Polling, *others: Any) -> None:
        """Write a state.

        Raises:
            ConditionFailedError: another run is at work on this channel.
        """
        self.desk.store.save(state, *others)
        self.state = state

    def news(self) -> Ending:
        """List what changed since last time.

        Raises:
            TransientError, RejectedError: the sender does not answer, or refuses.
        """
        begin = self.channel.options.get(SINCE)
        window = self.state.news or rules.news_window(self.state, begin, self.desk.clock())
        return self._list(LISTS, "news", window)

    def audit(self) -> Ending:
        """List settled hours again, if it is time, and note what we should have had. Raises: as `news`."""
        window = self.state.audit or rules.audit_window(self.state, self.desk.clock())
        return self._list(LISTS, "audit", window) if window else "done"

    def _list(self, operation: str, kind: str, window: Window) -> Ending:
        self._ids = set()
        while self.desk.clock() < self.deadline and self._may(operation):
            since, until = from_text(window.since), from_text(window.until)
            try:
                page = self.desk.partners.list_orders(self.channel, since, until, window.cursor)
            except NotNowError as error:
                return self._throttled(operation, error.after_s, kind, window)
            self._learn(operation, page.per_s)
            window, whole = self._take_in(page, window, kind)
            if not whole:
                return self._later(kind, window)
            if page.cursor is None:
                return self._close(kind, window)
            following = rules.gone_on(window, page.cursor)
            if following is None:  # the failure is told, and the list is begun again
                self.write(self.move(**{kind: rules.begun_again(window)}))
                raise ListInACircleError("the sender's list comes back to a page that it has shown before")
            window = following
            self.write(self.move(**{kind: window}))
        return self._later(kind, window)

    def _later(self, kind: str, window: Window) -> Ending:
        self.write(self.move(**{kind: window}))
        return "waits"

    def _take_in(self, page: Page, window: Window, kind: str) -> tuple[Window, bool]:
        """The window with this page in it, and whether all of the page could be taken in."""
        wanted = {listed.external_order_id: listed for listed in page.orders}
        names = {order_id_of(self.channel.name, each): each for each in wanted}
        known = {names[found.id]: found.external_version or "" for found in self._known(names)}
        seen = self.desk.store.seen(self.channel.name, wanted)
        taken, refused = len(self._missed), len(self._refused)
        whole = True
        try:
            for name, listed in wanted.items():
                newest = max(known.get(name, ""), seen.get(name, ""))
                if listed.version is not None and listed.version <= newest:
                    continue
                if not self._one(listed, seen.get(name)):
                    whole = False
                    break
        except TransientError:  # what of the page is in must be counted, for it is not missing any more
            self.write(self.move(**{kind: self._counted(window, None, taken, refused)}))
            raise
        return self._counted(window, page if whole else None, taken, refused), whole

    def _one(self, listed: Listed, seen: str | None) -> bool:
        """Take one order in; False when it has to wait until we may fetch again."""
        name, document = listed.external_order_id, listed.document
        if document is None:
            if not self._may(FETCHES):
                return False
            try:
                document = self.desk.partners.fetch(self.channel, name)
            except NotNowError as error:
                self._block(FETCHES, error.after_s)
                return False
            except RejectedError as error:
                if error.code not in _OF_ONE_ORDER:
                    raise
                self._refused.append(name)
            self._learn(FETCHES, None)
        if document is None:  # deleted since, or not to be had: must not be fetched with every page
            self._see(name, listed.version or "")
        elif self._put(listed, document, seen):
            self._missed.append(name)
        return True

    def _known(self, names: Any) -> Any:
        return self.desk.orders.get_many(names).values() if names else ()

    def _put(self, listed: Listed, document: bytes, seen: str | None) -> bool:
        """Hand an order in; False when this very state of it was handed in before."""
        version = listed.version or hashlib.sha256(document).hexdigest()
        if version == seen:
            return False
        name = listed.external_order_id
        self.desk.inbox.put(self.channel, FETCHED, document, f"{name}@{version}")
        self._see(name, version)
        self.taken_in += 1
        return True

    def _see(self, external_order_id: str, version: str) -> None:
        seen = Seen(external_order_id=external_order_id, version=version)
        self.desk.store.see(self.channel.name, seen, self.desk.clock())

    def _counted(self, window: Window, page: Page | None, taken: int, refused: int) -> Window:
        """The window with what was taken in and refused since these counts, and with the page if it is done."""
        changes: dict[str, Any] = {"short": window.short + len(self._refused) - refused}
        named = self._refused[refused:]
        if page is not None:
            fresh = {listed.external_order_id for listed in page.orders} - self._ids
            self._ids |= fresh
            self.listed += len(fresh)
            changes["listed"] = window.listed + len(fresh)
            if page.total is not None:
                changes["total"] = page.total
        if window.settled:
            changes["missed"] = window.missed + len(self._missed) - taken
            named = [*self._missed[taken:], *named]
        return window.model_copy(update={**changes, "named": (*window.named, *named)[:_NAMED]})

    def _close(self, kind: str, window: Window) -> Ending:
        """The window is listed to its end: it came short, or it is done."""
        uncounted = max((window.total or 0) - window.listed, 0)
        if uncounted and window.tries < _AGAIN:
            again = rules.begun_again(window)
            return self._later(kind, again.model_copy(update={"tries": window.tries + 1}))
        until = window.until
        done = {"news": None, "watermark": until} if kind == "news" else {"audit": None, "audited_until": until}
        short = uncounted + window.short
        if not (short or window.missed):
            self.write(self.move(**done))
            return "done"
        theirs = max(window.total or 0, window.listed)
        gap = Gap(
            channel=self.channel.name,
            since=window.since,
            until=until,
            theirs=theirs,
            ours=max(theirs - window.missed - short, 0),
            short=short,
            external_order_ids=window.named,
            found_at=to_text(self.desk.clock()),
        )
        said = gap.model_dump(exclude={"external_order_ids", "found_at"})
        self.write(self.move(ChannelGapFound(**said), **done), self.desk.store.gap_write(gap, self.desk.clock()))
        self.gaps += 1
        return "done"

    # -- how often we may ask

    def _published(self, operation: str) -> Rate:
        return self.desk.partners.rate(self.channel, operation) or _CAREFUL

    def _bucket(self, operation: str) -> Bucket:
        found = self.state.list_bucket if operation == LISTS else self.state.fetch_bucket
        published = self._published(operation)
        return found or rules.full_bucket(published.per_s, published.burst, self.desk.clock())

    def _keep(self, operation: str, bucket: Bucket) -> None:
        """In memory; written with the page."""
        name = "list_bucket" if operation == LISTS else "fetch_bucket"
        self.state = self.state.model_copy(update={name: bucket})

    def _may(self, operation: str) -> bool:
        """Take one call out of the bucket, after a short wait if need be; False when it would be a long one."""
        bucket = self._bucket(operation)
        wait = rules.wait_s(bucket, self.desk.clock())
        if wait > self.desk.patience_s:
            self.wait_s = wait
            self._keep(operation, bucket)
            return False
        if wait:
            self.desk.pause(wait)
        self._keep(operation, rules.spent(bucket, self.desk.clock()))
        return True

    def _learn(self, operation: str, per_s: float | None) -> None:
        self._keep(operation, rules.learned(self._bucket(operation), per_s, self._published(operation).per_s))

    def _block(self, operation: str, after_s: float) -> None:
        self.wait_s = after_s
        self._keep(operation, rules.throttled(self._bucket(operation), self.desk.clock(), after_s))

    def _throttled(self, operation: str, after_s: float, kind: str, window: Window) -> Ending:
        self._block(operation, after_s)
        return self._later(kind, window)


def next_at(run: Run, ending: Ending, started: datetime) -> str:
    """When to ask again: after the channel's minutes, or as soon as the sender lets us."""
    if ending == "waits":
        return to_text(run.desk.clock() + timedelta(seconds=run.wait_s))
    return to_text(started + timedelta(minutes=run.channel.poll_minutes))
