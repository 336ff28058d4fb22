"""Allocate: give waiting orders stock, a batch at a time, in as few transactions as the limits allow."""

import random
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from oms.allocation.decision import BY, Decision, decide
from oms.allocation.model import AllocationRequest, request_from
from oms.allocation.reserved import as_its_owner_sees, own, spent
from oms.aws.tables import MAX_WRITES, ConditionFailedError, Write, commit
from oms.events.fact import Fact
from oms.inventory.model import Cause, Movement, Position, PositionKey, merged
from oms.inventory.reservations.model import Reservation
from oms.inventory.reservations.store import ReservationStore
from oms.inventory.rules import applied
from oms.inventory.store import JOURNAL_WRITES, StockStore
from oms.kernel.errors import ConflictError, MalformedError, NotFoundError, RejectedError
from oms.kernel.time import to_text
from oms.orders.bundles import shelf_skus
from oms.orders.model import FulfillmentOrder, Order
from oms.orders.store import OrderStore
from oms.reference.model import Location

TOGETHER_WRITES = MAX_WRITES - JOURNAL_WRITES
ONE_ORDER = TOGETHER_WRITES - 7  # room for what takes a decision back: account, capacity and header come on top
TOGETHER = 2  # lost races before an order goes into a transaction of its own
GIVE_UP = 8  # lost races before its message goes back to the queue; the waits sum to at most 2.5 s
_WAIT_S = 0.01

Messages = Iterable[tuple[str, Any]]  # (id, packed bus entry)


@dataclass
class _Round:
    """What one pass over the requests left: those to look at again, and errors by order."""

    again: list[AllocationRequest]
    errors: dict[str, Exception]
    requests: dict[str, AllocationRequest]


def allocate_orders(
    messages: Messages,
    *,
    orders: OrderStore,
    stock: StockStore,
    reservations: ReservationStore,
    locations: Mapping[str, Location],
    now: datetime,
) -> dict[str, Exception]:
    """Take stock for every order that a message names and that still has open units; the errors by message id.

    All orders of a batch are planned in the order of their submission against one picture of the stock, and written
    with their fulfillment orders and one summed update per position. A lost race means: read again, plan again; after
    two the order goes alone, so that one order cannot hold up the others. Repeating a message does nothing: units that
    are allocated or backordered are no longer open.

    Raises:
        TransientError: DynamoDB was not there; what was written is complete, the rest will be found open again.
    """
    requests, errors = _requests(messages)
    pending = list(requests.values())
    while pending:
        passed = _pass(pending, orders, stock, reservations, locations, now)
        for order_id, error in passed.errors.items():
            errors.update(dict.fromkeys(passed.requests[order_id].messages, error))
        pending = passed.again
        lost = max((request.tries for request in pending), default=0)
        if lost:
            time.sleep(random.uniform(0, _WAIT_S * 2**lost))  # noqa: S311  jitter, not a secret
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


def _pass(
    pending: Sequence[AllocationRequest],
    orders: OrderStore,
    stock: StockStore,
    reservations: ReservationStore,
    locations: Mapping[str, Location],
    now: datetime,
) -> _Round:
    passed = _Round([], {}, {request.order_id: request for request in pending})
    trees = _load(pending, orders, passed.errors)
    skus = shelf_skus(line for order, _ in trees.values() for line in order.lines if line.open)
    if not skus:
        return passed
    kept = reservations.find_many({order.reservation_id for order, _ in trees.values() if order.reservation_id})
    seen = stock.positions(skus | {one.sku for reservation in kept.values() for one in reservation.kept})
    decisions = _decide_all(trees, passed.requests, seen, kept, locations, now)
    for group in _groups(decisions):
        failure = _commit(group, orders, stock, reservations, seen, Cause(BY, to_text(now)))
        for decision in group:
            if failure is None and decision.more:
                passed.again.append(replace(decision.request, again=True, tries=0))
            elif failure is not None:
                _lost(decision, failure, passed)
    return passed


