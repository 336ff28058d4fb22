"""People, credit, checks, taking orders in and changing them."""

from functools import cached_property
from typing import TYPE_CHECKING

from oms.wiring.ground import STAGES_AT_HOME
from oms.wiring.sources import Sources

if TYPE_CHECKING:
    from datetime import datetime

    from oms.allocation.letting_in import LettingInDesk
    from oms.allocation.model import Cancellation
    from oms.amending.deadlines import Deadlines
    from oms.amending.ports import AmendingDesk
    from oms.credit.accounts import Books
    from oms.credit.service import CreditDesk
    from oms.credit.store import AccountStore
    from oms.intake.service import IntakeDesk
    from oms.orders.holding import HoldSpec
    from oms.orders.model import Hold, Order
    from oms.privacy.service import People
    from oms.validation.check import Score
    from oms.validation.model import OrderToCheck
    from oms.validation.policies import Desk as PolicyDesk
    from oms.validation.scoring import HttpScorer
    from oms.validation.service import Checks


class Buyers(Sources):
    """What stands between a buyer and the goods."""

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
        from oms.validation.store import policy_store

        policies = policy_store(self.setting("REFERENCE_TABLE"))
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

        private = self.stage in STAGES_AT_HOME
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
            stock=self.offer,
            reservations=self.reservations,
            may_ship=self.may_ship,
            promise=self.promise,
            credit=self.credit,
            people=self.people,
            clock=self.clock,
        )

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
            stock=self.offer,
            may_ship=self.may_ship,
            promise=self.promise,
            checks=self.checks,
            reference=self.reference,
            served_countries=self.served_countries,
            clock=self.clock,
        )

    @cached_property
    def letting_in(self) -> "LettingInDesk":
        """For those who let orders in that were held over a cap."""
        from oms.allocation.letting_in import LettingInDesk
        from oms.inventory.waiting.policies.store import WaitingPolicyStore

        policies = WaitingPolicyStore(self.setting("REFERENCE_TABLE"))
        read = (self.doors, self.waiting_lines, policies, self.orders, self.stock)
        return LettingInDesk(*read, self.credit, self.clock)

    @cached_property
    def deadlines(self) -> "Deadlines":
        """Keeps the deadlines of holds, change sets and units that wait (port of the watchdog)."""
        from oms.allocation.overdue import cancel_overdue
        from oms.allocation.recall import cancel_order
        from oms.amending.deadlines import Deadlines

        def cancel(order_id: str, hold: "Hold", by: str, now: "datetime") -> "Cancellation":
            return cancel_order(
                order_id,
                reason=hold.reason,
                note="expired",
                by=by,
                desk=self.taking_back,
                exposure=self.credit,
                now=now,
                while_held=hold.id,
            )

        def give_up(order_id: str, by: str, now: "datetime") -> int:
            return cancel_overdue(order_id, by=by, desk=self.taking_back, exposure=self.credit, now=now)

        return Deadlines(self.amending, cancel, give_up)
