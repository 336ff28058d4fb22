"""Credit: may this order be taken on account, and what has to be written with it.

Exposure = open invoices + unbilled shipped + open orders, at the customer, the group and the company alike. Only a
confirmed order counts: one that waits is looked at again when its last hold goes. What an order counts follows from the
order as it is (`oms.orders.parts`), never from a message, so every reaction can be repeated and come late.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from oms.aws.tables import Write
from oms.credit.model import Account, Chain, Ledger
from oms.credit.rules import refusals
from oms.credit.store import AccountStore
from oms.kernel.errors import ConflictError, Fault, RejectedError
from oms.orders.holding import HoldSpec
from oms.orders.lifecycle import TERMINAL_ORDER_STATES
from oms.orders.model import Order
from oms.orders.parts import live_value

_NOT_COUNTED = ("submitted", "validating", "rejected")


class CreditAnswer(NamedTuple):
    """What the order must wait for; without holds, `writes` go into the transaction that makes it so."""

    holds: tuple[HoldSpec, ...] = ()
    writes: tuple[Write, ...] = ()


class CreditDesk:
    """The credit decisions over one customers table."""

    def __init__(self, accounts: AccountStore) -> None:
        self.accounts = accounts

    def assess(self, account_id: str, amount_minor: int, currency: str, *, order_id: str, at: datetime) -> CreditAnswer:
        """Decide on what is known now; the writes' conditions hold the decision up against what happens meanwhile.

        Raises:
            RejectedError: no such account, or it is kept in another currency.
        """
        chain = self._chain(account_id, currency)
        found = refusals(chain, amount_minor, at.date())
        if found:
            return CreditAnswer(tuple(HoldSpec(each.reason, each.note) for each in found))
        return CreditAnswer(writes=tuple(self.accounts.take_writes(chain, Ledger(order_id, amount_minor))))

    def confirm(self, order: Order, *, at: datetime) -> CreditAnswer:
        """Look again before an order is confirmed: its last hold goes, or it is opened again after its end."""
        if order.account_id is None:
            return CreditAnswer()
        row = self.accounts.row(order.account_id, order.id)
        if row is None:
            return self.assess(order.account_id, live_value(order), order.currency, order_id=order.id, at=at)
        return self._changed(order, row, at)

    def change(self, before: Order, after: Order, *, at: datetime) -> CreditAnswer:
        """Look again when an order that counts becomes worth more; when less, room is given back without a question."""
        if after.account_id is None or before.status in _NOT_COUNTED:
            return CreditAnswer()
        row = self.accounts.row(after.account_id, after.id)
        if row is None:
            return CreditAnswer()
        return self._changed(after, row, at)

    def exposure_writes(self, order: Order) -> list[Write]:
        """For an order that a person let pass: count it in whatever the limit says, and remember who did.

        Args:
            order: as confirmed; the last row of its log says who and why.
        """
        if order.account_id is None:
            return []
        chain = self._chain(order.account_id, order.currency)
        row = Ledger(order.id, live_value(order), let_in_by=order.log[-1].by if order.log else None)
        return [
            self.accounts.row_write(order.account_id, None, row),
            *self.accounts.move_writes(chain.accounts, {"open_orders_minor": row.live_minor}),
        ]

    def release_writes(self, before: Order, after: Order) -> list[Write]:
        """What gives back the exposure of cancelled units; commit it with the order's change.

        Args:
            before: the order as it was: one that was still waiting was never counted.
            after: with fewer units, or ended.
        """
        if before.account_id is None or before.status in _NOT_COUNTED:
            return []
        row = self.accounts.row(before.account_id, before.id)
        if row is None:
            return []
        return self.row_writes(before.account_id, row, with_order(row, after))

    def row_writes(self, account_id: str, before: Ledger, after: Ledger) -> list[Write]:
        """The order's row and the difference that it makes at every level."""
        if after == before:
            return []
        chain = self.accounts.chain(account_id)
        accounts: Sequence[Account] = chain.accounts if chain else ()
        change = {
            "open_orders_minor": after.open_minor - before.open_minor,
            "unbilled_minor": after.unbilled_minor - before.unbilled_minor,
        }
        return [
            self.accounts.row_write(account_id, before, after),
            *self.accounts.move_writes(accounts, change),
        ]

    def _changed(self, order: Order, row: Ledger, at: datetime) -> CreditAnswer:
        account_id = order.account_id or ""
        after = with_order(row, order)
        more = after.open_minor - row.open_minor
        if more <= 0:
            return CreditAnswer(writes=tuple(self.row_writes(account_id, row, after)))
        chain = self._chain(account_id, order.currency)
        found = refusals(chain, more, at.date())
        if found:
            return CreditAnswer(tuple(HoldSpec(each.reason, each.note) for each in found))
        row_write = self.accounts.row_write(account_id, row, after)
        return CreditAnswer(writes=(row_write, *self.accounts.limited_writes(chain, more)))

    def _chain(self, account_id: str, currency: str) -> Chain:
        chain = self.accounts.chain(account_id)
        if chain is None:
            fault = Fault("account_id", "is not a customer account")
            raise RejectedError("there is no such account", code="unknown_account", faults=[fault])
        if chain.own.currency != currency:
            fault = Fault("currency", f"the account is kept in {chain.own.currency}")
            raise RejectedError("the account has another currency", code="currency_not_accepted", faults=[fault])
        if chain.accounts[-1].parent is not None:
            # A parent that cannot be read would be a limit that nobody asks.
            raise ConflictError(f"account {account_id}: {chain.accounts[-1].parent} above it was not found")
        return chain


def with_order(row: Ledger, order: Order) -> Ledger:
    """The row for the order as it is now; what has shipped is known from elsewhere and stays."""
    live = live_value(order)
    return row._replace(live_minor=live, ended=order.status in TERMINAL_ORDER_STATES)
