"""Orders with units that nobody may ship and no fallback takes: a person decides. Pure."""

from collections.abc import Sequence
from datetime import datetime

from oms.allocation.decision import Decision
from oms.events.fact import envelope
from oms.events.orders import OrderHeld
from oms.kernel.time import to_text
from oms.orders.holding import HoldSpec, opened, was_held
from oms.orders.model import Order

REASON = "unsourced"


def in_care(steps: Sequence[Decision], now: datetime) -> list[Decision]:
    """The steps of an order; it is held with the last one if what waits is given to customer care.

    Once: when a person has let the order go, its units wait for stock.
    """
    tried = [record.tried for step in steps for record in step.records if record.tried]
    given = [rows for rows in tried if rows[-1].fallback == "customer_care"]
    if not given or was_held(steps[-1].order, REASON):
        return list(steps)
    units = sum(rows[-1].in_all for rows in given)
    lines = sorted({number for rows in given for number in rows[-1].units})
    passed = [f"{row.fallback}: {row.why_not}" for row in given[0] if row.why_not]
    note = "; ".join([f"{units} unit(s) of line(s) {', '.join(map(str, lines[:10]))} nobody may ship", *passed])
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
