"""One run over a batch of requests: plan in a fair sequence, commit in groups, look again where a race was lost.

A group is decided only when the one before it is committed, on the positions as that one left them. When a group loses
a race, what it would have taken was never taken: whatever shares a SKU with it is decided anew, on a new picture.
"""

import random
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from oms.allocation.decision import BY, Decision, counted, decide
from oms.allocation.decisions.store import DecisionStore
from oms.allocation.fairness import in_sequence
from oms.allocation.fallbacks import with_fallback
from oms.allocation.model import AllocationRequest
from oms.allocation.reserved import as_its_owner_sees, own, spent
from oms.allocation.sourcing.desk import Sourcing
from oms.aws.tables import MAX_WRITES, ConditionFailedError, ContendedError, Write, commit
from oms.inventory.model import Cause, Movement, Position, PositionKey, merged
from oms.inventory.reservations.model import Reservation
from oms.inventory.reservations.store import ReservationStore
from oms.inventory.rules import applied
from oms.inventory.store import JOURNAL_WRITES, StockStore, label_of
from oms.kernel.errors import ConflictError, NotFoundError
from oms.kernel.ids import derive_id
from oms.kernel.time import to_text
from oms.orders.bundles import shelf_skus
from oms.orders.model import FulfillmentOrder, Order
from oms.orders.store import OrderStore
from oms.orders.workload.model import Workday
from oms.reference.model import Fairness

TOGETHER_WRITES = MAX_WRITES - JOURNAL_WRITES - 1  # the decision records of all of them are one item
_DECISIONS_KEPT = 20  # an order that was sourced more often forgets the first ones
TOGETHER = 2  # races that an order's own items lost before it goes into a transaction of its own
GIVE_UP = 12  # lost races before a message goes back to the queue; the waits sum to at most 3 s
_WAIT_S, _LONGEST_WAIT_S = 0.01, 0.32


class _Tree(NamedTuple):
    order: Order
    works: tuple[FulfillmentOrder, ...]


