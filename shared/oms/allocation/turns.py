"""An order that has its turn: what of it waits is looked at again, as if it had just come. Pure."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import accumulate
from typing import NamedTuple

from oms.allocation.admitting import Admission, Admitted
from oms.allocation.bookkeeping import books_after
from oms.allocation.planned import Planned
from oms.allocation.rules import SourcingPlan
from oms.allocation.sourcing.desk import Sourcing
from oms.allocation.steps import in_line_writes
from oms.inventory.model import Change, Position, PositionKey
from oms.inventory.own import as_channel_sees
from oms.inventory.transfers.asking import WRITES_EACH, Wish, asked_for, taken_by
from oms.inventory.transfers.model import Transfer
from oms.kernel.time import to_text
from oms.orders.bundles import on_the_shelf
from oms.orders.lines import replace_line
from oms.orders.model import FulfillmentOrder, Line, Order, Promise
from oms.reference.model import Location

_TRANSFERS_KEPT = 20  # of a line; who has asked more often forgets the first ones
LINE_WRITES = 60  # of a giant order that waits: so much of it has its turn at a time


class Turn(NamedTuple):
    """An order as it is stored, the same with its waiting units open, who of it may wait, and what is asked for.

    `give_up_at` by line, when units that begin to wait are cancelled; `suppliers` are the places that are not ours.
    `as_shipped` tells the promise when everything is allocated, from the order after it and its fulfillment orders.
    """

    stored: Order
    asked: Order
    admitted: Admitted
    as_shipped: Callable[[Order, Order, Iterable[FulfillmentOrder]], Promise]
    asking: Mapping[Wish, Transfer] = {}
    give_up_at: Mapping[int, str] = {}
    suppliers: Mapping[str, Location] = {}

    @property
    def leaving(self) -> int:
        """Writes of the lines that leave their places, and of the transfers that are asked for."""
        both = zip(self.stored.lines, self.asked.lines, strict=True)
        own = sum(in_line_weight(line) for line, now_open in both if line != now_open)
        return own + WRITES_EACH * len(self.asking)

    def let_wait(self, plan: SourcingPlan) -> SourcingPlan:
        """The plan without the lines that may not wait."""
        refused = self.admitted.refused
        waiting = {number: units for number, units in plan.backordered.items() if number not in refused}
        return plan._replace(backordered=waiting)

    def gives_up_at(self, before: Line) -> str | None:
        """When a line that waits is given up: as it was said when it began to wait, or now. `before`: as stored."""
        return (before.give_up_at if before.backordered else None) or self.give_up_at.get(before.number)

    def transfers_of(self, line: Line) -> tuple[str, ...]:
        """The transfers that a line waits for, with those that are asked for now."""
        new = [transfer.id for wish, transfer in self.asking.items() if wish.number == line.number]
        return (*line.transfers, *new)[-_TRANSFERS_KEPT:]


def turn_of(
    order: Order,
    asked: Order,
    found: Planned,
    queues: Mapping[int, str],
    books: Mapping[PositionKey, Position],
    sourcing: Sourcing,
    admission: Admission,
    now: datetime,
    *,
    by: str,
) -> Turn:
    """Who of the order may wait, where what the plan and its transfers leave is known; who may not asks for none."""
    plan, fell = found.plan, found.fell
    asking = {wish: asked_for(wish, order_id=order.id, version=order.version, at=now, by=by) for wish in fell.wishes}
    sent = [one for transfer in asking.values() for one in taken_by(transfer)]
    left = books_after(asked, plan, {**fell.seen, **books} if fell.seen else books, sent)
    if plan.backordered:
        left = as_channel_sees(order.channel, left)
    admitted = admission.admit(order, plan.backordered, queues, left, asking, fell.give_up_at)
    asking = {wish: one for wish, one in asking.items() if wish.number not in admitted.refused}
    return Turn(order, asked, admitted, admission.as_shipped, asking, fell.give_up_at, sourcing.suppliers)


def turned(order: Order, view: Mapping[PositionKey, Position], now: datetime) -> Order:
    """The order with the units open that wait: of a giant one a part, of what may be there.

    What has waited until it is given up is not served any more: the watchdog cancels it.
    """
    at = to_text(now)
    waiting = [line for line in order.lines if line.backordered and not line.gives_up(at)]
    if sum(map(in_line_weight, waiting)) > LINE_WRITES:
        there = {sku for (sku, _), position in view.items() if position.available > 0}
        some = [line for line in waiting if on_the_shelf(line, 1).keys() <= there]
        sums = accumulate(map(in_line_weight, some))
        waiting = [
            line for place, (line, sum_) in enumerate(zip(some, sums, strict=True)) if not place or sum_ <= LINE_WRITES
        ]
    changes = {line.number: {"open": line.open + line.backordered, "backordered": 0} for line in waiting}
    return order.model_copy(update={"lines": replace_line(order.lines, changes)}) if changes else order


def in_line_weight(line: Line) -> int:
    """Writes of a line that leaves its place: place, head and position for each SKU on the shelf, the head sold as."""
    shelf = on_the_shelf(line, 1)
    return len(shelf) + in_line_writes(shelf, bool(line.components))


def left_behind(turn: Turn) -> dict[PositionKey, Change]:
    """The books no longer carry units that were waiting, until it is said again that they do."""
    changes: dict[PositionKey, Change] = {}
    for line, asked in zip(turn.stored.lines, turn.asked.lines, strict=True):
        if line.waits_at and line.backordered > asked.backordered:
            for sku, units in on_the_shelf(line, line.backordered).items():
                key = (sku, line.waits_at)
                changes[key] = changes.get(key, Change()).plus(Change(backordered=-units))
    return changes
