"""Serve those who wait: stock came or was freed, somebody joined a line, or what is to come has changed."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from oms.allocation.repromising import repromise
from oms.allocation.run import Run
from oms.allocation.sourcing.desk import Sourcing
from oms.aws.tables import ConditionFailedError
from oms.events.fact import Fact
from oms.inventory.reservations.store import ReservationStore
from oms.inventory.store import StockStore
from oms.inventory.waiting.model import ServingReport
from oms.inventory.waiting.promising import WaitingDesk
from oms.inventory.waiting.store import WaitingStore
from oms.kernel.errors import MalformedError, TransientError
from oms.kernel.time import Clock
from oms.orders.store import OrderStore
from oms.reference.model import Fairness

_OF_A_SKU = ("StockFreed", "SupplyConfirmed", "SupplyMoved")
_JOINED = "OrderBackordered"
SWEPT = 100  # SKUs in one message of the sweep


@dataclass(frozen=True)
class ServingDesk:
    """What serving touches. `sourcing` is made anew for each batch."""

    orders: OrderStore
    stock: StockStore
    reservations: ReservationStore
    sourcing: Callable[[], Sourcing]
    fairness: Callable[[], Mapping[str, Fairness]]
    waiting: WaitingDesk
    clock: Clock


def serve_waiting(messages: Iterable[tuple[str, Any]], *, desk: ServingDesk) -> dict[str, Exception]:
    """Serve the lines for every SKU that the messages name; the errors by message id.

    Decided from lines, stock and supplies as they are now: a message that comes twice, late or out of order says
    nothing but where to look.
    """
    errors: dict[str, Exception] = {}
    by_sku: dict[str, set[str]] = {}
    sourcing = desk.sourcing()
    for message_id, document in messages:
        try:
            for sku in _skus_of(document, sourcing):
                by_sku.setdefault(sku, set()).add(message_id)
        except (KeyError, TypeError, ValidationError) as error:
            errors[message_id] = MalformedError(f"not a packed entry of facts: {type(error).__name__}")
        except MalformedError as error:
            errors[message_id] = error
    try:
        serve(by_sku, desk=desk, sourcing=sourcing)
    except TransientError as error:
        errors |= {message_id: error for ids in by_sku.values() for message_id in ids}
    return errors


def serve(skus: Iterable[str], *, desk: ServingDesk, sourcing: Sourcing) -> ServingReport:
    """Give what stock there is to those who wait, in their order; then promise the rest anew.

    Raises:
        TransientError: DynamoDB was not there; what was written is complete, the rest still waits in its line.
    """
    names = set(skus)
    waited_for = {sku for sku, head in desk.waiting.lines.heads(names).items() if head.units}
    if not waited_for:
        return ServingReport(skus=len(names))
    now = desk.clock()
    run = Run(
        {},
        desk.orders,
        desk.stock,
        desk.reservations,
        sourcing,
        desk.fairness(),
        desk.waiting,
        now,
        serve=waited_for,
    )
    for error in run.to_the_end().values():
        raise TransientError("the line could not be served") from error
    moved = repromise(
        waited_for | run.overtaken,
        orders=desk.orders,
        stock=desk.stock,
        waiting=desk.waiting,
        sourcing=sourcing,
        now=now,
    )
    return ServingReport(skus=len(names), served=run.served, promised=moved.promised, held=moved.held)


def sweep_waiting(*, lines: WaitingStore, send: Callable[[list[dict[str, Any]]], None]) -> ServingReport:
    """Have every line looked at: a preorder's day may have come, a supply may be overdue, a line may be empty."""
    found: list[str] = []
    names = list(lines.waited_for())
    for sku, head in lines.heads(names).items():
        if head.units or head.sold:
            found.append(sku)
            continue
        try:
            lines.unlist(head)
        except ConditionFailedError:
            found.append(sku)  # somebody has joined meanwhile
    send([{"skus": found[start : start + SWEPT]} for start in range(0, len(found), SWEPT)])
    return ServingReport(skus=len(found))


def _skus_of(document: Any, sourcing: Sourcing) -> set[str]:
    """The SKUs on the shelf that a message is about."""
    if "skus" in document:
        return set(document["skus"])
    skus: set[str] = set()
    for row in document["facts"]:
        fact = Fact.model_validate(row)
        if fact.type in _OF_A_SKU:
            skus.add(fact.data["sku"])
        elif fact.type == _JOINED:
            skus |= set(fact.data["units"])
        else:
            raise MalformedError(f"{fact.type} is nothing that anybody waits for")
    sourcing.learn(skus)
    return {part for sku in skus for part in _on_the_shelf(sku, sourcing)}


def _on_the_shelf(sku: str, sourcing: Sourcing) -> set[str]:
    """What lies on the shelf of a SKU: itself, or the parts of a bundle."""
    item = sourcing.item(sku)
    return {part for part, _ in item.components} if item and item.components else {sku}
