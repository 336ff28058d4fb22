"""What one order gets: the new header, its fulfillment orders, and what moves in the books. Pure."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from oms.allocation.admitting import REASON, Admission
from oms.allocation.bookkeeping import changes_of, queues_of, summed
from oms.allocation.decisions.model import DecisionRecord, Refused, records_of
from oms.allocation.fallbacks.chain import Look
from oms.allocation.model import AllocationRequest
from oms.allocation.planned import Planned, planned
from oms.allocation.reserved import Spent
from oms.allocation.rules import Demand, SourcingPlan, Take, rank, shares_of
from oms.allocation.shipped import WHY as ALLOCATED
from oms.allocation.sourcing.desk import Sourcing
from oms.allocation.steps import steps_of
from oms.allocation.turns import Turn, left_behind, turn_of, turned
from oms.events.fact import FactData
from oms.events.orders import OrderAllocated, OrderBackordered, OrderSubstituted
from oms.inventory.model import Change, Movement, Position, PositionKey
from oms.inventory.transfers.asking import ROWS_EACH, taken_by
from oms.inventory.transfers.model import Transfer
from oms.inventory.waiting.door.model import AtDoor
from oms.inventory.waiting.door.store import WRITES as DOOR_WRITES
from oms.inventory.waiting.model import UNKNOWN
from oms.inventory.waiting.rules import Moves, moves_of
from oms.kernel.time import to_text
from oms.orders.holding import holds_on_the_rest
from oms.orders.lifecycle import MAX_DWELL, ORDER, move
from oms.orders.lines import replace_line
from oms.orders.model import (
    FulfillmentLine,
    FulfillmentOrder,
    Line,
    Order,
    Reserving,
    fulfillment_order_id,
)
from oms.orders.promises import PromiseRow, promise_changed, promise_row
from oms.orders.workload.model import Workday
from oms.orders.workload.rules import UNDONE, loads

BY = "system:allocate_orders"
OPEN_STATES = ("confirmed", "in_fulfillment")
AT_A_TIME = 40  # Step Functions: iterations of an inline Map that run side by side
SKUS_IN_A_FACT = 500  # each of 64 characters of up to four bytes: half of what a bus entry takes


class Decision(NamedTuple):
    """One order's part of a transaction. `step` of `steps`: a large order takes several, one after the other.

    `spent` is what becomes of its reservation. The first step has the `records` of what was decided. `before` is the
    order as it is stored, or as the step before leaves it; `promised` a new line of its ledger of promises;
    `transfers` are asked for with it; `door`: where it stands until a cap has room.
    """

    request: AllocationRequest
    order: Order
    works: tuple[FulfillmentOrder, ...]
    changes: Mapping[PositionKey, Change]
    step: int = 1
    steps: int = 1
    spent: Spent | None = None
    records: tuple[DecisionRecord, ...] = ()
    before: Order | None = None
    promised: PromiseRow | None = None
    transfers: tuple[Transfer, ...] = ()
    door: AtDoor | None = None

    @property
    def moves(self) -> Moves:
        """What it moves in the lines for scarce SKUs."""
        return moves_of((self.before, self.order))

    @property
    def movements(self) -> list[Movement]:
        """What moves in the books, for this order."""
        taken = [
            Movement("committed" if change.committed else "backordered", key, change, ref=self.order.id)
            for key, change in self.changes.items()
        ]
        sent = [one for transfer in self.transfers for one in taken_by(transfer)]
        return [*(self.spent.movements if self.spent else ()), *taken, *sent]

    @property
    def touched(self) -> set[PositionKey]:
        """The positions that move."""
        sent = {(line.sku, transfer.source) for transfer in self.transfers for line in transfer.lines}
        return self.changes.keys() | (self.spent.keys if self.spent else set()) | sent

    @property
    def taken(self) -> set[str]:
        """SKUs on the shelf of which it takes units that nobody had."""
        return {sku for (sku, _), change in self.changes.items() if change.committed > 0}

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
        """Writes besides the positions and the heads of lines."""
        own = 1 + len(self.works) + (self.spent is not None) + (self.promised is not None)
        return own + self.moves.items + ROWS_EACH * len(self.transfers) + (DOOR_WRITES if self.door else 0)


def decide(
    order: Order,
    works: Sequence[FulfillmentOrder],
    request: AllocationRequest,
    view: Mapping[PositionKey, Position],
    sourcing: Sourcing,
    now: datetime,
    kept: Collection[PositionKey] = (),
    *,
    admission: Admission,
    books: Mapping[PositionKey, Position],
    under_way: Mapping[str, Transfer] = {},
    look: Look = lambda _: {},
) -> list[Decision]:
    """The decision for the units of an order that are open or wait; none when nothing changes, or it may not be now.

    An order too large for one transaction is planned as a whole and reserved step by step, a location after the
    other. Its header counts the steps, so that whoever comes after a crash goes on with what is still open; only the
    last step says `OrderAllocated`, so that no location begins with half of it. `kept` are positions at which the
    order has units reserved: they move with it. `view` is the stock that is there for this order, `books` all of it.
    `under_way` are the transfers that were asked for for it, by id. `look` reads what is there of other SKUs.
    """
    if order.status not in OPEN_STATES or order.cancelling or order.blocked_by("allocate"):
        return []
    asked = turned(order, view, now)
    waiting = [Demand(line.number, line.sku, line.open) for line in asked.lines if line.open]
    if not waiting:
        return [Decision(request, _all_reserved(order, works, now), (), {}, before=order)] if order.reserving else []
    excluded = excluded_by(works, request)
    ships = ships_from(works)
    found = planned(asked, waiting, view, sourcing, now, excluded=excluded, ships=ships, under_way=under_way, look=look)
    if not found.plan.takes and not found.fell.wishes and not any(line.open for line in order.lines):
        return []
    order, asked = (one.model_copy(update={"kept_to": found.kept_to(ships)}) for one in (order, asked))
    ranked = rank(sourcing.own, order.destination, excluded)
    queues = {**queues_of(order, found.plan, books, ranked, admission.may_ship), **found.fell.waits_at}
    turn = turn_of(order, asked, found, queues, books, sourcing, admission, now, by=BY)
    plans = steps_of(turn.let_wait(found.plan), queues, order.lines, kept, turn.leaving)
    attempt = order.reserving.attempt if order.reserving else max([order.attempt, *(one.attempt + 1 for one in works)])
    steps = list(_steps(turn, works, request, plans, queues, attempt, now))
    return [steps[0]._replace(records=_records(turn, found, attempt, sourcing, now)), *steps[1:]]


def _records(turn: Turn, found: Planned, attempt: int, sourcing: Sourcing, now: datetime) -> tuple[DecisionRecord, ...]:
    refused = Refused(turn.admitted.refused, "; ".join(spec.note or spec.reason for spec in turn.admitted.holds))
    about = (turn.stored.id, attempt, to_text(now), sourcing.priced_by())
    currency = sourcing.currency() if found.plan.takes else ""
    return records_of(about, found.outcomes, found.fell, currency=currency, refused=refused)


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
    turn: Turn,
    works: Sequence[FulfillmentOrder],
    request: AllocationRequest,
    plans: Sequence[SourcingPlan],
    queues: Mapping[int, str],
    attempt: int,
    now: datetime,
) -> Iterator[Decision]:
    order, before = turn.asked, turn.stored
    done_before = before.reserving.done if before.reserving else 0
    own = [work for work in works if work.attempt == attempt]
    left = left_behind(turn)
    for done, plan in enumerate(plans, 1):
        made = _fulfillment_orders(order, plan, attempt, own, turn, now)
        own += made
        changes = summed(left, changes_of(order, plan, queues))
        left, promised = {}, None
        after = _partly(order, plan, queues, turn, now)
        if done < len(plans):
            marker = Reserving(attempt=attempt, done=done_before + done, of=done_before + len(plans))
            after = _step_said(after.model_copy(update={"reserving": marker}), order.status, now)
        else:
            said = _Said(order.status, own if order.reserving else made, attempt, plan.reason, now)
            others = [work for work in works if work.attempt != attempt]
            after, promised = _header(turn, after.model_copy(update={"reserving": None}), said, [*others, *own])
        last = done == len(plans)
        sent, door = tuple(turn.asking.values()) if last else (), turn.admitted.door if last else None
        step = Decision(request, after, made, changes, done, len(plans), before=before, promised=promised)
        yield step._replace(transfers=sent, door=door)
        order = before = after


def excluded_by(works: Sequence[FulfillmentOrder], request: AllocationRequest) -> frozenset[str]:
    """After a refusal nobody is asked who refused this order before."""
    if not request.refused:
        return request.excluded
    refused = {work.location for work in works if work.status == "rejected" or any(line.short for line in work.lines)}
    return request.excluded | refused


def ships_from(works: Sequence[FulfillmentOrder]) -> dict[str, int]:
    """Locations that ship some of the order or did, with their parcels: at least one for each fulfillment order."""
    parcels: Counter[str] = Counter()
    for work in works:
        if work.status not in UNDONE:
            parcels[work.location] += max(len(work.parcel_ids), 1)
    return parcels


def _fulfillment_orders(
    order: Order, plan: SourcingPlan, attempt: int, own: Sequence[FulfillmentOrder], turn: Turn, now: datetime
) -> tuple[FulfillmentOrder, ...]:
    """A location's shares; further parts of it where it has one of this attempt already (`own`)."""
    parts = Counter(work.location for work in own)
    lines = {line.number: line for line in order.lines}
    made: list[FulfillmentOrder] = []
    for location, takes in shares_of(plan.takes):
        work = FulfillmentOrder(
            id=fulfillment_order_id(order.id, attempt, location, parts[location]),
            order_id=order.id,
            location=location,
            attempt=attempt,
            status="open",
            lines=tuple(_share(take, lines[take.number]) for take in takes),
            currency=order.currency,
            entered_at=to_text(now),
            account_id=order.account_id,
            supplier=turn.suppliers[location].supplier if location in turn.suppliers else None,
        )
        parts[location] += 1
        made.append(work.changed(at=now, by=BY, what="Opened"))
    return tuple(made)


