"""Messages, polls, imports: how orders come in and how their senders are answered."""

from functools import cached_property
from typing import TYPE_CHECKING

from oms.wiring.buyers import Buyers
from oms.wiring.ground import STAGES_AT_HOME

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from oms.aws.queues import Queue
    from oms.intake.drafts.service import DraftDesk
    from oms.intake.fetching import Partners
    from oms.intake.imports.service import ImportDesk, ImportWorks
    from oms.intake.imports.store import FileStore, JobStore
    from oms.intake.inbox.service import InboxDesk
    from oms.intake.levels.care import LevelCare
    from oms.intake.levels.run import LevelDesk
    from oms.intake.messages.processing import MessageDesk
    from oms.intake.messages.receiving import Reception
    from oms.intake.messages.service import LogDesk
    from oms.intake.messages.store import Archive, MessageLog
    from oms.intake.model import NewOrder
    from oms.intake.polling.care import PollCare
    from oms.intake.polling.run import PollDesk
    from oms.intake.polling.store import PollStore
    from oms.reference.model import Channel


class Channels(Buyers):
    """The ways in."""

    @cached_property
    def archive(self) -> "Archive":
        from oms.intake.messages.store import Archive

        return Archive(self.setting("ARCHIVE_BUCKET"), lambda: self.people)

    @cached_property
    def message_log(self) -> "MessageLog":
        from oms.intake.messages.store import MessageLog

        return MessageLog(self.setting("MESSAGES_TABLE"))

    @cached_property
    def message_queue(self) -> "Queue":
        from oms.aws.queues import Queue

        return Queue(self.setting("MESSAGE_QUEUE_URL"))

    @cached_property
    def message_care(self) -> "LogDesk":
        """For those who look after messages: read, replay, sweep, prove."""
        from oms.intake.messages.service import LogDesk

        return LogDesk(
            reference=self.reference,
            archive=self.archive,
            log=self.message_log,
            known_orders=lambda order_ids: self.orders.get_many(order_ids),  # noqa: PLW0108  not all have the table
            queue=self.message_queue,
            clock=self.clock,
        )

    @cached_property
    def reception(self) -> "Reception":
        """For those who take messages in: they need nothing of the orders."""
        from oms.intake.messages.receiving import Reception

        return Reception(
            reference=self.reference,
            archive=self.archive,
            people=self.people,
            secrets=self.secrets,
            secret_prefix=self.setting("CHANNEL_SECRET_PREFIX"),
            public_key=self._public_key,
            clock=self.clock,
        )

    def _public_key(self, channel: "Channel", key_id: str) -> str | None:
        return self.partners.public_key(channel, key_id)

    @cached_property
    def partners(self) -> "Partners":
        """The way out to the channels."""
        from oms.aws.http import Http
        from oms.intake.fetching import Partners

        return Partners(
            http=Http(private=self.stage in STAGES_AT_HOME, clock=self.clock),
            secrets=self.secrets,
            secret_prefix=self.setting("CHANNEL_SECRET_PREFIX"),
            clock=self.clock,
        )

    @cached_property
    def messages(self) -> "MessageDesk":
        from oms.intake.messages.news import News
        from oms.intake.messages.processing import MessageDesk

        news = News(intake=self.intake, cancel=self._cancel, amend=self._amend, release=self._release)
        return MessageDesk(archive=self.archive, log=self.message_log, news=news, fetch=self._fetch)

    @cached_property
    def polls(self) -> "PollStore":
        from oms.intake.polling.store import PollStore

        return PollStore(self.setting("POLLS_TABLE"))

    @cached_property
    def poll_care(self) -> "PollCare":
        """For those who look after polling."""
        from oms.intake.polling.care import PollCare

        return PollCare(reference=self.reference, store=self.polls, clock=self.clock)

    @cached_property
    def poll_desk(self) -> "PollDesk":
        """For those who ask the channels: what they list goes in like what is sent."""
        from time import sleep

        from oms.intake.messages.receiving import Inbox
        from oms.intake.polling.run import PollDesk

        return PollDesk(
            store=self.polls,
            partners=self.partners,
            orders=self.orders,
            inbox=Inbox(self.reception),
            clock=self.clock,
            pause=sleep,
        )

    def offered(self, channel: str, skus: "Iterable[str]") -> "Mapping[str, int]":
        """Units by SKU that a channel may sell now, from all locations."""
        found = self.offer.available(skus, consistent=True, channel=channel)
        return {sku: sum(places.values()) for sku, places in found.items()}

    @cached_property
    def level_care(self) -> "LevelCare":
        """For those who look after what channels are told of stock."""
        from oms.intake.levels.care import LevelCare
        from oms.intake.levels.store import LevelStore

        store = LevelStore(self.setting("POLLS_TABLE"))
        return LevelCare(reference=self.reference, store=store, offered=self.offered, clock=self.clock)

    @cached_property
    def level_desk(self) -> "LevelDesk":
        """For those who tell channels what they may sell."""
        from time import sleep

        from oms.intake.levels.run import LevelDesk
        from oms.intake.levels.store import LevelStore

        return LevelDesk(
            store=LevelStore(self.setting("POLLS_TABLE")),
            stock=self.stock,
            partners=self.partners,
            offered=self.offered,
            sold_as=self.offer.sold_as,
            clock=self.clock,
            pause=sleep,
        )

    @cached_property
    def import_jobs(self) -> "JobStore":
        from oms.intake.imports.store import JobStore

        return JobStore(self.setting("JOBS_TABLE"))

    @cached_property
    def import_files(self) -> "FileStore":
        from oms.intake.imports.store import FileStore

        return FileStore(self.setting("FILES_BUCKET"))

    @cached_property
    def imports(self) -> "ImportDesk":
        """For those who ask for import jobs: they take no order."""
        from oms.intake.imports.service import ImportDesk

        return ImportDesk(reference=self.reference, jobs=self.import_jobs, files=self.import_files, clock=self.clock)

    @cached_property
    def import_works(self) -> "ImportWorks":
        from oms.aws.queues import Queue
        from oms.intake.imports.service import ImportWorks

        return ImportWorks(
            reference=self.reference,
            jobs=self.import_jobs,
            files=self.import_files,
            clock=self.clock,
            intake=self.intake,
            queue=Queue(self.setting("IMPORT_QUEUE_URL")),
        )

    @cached_property
    def drafts(self) -> "DraftDesk":
        """For those who write orders down at the sales desk."""
        from oms.intake.drafts.service import DraftDesk
        from oms.intake.drafts.store import DraftStore

        return DraftDesk(
            reference=self.reference,
            drafts=DraftStore(self.setting("MESSAGES_TABLE")),
            envelopes=self.people,
            intake=self.intake,
            clock=self.clock,
        )

    @cached_property
    def inbox(self) -> "InboxDesk":
        from oms.intake.inbox.service import InboxDesk
        from oms.intake.inbox.store import Inbox

        inbox = Inbox(self.setting("FILES_BUCKET"), self.setting("JOBS_TABLE"))
        return InboxDesk(inbox=inbox, reception=self.reception, jobs=self.import_jobs)

    def _fetch(self, channel: "Channel", external_order_id: str) -> bytes | None:
        return self.partners.fetch(channel, external_order_id)

    def _cancel(self, order_id: str, *, units: "Mapping[int, int] | None", reason: str, by: str) -> bool:
        """Cancel for a channel (port of intake); False: not, or not all of it, is possible any more."""
        from oms.allocation.partial import Asked, cancel_units
        from oms.allocation.recall import cancel_order
        from oms.kernel.errors import StateError, TooLargeError

        desk, exposure, now = self.taking_back, self.credit, self.clock()
        try:
            if units is None:
                cancel_order(order_id, reason=reason, note=None, by=by, desk=desk, exposure=exposure, now=now)
            else:
                cancel_units(order_id, Asked(units, None, reason, None, by), desk=desk, exposure=exposure, now=now)
        except (StateError, TooLargeError):
            return False
        return True

    def _amend(
        self, order_id: str, new: "NewOrder", *, gone: "Mapping[str, int]", version: str | None = None, by: str
    ) -> bool:
        """Change goods or person for a channel (port of intake); False: a person must do it."""
        from oms.amending.channel import amend_for_channel

        return amend_for_channel(order_id, new, gone=gone, version=version, by=by, desk=self.amending)

    def _release(self, order_id: str, hold_id: str, *, reason: str, by: str) -> object:
        """Release a hold for a channel (port of intake)."""
        from oms.orders.holds import release_hold

        return release_hold(
            order_id,
            hold_id,
            reason=reason,
            by=by,
            roles=frozenset({"operator"}),
            orders=self.orders,
            credit=self.credit,
            clock=self.clock,
        )
