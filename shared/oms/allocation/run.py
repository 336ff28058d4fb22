"""One run over a batch of requests: plan in a fair sequence, commit in groups, look again where a race was lost.

Whoever waits for a SKU has its turn before whoever comes: the front of the line is decided in the same pass, as far as
there is stock for it.

A group is decided only when the one before it is committed, on the positions as that one left them. When a group loses
a race, what it would have taken was never taken: whatever shares a SKU with it is decided anew, on a new picture.
"""

import random
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import NamedTuple

from oms.allocation.admitting import Admission
from oms.allocation.care import in_care
from oms.allocation.decision import BY, Decision, counted, decide, excluded_by
from oms.allocation.decisions.store import DecisionStore
from oms.allocation.ending import ending_told
from oms.allocation.fairness.rules import in_sequence, joined, units_available
from oms.allocation.fallbacks.substituting import stand_ins
from oms.allocation.inline import InLine
from oms.allocation.kept import Kept
from oms.allocation.lasting import Lasting
from oms.allocation.lineup import Lineup, Picture
from oms.allocation.model import AllocationRequest
from oms.allocation.reserved import as_its_owner_sees, own, spent
from oms.allocation.sourcing.desk import Sourcing
from oms.allocation.standing import fresh, wanted_skus, was_allocated
from oms.allocation.together import cheapest_sequence, planner
from oms.aws.tables import MAX_WRITES, ConditionFailedError, ContendedError, Write, commit
from oms.inventory.entries import label_of
from oms.inventory.model import Cause, Movement, Position, PositionKey, merged
from oms.inventory.reservations.model import Reservation
from oms.inventory.reservations.store import ReservationStore
from oms.inventory.rules import applied
from oms.inventory.store import JOURNAL_WRITES, StockStore
from oms.inventory.waiting.promising import Promising, WaitingDesk
from oms.kernel.errors import ConflictError, NotFoundError, TransientError
from oms.kernel.ids import derive_id
from oms.kernel.time import to_text
from oms.orders.model import FulfillmentOrder, Order
from oms.orders.store import OrderStore
from oms.orders.workload.model import Workday
from oms.reference.model import Fairness

TOGETHER_WRITES = MAX_WRITES - JOURNAL_WRITES - 1  # the decision records of all of them are one item
_DECISIONS_KEPT = 20  # an order that was sourced more often forgets the first ones
TOGETHER = 2  # races that an order's own items lost before it goes into a transaction of its own
GIVE_UP = 12  # lost races before a message goes back to the queue; the waits sum to at most 3 s
MOST_PASSES = 60  # with lost races, whoever lost them; more than any order may lose, since each is another's
_WAIT_S, _LONGEST_WAIT_S = 0.01, 0.32


class _Tree(NamedTuple):
    order: Order
    works: tuple[FulfillmentOrder, ...]


