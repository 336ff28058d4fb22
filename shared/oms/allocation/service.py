"""Allocate: give waiting orders stock, a batch at a time, in as few transactions as the limits allow."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from oms.allocation.model import AllocationRequest, request_from
from oms.allocation.repromising import repromise
from oms.allocation.run import Run
from oms.allocation.sourcing.desk import Sourcing
from oms.events.fact import Fact
from oms.inventory.reservations.store import ReservationStore
from oms.inventory.store import StockStore
from oms.inventory.waiting.promising import WaitingDesk
from oms.kernel.errors import MalformedError, RejectedError
from oms.orders.store import OrderStore
from oms.reference.model import Fairness

Messages = Iterable[tuple[str, Any]]  # (id, packed bus entry)


def allocate_orders(
    messages: Messages,
    *,
    orders: OrderStore,
    stock: StockStore,
    reservations: ReservationStore,
    sourcing: Sourcing,
    fairness: Mapping[str, Fairness],
    waiting: WaitingDesk,
    now: datetime,
) -> dict[str, Exception]:
    """Take stock for every order that a message names and that still has open units; the errors by message id.

    All orders of a batch are put into one sequence by the rules of `fairness`, planned in it against one picture of
    the stock, and written with their fulfillment orders and one summed write per position: up to 48 orders of one
    line in a transaction. A lost race means: read again, plan again. Repeating a message does nothing: units that are
    allocated or backordered are no longer open.

    Raises:
        TransientError: DynamoDB was not there; what was written is complete, the rest will be found open again.
    """
    requests, errors = _requests(messages)
    run = Run(requests, orders, stock, reservations, sourcing, fairness, waiting, now)
    for order_id, error in run.to_the_end().items():
        if order_id in requests:  # who was only ahead of them in a line has its own message
            errors.update(dict.fromkeys(requests[order_id].messages, error))
    if run.overtaken:
        repromise(run.overtaken, orders=orders, stock=stock, waiting=waiting, sourcing=sourcing, now=now)
    return errors


def _requests(messages: Messages) -> tuple[dict[str, AllocationRequest], dict[str, Exception]]:
    """One request per order, and the errors of messages that cannot be read."""
    requests: dict[str, AllocationRequest] = {}
    errors: dict[str, Exception] = {}
    for message_id, document in messages:
        try:
            wanted = [request_from(Fact.model_validate(row), message_id) for row in document["facts"]]
        except RejectedError as error:
            errors[message_id] = error
            continue
        except (KeyError, TypeError, ValidationError) as error:
            errors[message_id] = MalformedError(f"not a packed entry of facts: {type(error).__name__}")
            continue
        for request in wanted:
            known = requests.get(request.order_id)
            requests[request.order_id] = known.merged(request) if known else request
    return requests, errors