def _share(take: Take, line: Line) -> FulfillmentLine:
    if take.sku == line.sku:
        return FulfillmentLine(number=take.number, sku=take.sku, quantity=take.quantity, components=line.components)
    return FulfillmentLine(number=take.number, sku=take.sku, quantity=take.quantity, instead_of=line.sku)


def _partly(order: Order, plan: SourcingPlan, queues: Mapping[int, str], turn: Turn, now: datetime) -> Order:
    """The header with what the plan serves no longer open; nothing is said yet."""
    admitted = turn.admitted
    taken: dict[int, int] = {}
    for take in plan.takes:
        taken[take.number] = taken.get(take.number, 0) + take.quantity
    served = taken.keys() | plan.backordered.keys() | admitted.refused
    changes: dict[int, dict[str, object]] = {}
    for line, stored in zip(order.lines, turn.stored.lines, strict=True):
        if line.number not in served:
            continue
        more = plan.backordered.get(line.number, 0)
        got, waits = taken.get(line.number, 0), line.backordered + more
        changes[line.number] = {
            "open": line.open - got - more,
            "allocated": line.allocated + got,
            "backordered": waits,
            "waits_at": queues.get(line.number) if more else line.waits_at if waits else None,
            "supply_on": admitted.supply_on.get(line.number, line.supply_on) if waits else None,
            "waits_since": ((stored.backordered and stored.waits_since) or to_text(now)) if waits else None,
            "transfers": turn.transfers_of(line) if waits else (),
            "give_up_at": turn.gives_up_at(stored) if waits else None,
        }
    status = move(ORDER, order.status, "allocate" if taken else "backorder")
    return order.model_copy(update={"lines": replace_line(order.lines, changes), "status": status})


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


