"""What becomes of units that nobody may ship: they wait for stock, or a person decides. Pure."""

from collections.abc import Sequence
from datetime import datetime

from oms.allocation.decision import Decision
from oms.allocation.decisions.rules import passed_over_words
from oms.events.fact import envelope
from oms.events.orders import OrderHeld
from oms.kernel.time import to_text
from oms.orders.holding import HoldSpec, opened, was_held
from oms.orders.model import Order

REASON = "unsourced"


def with_fallback(steps: Sequence[Decision], now: datetime) -> list[Decision]:
    """The steps of an order; it is held with the last one if a rule gives what waits to customer care.

    Once: when a person has let the order go, its units wait for stock.
    """
    records = [record for step in steps for record in step.records if record.fallback == "customer_care"]
    if not records or was_held(steps[-1].order, REASON):
        return list(steps)
    units = sum(sum(record.waiting.values()) for record in records)
    lines = sorted({number for record in records for number in record.waiting})
    passed = passed_over_words(records[0].passed_over)
    note = (
        f"{units} unit(s) of line(s) {', '.join(map(str, lines[:10]))} nobody may ship{f'; {passed}' if passed else ''}"
    )
    last = steps[-1]
    return [*steps[:-1], last._replace(order=_held(last.order, note, now))]


def _held(order: Order, note: str, now: datetime) -> Order:
    """The order of the same version with the hold, and the fact after those that the version has."""
    (hold,) = opened(order.id, [HoldSpec(REASON, note[:200])], now)
    fact = OrderHeld(order_id=order.id, hold_id=hold.id, reason=hold.reason, blocks=list(hold.blocks))
    said = envelope(fact, order.subject, order.of_order, order.version, len(order.facts), to_text(now))
    row = order.log[-1].model_copy(update={"what": f"{order.log[-1].what}+{said.type}"})
    holds, facts = (*order.holds, hold), (*order.facts, said)
    return order.model_copy(update={"holds": holds, "facts": facts, "log": (*order.log[:-1], row)})
