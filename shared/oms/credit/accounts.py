"""What people and the ERP do with accounts: read them, agree terms, send statements."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from oms.aws import tables
from oms.aws.tables import Write
from oms.credit.model import LEVELS, Account, AccountView, Billed, Chain, LevelView, OrderExposure, Statement, Terms
from oms.credit.rules import least_room, overdue, room
from oms.credit.service import CreditDesk
from oms.credit.store import AccountStore
from oms.kernel.errors import ConflictError, Fault, NotFoundError, RejectedError, StateError, Why
from oms.kernel.time import Clock, from_text, to_text

_TRIES = 5
_SHOWN = 100  # orders of an account in one answer
_TOGETHER = 30  # orders billed in one transaction


class Books(NamedTuple):
    """The collaborators."""

    desk: CreditDesk
    clock: Clock

    @property
    def accounts(self) -> AccountStore:
        return self.desk.accounts


def read_account(account_id: str, *, books: Books) -> AccountView:
    """An account: what it may still order, what counts, and who is above it.

    Raises:
        NotFoundError: no such account.
    """
    chain = _chain(account_id, books)
    return account_view(chain, books.accounts.rows(account_id, limit=_SHOWN), books.clock().date())


def agree_terms(account_id: str, terms: Terms, *, books: Books) -> AccountView:
    """Make an account, or change what was agreed. Under another parent it takes its whole exposure along.

    Raises:
        RejectedError: code `invalid`: the parent does not exist, has another currency, or there would be more levels
            than three from this account's lowest to the parent's highest; the currency cannot be changed.
        ConflictError: its exposure kept moving.
    """
    for lost in range(1, _TRIES + 1):
        before = books.accounts.chain(account_id)
        above = _above(account_id, before.own if before else None, terms, books)
        if before is None:
            new = Account(id=account_id, version=1, **terms.model_dump())
            writes = [books.accounts.new_write(new), *_moved(new, (), above, books)]
        else:
            writes = _changed(before, above, terms, books)
        try:
            tables.commit(*writes)
        except ConflictError:
            if lost == _TRIES:
                raise
        else:
            return read_account(account_id, books=books)
    raise AssertionError("unreachable: the last try returns or raises")


def _above(account_id: str, own: Account | None, terms: Terms, books: Books) -> tuple[Account, ...]:
    """The levels above, once they have been found fit to be above this account."""
    if terms.parent is None:
        return ()
    chain = books.accounts.chain(terms.parent)
    if chain is None:
        raise _unfit("is not an account")
    if account_id in [account.id for account in chain.accounts]:
        raise _unfit("is below this account")
    if chain.own.currency != terms.currency:
        raise _unfit(f"is kept in {chain.own.currency}")
    if len(chain.accounts) >= LEVELS:
        raise _unfit(f"is at the lowest of {LEVELS} levels already")
    levels = len(chain.accounts) + 1 + (own.levels_below if own else 0)
    if levels > LEVELS:
        raise _unfit(f"would be above {levels - len(chain.accounts)} levels; there are {LEVELS} in all")
    return chain.accounts


def _changed(before: Chain, above: Sequence[Account], terms: Terms, books: Books) -> list[Write]:
    own = before.own
    if terms.currency != own.currency:
        fault = Fault("currency", f"is {own.currency} and stays so")
        raise RejectedError("an account keeps its currency", code="invalid", faults=[fault])
    writes = [books.accounts.terms_write(own, terms)]
    if terms.parent != own.parent:
        writes += _moved(own, before.accounts[1:], above, books)
    return writes


def _moved(own: Account, leaves: Sequence[Account], joins: Sequence[Account], books: Books) -> list[Write]:
    """What the levels above lose and gain with an account, each in one write.

    Every level that gains something must be where it was read: a hierarchy that grows at both ends at the same time is
    refused at one of them.
    """
    accounts = {account.id: account for account in (*leaves, *joins)}
    changes: dict[str, Counter[str]] = {name: Counter() for name in accounts}
    for chain, sign in ((leaves, -1), (joins, 1)):
        for level, account in enumerate(chain):
            for name, by in _taken_along(own, level).items():
                changes[account.id][name] += sign * by
    return [write for name, change in changes.items() for write in books.accounts.move_writes([accounts[name]], change)]


def _taken_along(own: Account, level: int) -> dict[str, int]:
    """What an account adds to the level above it (0), or to the one above that."""
    return {
        "open_orders_minor": own.open_orders_minor,
        "unbilled_minor": own.unbilled_minor,
        "unpaid_invoices_minor": own.unpaid_invoices_minor,
        "children": 1 if level == 0 else 0,
        "grandchildren": own.children if level == 0 else 1,
    }


def take_statement(account_id: str, statement: Statement, *, books: Books) -> AccountView:
    """Believe the ERP: its invoices take the place of ours, and what it has billed is no longer unbilled.

    Invoices first, then orders, some at a time: between the two an order counts twice at worst, never not at all. Sent
    again, also after a crash, it goes on where it was.

    Raises:
        NotFoundError: no such account.
        RejectedError: `currency_not_accepted`, or `invalid` (more is due than unpaid).
        StateError: a newer statement is known.
    """
    said = statement.model_copy(update={"as_of": _instant(statement.as_of)})
    for lost in range(1, _TRIES + 1):
        chain = _chain(account_id, books)
        _refuse_unusable(chain.own, said, books.clock())
        more = said.unpaid_invoices_minor - chain.own.own_invoices_minor
        above = books.accounts.move_writes(chain.accounts[1:], {"unpaid_invoices_minor": more})
        try:
            tables.commit(books.accounts.statement_write(chain.own, said), *above)
            break
        except ConflictError:
            if lost == _TRIES:
                raise
    for start in range(0, len(said.billed), _TOGETHER):
        _bill(account_id, said.billed[start : start + _TOGETHER], said.as_of, books)
    return read_account(account_id, books=books)


def _bill(account_id: str, billed: Sequence[Billed], as_of: str, books: Books) -> None:
    """What was billed, except where a newer statement came first: two may be on their way at the same time."""
    for lost in range(1, _TRIES + 1):
        amounts = {each.order_id: each.amount_minor for each in billed}
        rows = books.accounts.rows_of(account_id, amounts)
        older = {name: row for name, row in rows.items() if row.billed_as_of <= as_of}
        pairs = [(row, row._replace(billed_minor=amounts[name], billed_as_of=as_of)) for name, row in older.items()]
        changed = [(before, after) for before, after in pairs if before != after]
        if not changed:
            return
        change = {
            "open_orders_minor": sum(after.open_minor - before.open_minor for before, after in changed),
            "unbilled_minor": sum(after.unbilled_minor - before.unbilled_minor for before, after in changed),
        }
        writes = [books.accounts.row_write(account_id, before, after) for before, after in changed]
        try:
            tables.commit(*writes, *books.accounts.move_writes(_chain(account_id, books).accounts, change))
        except ConflictError:
            if lost == _TRIES:
                raise
        else:
            return


def _instant(text: str) -> str:
    """The instant as we write it, so that it compares as text."""
    try:
        return to_text(from_text(text))
    except ValueError:
        fault = Fault("as_of", "is not an instant")
        raise RejectedError("1 field(s) are not valid", code="invalid", faults=[fault]) from None


def _refuse_unusable(own: Account, said: Statement, at: datetime) -> None:
    if said.currency != own.currency:
        fault = Fault("currency", f"the account is kept in {own.currency}")
        raise RejectedError("the account has another currency", code="currency_not_accepted", faults=[fault])
    faults = []
    if sum(due.amount_minor for due in said.due) > said.unpaid_invoices_minor:
        faults.append(Fault("due", "comes to more than is unpaid"))
    if len({each.order_id for each in said.billed}) != len(said.billed):
        faults.append(Fault("billed", "names an order twice"))
    if said.as_of > to_text(at):
        faults.append(Fault("as_of", "is in the future"))
    if faults:
        raise RejectedError(f"{len(faults)} field(s) are not valid", code="invalid", faults=faults)
    if own.statement_as_of is not None and said.as_of < own.statement_as_of:
        why = Why("newer_statement", f"the statement of {own.statement_as_of} is known", "send a newer one")
        raise StateError.because(why)


def account_view(chain: Chain, rows: Sequence[object], on: date) -> AccountView:
    """What is shown of an account."""
    own = chain.own
    return AccountView(
        account_id=own.id,
        name=own.name,
        currency=own.currency,
        limit_minor=own.limit_minor,
        parent=own.parent,
        grace_days=own.grace_days,
        tolerated_overdue_minor=own.tolerated_overdue_minor,
        blocked=own.blocked,
        overdue_minor=overdue(own.due, on, own.grace_days),
        statement_as_of=own.statement_as_of,
        room_minor=least_room(chain),
        levels=[_level(account) for account in chain.accounts],
        orders=[OrderExposure.model_validate(row, from_attributes=True) for row in rows],
        version=own.version,
    )


def _level(account: Account) -> LevelView:
    return LevelView(
        account_id=account.id,
        name=account.name,
        limit_minor=account.limit_minor,
        open_orders_minor=account.open_orders_minor,
        unbilled_minor=account.unbilled_minor,
        unpaid_invoices_minor=account.unpaid_invoices_minor,
        exposure_minor=account.exposure_minor,
        room_minor=room(account),
        blocked=account.blocked,
    )


def _chain(account_id: str, books: Books) -> Chain:
    chain = books.accounts.chain(account_id)
    if chain is None:
        raise NotFoundError(f"there is no account {account_id}")
    return chain


def _unfit(message: str) -> RejectedError:
    return RejectedError("the parent cannot be above this account", code="invalid", faults=[Fault("parent", message)])
