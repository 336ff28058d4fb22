"""What one order gets: the new header, its fulfillment orders, and what moves in the books. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from oms.allocation.bundled import plan_lines
from oms.allocation.model import AllocationRequest
from oms.allocation.reserved import Spent
from oms.allocation.rules import Demand, SourcingPlan, rank
from oms.events.orders import OrderAllocated, OrderBackordered
from oms.inventory.model import Change, Movement, Position, PositionKey
from oms.kernel.time import to_text
from oms.orders.bundles import on_the_shelf
from oms.orders.lifecycle import MAX_DWELL, ORDER, move
from oms.orders.model import FulfillmentLine, FulfillmentOrder, Order, fulfillment_order_id, replace_line
from oms.reference.model import Location

BY = "system:allocate_orders"
OPEN_STATES = ("confirmed", "in_fulfillment")


class Decision(NamedTuple):
    """One order's part of a transaction. `more`: open lines that did not fit come in the next one.

    `spent` is what becomes of its reservation.
    """

    request: AllocationRequest
    order: Order
    works: tuple[FulfillmentOrder, ...]
    changes: Mapping[PositionKey, Change]
    more: bool
    spent: Spent | None = None

    @property
    def movements(self) -> list[Movement]:
        """What moves in the books, for this order."""
        taken = [
            Movement("committed" if change.committed else "backordered", key, change, ref=self.order.id)
            for key, change in self.changes.items()
        ]
        return [*(self.spent.movements if self.spent else ()), *taken]

    @property
    def touched(self) -> set[PositionKey]:
        """The positions that move."""
        return self.changes.keys() | (self.spent.keys if self.spent else set())

    @property
    def items(self) -> int:
        """Writes besides the positions."""
        return 1 + len(self.works) + (self.spent is not None)


def decide(
    order: Order,
    works: Sequence[FulfillmentOrder],
    request: AllocationRequest,
    picture: Mapping[PositionKey, Position],
    locations: Mapping[str, Location],
    now: datetime,
    *,
    max_writes: int,
) -> Decision | None:
    """The decision for the open units of an order; None when it has none or may not be allocated now.

    An order too large for one transaction is served in steps of whole lines, each step an attempt of its own.
    """
    waiting = [Demand(line.number, line.sku, line.open) for line in order.lines if line.open]
    if not waiting or order.status not in OPEN_STATES or order.blocked_by("allocate"):
        return None
    excluded = _excluded(works, request)
    lines = {line.number: line for line in order.lines}
    count = len(waiting)
    while True:
        part = waiting[:count]
        plan = plan_lines(part, lines, picture, locations, order.destination, excluded)
        queues = _queues(order, plan, picture, rank(locations, order.destination, excluded))
        changes = _changes(order, plan, queues)
        if count == 1 or 1 + len(plan.locations) + len(changes) <= max_writes:
            break
        count //= 2
    attempt = max([order.attempt, *(work.attempt + 1 for work in works)])
    made = _fulfillment_orders(order, plan, attempt, now)
    header = _header(order, plan, queues, made, attempt, now)
    return Decision(request, header, made, changes, more=count < len(waiting))


def _excluded(works: Sequence[FulfillmentOrder], request: AllocationRequest) -> frozenset[str]:
    """After a refusal nobody is asked who refused this order before."""
    if not request.refused:
        return request.excluded
    refused = {work.location for work in works if work.status == "rejected" or any(line.short for line in work.lines)}
    return request.excluded | refused


def _queues(
    order: Order, plan: SourcingPlan, picture: Mapping[PositionKey, Position], ranked: Mapping[str, int]
) -> dict[int, str]:
    """By line, the location whose books carry its backordered units: the nearest that keeps the SKU.

    A line's backorders stay in one place. A SKU that nobody keeps, or a bundle whose components lie nowhere together,
    is in no books.
    """
    queues: dict[int, str] = {}
    for line in order.lines:
        if line.number in plan.backordered:
            names = (line.waits_at, *ranked) if line.waits_at else tuple(ranked)
            shelves = on_the_shelf(line, 1)
            place = next((name for name in names if all((sku, name) in picture for sku in shelves)), None)
            if place is not None:
                queues[line.number] = place
    return queues


def _changes(order: Order, plan: SourcingPlan, queues: Mapping[int, str]) -> dict[PositionKey, Change]:
    changes: dict[PositionKey, Change] = {}
    lines = {line.number: line for line in order.lines}
    for take in plan.takes:
        for sku, units in on_the_shelf(lines[take.number], take.quantity).items():
            key = (sku, take.location)
            changes[key] = changes.get(key, Change()).plus(Change(committed=units))
    for number, place in queues.items():
        for sku, units in on_the_shelf(lines[number], plan.backordered[number]).items():
            key = (sku, place)
            changes[key] = changes.get(key, Change()).plus(Change(backordered=units))
    return changes


def _fulfillment_orders(order: Order, plan: SourcingPlan, attempt: int, now: datetime) -> tuple[FulfillmentOrder, ...]:
    components = {line.number: line.components for line in order.lines}
    return tuple(
        FulfillmentOrder(
            id=fulfillment_order_id(order.id, attempt, location),
            order_id=order.id,
            location=location,
            attempt=attempt,
            status="open",
            lines=tuple(
                FulfillmentLine(
                    number=take.number, sku=take.sku, quantity=take.quantity, components=components[take.number]
                )
                for take in plan.takes
                if take.location == location
            ),
            currency=order.currency,
            entered_at=to_text(now),
            account_id=order.account_id,
        ).changed(at=now, by=BY, what="Opened")
        for location in plan.locations
    )


def _header(
    order: Order,
    plan: SourcingPlan,
    queues: Mapping[int, str],
    made: Sequence[FulfillmentOrder],
    attempt: int,
    now: datetime,
) -> Order:
    taken: dict[int, int] = {}
    for take in plan.takes:
        taken[take.number] = taken.get(take.number, 0) + take.quantity
    served = taken.keys() | plan.backordered.keys()
    lines = replace_line(
        order.lines,
        {
            line.number: {
                "open": 0,
                "allocated": line.allocated + taken.get(line.number, 0),
                "backordered": line.backordered + plan.backordered.get(line.number, 0),
                "waits_at": queues.get(line.number, line.waits_at),
            }
            for line in order.lines
            if line.number in served
        },
    )
    short: dict[str, int] = {}
    for line in order.lines:
        if line.number in plan.backordered:
            short[line.sku] = short.get(line.sku, 0) + plan.backordered[line.number]
    facts: list[OrderAllocated | OrderBackordered] = []
    if made:
        ids = [work.id for work in made]
        facts.append(OrderAllocated(order_id=order.id, attempt=attempt, fulfillment_order_ids=ids))
    if short:
        facts.append(OrderBackordered(order_id=order.id, attempt=attempt, units=short))
    status = move(ORDER, order.status, "allocate" if made else "backorder")
    dwell = MAX_DWELL["fulfillment_order.open" if made else "order.confirmed"]
    return order.changed(
        *facts,
        at=now,
        by=BY,
        why=plan.reason,
        status=status,
        entered_at=order.entered_at if status == order.status else to_text(now),
        watch_at=to_text(now + dwell),
        attempt=attempt,
        lines=lines,
    )
