"""The composition root: the only reader of the environment, and the only place that knows which store serves whom.

Everything is made on first use, so that a function pays only for what it names.
"""

import os
from functools import cached_property
from typing import TYPE_CHECKING

from oms.kernel.time import Clock, utc_now

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from oms.allocation.model import Cancellation
    from oms.allocation.store import StockStore
    from oms.allocation.takeback import TakingBack
    from oms.amending.deadlines import Deadlines
    from oms.amending.ports import AmendingDesk
    from oms.aws.leases import Leases
    from oms.aws.outbox import Outbox
    from oms.aws.queues import Queue
    from oms.aws.secrets import Secrets
    from oms.credit.accounts import Books
    from oms.credit.service import CreditDesk
    from oms.credit.store import AccountStore
    from oms.fulfillment.gateways import ResolveException
    from oms.fulfillment.store import DocumentStore
    from oms.intake.fetching import Partners
    from oms.intake.imports.service import ImportDesk, ImportWorks
    from oms.intake.imports.store import FileStore, JobStore
    from oms.intake.inbox.service import InboxDesk
    from oms.intake.messages.processing import MessageDesk
    from oms.intake.messages.receiving import Reception
    from oms.intake.messages.service import LogDesk
    from oms.intake.messages.store import Archive, MessageLog
    from oms.intake.model import NewOrder
    from oms.intake.polling.care import PollCare
    from oms.intake.polling.run import PollDesk
    from oms.intake.polling.store import PollStore
    from oms.intake.service import IntakeDesk
    from oms.kernel.signing import Seal
    from oms.orders.holding import HoldSpec
    from oms.orders.model import Destination, Order, Promise
    from oms.orders.store import OrderStore
    from oms.privacy.service import People
    from oms.procurement.store import ProcurementStore
    from oms.reference.model import Channel
    from oms.reference.store import ReferenceStore
    from oms.shipping.booking import Bookings
    from oms.shipping.model import Carrier, RateCard
    from oms.shipping.service import Desk
    from oms.shipping.store import ShippingStore
    from oms.validation.check import Score
    from oms.validation.model import OrderToCheck
    from oms.validation.policies import Desk as PolicyDesk
    from oms.validation.scoring import HttpScorer
    from oms.validation.service import Checks

# Where partners are simulated: only there may an address be a private one.
_STAGES_AT_HOME = ("local", "test")


