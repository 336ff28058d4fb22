"""How long an order and its parts may stay as they are, and what is done about it. Pure; the rules are data.

Clocks run where somebody is expected to act: the header when units wait or a decision is due, each live fulfillment
order, each parcel under way. A header in fulfillment whose work is at locations or carriers has no clock of its own.
An open hold for a cause covers it: a person has been told, which is the action (domain I21).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from oms.inventory.waiting.model import UNKNOWN
from oms.kernel.ids import derive_id
from oms.kernel.time import from_text, to_text
from oms.orders.lifecycle import LIVE_FULFILLMENT_STATES, LIVE_ORDER_STATES, MAX_DWELL
from oms.orders.model import FulfillmentOrder, Order, Parcel

COVERED_FOR = timedelta(hours=24)  # how often a covered order is looked at
MAX_ATTEMPTS = 6  # sourcing attempts before a person decides (ours)
REMINDED = "decision_overdue"
PARKED = "fulfillment_failed"


class Rule(NamedTuple):
    """What to do round by round (the last action for all later ones), and the hold when a person must look."""

    actions: tuple[str, ...]
    hold_reason: str
    blocks: tuple[str, ...] = ()


RULES: Mapping[str, Rule] = {
    "order.validating": Rule(("hold",), REMINDED),
    "order.confirmed": Rule(("resource", "resource", "hold"), "not_allocated"),
    "order.unsourced": Rule(("resource", "resource", "hold"), "not_allocated"),
    "order.backordered": Rule(("resource", "hold"), "backordered_too_long"),
    "order.in_fulfillment": Rule(("hold",), "not_completed"),
    "fulfillment_order.open": Rule(("resource", "hold"), "not_released", ("release",)),
    "fulfillment_order.booked": Rule(("resource", "hold"), "not_released", ("release",)),
    "fulfillment_order.requested": Rule(("remind", "remind", "resource", "hold"), "location_silent"),
    "fulfillment_order.accepted": Rule(("remind", "remind", "hold"), "location_silent"),
    "fulfillment_order.in_progress": Rule(("remind", "hold"), "location_silent"),
    "fulfillment_order.incomplete": Rule(("remind", "hold"), "location_silent"),
    "parcel.label_purchased": Rule(("hold",), "parcel_left_behind"),
    "parcel.handed_over": Rule(("hold",), "lost_in_transit_check"),
}
WAIT_S: Mapping[str, int] = {"remind": 7_200, "resource": 1_800, "hold": 1, "resolved": 1}


class Running(NamedTuple):
    """One clock: `state` of `subject` began at `since`."""

    state: str
    subject: str
    since: datetime
    work: FulfillmentOrder | None = None

    @property
    def deadline(self) -> datetime:
        return self.since + MAX_DWELL[self.state]

    @property
    def hold_id(self) -> str:
        """The id of the hold that covers this clock: another one each time that the clock starts again."""
        return hold_id(self.subject, self.state, to_text(self.since))


class Action(NamedTuple):
    """What AssessOrder decides; `running` is None when nothing is overdue."""

    outcome: str
    round: int
    running: Running | None = None

    @property
    def wait_s(self) -> int:
        return WAIT_S[self.outcome]


def hold_id(subject: str, state: str, since: str) -> str:
    return derive_id("hld", subject, state, since)


def parking_hold_id(fulfillment_order_id: str) -> str:
    """The id of the hold that parks a fulfillment order whose workflow failed."""
    return derive_id("hld", fulfillment_order_id, PARKED)


def clocks(order: Order, works: Sequence[FulfillmentOrder], parcels: Sequence[Parcel]) -> list[Running]:
    """All clocks that run for an order; none when it has ended."""
    if order.status not in LIVE_ORDER_STATES:
        return []
    live = [work for work in works if work.status in LIVE_FULFILLMENT_STATES]
    below = [Running(f"fulfillment_order.{work.status}", work.id, from_text(work.entered_at), work) for work in live]
    below += _parcel_clocks(parcels, {work.id for work in live})
    return [_restarted(clock, order) for clock in (*_header_clocks(order, at_work=bool(below)), *below)]


def overdue(
    order: Order, works: Sequence[FulfillmentOrder], parcels: Sequence[Parcel], now: datetime
) -> Running | None:
    """The clock that ran out first and that no hold covers."""
    late = [clock for clock in clocks(order, works, parcels) if clock.deadline <= now and not covered(order, clock)]
    return min(late, key=lambda clock: clock.deadline, default=None)


def next_look(order: Order, works: Sequence[FulfillmentOrder], parcels: Sequence[Parcel], now: datetime) -> datetime:
    """When the order must be looked at again if nothing happens: the next deadline, a day at most for what is held."""
    coming = [
        now + COVERED_FOR if covered(order, clock) else max(clock.deadline, now)
        for clock in clocks(order, works, parcels)
    ]
    return min(coming, default=now + COVERED_FOR)


def covered(order: Order, clock: Running) -> bool:
    """A person has been told about this very cause and has not let go of it."""
    ids = {hold.id for hold in order.holds}
    if clock.hold_id in ids:
        return True
    if clock.state == "order.validating":
        return any(row.why == REMINDED for row in order.log[-1:])
    if clock.state in ("order.confirmed", "order.unsourced", "order.backordered"):
        return order.blocked_by("allocate") is not None
    if clock.state in ("fulfillment_order.open", "fulfillment_order.booked"):
        return order.blocked_by("release") is not None
    return False


def decide_exception(
    order: Order,
    works: Sequence[FulfillmentOrder],
    parcels: Sequence[Parcel],
    now: datetime,
    *,
    state: str,
    subject: str,
    rounds: int,
) -> Action:
    """What to do about an order that was found overdue in `state` of `subject`, after `rounds` rounds for that cause.

    Another cause begins at its own first round.
    """
    late = overdue(order, works, parcels, now)
    if late is None:
        return Action("resolved", rounds)
    if (late.state, late.subject) != (state, subject):
        rounds = 0
    actions = RULES[late.state].actions
    outcome = actions[min(rounds, len(actions) - 1)]
    if outcome == "resource" and order.attempt >= MAX_ATTEMPTS:
        outcome = "hold"
    return Action(outcome, rounds + 1, late)


def _restarted(clock: Running, order: Order) -> Running:
    """A clock whose hold a person has released starts again from there (the log says `<hold id> <reason>`)."""
    released = {row.why.partition(" ")[0]: row.at for row in order.log if row.why and row.why.startswith("hld_")}
    while clock.hold_id in released:
        clock = clock._replace(since=from_text(released[clock.hold_id]))
    return clock


def _header_clocks(order: Order, *, at_work: bool) -> Iterator[Running]:
    entered = from_text(order.entered_at)
    if order.status == "validating":
        yield Running("order.validating", order.id, entered)
        return
    said = from_text(order.log[-1].at) if order.log else entered
    is_open = any(line.open for line in order.lines)
    is_backordered = any(line.backordered for line in order.lines)
    if is_open:
        confirmed = order.status == "confirmed"
        yield Running("order.confirmed" if confirmed else "order.unsourced", order.id, entered if confirmed else said)
    if is_backordered:
        yield Running("order.backordered", order.id, max([said, *_promised(order)]))
    if not (is_open or is_backordered or at_work):
        yield Running(f"order.{order.status}", order.id, entered)


def _promised(order: Order) -> list[datetime]:
    """The days from which stock is promised to what waits: until then nobody is late."""
    days = {line.supply_on for line in order.lines if line.backordered and line.supply_on}
    return [datetime.fromisoformat(day).replace(tzinfo=UTC) for day in days if day != UNKNOWN]


def _parcel_clocks(parcels: Sequence[Parcel], live_works: set[str]) -> list[Running]:
    """A bought label is its location's business while the location works; a parcel under way is the carrier's."""
    running = []
    for parcel in parcels:
        left_behind = parcel.status == "label_purchased" and parcel.fulfillment_order_id not in live_works
        under_way = parcel.status == "handed_over" and parcel.tracking_status != "delivered"
        if left_behind or under_way:
            running.append(Running(f"parcel.{parcel.status}", parcel.id, _since(parcel)))
    return running


def _since(parcel: Parcel) -> datetime:
    """When the parcel got into its status: its hand-over, else its booking."""
    rows = [row for row in parcel.log if row.what == parcel.status] or list(parcel.log)
    return from_text(rows[0].at)
