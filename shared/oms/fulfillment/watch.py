"""The watchdog and what it starts: find every order that is stuck, then remind, source again, or tell a person."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from oms.aws.tables import commit
from oms.events.fulfillment import FulfillmentOrderReminded
from oms.events.orders import OrderHeld
from oms.fulfillment.case import Case
from oms.fulfillment.dwell import (
    REMINDED,
    RULES,
    TAKE_BACK_REASONS,
    Action,
    Running,
    decide_exception,
    hold_id,
    next_look,
    overdue,
)
from oms.fulfillment.model import ExceptionTask, ExceptionWorkflow, Stock, TaskOutcome, WatchReport
from oms.fulfillment.release import again_on_conflict
from oms.fulfillment.rules import take_back
from oms.fulfillment.service import Step, write_step
from oms.kernel.errors import ConflictError
from oms.kernel.time import Clock
from oms.orders.holding import put_on_hold
from oms.orders.lifecycle import LIVE_FULFILLMENT_STATES, LIVE_ORDER_STATES
from oms.orders.model import Parcel
from oms.orders.store import SHARDS, OrderStore, OrderTree

PAGE = 100
MAX_PER_RUN = 1_000  # about 30 ms each on one 120 s run, with room; what is left comes first in the next run
GRACE = timedelta(hours=12)  # longer than all rounds of any rule take


def watch_orders(
    *, orders: OrderStore, workflow: ExceptionWorkflow, clock: Clock, limit: int = MAX_PER_RUN
) -> WatchReport:
    """Look at every live order whose deadline in the index has passed, most overdue first.

    The index may say "look" too early: then the deadline moves on. An order that is really overdue starts the
    exception workflow once per version of its header, and is looked at again after a grace.
    """
    report = WatchReport()
    for order_id in _due(orders, clock()):
        if report.looked_at == limit:
            return report.model_copy(update={"unfinished": True})
        outcome = _look(order_id, orders, workflow, clock())
        counts = {"looked_at": report.looked_at + 1, outcome: getattr(report, outcome) + 1}
        report = report.model_copy(update=counts)
    return report


def _due(orders: OrderStore, now: datetime) -> Iterator[str]:
    """Ids by status and shard, page by page; what was seen has moved on, so each page starts at the front again."""
    for status in LIVE_ORDER_STATES:
        for shard in range(SHARDS):
            seen: set[str] = set()
            while True:
                page = orders.live(status, shard, until=now, limit=PAGE + len(seen))
                fresh = [order_id for order_id in page if order_id not in seen]
                yield from fresh
                seen.update(fresh)
                if not fresh or len(page) < PAGE:
                    break


def _look(order_id: str, orders: OrderStore, workflow: ExceptionWorkflow, now: datetime) -> str:
    """`rearmed`, `started` or `contended`."""
    tree, parcels = read_whole(orders, order_id)
    order, works = tree
    late = overdue(order, works, parcels, now)
    if late:
        document = ExceptionTask(
            order_id=order_id,
            state=late.state,
            subject=late.subject,
            reason=RULES[late.state].hold_reason,
            fulfillment_order_id=late.work.id if late.work else None,
        )
        workflow.start(f"{order_id}-{late.state.replace('.', '-')}-{order.version}", document)
    look_again = now + GRACE if late else next_look(order, works, parcels, now)
    try:
        commit(orders.write(order.rearmed(look_again)))
    except ConflictError:
        return "contended"
    return "started" if late else "rearmed"


def read_whole(orders: OrderStore, order_id: str) -> tuple[OrderTree, list[Parcel]]:
    """An order with its fulfillment orders and its parcels.

    Raises:
        NotFoundError: no such order.
    """
    tree = orders.tree(order_id)
    ids = [parcel_id for work in tree.fulfillment_orders for parcel_id in work.parcel_ids]
    return tree, list(orders.parcels(ids).values()) if ids else []


def assess_order(document: ExceptionTask, *, orders: OrderStore, stock: Stock, clock: Clock) -> ExceptionTask:
    """Decide the next step for a stuck order, and count the round.

    When a silent location's work is to be sourced elsewhere it is taken back right here, in one transaction with its
    stock and the fact that asks allocation for another location: with that the cause is resolved, and the header has
    a clock of its own again. A repeat finds the order moved and decides on that.

    Raises:
        ConflictError: others kept writing first.
    """
    for _ in range(3):
        try:
            return _assess(document, orders, stock, clock())
        except ConflictError:
            continue
    return _assess(document, orders, stock, clock())


def _assess(document: ExceptionTask, orders: OrderStore, stock: Stock, now: datetime) -> ExceptionTask:
    (order, works), parcels = read_whole(orders, document.order_id)
    action = decide_exception(
        order, works, parcels, now, state=document.state, subject=document.subject, rounds=document.round
    )
    late = action.running
    if action.outcome == "resource" and late and late.work:
        own = tuple(parcel for parcel in parcels if parcel.id in late.work.parcel_ids)
        _take_back(Case(late.work, order, own), late, orders, stock, now)
        return _said(document, action._replace(outcome="resolved"))
    return _said(document, action)


def _take_back(case: Case, late: Running, orders: OrderStore, stock: Stock, now: datetime) -> None:
    reason = TAKE_BACK_REASONS[late.state]
    decision = take_back(case, reason=reason, now=now)
    step = Step(decision.case, decision.facts, decision.effect, (reason,), {}, ())
    write_step(case, step, at=now, orders=orders, stock=stock, by="system:assess_order")


def _said(document: ExceptionTask, action: Action) -> ExceptionTask:
    changes: dict[str, object] = {"outcome": action.outcome, "round": action.round, "wait_s": action.wait_s}
    if action.running:
        late = action.running
        changes |= {
            "state": late.state,
            "subject": late.subject,
            "reason": RULES[late.state].hold_reason,
            "fulfillment_order_id": late.work.id if late.work else None,
        }
    return document.model_copy(update=changes)


def remind_location(document: ExceptionTask, *, orders: OrderStore, clock: Clock) -> TaskOutcome:
    """Ask the location again, once per round; nothing to do when the work is no longer live."""

    def attempt() -> TaskOutcome:
        work = orders.get_fulfillment_order(document.order_id, document.fulfillment_order_id or "")
        if work.status in LIVE_FULFILLMENT_STATES and work.reminders < document.round:
            fact = FulfillmentOrderReminded(
                order_id=work.order_id,
                fulfillment_order_id=work.id,
                location=work.location,
                round=document.round,
            )
            changed = work.changed(fact, at=clock(), by="system:remind_location", reminders=document.round)
            commit(orders.write(changed))
        return TaskOutcome(outcome="reminded")

    return again_on_conflict(attempt)


def hold_order(document: ExceptionTask, *, orders: OrderStore, clock: Clock) -> TaskOutcome:
    """Put a stuck order on a visible hold for a person, once per cause. Outcomes: `held`, or `resolved` if it ended.

    An order that waits for a decision is on hold already: its owner is reminded, once.
    """

    def attempt() -> TaskOutcome:
        order = orders.get(document.order_id)
        if order.status not in LIVE_ORDER_STATES:
            return TaskOutcome(outcome="resolved")
        now, by = clock(), "system:hold_order"
        rule = RULES[document.state]
        if document.state == "order.validating" and order.holds:
            first = order.holds[0]
            fact = OrderHeld(order_id=order.id, hold_id=first.id, reason=first.reason, blocks=list(first.blocks))
            reminded = any(row.why == REMINDED for row in order.log[-1:])
            held = order if reminded else order.changed(fact, at=now, by=by, why=REMINDED)
        else:
            held = put_on_hold(
                order,
                hold_id(document.subject, document.state),
                reason=rule.hold_reason,
                blocks=rule.blocks,
                at=now,
                by=by,
                note=_note(document),
            )
        if held is not order:
            commit(orders.write(held))
        return TaskOutcome(outcome="held")

    return again_on_conflict(attempt)


def _note(document: ExceptionTask) -> str:
    what = f"{document.state} of {document.subject} after {document.round} round(s)"
    failed = str((document.error or {}).get("Error", ""))[:80]
    return f"{what}; {failed}" if failed else what
