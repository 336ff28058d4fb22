"""What shipped is no longer ordered but unbilled: an order's exposure is counted anew after each step of it.

Counted from the order as it is, so a fact that comes twice, late, or out of order makes no difference. The sum does not
change when something ships; it falls when units are cancelled (in that very transaction), or billed (by a statement).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

from oms.aws import tables
from oms.credit.service import CreditDesk, with_order
from oms.events.fact import Fact
from oms.kernel.errors import ConflictError, MalformedError, NotFoundError, TransientError
from oms.orders.parts import shipped_value
from oms.orders.store import OrderStore, OrderTree

_TRIES = 5
Messages = Iterable[tuple[str, Any]]  # (id, packed bus entry)


def recount_exposure(messages: Messages, *, orders: OrderStore, desk: CreditDesk) -> dict[str, Exception]:
    """Count every order that a message names; the errors by message id."""
    errors: dict[str, Exception] = {}
    named: dict[str, list[str]] = defaultdict(list)
    for message_id, document in messages:
        try:
            facts = [Fact.model_validate(row) for row in document["facts"]]
        except (ValidationError, KeyError, TypeError):
            errors[message_id] = MalformedError("not a packed bus entry")
            continue
        for fact in facts:
            if fact.order_id is not None:
                named[fact.order_id].append(message_id)
    for order_id, message_ids in named.items():
        try:
            recount(order_id, orders=orders, desk=desk)
        except (TransientError, NotFoundError) as error:
            errors.update(dict.fromkeys(message_ids, error))
    return errors


def recount(order_id: str, *, orders: OrderStore, desk: CreditDesk) -> None:
    """Bring the order's row and its accounts up to what the order is now. An order that does not count stays out.

    Raises:
        NotFoundError: no such order.
        ConflictError: lost the race five times.
    """
    for lost in range(1, _TRIES + 1):
        tree = orders.tree(order_id)
        account_id = tree.order.account_id
        row = desk.accounts.row(account_id, order_id) if account_id else None
        if account_id is None or row is None:
            return
        shipped = shipped_value(tree.order, shipped_units(tree))
        writes = desk.row_writes(account_id, row, with_order(row, tree.order)._replace(shipped_minor=shipped))
        try:
            if writes:
                tables.commit(*writes)
        except ConflictError:
            if lost == _TRIES:
                raise
        else:
            return


def shipped_units(tree: OrderTree) -> dict[int, int]:
    """Units that have left, by line number, from wherever."""
    units: Counter[int] = Counter()
    for work in tree.fulfillment_orders:
        units.update({line.number: line.shipped for line in work.lines})
    return dict(units)
