"""The customers table: accounts with their exposure.

| access pattern | how |
|---|---|
| one account | get `ACCOUNT#<id>` / `ACCOUNT` |
| take exposure with an order | update on condition that limit and invoices are as read and open orders leave room |
| give exposure back | update on condition that as much is open |

The condition states the law itself (open orders + this <= limit - invoices), not a version: two orders of one
account that both fit do not disturb each other, two that do not fit together can never both be written.
"""

from oms.aws import tables
from oms.aws.tables import Key, Write
from oms.credit.model import Account
from oms.credit.rules import room


class AccountStore:
    """Reads and conditional writes of one customers table."""

    def __init__(self, table: str) -> None:
        self.table = table

    def find(self, account_id: str) -> Account | None:
        item = tables.get(self._key(account_id))
        if item is None:
            return None
        return Account.model_validate({name: value for name, value in item.items() if name not in ("pk", "sk")})

    def put(self, account: Account) -> None:
        """Write an account whatever was there: for set-up. Exposure changes only through the writes below."""
        key = self._key(account.id)
        always = "attribute_exists(pk) OR attribute_not_exists(pk)"
        item = {"pk": key.pk, "sk": key.sk, **account.model_dump()}
        tables.commit(tables.put(self.table, item, condition=always, label=account.id))

    def take_write(self, account: Account, amount_minor: int) -> Write:
        """Count an order in, if it still fits when the write happens."""
        return tables.update(
            self._key(account.id),
            expression="ADD open_orders_minor :amount, version :one",
            condition="limit_minor = :limit AND unpaid_invoices_minor = :unpaid AND open_orders_minor <= :most",
            values={
                ":amount": amount_minor,
                ":one": 1,
                ":limit": account.limit_minor,
                ":unpaid": account.unpaid_invoices_minor,
                ":most": account.open_orders_minor + room(account) - amount_minor,
            },
            label=f"account {account.id}",
        )

    def take_anyway_write(self, account_id: str, amount_minor: int) -> Write:
        """Count an order in that a person let pass although it exceeds the limit."""
        return tables.update(
            self._key(account_id),
            expression="ADD open_orders_minor :amount, version :one",
            condition="attribute_exists(pk)",
            values={":amount": amount_minor, ":one": 1},
            label=f"account {account_id}",
        )

    def give_back_write(self, account_id: str, amount_minor: int) -> Write:
        """Count an order out. Goes in the same transaction as the order's own change, so it happens once."""
        return tables.update(
            self._key(account_id),
            expression="ADD open_orders_minor :amount, version :one",
            condition="open_orders_minor >= :at_least",
            values={":amount": -amount_minor, ":one": 1, ":at_least": amount_minor},
            label=f"account {account_id}",
        )

    def _key(self, account_id: str) -> Key:
        return Key(self.table, f"ACCOUNT#{account_id}", "ACCOUNT")