def _load(
    pending: Sequence[AllocationRequest], orders: OrderStore, errors: dict[str, Exception]
) -> dict[str, tuple[Order, tuple[FulfillmentOrder, ...]]]:
    """New orders by one batch get; those that were allocated before with their fulfillment orders."""
    trees: dict[str, tuple[Order, tuple[FulfillmentOrder, ...]]] = {}
    fresh = [request.order_id for request in pending if not request.again]
    if fresh:
        trees = {order_id: (order, ()) for order_id, order in orders.get_many(fresh).items()}
        for order_id in sorted(set(fresh) - set(trees)):
            errors[order_id] = NotFoundError(f"there is no order {order_id}")
    for request in pending:
        if request.again:
            try:
                trees[request.order_id] = orders.tree(request.order_id)
            except NotFoundError as error:
                errors[request.order_id] = error
    return trees


def _decide_all(
    trees: Mapping[str, tuple[Order, tuple[FulfillmentOrder, ...]]],
    requests: Mapping[str, AllocationRequest],
    seen: Mapping[PositionKey, Position],
    kept: Mapping[str, Reservation],
    locations: Mapping[str, Location],
    now: datetime,
) -> list[Decision]:
    """First come, first served, each order seeing what the ones before it took, and what it has reserved itself."""
    picture, left = dict(seen), dict(kept)
    decisions: list[Decision] = []
    for order, works in sorted(trees.values(), key=lambda tree: (tree[0].submitted_at, tree[0].id)):
        mine = own(order, left)
        room = ONE_ORDER - (1 + len(mine.kept) if mine else 0)
        view = as_its_owner_sees(mine, picture)
        decision = decide(order, works, requests[order.id], view, locations, now, max_writes=room)
        if decision is None:
            continue
        if mine is not None:
            rest = spent(mine, order, decision.order, picture, now)
            decision = decision._replace(spent=rest)
            left[mine.id] = rest.reservation
        decisions.append(decision)
        for key, moves in merged(decision.movements).items():
            picture[key] = applied(picture[key], moves)
    return decisions


def _groups(decisions: Iterable[Decision]) -> Iterator[list[Decision]]:
    """As many decisions to a transaction as fit; one that keeps losing races goes alone."""
    group: list[Decision] = []
    touched: set[PositionKey] = set()
    items = 0
    for decision in decisions:
        alone = decision.request.tries >= TOGETHER
        together = touched | decision.touched
        if group and (alone or items + decision.items + len(together) > TOGETHER_WRITES):
            yield group
            group, items, together = [], 0, decision.touched
        group.append(decision)
        items += decision.items
        touched = together
        if alone:
            yield group
            group, items, touched = [], 0, set()
    if group:
        yield group


def _commit(
    group: Sequence[Decision],
    orders: OrderStore,
    stock: StockStore,
    reservations: ReservationStore,
    seen: dict[PositionKey, Position],
    cause: Cause,
) -> ConflictError | None:
    """Write a group; `seen` moves on to what the next group will find. The error, if the race was lost."""
    writes: list[Write] = []
    movements: list[Movement] = []
    for decision in group:
        writes += [orders.write(decision.order), *(orders.write(work) for work in decision.works)]
        writes += [reservations.write(decision.spent.reservation)] if decision.spent else []
        movements += decision.movements
    moved = stock.moved(movements, seen, cause)
    try:
        commit(*writes, *moved.writes)
    except ConflictError as error:
        return error
    seen.update(moved.after)
    return None


def _lost(decision: Decision, failure: ConflictError, passed: _Round) -> None:
    """Try again, or give the message back. A fulfillment order that was there already means: look at them all."""
    request = decision.request
    if request.tries + 1 >= GIVE_UP:
        passed.errors[request.order_id] = failure
        return
    labels = failure.labels if isinstance(failure, ConditionFailedError) else ()
    again = request.again or any(work.id in labels for work in decision.works)
    passed.again.append(replace(request, again=again, tries=request.tries + 1))