class Run:
    """Requests by order id, until each is served or given up. Orders are read once, and again only if they changed."""

    def __init__(
        self,
        requests: Mapping[str, AllocationRequest],
        orders: OrderStore,
        stock: StockStore,
        reservations: ReservationStore,
        sourcing: Sourcing,
        fairness: Mapping[str, Fairness],
        now: datetime,
    ) -> None:
        self._pending = dict(requests)
        self._orders = orders
        self._stock = stock
        self._reservations = reservations
        self._sourcing = sourcing
        self._fairness = fairness
        self._now = now
        self._trees: dict[str, _Tree] = {}
        self._errors: dict[str, Exception] = {}
        self._stale: set[str] = set()  # SKUs of which this pass knows no more what is there
        self._contended: set[PositionKey] = set()  # others are at work on these: who needs none of them goes apart
        self._broken: set[str] = set()  # orders of which a step was not committed in this pass
        self._refilled: set[str] = set()  # locations of which this pass knows no more how full their day is
        self._seen: dict[PositionKey, Position] = {}
        self._records = DecisionStore(orders.table)
        self._decided: dict[str, tuple[str, ...]] = {}  # by order, the records that its header names

    def to_the_end(self) -> dict[str, Exception]:
        """Serve everybody; the errors by order id."""
        while self._pending:
            self._load()
            lost = self._pass()
            if lost:
                time.sleep(random.uniform(0, min(_WAIT_S * 2**lost, _LONGEST_WAIT_S)))  # noqa: S311  jitter, not a secret
        return self._errors

    def _load(self) -> None:
        """New orders by one batch get; those with fulfillment orders of their own with these."""
        missing = [request for order_id, request in self._pending.items() if order_id not in self._trees]
        found = self._orders.get_many(one.order_id for one in missing if not one.again)
        for request in missing:
            order = found.get(request.order_id)
            try:
                if order is None or order.reserving:
                    self._trees[request.order_id] = _Tree(*self._orders.tree(request.order_id))
                else:
                    self._trees[request.order_id] = _Tree(order, ())
            except NotFoundError as error:
                self._errors[request.order_id] = error
                del self._pending[request.order_id]

    def _pass(self) -> int:
        """Decide and commit until everything is done or has to be looked at again; the most races that one lost."""
        orders = [self._trees[order_id].order for order_id in self._pending]
        skus = {sku for order in orders for sku in _open_skus(order)}
        reserved = self._reservations.find_many({order.reservation_id for order in orders if order.reservation_id})
        skus |= {one.sku for reservation in reserved.values() for one in reservation.kept}
        self._seen = self._stock.positions(skus) if skus else {}
        self._sourcing.days.look(self._now)
        self._sourcing.learn(line.sku for order in orders for line in order.lines if line.open)
        self._stale, self._broken, self._refilled = set(), set(), set()
        lost = 0
        for group in self._groups(self._decisions(orders, reserved)):
            kept = [decision for decision in group if self._still_true(decision)]
            failure = self._commit(kept) if kept else None
            if failure is None:
                self._done(kept)
                continue
            labels = _labels(failure)
            for decision in kept:
                self._spoil(decision)
                self._contended.update(key for key in decision.touched if label_of(key) in labels)
                lost = max(lost, self._lost(decision, failure))
        return lost

    def _decisions(self, orders: Sequence[Order], kept: Mapping[str, Reservation]) -> Iterator[Decision]:
        """In the fair sequence, each order seeing what the ones before it took, and what it has reserved itself.

        Who needs nothing is done.
        """
        picture, left = dict(self._seen), dict(kept)
        for order in in_sequence(orders, _available(picture), self._fairness):
            if not self._stale.isdisjoint(_open_skus(order)):
                continue
            mine = own(order, left)
            view = as_its_owner_sees(mine, picture)
            at = [(one.sku, one.location) for one in mine.kept] if mine else []
            works, request = self._trees[order.id].works, self._pending[order.id]
            steps = decide(order, works, request, view, self._sourcing, self._now, at)
            steps = with_fallback(counted(steps, works, self._sourcing), self._now)
            if not steps:
                del self._pending[order.id]
            before = order
            for step in steps:
                mine = own(order, left)
                rest = spent(mine, before, step.order, picture, self._now) if mine else None
                if rest:
                    left[rest.reservation.id] = rest.reservation
                before, decision = step.order, step._replace(spent=rest)
                for key, moves in merged(decision.movements).items():
                    picture[key] = applied(picture[key], moves)
                yield decision

    def _groups(self, decisions: Iterable[Decision]) -> Iterator[list[Decision]]:
        """As many decisions to a transaction as fit; a step of many, and who keeps losing by itself, goes alone."""
        group: list[Decision] = []
        touched: set[PositionKey] = set()
        days: set[Workday] = set()
        items = 0
        kind = False
        for decision in decisions:
            alone = decision.steps > 1 or decision.request.own >= TOGETHER
            together = touched | decision.touched
            contended = not self._contended.isdisjoint(decision.touched)
            all_days = days | decision.days
            full = items + decision.items + len(together) + len(all_days) > TOGETHER_WRITES
            if group and (alone or full or contended != kind):
                yield group
                group, items, together, all_days = [], 0, decision.touched, decision.days
            group.append(decision)
            items += decision.items
            touched, days, kind = together, all_days, contended
            if alone:
                yield group
                group, items, touched, days = [], 0, set(), set()
        if group:
            yield group

    def _still_true(self, decision: Decision) -> bool:
        """False: it was decided before a race was lost, and counts on what that group would have left."""
        skus = {sku for sku, _ in decision.touched}
        known = self._stale.isdisjoint(skus) and self._refilled.isdisjoint(decision.leans_on)
        if decision.order.id not in self._broken and known:
            return True
        self._spoil(decision)
        return False

    def _spoil(self, decision: Decision) -> None:
        """What this one takes in the picture, nobody took."""
        self._broken.add(decision.order.id)
        self._stale.update(sku for sku, _ in decision.touched)
        self._refilled.update(day.location for day in decision.days)

    def _commit(self, group: Sequence[Decision]) -> ConflictError | None:
        """Write a group; the positions move on to what the next group will find. The error, if the race was lost."""
        writes: list[Write] = []
        movements: list[Movement] = []
        name = derive_id("dec", group[0].order.id, str(group[0].order.version))
        records = [record for decision in group for record in decision.records]
        for decision in group:
            self._name_records(decision, name)
            header = decision.order.model_copy(update={"decided_in": self._decided[decision.order.id]})
            writes += [self._orders.write(header), *(self._orders.write(work) for work in decision.works)]
            writes += [self._reservations.write(decision.spent.reservation)] if decision.spent else []
            movements += decision.movements
        writes += [self._records.write(name, records)] if records else []
        works = [work for decision in group for work in decision.works]
        writes += self._sourcing.days.writes(works)
        moved = self._stock.moved(movements, self._seen, Cause(BY, to_text(self._now)))
        try:
            commit(*writes, *moved.writes)
        except ConflictError as error:
            for decision in group:
                self._decided.pop(decision.order.id)
            return error
        self._seen.update(moved.after)
        self._sourcing.days.written(works)
        return None

    def _name_records(self, decision: Decision, name: str) -> None:
        """Where the order's decisions are: what its header knows, what this run wrote, and now this."""
        before = self._decided.get(decision.order.id) or self._trees[decision.order.id].order.decided_in
        self._decided[decision.order.id] = (*before, name)[-_DECISIONS_KEPT:] if decision.records else before

    def _done(self, group: Iterable[Decision]) -> None:
        for decision in group:
            order = decision.order
            if decision.step == decision.steps:
                del self._pending[order.id]
            else:
                order = order.model_copy(update={"decided_in": self._decided[order.id]})
                self._trees[order.id] = _Tree(order, (*self._trees[order.id].works, *decision.works))

    def _lost(self, decision: Decision, failure: ConflictError) -> int:
        """Have it looked at again, or give its messages back; how many races it has lost.

        An order whose own items were written by somebody else is read again, with its fulfillment orders.
        """
        order_id = decision.order.id
        labels = _labels(failure)
        mine = order_id in labels or any(work.id in labels for work in decision.works)
        request = self._pending[order_id]
        request = replace(request, tries=request.tries + 1, own=request.own + mine, again=request.again or mine)
        self._pending[order_id] = request
        if mine:
            del self._trees[order_id]
        if request.tries == GIVE_UP:
            self._errors[order_id] = failure
            del self._pending[order_id]
        return request.tries


def _labels(failure: ConflictError) -> tuple[str, ...]:
    """What was lost, as far as it is known."""
    return failure.labels if isinstance(failure, ConditionFailedError | ContendedError) else ()


def _available(positions: Mapping[PositionKey, Position]) -> dict[str, int]:
    """Units that can be taken, by SKU, at all locations together."""
    units: dict[str, int] = {}
    for (sku, _), position in positions.items():
        units[sku] = units.get(sku, 0) + max(position.available, 0)
    return units


def _open_skus(order: Order) -> set[str]:
    return shelf_skus(line for line in order.lines if line.open)