class _Said(NamedTuple):
    """What is said of a decision: the status before, the fulfillment orders that it is about, why and when."""

    before: str
    own: Sequence[FulfillmentOrder]
    attempt: int
    why: str
    now: datetime


def _header(
    turn: Turn, order: Order, said: _Said, works: Sequence[FulfillmentOrder]
) -> tuple[Order, PromiseRow | None]:
    """The header after the last step (or the only one), with the row for its ledger if its promise is another one.

    `works` are all fulfillment orders that it has now.
    """
    before = {} if turn.stored.reserving else {line.number: line.backordered for line in turn.stored.lines}
    short: Counter[str] = Counter()
    row: PromiseRow | None
    for line in order.lines:
        if line.backordered > before.get(line.number, 0):
            short[line.sku] += line.backordered
    refused = bool(turn.admitted.refused)
    promise = turn.admitted.promise if short or refused else turn.as_shipped(turn.stored, order, works)
    holds, held = holds_on_the_rest(order, turn.admitted.holds, at=said.now)
    also: list[FactData] = [*held]
    row = promise_row(
        order, promise, by=BY, why=REASON if refused else "backordered" if short else ALLOCATED, at=said.now
    )
    if promise != order.promise:
        also.append(promise_changed(row))
    elif not short or set(row.supply_on.values()) <= {UNKNOWN}:
        row = None  # nothing is promised
    said = said._replace(why=_why(turn, said.why))
    return _spoken(order, said, short, also, promise=promise, holds=(*order.holds, *holds)), row


