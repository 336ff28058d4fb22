"""The customers table: accounts with their exposure, and per account the orders that make it up.

| access pattern | how |
|---|---|
| an account and those above it | batch get `ACCOUNT#<id>` / `ACCOUNT`; the path is kept 5 minutes per process |
| what an order has to do with its account | get `ACCOUNT#<id>` / `ORDER#<order id>` |
| the orders that count | query pk `ACCOUNT#<id>`, sk begins with `ORDER#`; a row goes when nothing is left of it |
| take exposure with an order | per level an update on condition that limit and parent are as read and there is room |
| move or give back exposure | the order's row on its version, and per level an update by the difference |

`exposure_minor` is stored beside its three parts, because the condition states the law itself (exposure + this <=
limit), not a version: two orders of one customer that both fit do not disturb each other, two that do not fit together
can never both be written. Every update also says that the account is still below the same parent.
"""

import time
from collections.abc import Iterable, Mapping
from typing import Any

from oms.aws import tables
from oms.aws.tables import Key, Write
from oms.credit.model import LEVELS, Account, Chain, Change, Ledger, Statement, Terms

_PATHS_S = 300.0
_PATHS_KEPT = 20_000
_ALWAYS = "attribute_exists(pk) OR attribute_not_exists(pk)"
_ROW = "ORDER#"
_BELOW = ("children", "grandchildren")  # counted like the parts of the exposure, and no part of it


