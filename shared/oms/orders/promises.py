"""The ledger of an order's promises: each change is a row that stays, and a fact. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from oms.events.orders import OrderPromiseChanged
from oms.kernel.time import to_text
from oms.orders.model import Order, Promise, Value


class PromiseRow(Value):
    """One line of an order's ledger of promises, never changed: who changed it when and why, from what to what.

    `version` is that of the order which the change made; `supply_on` by line number, what it follows from.
    """

    order_id: str
    version: int
    at: str
    by: str
    why: str
    old: Promise
    new: Promise
    supply_on: Mapping[str, str] = {}


class PromiseMove(Value):
    """One change of a promise. `supply_on` by line number: the day from which stock is promised to what waits."""

    at: str
    by: str
    why: str
    old: Promise
    new: Promise
    supply_on: Mapping[str, str]


class Promises(Value):
    """The promise as it is, the first one, and every change between them, oldest first."""

    order_id: str
    promise: Promise
    first: Promise
    changes: tuple[PromiseMove, ...]


def promises_of(order: Order, ledger: Sequence[PromiseRow]) -> Promises:
    """An order's promises. The first is what the sender was told; else what the ledger begins with."""
    told = order.first_answer.promise if order.first_answer else None
    began = ledger[0].old if ledger else order.promise
    names = set(PromiseMove.model_fields)
    return Promises(
        order_id=order.id,
        promise=order.promise,
        first=told or began,
        changes=tuple(PromiseMove(**row.model_dump(include=names)) for row in ledger),
    )


def promise_row(order: Order, new: Promise, *, by: str, why: str, at: datetime) -> PromiseRow:
    """The row that goes with the next version of the order."""
    return PromiseRow(
        order_id=order.id,
        version=order.version + 1,
        at=to_text(at),
        by=by,
        why=why,
        old=order.promise,
        new=new,
        supply_on={str(line.number): line.supply_on for line in order.lines if line.backordered and line.supply_on},
    )


def promise_changed(row: PromiseRow) -> OrderPromiseChanged:
    return OrderPromiseChanged(
        order_id=row.order_id,
        reason=row.why,
        earliest_on=row.new.earliest_on,
        latest_on=row.new.latest_on,
        was_earliest_on=row.old.earliest_on,
        was_latest_on=row.old.latest_on,
    )