class Wiring:
    """What exists, by name. Tests make their own with another environment and clock."""

    def __init__(self, environment: dict[str, str] | None = None, clock: Clock = utc_now) -> None:
        self._environment = dict(os.environ) if environment is None else environment
        self.clock = clock
        self._served: tuple[dict[str, RateCard], frozenset[str]] | None = None

    def setting(self, name: str) -> str:
        """One setting.

        Raises:
            KeyError: the function was deployed without it.
        """
        return self._environment[name]

    @cached_property
    def stage(self) -> str:
        return self.setting("STAGE")

    @cached_property
    def orders(self) -> "OrderStore":
        from oms.orders.store import OrderStore

        return OrderStore(self.setting("ORDERS_TABLE"))

    @cached_property
    def reference(self) -> "ReferenceStore":
        from oms.reference.store import ReferenceStore

        return ReferenceStore(self.setting("REFERENCE_TABLE"))

    @cached_property
    def limits(self) -> "Leases":
        """How often callers may call."""
        from oms.aws.buckets import Buckets
        from oms.aws.leases import Leases

        return Leases(Buckets(self.setting("LIMITS_TABLE")))

    # intake, validation, credit, privacy

    @cached_property
    def secrets(self) -> "Secrets":
        from oms.aws.secrets import Secrets

        return Secrets()

    @cached_property
    def people(self) -> "People":
        from oms.privacy.service import People
        from oms.privacy.store import PeopleStore

        return People(
            PeopleStore(
                self.setting("PEOPLE_TABLE"),
                key_id=self.setting("PEOPLE_KEY_ID"),
                pepper_secret=self.setting("PEPPER_SECRET"),
                secrets=self.secrets,
                clock=self.clock,
            )
        )

    @cached_property
    def accounts(self) -> "AccountStore":
        from oms.credit.store import AccountStore

        return AccountStore(self.setting("CUSTOMERS_TABLE"))

    @cached_property
    def credit(self) -> "CreditDesk":
        from oms.credit.service import CreditDesk

        return CreditDesk(self.accounts, self.clock)

    def standing(self, order: "Order") -> "HoldSpec | None":
        """What an order on account waits for before it leaves (port of fulfillment)."""
        return self.credit.standing(order)

    @cached_property
    def books(self) -> "Books":
        from oms.credit.accounts import Books

        return Books(self.credit, self.clock)

    @cached_property
    def policy_desk(self) -> "PolicyDesk":
        from oms.validation.policies import Desk
        from oms.validation.store import PolicyStore

        policies = PolicyStore(self.setting("REFERENCE_TABLE"))
        return Desk(policies=policies, reference=self.reference, clock=self.clock)

    @cached_property
    def checks(self) -> "Checks":
        from oms.validation.service import Checks
        from oms.validation.store import GuardStore

        return Checks(
            reference=self.reference,
            served_countries=self.served_countries,
            guards=GuardStore(self.setting("ORDERS_TABLE")),
            fingerprint=self.people.fingerprint,
            scorer=self.score,
        )

    @cached_property
    def scorer(self) -> "HttpScorer":
        from oms.aws.http import Http
        from oms.validation.scoring import HttpScorer

        private = self.stage in _STAGES_AT_HOME
        return HttpScorer(
            client=lambda wait_s: Http(private=private, connect_s=wait_s, total_s=wait_s, clock=self.clock),
            key=lambda: self.secrets.read(self.setting("PEPPER_SECRET")).get("scorer_key"),
        )

    def score(self, order: "OrderToCheck", buyer: str, *, url: str, timeout_ms: int) -> "Score | None":
        """An outside scorer's opinion (port of validation): its client is imported when a policy asks for it."""
        return self.scorer(order, buyer, url=url, timeout_ms=timeout_ms)

    @cached_property
    def intake(self) -> "IntakeDesk":
        from oms.intake.service import IntakeDesk
        from oms.intake.store import ClaimStore

        return IntakeDesk(
            reference=self.reference,
            orders=self.orders,
            claims=ClaimStore(self.setting("ORDERS_TABLE")),
            checks=self.checks,
            stock=self.stock,
            promise=self.promise,
            credit=self.credit,
            people=self.people,
            clock=self.clock,
        )

    # -- messages of channels
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
            http=Http(private=self.stage in _STAGES_AT_HOME, clock=self.clock),
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

    def _amend(self, order_id: str, new: "NewOrder", *, gone: "Mapping[str, int]", by: str) -> bool:
        """Change goods or person for a channel (port of intake); False: a person must do it."""
        from oms.amending.channel import amend_for_channel

        return amend_for_channel(order_id, new, gone=gone, by=by, desk=self.amending)

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

    # -- fulfillment
    @cached_property
    def resolve_exception(self) -> "ResolveException":
        from oms.fulfillment.gateways import ResolveException

        return ResolveException(self.setting("RESOLVE_EXCEPTION_ARN"))

    # -- tracking, read API, publisher
    @cached_property
    def outbox(self) -> "Outbox":
        from oms.aws.outbox import Outbox
        from oms.aws.queues import Queue

        return Outbox(self.setting("BUS_NAME"), Queue(self.setting("PARKED_FACTS_QUEUE_URL")))

    @cached_property
    def link_seal(self) -> "Seal":
        """Signs tracking links."""
        return self._seal("tracking-link")

    @cached_property
    def cursor_seal(self) -> "Seal":
        """Signs page cursors."""
        return self._seal("cursor")

    def tracking_token(self, order: "Order") -> str:
        from oms.kernel.time import from_text
        from oms.tracking.links import token_for

        return token_for(order.id, from_text(order.submitted_at), self.link_seal)

    def _seal(self, purpose: str) -> "Seal":
        from oms.kernel.signing import Seal

        return Seal(self.secrets.read(self.setting("PEPPER_SECRET"))["pepper"].encode(), purpose)

    # -- allocation, procurement
    @cached_property
    def stock(self) -> "StockStore":
        from oms.allocation.store import StockStore

        return StockStore(
            self.setting("INVENTORY_TABLE"),
            lambda: self.reference.locations(),  # noqa: PLW0108  not every function that reads stock has the table
        )

    @cached_property
    def taking_back(self) -> "TakingBack":
        """Takes work back from locations (also port of amending)."""
        from oms.allocation.takeback import TakingBack

        return TakingBack(self.orders, self.stock, self.bookings)

    @cached_property
    def amending(self) -> "AmendingDesk":
        from oms.amending.ports import AmendingDesk
        from oms.amending.store import ChangeStore

        return AmendingDesk(
            orders=self.orders,
            changes=ChangeStore(self.setting("ORDERS_TABLE")),
            recall=self.taking_back,
            exposure=self.credit,
            people=self.people,
            stock=self.stock,
            promise=self.promise,
            reference=self.reference,
            served_countries=self.served_countries,
            clock=self.clock,
        )

    @cached_property
    def deadlines(self) -> "Deadlines":
        """Keeps the deadlines of holds and change sets (port of the watchdog)."""
        from oms.allocation.recall import cancel_order
        from oms.amending.deadlines import Deadlines

        def cancel(order_id: str, reason: str, by: str, now: "datetime") -> "Cancellation":
            desk, exposure = self.taking_back, self.credit
            return cancel_order(order_id, reason=reason, note="expired", by=by, desk=desk, exposure=exposure, now=now)

        return Deadlines(self.amending, cancel)

    @cached_property
    def procurement(self) -> "ProcurementStore":
        from oms.procurement.store import ProcurementStore

        return ProcurementStore(self.setting("PROCUREMENT_TABLE"))

    # -- shipping
    @cached_property
    def shipping(self) -> "ShippingStore":
        from oms.shipping.store import ShippingStore

        return ShippingStore(self.setting("REFERENCE_TABLE"))

    def rate_cards(self) -> "dict[str, RateCard]":
        from oms.shipping.model import RateCard

        return self.reference.settings("CARRIER", RateCard)

    def shipping_desk(self) -> "Desk":
        """Made anew for each use: rate cards and locations are refreshed every minute."""
        from oms.shipping.model import Shipper
        from oms.shipping.service import Desk

        cards = self.rate_cards()
        shippers = self.reference.settings("SHIPPER", Shipper)
        return Desk(
            orders=self.orders,
            store=self.shipping,
            cards=cards,
            locations=self.reference.locations(),
            shipper=next(iter(shippers.values()), Shipper()),
            carrier_of=self.carrier_of,
        )

    @cached_property
    def bookings(self) -> "Bookings":
        """What bookings hold outside of their orders (port of allocation and fulfillment)."""
        from oms.shipping.booking import Bookings

        return Bookings(self.shipping_desk)

    def promise(
        self,
        destination: "Destination",
        lines: "Mapping[str, int]",
        stock: "Mapping[str, Mapping[str, int]]",
        at: "datetime",
    ) -> "Promise":
        """The first promise (port of intake)."""
        from oms.shipping.service import first_promise

        cards = self.rate_cards().values()
        return first_promise(destination, lines, stock, at, cards=cards, locations=self.reference.locations())

    def served_countries(self) -> frozenset[str]:
        """Where some carrier goes (port of validation)."""
        from oms.shipping.service import served_countries

        cards = self.rate_cards()
        if self._served is None or self._served[0] is not cards:
            self._served = (cards, served_countries(cards.values()))
        return self._served[1]

    @staticmethod
    def carrier_of(card: "RateCard") -> "Carrier":
        """The plug-in that books for a rate card.

        Raises:
            LookupError: the card names a plug-in that does not exist.
        """
        from oms.kernel.plugins import find_plugin

        plugin: Carrier | None = find_plugin("oms.shipping.carriers", card.plugin)
        if plugin is None:
            raise LookupError(f"there is no carrier plug-in {card.plugin!r}")
        return plugin

    # -- documents
    @cached_property
    def documents(self) -> "DocumentStore":
        from oms.fulfillment.store import DocumentStore

        return DocumentStore(self.setting("DOCUMENTS_BUCKET"))


_current: Wiring | None = None


def wire() -> Wiring:
    """The wiring of this process."""
    global _current  # noqa: PLW0603  one process, one wiring
    if _current is None:
        _current = Wiring()
    return _current


def rewire(wiring: Wiring | None) -> None:
    """Use another wiring (tests, `make invoke`); None makes a fresh one from the environment next time."""
    global _current  # noqa: PLW0603  see `wire`
    _current = wiring
