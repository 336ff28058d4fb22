"""What one order gets: the new header, its fulfillment orders, and what moves in the books. Pure."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from oms.allocation.bundled import plan_lines
from oms.allocation.decisions.model import DecisionRecord, inputs_of, record_of
from oms.allocation.model import AllocationRequest
from oms.allocation.reserved import Spent
from oms.allocation.rules import Demand, SourcingPlan, rank
from oms.allocation.sourcing.desk import Sourcing
from oms.allocation.steps import steps_of
from oms.events.orders import OrderAllocated, OrderBackordered
from oms.inventory.model import Change, Movement, Position, PositionKey
from oms.kernel.time import to_text
from oms.orders.bundles import on_the_shelf
from oms.orders.lifecycle import MAX_DWELL, ORDER, move
from oms.orders.model import (
    FulfillmentLine,
    FulfillmentOrder,
    Order,
    Reserving,
    fulfillment_order_id,
    replace_line,
)
from oms.orders.workload.model import Workday
from oms.orders.workload.rules import loads

BY = "system:allocate_orders"
OPEN_STATES = ("confirmed", "in_fulfillment")
AT_A_TIME = 40  # Step Functions: iterations of an inline Map that run side by side


class Decision(NamedTuple):
    """One order's part of a transaction. `step` of `steps`: a large order takes several, one after the other.

    `spent` is what becomes of its reservation. The first step has the `records` of what was decided.
    """

    request: AllocationRequest
    order: Order
    works: tuple[FulfillmentOrder, ...]
    changes: Mapping[PositionKey, Change]
    step: int = 1
    steps: int = 1
    spent: Spent | None = None
    records: tuple[DecisionRecord, ...] = ()

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
    def days(self) -> set[Workday]:
        """The days of locations that it takes of."""
        return set(loads(self.works))

    @property
    def leans_on(self) -> set[str]:
        """Locations whose day it takes of, or found full."""
        full = {row.location for one in self.records for row in one.excluded if row.constraint == "capacity"}
        return full | {day.location for day in self.days}

    @property
    def items(self) -> int:
        """Writes besides the positions."""
        return 1 + len(self.works) + (self.spent is not None)


def decide(
    order: Order,
    works: Sequence[FulfillmentOrder],
    request: AllocationRequest,
    picture: Mapping[PositionKey, Position],
    sourcing: Sourcing,
    now: datetime,
    kept: Collection[PositionKey] = (),
) -> list[Decision]:
    """The decision for the open units of an order; none when it has none or may not be allocated now.

    An order too large for one transaction is planned as a whole and reserved step by step, a location after the
    other. Its header counts the steps, so that whoever comes after a crash goes on with what is still open; only the
    last step says `OrderAllocated`, so that no location begins with half of it. `kept` are positions at which the
    order has units reserved: they move with it.
    """
    if order.status not in OPEN_STATES or order.cancelling or order.blocked_by("allocate"):
        return []
    waiting = [Demand(line.number, line.sku, line.open) for line in order.lines if line.open]
    if not waiting:
        return [Decision(request, _all_reserved(order, works, now), (), {})] if order.reserving else []
    excluded = _excluded(works, request)
    plan, outcomes = plan_lines(order, waiting, picture, sourcing, excluded, now)
    queues = _queues(order, plan, picture, rank(sourcing.locations, order.destination, excluded))
    attempt = order.reserving.attempt if order.reserving else max([order.attempt, *(one.attempt + 1 for one in works)])
    steps = list(_steps(order, works, request, steps_of(plan, queues, order.lines, kept), queues, attempt, now))
    at, prices = to_text(now), sourcing.priced_by()
    records = tuple(record_of(order.id, attempt, at, inputs_of(case), outcome, prices) for case, outcome in outcomes)
    return [steps[0]._replace(records=records), *steps[1:]]


def counted(steps: Sequence[Decision], works: Sequence[FulfillmentOrder], sourcing: Sourcing) -> list[Decision]:
    """The steps of an order with what they take of the days of their locations."""
    before = list(works)
    made: list[Decision] = []
    beyond = any("capacity" in record.relaxed for step in steps for record in step.records)
    for step in steps:
        taking = sourcing.days.counted(step.works, before, beyond=beyond)
        before += taking
        made.append(step._replace(works=taking))
    return made


def _steps(
    order: Order,
    works: Sequence[FulfillmentOrder],
    request: AllocationRequest,
    plans: Sequence[SourcingPlan],
    queues: Mapping[int, str],
    attempt: int,
    now: datetime,
) -> Iterator[Decision]:
    before = order.reserving.done if order.reserving else 0
    own = [work for work in works if work.attempt == attempt]
    for done, plan in enumerate(plans, 1):
        made = _fulfillment_orders(order, plan, attempt, own, now)
        own += made
        changes = _changes(order, plan, queues)
        if done < len(plans):
            marker = Reserving(attempt=attempt, done=before + done, of=before + len(plans))
            order = _step_said(_partly(order, plan, queues, marker), order.status, now)
        else:
            order = _header(order, plan, queues, own if order.reserving else made, attempt, now)
        yield Decision(request, order, made, changes, done, len(plans))


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
    for number in plan.backordered.keys() & queues.keys():
        for sku, units in on_the_shelf(lines[number], plan.backordered[number]).items():
            key = (sku, queues[number])
            changes[key] = changes.get(key, Change()).plus(Change(backordered=units))
    return changes


def _fulfillment_orders(
    order: Order, plan: SourcingPlan, attempt: int, own: Sequence[FulfillmentOrder], now: datetime
) -> tuple[FulfillmentOrder, ...]:
    """A location's share; a further part of it where it has one of this attempt already (`own`)."""
    parts = Counter(work.location for work in own)
    components = {line.number: line.components for line in order.lines}
    return tuple(
        FulfillmentOrder(
            id=fulfillment_order_id(order.id, attempt, location, parts[location]),
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


def _partly(order: Order, plan: SourcingPlan, queues: Mapping[int, str], reserving: Reserving | None) -> Order:
    """The header with what the plan serves no longer open; nothing is said yet."""
    taken: dict[int, int] = {}
    for take in plan.takes:
        taken[take.number] = taken.get(take.number, 0) + take.quantity
    served = taken.keys() | plan.backordered.keys()
    waits_at = {number: place for number, place in queues.items() if number in plan.backordered}
    lines = replace_line(
        order.lines,
        {
            line.number: {
                "open": line.open - taken.get(line.number, 0) - plan.backordered.get(line.number, 0),
                "allocated": line.allocated + taken.get(line.number, 0),
                "backordered": line.backordered + plan.backordered.get(line.number, 0),
                "waits_at": waits_at.get(line.number, line.waits_at),
            }
            for line in order.lines
            if line.number in served
        },
    )
    status = move(ORDER, order.status, "allocate" if taken else "backorder")
    return order.model_copy(update={"lines": lines, "status": status, "reserving": reserving})


def _step_said(order: Order, before: str, now: datetime) -> Order:
    reserving = order.reserving
    if reserving is None:
        raise ValueError("no step of an order that is not being reserved")
    return order.changed(
        at=now,
        by=BY,
        what="Reserving",
        why=f"{reserving.done} of {reserving.of}",
        entered_at=order.entered_at if order.status == before else to_text(now),
        watch_at=to_text(now + MAX_DWELL["fulfillment_order.open"]),
    )


def _header(
    order: Order,
    plan: SourcingPlan,
    queues: Mapping[int, str],
    own: Sequence[FulfillmentOrder],
    attempt: int,
    now: datetime,
) -> Order:
    """The header after the last step (or the only one)."""
    short: dict[str, int] = {}
    waits = {line.number: line.backordered for line in order.lines if line.backordered} if order.reserving else {}
    for line in order.lines:
        units = waits.get(line.number, 0) + plan.backordered.get(line.number, 0)
        if units:
            short[line.sku] = short.get(line.sku, 0) + units
    return _said(_partly(order, plan, queues, None), order.status, own, short, attempt, plan.reason, now)


def _all_reserved(order: Order, works: Sequence[FulfillmentOrder], now: datetime) -> Order:
    """The units of the last step are not wanted any more: what the steps before it took is all there is."""
    attempt = order.reserving.attempt if order.reserving else order.attempt
    own = [work for work in works if work.attempt == attempt]
    return _said(order.model_copy(update={"reserving": None}), order.status, own, {}, attempt, "all reserved", now)


def _said(
    order: Order,
    before: str,
    own: Sequence[FulfillmentOrder],
    short: Mapping[str, int],
    attempt: int,
    why: str,
    now: datetime,
) -> Order:
    """The next version, with its facts: a fact names no more fulfillment orders than its workflow does at a time."""
    facts: list[OrderAllocated | OrderBackordered] = []
    ids = [work.id for work in own if work.status == "open"]
    for start in range(0, len(ids), AT_A_TIME):
        some = ids[start : start + AT_A_TIME]
        facts.append(OrderAllocated(order_id=order.id, attempt=attempt, fulfillment_order_ids=some))
    if short:
        facts.append(OrderBackordered(order_id=order.id, attempt=attempt, units=dict(short)))
    dwell = MAX_DWELL["fulfillment_order.open" if ids else "order.confirmed"]
    return order.changed(
        *facts,
        at=now,
        by=BY,
        why=why,
        what=None if facts else "Reserved",
        entered_at=order.entered_at if order.status == before else to_text(now),
        watch_at=to_text(now + dwell),
        attempt=max(order.attempt, attempt),
    )