class AccountStore:
    """Reads and conditional writes of one customers table."""

    def __init__(self, table: str) -> None:
        self.table = table
        self._paths: dict[str, tuple[float, tuple[str, ...]]] = {}

    def find(self, account_id: str) -> Account | None:
        item = tables.get(self._key(account_id))
        return _account(item) if item else None

    def chain(self, account_id: str) -> Chain | None:
        """The account and those above it; None: there is no such account. One call when the path is known."""
        until, path = self._paths.get(account_id, (0.0, ()))
        wanted = path if until > time.monotonic() else (account_id,)
        found = self._load(wanted)
        accounts: list[Account] = []
        following: str | None = account_id
        while following is not None and len(accounts) < LEVELS:
            account = found.get(following) or self._load([following]).get(following)
            if account is None:
                break
            accounts.append(account)
            following = account.parent
        if not accounts:
            return None
        if len(self._paths) > _PATHS_KEPT:
            self._paths.clear()
        self._paths[account_id] = (time.monotonic() + _PATHS_S, tuple(account.id for account in accounts))
        return Chain(tuple(accounts))

    def put(self, account: Account) -> None:
        """Write an account whatever was there: for set-up. Exposure changes only through the writes below."""
        tables.commit(tables.put(self.table, self._item(account), condition=_ALWAYS, label=account.id))

    # -- what was agreed
    def new_write(self, account: Account) -> Write:
        return tables.put(
            self.table, self._item(account), condition="attribute_not_exists(pk)", label=f"account {account.id}"
        )

    def terms_write(self, before: Account, terms: Terms) -> Write:
        """Other terms for an account that is as read; its exposure may move meanwhile, unless the parent changes."""
        new = terms.model_dump(exclude={"limit_minor", "parent"})
        optional = {"limit_minor": terms.limit_minor, "parent": terms.parent}
        kept = {name: value for name, value in {**new, **optional}.items() if value is not None}
        gone = [name for name, value in optional.items() if value is None]
        names = {f"#{name}": name for name in (*kept, *gone)}
        expression = "SET " + ", ".join(f"#{name} = :{name}" for name in kept)
        expression += f" REMOVE {', '.join(f'#{name}' for name in gone)}" if gone else ""
        return tables.update(
            self._key(before.id),
            expression=f"{expression} ADD version :one",
            condition="version = :before",
            names=names,
            values={**{f":{name}": value for name, value in kept.items()}, ":one": 1, ":before": before.version},
            label=f"account {before.id}",
        )

    def statement_write(self, before: Account, statement: Statement) -> Write:
        """The account's own invoices as the statement has them, unless a newer one was there first."""
        difference = statement.unpaid_invoices_minor - before.own_invoices_minor
        condition, values = _same_place(before)
        return tables.update(
            self._key(before.id),
            expression="SET own_invoices_minor = :own, due = :due, statement_as_of = :as_of "
            "ADD unpaid_invoices_minor :diff, exposure_minor :diff, version :one",
            condition=f"{condition} AND own_invoices_minor = :was "
            "AND (attribute_not_exists(statement_as_of) OR statement_as_of <= :as_of)",
            values={
                **values,
                ":own": statement.unpaid_invoices_minor,
                ":due": [due.model_dump() for due in statement.due],
                ":as_of": statement.as_of,
                ":was": before.own_invoices_minor,
                ":diff": difference,
                ":one": 1,
            },
            label=f"account {before.id}",
        )

    # -- exposure
    def take_writes(self, chain: Chain, row: Ledger) -> list[Write]:
        """Count an order in, if it still fits at every level when the write happens."""
        return [self.row_write(chain.own.id, None, row), *self.limited_writes(chain, row.live_minor)]

    def limited_writes(self, chain: Chain, more_minor: int) -> list[Write]:
        """More open orders at every level, if they still fit."""
        return [self._limited(account, more_minor) for account in chain.accounts]

    def move_writes(self, accounts: Iterable[Account], change: Change) -> list[Write]:
        """The difference at every level, whatever the limits say; nothing when there is none."""
        parts = {name: by for name, by in change.items() if by}
        if not parts:
            return []
        parts["exposure_minor"] = sum(by for name, by in parts.items() if name not in _BELOW)
        additions = ", ".join(f"{name} :{name}" for name in parts)
        writes = []
        for account in accounts:
            condition, values = _same_place(account)
            writes.append(
                tables.update(
                    self._key(account.id),
                    expression=f"ADD {additions}, version :one",
                    condition=condition,
                    values={**values, **{f":{name}": by for name, by in parts.items()}, ":one": 1},
                    label=f"account {account.id}",
                )
            )
        return writes

    def _limited(self, account: Account, more_minor: int) -> Write:
        condition, values = _same_place(account)
        if account.limit_minor is None:
            condition += " AND attribute_not_exists(limit_minor)"
        else:
            condition += " AND limit_minor = :limit AND exposure_minor <= :most"
            values |= {":limit": account.limit_minor, ":most": account.limit_minor - more_minor}
        return tables.update(
            self._key(account.id),
            expression="ADD open_orders_minor :more, exposure_minor :more, version :one",
            condition=condition,
            values={**values, ":more": more_minor, ":one": 1},
            label=f"account {account.id}",
        )

    # -- orders of an account
    def row_write(self, account_id: str, before: Ledger | None, after: Ledger) -> Write:
        """The order's row as it is now; one that has ended with nothing left goes."""
        key, label = self._row_key(account_id, after.order_id), f"exposure of {after.order_id}"
        if before is None:
            item = {"pk": key.pk, "sk": key.sk, **_row_item(after)}
            return tables.put(self.table, item, condition="attribute_not_exists(pk)", label=label)
        condition, values = "version = :before", {":before": before.version}
        if after.ended and not after.open_minor and not after.unbilled_minor:
            return tables.delete(key, condition=condition, values=values, label=label)
        item = {"pk": key.pk, "sk": key.sk, **_row_item(after), "version": before.version + 1}
        return tables.put(self.table, item, condition=condition, values=values, label=label)

    def row(self, account_id: str, order_id: str) -> Ledger | None:
        item = tables.get(self._row_key(account_id, order_id))
        return _row(item) if item else None

    def rows_of(self, account_id: str, order_ids: Iterable[str]) -> dict[str, Ledger]:
        """The rows that exist, by order."""
        found = tables.get_many([self._row_key(account_id, order_id) for order_id in order_ids])
        return {row.order_id: row for row in map(_row, found.values())}

    def rows(self, account_id: str, *, limit: int) -> list[Ledger]:
        """The orders that count, by id."""
        items = tables.query(
            self.table,
            condition="pk = :pk AND begins_with(sk, :row)",
            values={":pk": self._key(account_id).pk, ":row": _ROW},
            limit=limit,
        )
        return [_row(item) for item in items]

    def _load(self, ids: Iterable[str]) -> dict[str, Account]:
        items = tables.get_many([self._key(name) for name in ids])
        return {account.id: account for account in map(_account, items.values())}

    def _item(self, account: Account) -> dict[str, Any]:
        key = self._key(account.id)
        return {"pk": key.pk, "sk": key.sk, **account.model_dump(), "exposure_minor": account.exposure_minor}

    def _key(self, account_id: str) -> Key:
        return Key(self.table, f"ACCOUNT#{account_id}", "ACCOUNT")

    def _row_key(self, account_id: str, order_id: str) -> Key:
        return Key(self.table, f"ACCOUNT#{account_id}", f"{_ROW}{order_id}")


def _same_place(account: Account) -> tuple[str, dict[str, Any]]:
    """Still there, and below the same parent."""
    if account.parent is None:
        return "attribute_exists(pk) AND attribute_not_exists(parent)", {}
    return "parent = :parent", {":parent": account.parent}


def _account(item: Mapping[str, Any]) -> Account:
    return Account.model_validate(
        {name: value for name, value in item.items() if name not in ("pk", "sk", "exposure_minor")}
    )


def _row_item(row: Ledger) -> dict[str, Any]:
    return {name: value for name, value in row._asdict().items() if name != "order_id"}


def _row(item: Mapping[str, Any]) -> Ledger:
    fields = {name: value for name, value in item.items() if name not in ("pk", "sk")}
    return Ledger(order_id=item["sk"].removeprefix(_ROW), **fields)
