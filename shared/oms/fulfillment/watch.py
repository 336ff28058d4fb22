"""The watchdog and what it starts: find every order that is stuck, then remind, source again, or tell a person."""

import logging
import zlib
from collections.abc import Iterator
from datetime import datetime, timedelta

from pydantic import ValidationError

from oms.aws.tables import commit
from oms.events.fulfillment import FulfillmentOrderReminded
from oms.events.orders import OrderHeld
from oms.fulfillment.dwell import (
    REMINDED,
    RULES,
    Action,
    Running,
    decide_exception,
    hold_id,
    next_look,
    overdue,
)
from oms.fulfillment.model import DeadlinesPort, ExceptionTask, ExceptionWorkflow, TaskOutcome, WatchReport
from oms.fulfillment.release import again_on_conflict
from oms.kernel.errors import ConflictError
from oms.kernel.time import Clock, to_text
from oms.orders.completion import completed
from oms.orders.holding import put_on_hold
from oms.orders.lifecycle import LIVE_FULFILLMENT_STATES, LIVE_ORDER_STATES
from oms.orders.model import Order, Parcel
from oms.orders.store import LEFT_OPEN, SHARDS, OrderStore, OrderTree

_log = logging.getLogger("baton.fulfillment")
PAGE = 100
MAX_PER_RUN = 1_000  # about 30 ms each on one 120 s run, with room; what is left comes first in the next run
GRACE = timedelta(hours=12)  # longer than all rounds of any rule take


def watch_orders(
    *,
    orders: OrderStore,
    workflow: ExceptionWorkflow,
    deadlines: DeadlinesPort,
    clock: Clock,
    limit: int = MAX_PER_RUN,
) -> WatchReport:
    """Look at every live order whose deadline in the index has passed, most overdue first.

    What its holds and its change set say is done at once: a hold is released, the order cancelled, or its owner told.
    So is the change set closed of an order that ended before anybody decided on it.

    The index may say "look" too early: then the deadline moves on. An order that is really overdue starts the
    exception workflow once per version of its header, and is looked at again after a grace.
    """
    report = WatchReport()
    for order_id in _due(orders, clock()):
        if report.looked_at == limit:
            return report.model_copy(update={"unfinished": True})
        outcome = _look(order_id, orders, workflow, deadlines, clock)
        counts = {"looked_at": report.looked_at + 1, outcome: getattr(report, outcome) + 1}
        report = report.model_copy(update=counts)
    return report


def _due(orders: OrderStore, now: datetime) -> Iterator[str]:
    """Ids by status and shard, page by page; what was seen has moved on, so each page starts at the front again."""
    for status in (*LIVE_ORDER_STATES, LEFT_OPEN):
        for shard in range(SHARDS):
            seen: set[str] = set()
            while True:
                page = orders.live(status, shard, until=now, limit=PAGE + len(seen))
                fresh = [order_id for order_id in page if order_id not in seen]
                yield from fresh
                seen.update(fresh)
                if not fresh or len(page) < PAGE:
                    break


def _look(
    order_id: str, orders: OrderStore, workflow: ExceptionWorkflow, deadlines: DeadlinesPort, clock: Clock
) -> str:
    """`rearmed`, `started`, `expired`, `contended` or `unreadable`."""
    now = clock()
    try:
        tree, parcels = read_whole(orders, order_id)
        ends_at = tree.order.ends_at
        if ends_at and ends_at <= to_text(now) and deadlines.keep(order_id):
            return "expired"
    except ConflictError:
        return "contended"
    except (ValidationError, zlib.error):
        _log.exception("order %s cannot be read", order_id)  # the next one must not wait for it
        return "unreadable"
    order, works = tree
    late = overdue(order, works, parcels, now)
    if late:
        document = ExceptionTask.model_validate({"order_id": order_id, "attempt": order.attempt, **_cause(late)})
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


def assess_order(document: ExceptionTask, *, orders: OrderStore, clock: Clock) -> ExceptionTask:
    """Decide the next step for a stuck order, and count the round.

    An order that lacks nothing but its completion (the last scan came before the location's word) is completed here.

    Raises:
        ConflictError: others kept writing first.
    """

    def attempt() -> ExceptionTask:
        tree, parcels = read_whole(orders, document.order_id)
        now = clock()
        done = completed(tree, parcels, at=now, by="system:assess_order")
        if done:
            commit(orders.write(done))
            return _said(document, Action("resolved", document.round), done)
        action = decide_exception(
            *tree, parcels, now, state=document.state, subject=document.subject, rounds=document.round
        )
        return _said(document, action, tree.order)

    return again_on_conflict(attempt)


def _said(document: ExceptionTask, action: Action, order: Order) -> ExceptionTask:
    changes: dict[str, object] = {
        "outcome": action.outcome,
        "round": action.round,
        "wait_s": action.wait_s,
        "attempt": order.attempt,
    }
    if action.running:
        changes |= _cause(action.running)
    if action.outcome == "resource" and action.running and action.running.work:
        changes["fulfillment_order_ids"] = [action.running.work.id]
    return document.model_copy(update=changes)


def _cause(late: Running) -> dict[str, object]:
    return {
        "state": late.state,
        "subject": late.subject,
        "entered_at": to_text(late.since),
        "reason": RULES[late.state].hold_reason,
        "fulfillment_order_id": late.work.id if late.work else None,
        "fulfillment_order_ids": [],
    }


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
                hold_id(document.subject, document.state, document.entered_at),
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
