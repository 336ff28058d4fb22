"""Credit: may this order be taken on account, and what has to be written with it."""

from datetime import datetime
from typing import NamedTuple

from oms.aws.tables import Write
from oms.credit.rules import within_limit
from oms.credit.store import AccountStore
from oms.kernel.errors import Fault, RejectedError
from oms.orders.holding import HoldSpec
from oms.orders.model import Order

CREDIT_HOLD = "credit_limit"


class CreditAnswer(NamedTuple):
    """What the order must wait for; without holds, `writes` go into the transaction that confirms it."""

    holds: tuple[HoldSpec, ...] = ()
    writes: tuple[Write, ...] = ()

    @property
    def fits(self) -> bool:
        return not self.holds


class CreditDesk:
    """The credit decisions over one customers table.

    Only a confirmed order is counted as exposure: one that waits for credit is not, until a person lets it pass.
    """

    def __init__(self, accounts: AccountStore) -> None:
        self.accounts = accounts

    def assess(
        self,
        account_id: str,
        amount_minor: int,
        currency: str,
        *,
        order_id: str,  # noqa: ARG002  what the account keeps per order
        at: datetime,  # noqa: ARG002  the overdue rule
    ) -> CreditAnswer:
        """Decide on what is known now; the write's condition holds the decision up against what happens meanwhile.

        Raises:
            RejectedError: no such account, or it is kept in another currency.
        """
        account = self.accounts.find(account_id)
        if account is None:
            fault = Fault("account_id", "is not a customer account")
            raise RejectedError("there is no such account", code="unknown_account", faults=[fault])
        if account.currency != currency:
            fault = Fault("currency", f"the account is kept in {account.currency}")
            raise RejectedError("the account has another currency", code="currency_not_accepted", faults=[fault])
        if within_limit(account, amount_minor):
            return CreditAnswer(writes=(self.accounts.take_write(account, amount_minor),))
        return CreditAnswer(holds=(HoldSpec(CREDIT_HOLD),))

    def exposure_writes(self, order: Order) -> list[Write]:
        """For an order that a person let pass: count it in whatever the limit says. None for a customer who pays."""
        if order.account_id is None:
            return []
        return [self.accounts.take_anyway_write(order.account_id, order.total_minor)]

    def moved_writes(self, before: Order, after: Order) -> list[Write]:
        """What moves the exposure by the difference that a change of the order makes, whatever the limit says."""
        difference = _counted(after) - _counted(before)
        if after.account_id is None or not difference:
            return []
        if difference > 0:
            return [self.accounts.take_anyway_write(after.account_id, difference)]
        return [self.accounts.give_back_write(after.account_id, -difference)]

    def reassess(self, before: Order, after: Order) -> CreditAnswer:
        """Whether the difference that a change of the order makes still fits the limit."""
        difference = _counted(after) - _counted(before)
        if after.account_id is None or difference <= 0:
            return CreditAnswer(writes=tuple(self.moved_writes(before, after)))
        return self.assess(after.account_id, difference, after.currency, order_id=after.id, at=datetime.min)

    def release_write(self, before: Order) -> Write | None:
        """What gives the order's exposure back; commit it with the order's move to rejected or cancelled.

        Args:
            before: the order as it was before that move: one that was still `validating` was never counted.
        """
        if before.account_id is None or before.status == "validating":
            return None
        return self.accounts.give_back_write(before.account_id, before.total_minor)


def _counted(order: Order) -> int:
    """What an order counts: nothing before it is confirmed, nothing once it has been cancelled or rejected."""
    return 0 if order.status in ("validating", "rejected", "cancelled") else order.total_minor