def _why(turn: Turn, reason: str) -> str:
    """The reason in the log; with that of a hold and the transfers that are asked for, if there are any."""
    notes = [f"{spec.reason}: {spec.note}" for spec in turn.admitted.holds]
    notes += [f"transfer of {wish.units} {wish.sku} from {wish.source} to {wish.destination}" for wish in turn.asking]
    return "; ".join([reason, *notes])


def _all_reserved(order: Order, works: Sequence[FulfillmentOrder], now: datetime) -> Order:
    """The units of the last step are not wanted any more: what the steps before it took is all there is."""
    attempt = order.reserving.attempt if order.reserving else order.attempt
    own = [work for work in works if work.attempt == attempt]
    said = _Said(order.status, own, attempt, "all reserved", now)
    return _spoken(order.model_copy(update={"reserving": None}), said, {}, ())


def _spoken(order: Order, said: _Said, short: Mapping[str, int], also: Sequence[FactData], **changes: Any) -> Order:
    """The next version, with its facts: a fact names no more fulfillment orders than its workflow does at a time."""
    facts: list[FactData] = []
    ids = [work.id for work in said.own if work.status == "open"]
    for start in range(0, len(ids), AT_A_TIME):
        some = ids[start : start + AT_A_TIME]
        facts.append(OrderAllocated(order_id=order.id, attempt=said.attempt, fulfillment_order_ids=some))
    replaced = [line for work in said.own for line in work.lines if line.instead_of]
    for start in range(0, len(replaced), SKUS_IN_A_FACT // 2):
        some_lines = replaced[start : start + SKUS_IN_A_FACT // 2]
        swapped = tuple((line.number, line.instead_of or "", line.sku, line.quantity) for line in some_lines)
        facts.append(OrderSubstituted(order_id=order.id, attempt=said.attempt, units=swapped))
    skus = list(short)
    for start in range(0, len(skus), SKUS_IN_A_FACT):
        units = {sku: short[sku] for sku in skus[start : start + SKUS_IN_A_FACT]}
        facts.append(OrderBackordered(order_id=order.id, attempt=said.attempt, units=units))
    facts += also
    dwell = MAX_DWELL["fulfillment_order.open" if ids else "order.confirmed"]
    return order.changed(
        *facts,
        at=said.now,
        by=BY,
        why=said.why,
        what=None if facts else "Reserved",
        entered_at=order.entered_at if order.status == said.before else to_text(said.now),
        watch_at=to_text(said.now + dwell),
        attempt=max(order.attempt, said.attempt),
        **changes,
    )