class Run:
    """Requests by order id, until each is served or given up. Orders are read once, and again only if they changed.

    `serve` are SKUs whose lines are served though nobody new asks for them.
    """

    def __init__(
        self,
        requests: Mapping[str, AllocationRequest],
        orders: OrderStore,
        stock: StockStore,
        reservations: ReservationStore,
        sourcing: Sourcing,
        fairness: Mapping[str, Fairness],
        waiting: WaitingDesk,
        now: datetime,
        serve: Iterable[str] = (),
    ) -> None:
        self._pending = dict(requests)
        self._lines = waiting.lines
        self._waiting = waiting
        self._promising = Promising(waiting)
        self._serve = frozenset(serve)
        self._left_line: set[str] = set()  # orders out of the line that this run decided on
        self.served = 0  # of those, how many got stock
        self.overtaken: set[str] = set()  # SKUs for which others are to be promised anew
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
        self._lasting = Lasting(sourcing, waiting.supply.promise, now)
        self._records = DecisionStore(orders.table)
        self._recorded: dict[str, tuple[str, ...]] = {}  # by order, the records that its header names

    def to_the_end(self) -> dict[str, Exception]:
        """Serve everybody; the errors by order id.

        Raises:
            TransientError: others were faster again and again; what was written is complete.
        """
        passes = 0
        while self._pending or self._serve:
            before = self.served
            self._load(self._pending.values())
            lost = self._pass()
            for order_id in self._left_line:  # who still waits is found by its place
                self._pending.pop(order_id, None)
                self._trees.pop(order_id, None)
            self._left_line.clear()
            if lost:
                passes += 1
                if passes > MOST_PASSES:
                    raise TransientError("others are at work on the same stock")
                time.sleep(random.uniform(0, min(_WAIT_S * 2**lost, _LONGEST_WAIT_S)))  # noqa: S311  jitter, not a secret
            elif self.served == before:
                self._serve = frozenset()
        return self._errors

    def _load(self, requests: Iterable[AllocationRequest]) -> None:
        """New orders by one batch get; those with fulfillment orders of their own with these."""
        missing = [request for request in requests if request.order_id not in self._trees]
        found = self._orders.get_many(one.order_id for one in missing if not one.again)
        for request in missing:
            order = found.get(request.order_id)
            try:
                if order is None or order.reserving or (request.in_line and was_allocated(order)):
                    self._trees[request.order_id] = _Tree(*self._orders.tree(request.order_id))
                else:
                    self._trees[request.order_id] = _Tree(order, ())
            except NotFoundError as error:
                self._errors[request.order_id] = error
                del self._pending[request.order_id]

    def _pass(self) -> int:
        """Decide and commit until everything is done or has to be looked at again; the most races that one lost."""
        orders = [self._trees[order_id].order for order_id in self._pending]
        skus = {sku for order in orders for sku in wanted_skus(order)} | self._serve
        reserved = self._reservations.find_many({order.reservation_id for order in orders if order.reservation_id})
        skus |= {one.sku for reservation in reserved.values() for one in reservation.kept}
        self._seen = self._stock.positions(skus) if skus else {}
        self._lasting.watch(self._seen)
        self._sourcing.days.look(self._now)
        self._sourcing.learn(line.sku for order in orders for line in order.lines if line.open)
        self._stale, self._broken, self._refilled = set(), set(), set()
        if self._promising.foresees:  # what it foresaw is written now, or never
            self._promising = Promising(self._waiting)
        may_ship = self._sourcing.who_may_ship(self._now)
        claims = Kept(self._promising, may_ship, self._now.date())
        self._lineup = Lineup(self._lines, InLine(self._lines, self._orders, may_ship), claims)
        self._lineup.watch(skus, self._seen, surely=self._serve)
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
        """Those who wait, in their line; then in the fair sequence whoever comes. Each sees what those before it took.

        Who needs nothing is done.
        """
        picture, left = dict(self._seen), dict(kept)
        yield from self._front(orders, picture, left)
        coming = [order for order in orders if not self._lineup.turn_of(order)]
        for order in self._lined_up(coming, picture):
            yield from self._decided(order, picture, left)

    def _front(
        self, orders: Sequence[Order], picture: dict[PositionKey, Position], left: dict[str, Reservation]
    ) -> Iterator[Decision]:
        """The lines, from the front as far as there is stock; orders of the batch that have a place are among them."""
        asking = {order.id: turn for order in orders if (turn := self._lineup.turn_of(order))}
        while turns := self._turns(asking, picture):
            for order_id in turns:
                asking.pop(order_id, None)
                self._lineup.pass_by(order_id)
                if order_id in self._pending:
                    yield from self._decided(self._trees[order_id].order, picture, left)

    def _turns(self, asking: Mapping[str, str], picture: dict[PositionKey, Position]) -> list[str]:
        """Who comes next, with their orders read and all the stock that they draw on."""
        instead = stand_ins(self._lineup.skus, self._sourcing)
        self._widen({other for some in instead.values() for other in some}, picture)
        turns = {**{order_id: turn for turn, order_id in self._lineup.turns(picture, instead)}, **asking}
        new = [order_id for order_id in turns if order_id not in self._pending]
        for order_id in new:
            self._pending[order_id] = AllocationRequest(order_id, frozenset(), in_line=True)
            self._left_line.add(order_id)
        self._load([self._pending[order_id] for order_id in new])
        orders = [self._trees[order_id].order for order_id in new if order_id in self._pending]
        self._widen({sku for order in orders for sku in wanted_skus(order)}, picture)
        self._sourcing.learn(line.sku for order in orders for line in order.lines)
        return sorted(turns, key=lambda order_id: (turns[order_id], order_id))

    def _decided(
        self, order: Order, picture: dict[PositionKey, Position], left: dict[str, Reservation]
    ) -> Iterator[Decision]:
        """What becomes of one order; nothing while a race was lost over what it wants."""
        if not self._stale.isdisjoint(wanted_skus(order)):
            return self._lineup.still_waits(order, picture, self._lasting)
        admission = Admission(self._lineup, self._promising, self._sourcing, self._lasting.seen_by, self._now)
        mine = own(order, left)
        there = self._lineup.seen_by(order, picture)
        view = admission.given_out(order, as_its_owner_sees(mine, self._lasting.seen_by(order, there)))
        at = [(one.sku, one.location) for one in mine.kept] if mine else []
        works, request = self._trees[order.id].works, self._pending[order.id]
        books = as_its_owner_sees(mine, picture)
        asked = {name for line in order.lines for name in line.transfers}
        under_way = self._waiting.transfers.find_many(asked) if asked else {}
        given = (order, works, request, view, self._sourcing, self._now, at)
        look = partial(self._look, order, picture=picture)
        steps = decide(*given, admission=admission, books=books, under_way=under_way, look=look)
        steps = ending_told(in_care(counted(steps, works, self._sourcing), self._now), order, there, self._lasting)
        if not steps:
            del self._pending[order.id]
        before = order
        for step in steps:
            mine = own(order, left)
            rest = spent(mine, before, step.order, picture, self._now) if mine else None
            if rest:
                left[rest.reservation.id] = rest.reservation
            self._lineup.count(before, step.order)
            before, decision = step.order, step._replace(spent=rest)
            for key, moves in merged(decision.movements).items():
                picture[key] = applied(picture[key], moves)
            self.overtaken |= self._lineup.kept.overtaken(decision.taken, order.id)
            yield decision
        self._lineup.still_waits(before, picture, self._lasting)

    def _look(self, order: Order, skus: Collection[str], picture: dict[PositionKey, Position]) -> Picture:
        """What is there of SKUs that the order did not ask for, without what others wait for."""
        self._widen(set(skus), picture)
        own = {key: position for key, position in picture.items() if key[0] in skus}
        return self._lasting.seen_by(order, self._lineup.left_by_all(skus, order, own), skus)

    def _widen(self, skus: set[str], picture: dict[PositionKey, Position]) -> None:
        """Read the positions of SKUs that are not in the picture yet."""
        new = skus - {sku for sku, _ in picture}
        if new:
            positions = self._stock.positions(new)
            self._lasting.watch(positions)
            self._seen.update(positions)
            picture.update(positions)
            self._lineup.watch(new, positions)

    def _known(self, skus: set[str]) -> bool:
        """Whether what is there of SKUs is there for whoever comes."""
        return self._stale.isdisjoint(skus) and not self._lineup.watches(skus) and not self._lasting.differs(skus)

    def _lined_up(self, orders: Sequence[Order], picture: Mapping[PositionKey, Position]) -> Iterator[Order]:
        """In the fair sequence; of orders that compete for the same stock, in a cheaper one in which nobody loses.

        Only where planning ahead tells what will be decided: not where something is reserved, somebody waits, or days
        are counted.
        """
        for group in joined(in_sequence(orders, units_available(picture), self._fairness)):
            untouched = all(fresh(order) and self._known(wanted_skus(order)) for order in group)
            if untouched and len({order.currency for order in group}) == 1 and not self._sourcing.days.limited:
                trees = {order.id: self._trees[order.id] for order in group}
                excluded = {name: excluded_by(tree.works, self._pending[name]) for name, tree in trees.items()}
                yield from cheapest_sequence(group, picture, planner(excluded, self._sourcing, self._now))
            else:
                yield from group

    def _groups(self, decisions: Iterable[Decision]) -> Iterator[list[Decision]]:
        """As many decisions to a transaction as fit; a step of many, and who keeps losing by itself, goes alone."""
        group: list[Decision] = []
        touched: set[PositionKey] = set()
        heads: set[str] = set()
        days: set[Workday] = set()
        items = 0
        kind = False
        for decision in decisions:
            alone = decision.steps > 1 or decision.request.own >= TOGETHER
            moves = decision.moves
            together, lines = touched | decision.touched, heads | moves.heads
            contended = not self._contended.isdisjoint(decision.touched)
            all_days = days | decision.days
            shared = len(together) + len(lines) + len(all_days)
            full = items + decision.items + shared > TOGETHER_WRITES
            if group and (alone or full or contended != kind):
                yield group
                group, items = [], 0
                together, lines, all_days = decision.touched, moves.heads, decision.days
            group.append(decision)
            items += decision.items
            touched, heads, days, kind = together, lines, all_days, contended
            if alone:
                yield group
                group, items, touched, heads, days = [], 0, set(), set(), set()
        if group:
            yield group

    def _still_true(self, decision: Decision) -> bool:
        """False: it was decided before a race was lost, and counts on what that group would have left."""
        skus = {sku for sku, _ in decision.touched} | decision.moves.heads
        known = self._stale.isdisjoint(skus) and self._refilled.isdisjoint(decision.leans_on)
        if decision.order.id not in self._broken and known:
            return True
        self._spoil(decision)
        return False

    def _spoil(self, decision: Decision) -> None:
        """What this one takes in the picture, nobody took."""
        self._broken.add(decision.order.id)
        self._stale.update(sku for sku, _ in decision.touched)
        self._stale.update(decision.moves.heads)
        self._refilled.update(day.location for day in decision.days)

    def _commit(self, group: Sequence[Decision]) -> ConflictError | None:
        """Write a group; the positions move on to what the next group will find. The error, if the race was lost."""
        writes: list[Write] = []
        movements: list[Movement] = []
        name = derive_id("dec", group[0].order.id, str(group[0].order.version))
        records = [record for decision in group for record in decision.records]
        for decision in group:
            self._name_records(decision, name)
            header = decision.order.model_copy(update={"decided_in": self._recorded[decision.order.id]})
            writes += [self._orders.write(header), *(self._orders.write(work) for work in decision.works)]
            writes += [self._reservations.write(decision.spent.reservation)] if decision.spent else []
            writes += [self._orders.promise_write(decision.promised)] if decision.promised else []
            for transfer in decision.transfers:
                writes += self._waiting.transfers.writes(transfer, None, transfer.lines)
            movements += decision.movements
        writes += [self._records.write(name, records)] if records else []
        writes += self._waiting.doors.writes(decision.door for decision in group if decision.door)
        works = [work for decision in group for work in decision.works]
        writes += self._sourcing.days.writes(works)
        moved = self._stock.moved(movements, self._seen, Cause(BY, to_text(self._now)))
        joined = {sku for decision in group for sku in decision.moves.joined}
        changes = [(decision.before, decision.order) for decision in group]
        writes += self._lines.writes(changes, self._lineup.versions(joined))
        try:
            commit(*writes, *moved.writes)
        except ConflictError as error:
            for decision in group:
                self._recorded.pop(decision.order.id)
            return error
        self._seen.update(moved.after)
        self._lineup.joined(joined)
        self._sourcing.days.written(works)
        return None

    def _name_records(self, decision: Decision, name: str) -> None:
        """Where the order's decisions are: what its header knows, what this run wrote, and now this."""
        before = self._recorded.get(decision.order.id) or self._trees[decision.order.id].order.decided_in
        self._recorded[decision.order.id] = (*before, name)[-_DECISIONS_KEPT:] if decision.records else before

    def _done(self, group: Iterable[Decision]) -> None:
        for decision in group:
            order = decision.order
            if decision.step == decision.steps:
                self.served += order.id in self._left_line
                del self._pending[order.id]
                del self._trees[order.id]
            else:
                order = order.model_copy(update={"decided_in": self._recorded[order.id]})
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
