"""Credit: may this order be taken on account, and what has to be written with it.

Exposure = open invoices + unbilled shipped + open orders, at the customer, the group and the company alike. Only a
confirmed order counts: one that waits is looked at again when its last hold goes. What an order counts is its total as
it is (units that are cancelled have left it), never the sum of messages, so every reaction can be repeated or be late.
"""

from datetime import datetime
from typing import NamedTuple

from oms.aws.tables import Write
from oms.credit.model import Account, Answered, Chain, Ledger
from oms.credit.rules import refusals
from oms.credit.store import AccountStore
from oms.kernel.errors import ConflictError, Fault, RejectedError
from oms.kernel.time import Clock, utc_now
from oms.orders.holding import HoldSpec
from oms.orders.lifecycle import TERMINAL_ORDER_STATES
from oms.orders.model import Order

_NOT_COUNTED = ("submitted", "validating", "rejected", "cancelled")


class CreditAnswer(NamedTuple):
    """What the order must wait for; without holds, `writes` go into the transaction that makes it so."""

    holds: tuple[HoldSpec, ...] = ()
    writes: tuple[Write, ...] = ()

    @property
    def fits(self) -> bool:
        return not self.holds


class CreditDesk:
    """The credit decisions over one customers table."""

    def __init__(self, accounts: AccountStore, clock: Clock = utc_now) -> None:
        self.accounts = accounts
        self._clock = clock

    def assess(self, account_id: str, amount_minor: int, currency: str, *, order_id: str, at: datetime) -> CreditAnswer:
        """Decide on what is known now; the writes' conditions hold the decision up against what happens meanwhile.

        Raises:
            RejectedError: no such account, or it is kept in another currency.
        """
        chain = self._chain(account_id, currency)
        found = refusals(chain, amount_minor, at.date())
        if found:
            return _waits(found)
        return CreditAnswer(writes=tuple(self.accounts.take_writes(chain, Ledger(order_id, amount_minor))))

    def reassess(self, before: Order, after: Order) -> CreditAnswer:
        """Look again: at an order that is confirmed (its last hold goes, or it is opened again), or that is changed.

        One that becomes worth more must fit the limits anew; one that becomes worth less always does.
        """
        if after.account_id is None or not counted(after):
            return CreditAnswer(writes=tuple(self.moved_writes(before, after)))
        at = self._clock()
        row = self.accounts.row(after.account_id, after.id)
        if row is None:
            if counted(before):
                return CreditAnswer()
            return self.assess(after.account_id, after.total_minor, after.currency, order_id=after.id, at=at)
        now = with_order(row, after)
        more = now.open_minor - row.open_minor
        if more <= 0:
            return CreditAnswer(writes=tuple(self.row_writes(after.account_id, row, now)))
        chain = self._chain(after.account_id, after.currency)
        found = refusals(chain, more, at.date())
        if found:
            return _waits(found)
        row_write = self.accounts.row_write(after.account_id, row, now)
        return CreditAnswer(writes=(row_write, *self.accounts.limited_writes(chain, more)))

    def moved_writes(self, before: Order, after: Order, *, let_in_by: str | None = None) -> list[Write]:
        """What moves the exposure by the difference that a change of the order makes, whatever the limit says.

        Args:
            before: the order as it was.
            after: as it is to be.
            let_in_by: who decided that it may exceed the limit; it is not asked again then.
        """
        if after.account_id is None or not (counted(before) or counted(after)):
            return []
        row = self.accounts.row(after.account_id, after.id)
        if row is not None:
            now = with_order(row, after)
            return self.row_writes(after.account_id, row, now._replace(let_in_by=let_in_by or now.let_in_by))
        return [] if counted(before) else self.exposure_writes(after)

    def standing(self, order: Order) -> HoldSpec | None:
        """What the order must wait for before it leaves: nothing, unless its account has gone bad since it was taken.

        An order that a person let in over the limit is not asked again.
        """
        if order.account_id is None:
            return None
        row = self.accounts.row(order.account_id, order.id)
        if row is not None and row.let_in_by is not None:
            return None
        found = refusals(self._chain(order.account_id, order.currency), 0, self._clock().date())
        return HoldSpec(found[0].reason, found[0].note) if found else None

    def exposure_writes(self, order: Order) -> list[Write]:
        """For an order that a person let pass: count it in whatever the limit says, and remember who did.

        Args:
            order: as confirmed; the last row of its log says who and why.
        """
        if order.account_id is None:
            return []
        chain = self._chain(order.account_id, order.currency)
        row = Ledger(order.id, order.total_minor, let_in_by=order.log[-1].by if order.log else None)
        return [
            self.accounts.row_write(order.account_id, None, row),
            *self.accounts.move_writes(chain.accounts, {"open_orders_minor": row.live_minor}),
        ]

    def row_writes(self, account_id: str, before: Ledger, after: Ledger) -> list[Write]:
        """The order's row and the difference that it makes at every level."""
        if after == before:
            return []
        chain = self.accounts.chain(account_id)
        accounts: tuple[Account, ...] = chain.accounts if chain else ()
        change = {
            "open_orders_minor": after.open_minor - before.open_minor,
            "unbilled_minor": after.unbilled_minor - before.unbilled_minor,
        }
        return [self.accounts.row_write(account_id, before, after), *self.accounts.move_writes(accounts, change)]

    def _chain(self, account_id: str, currency: str) -> Chain:
        chain = self.accounts.chain(account_id)
        if chain is None:
            fault = Fault("account_id", "is not a customer account")
            raise RejectedError("there is no such account", code="unknown_account", faults=[fault])
        if chain.own.currency != currency:
            fault = Fault("currency", f"the account is kept in {chain.own.currency}")
            raise RejectedError("the account has another currency", code="currency_not_accepted", faults=[fault])
        if chain.accounts[-1].parent is not None:
            # A level that cannot be read would be a limit that nobody asks.
            raise ConflictError(f"account {account_id}: {chain.accounts[-1].parent} above it was not found")
        return chain


def counted(order: Order) -> bool:
    """Whether the order is exposure: not before it is confirmed, and not once it has been refused or cancelled."""
    return order.status not in _NOT_COUNTED


def with_order(row: Ledger, order: Order) -> Ledger:
    """The row for the order as it is now; what has shipped is known from elsewhere and is no more than there is."""
    live = order.total_minor if counted(order) else 0
    ended = order.status in TERMINAL_ORDER_STATES
    return row._replace(live_minor=live, shipped_minor=min(row.shipped_minor, live), ended=ended)


def _waits(found: list[Answered]) -> CreditAnswer:
    return CreditAnswer(tuple(HoldSpec(each.reason, each.note) for each in found))
