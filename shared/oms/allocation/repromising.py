"""Promise anew to those who wait, when what is to come has changed: later, earlier, fewer units, or not at all."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from oms.allocation.admitting import TOO_LATE, not_before, policies_of
from oms.allocation.inline import InLine
from oms.allocation.lasting import Lasting, Picture
from oms.allocation.sourcing.desk import Sourcing
from oms.aws.tables import Write, commit
from oms.events.fact import FactData
from oms.inventory.model import Position, PositionKey
from oms.inventory.own import as_channel_sees
from oms.inventory.shelf import standing
from oms.inventory.store import StockStore
from oms.inventory.supply.drawing import Ahead, Drawing
from oms.inventory.waiting.model import UNKNOWN, Place
from oms.inventory.waiting.promising import Promising, Wait, WaitingDesk, day_of, latest_acceptable, too_late
from oms.inventory.waiting.rules import stands
from oms.inventory.waiting.store import WaitingStore
from oms.kernel.errors import ConflictError, TransientError
from oms.orders.bundles import on_the_shelf
from oms.orders.holding import HoldSpec, holds_on_the_rest
from oms.orders.lines import replace_line
from oms.orders.mayship import MayShipPort, Places, to_ship
from oms.orders.model import Line, Order, Promise
from oms.orders.promises import promise_changed, promise_row
from oms.orders.store import OrderStore

BY = "system:serve_waiting"
WHY = "supply_changed"
_TRIES = 5
_LINE_WRITES = 90  # of a transaction of 100: the header and the row of the ledger go with them
_MANY = 50  # lines of an order


class Moved(NamedTuple):
    """Orders whose promise moved, and those held because it is too late now."""

    promised: int = 0
    held: int = 0


class _Days:
    """The day from which stock is promised to each place, reckoned along the line; read once per SKU.

    Of articles whose lots end, each is promised of lots alone that last until the last day of that promise.
    """

    def __init__(
        self,
        lines: InLine,
        promising: Promising,
        stock: StockStore,
        orders: OrderStore,
        lasting: Lasting,
        may: MayShipPort,
    ) -> None:
        self._lines = lines
        self._promising = promising
        self._stock = stock
        self._orders = orders
        self.lasting = lasting
        self._may_ship = may
        self.picture: dict[PositionKey, Position] = {}
        self._known: set[str] = set()
        self._days: dict[str, dict[tuple[str, int], str]] = {}
        self.places: dict[str, list[Place]] = {}

    def not_before(self, line: Line) -> str:
        """When the last of the transfers that the line waits for can be used; empty: there is none."""
        return self._promising.not_before(line)

    def learn(self, skus: Iterable[str]) -> None:
        """Read at once what is there and what comes of several SKUs."""
        new = sorted(set(skus) - self._known)
        if new:
            positions = as_channel_sees(None, self._stock.positions(new))
            self.lasting.watch(positions)
            self.picture |= positions
            self._promising.learn(new)
            self._known.update(new)

    def of(self, sku: str) -> Mapping[tuple[str, int], str]:
        """By order id and line number."""
        if sku not in self._days:
            self.learn([sku])
            line = list(self._lines.line(sku))
            self.places[sku] = [place for place, _ in line]
            self._days[sku] = self._lasting(sku, line) if self.lasting.ends(sku) else self._along(sku, line)
        return self._days[sku]

    def _along(self, sku: str, line: Sequence[tuple[Place, Places]]) -> dict[tuple[str, int], str]:
        drawing = self._promising.drawing(sku, self.picture)
        return {(place.order_id, place.number): day_of(drawing.draw(place.units, places)) for place, places in line}

    def _lasting(self, sku: str, line: Sequence[tuple[Place, Places]]) -> dict[tuple[str, int], str]:
        """The same where lots end: whoever stands before draws of what lasts for each of those behind."""
        orders = self._orders.get_many({place.order_id for place, _ in line})
        own = {key: position for key, position in self.picture.items() if key[0] == sku}
        before: list[Ahead] = []
        drawings: dict[tuple[int, ...], Drawing] = {}
        days: dict[tuple[str, int], str] = {}
        for place, places in line:
            mine = Ahead(place.units, places)
            drawn: dict[tuple[int, ...], str] = {}

            def day_on(seen: Picture, mine: Ahead = mine, drawn: dict[tuple[int, ...], str] = drawn) -> str:
                kept = tuple(position.safety_stock for position in seen.values())
                if kept not in drawn:
                    if kept not in drawings:
                        drawings[kept] = self._promising.drawing(sku, seen).let_before(before)
                    drawn[kept] = day_of(drawings[kept].draw(*mine))
                return drawn[kept]

            order = orders.get(place.order_id)
            days[place.order_id, place.number] = self._day(order, place, own, day_on) if order else day_on(own)
            for kept in drawings.keys() - drawn.keys():
                drawings[kept].draw(*mine)
            before.append(mine)
        return days

    def _day(self, order: Order, place: Place, own: Picture, day_on: Callable[[Picture], str]) -> str:
        waits = next((line.backordered for line in order.lines if line.number == place.number), 0)
        may = self._may_ship(to_ship(order, {place.number}))

        def answered(seen: Picture) -> tuple[str, Promise]:
            day = day_on(seen)
            wait = Wait(place.number, waits, day)
            return day, self._promising.window(order, [wait], {**self.picture, **seen}, may)

        return standing(
            lambda until: self.lasting.seen_by(order, own, [place.sku], until), answered, lambda one: one[1].latest_on
        )[1][0]

    def promise(self, order: Order, waits: Sequence[Wait]) -> Promise:
        """The delivery window of units that wait, from where they lie in lots that last until its last day."""
        may = self._may_ship(to_ship(order, {one.number for one in waits}))
        return standing(
            lambda until: self.lasting.seen_by(order, self.picture, None, until),
            lambda seen: self._promising.window(order, waits, seen, may),
            lambda promise: promise.latest_on,
        )[1]


def repromise(
    skus: Iterable[str],
    *,
    orders: OrderStore,
    stock: StockStore,
    waiting: WaitingDesk,
    sourcing: Sourcing,
    now: datetime,
) -> Moved:
    """Promise anew along the lines for some SKUs; whoever's promise stays is not written.

    The k-th unit of a line is promised the day on which supply covers k units, from locations that may ship to each
    of those who wait for them. Promises that become later are written
    from the back of the line, earlier ones from its front: so whatever a crash leaves, nobody has passed anybody.

    Raises:
        TransientError: an order changed under our hands five times.
    """
    promising = Promising(waiting)
    may_ship = sourcing.who_may_ship(now)
    lasting = Lasting(sourcing, waiting.supply.promise, now)
    lines = InLine(waiting.lines, orders, may_ship, most=None)
    days = _Days(lines, promising, stock, orders, lasting, may_ship)
    known: dict[str, Order] = {}
    later: dict[str, None] = {}
    earlier: dict[str, None] = {}
    names = sorted(skus)
    for sku in names:
        found = days.of(sku)
        moved = [place for place in days.places[sku] if found[place.order_id, place.number] != place.supply_on]
        known |= orders.get_many({place.order_id for place in moved} - known.keys())
        for place in moved:
            order = known.get(place.order_id)
            if order is not None and order.id not in later and order.id not in earlier:
                new = _days_of(order, days, sourcing, frozenset(names))
                is_later = any(day > (_line(order, number).supply_on or "") for number, day in new.items())
                (later if is_later else earlier)[order.id] = None
    redo = _Redo(orders, waiting.lines, days, sourcing, now, frozenset(names))
    in_turn = [*reversed(later), *(order_id for order_id in earlier if order_id not in later)]
    results = [redo.order(known[order_id]) for order_id in in_turn]
    return Moved(sum(one.promised for one in results), sum(one.held for one in results))


class _Redo(NamedTuple):
    """What writing one order's new promise needs."""

    orders: OrderStore
    lines: WaitingStore
    days: _Days
    sourcing: Sourcing
    now: datetime
    among: frozenset[str]

    def order(self, order: Order) -> Moved:
        """Write one order's new places and promise, if they are others still when nobody else is at work on it.

        Of a giant order so many lines at a time as a transaction takes.
        """
        moved, lost = Moved(), 0
        while new := _some(order, _days_of(order, self.days, self.sourcing, self.among)):
            after, writes, held = self._made(order, new)
            try:
                commit(self.orders.write(after), *writes, *self.lines.writes([(order, after)]))
            except ConflictError as error:
                lost += 1
                if lost == _TRIES:
                    raise TransientError(f"order {order.id} keeps changing") from error
                order = self.orders.get(order.id)
            else:
                order, moved = after, Moved(1, moved.held or held)
        return moved

    def _made(self, order: Order, new: Mapping[int, str]) -> tuple[Order, list[Write], bool]:
        lines = replace_line(order.lines, {number: {"supply_on": day} for number, day in new.items()})
        moved = order.model_copy(update={"lines": lines})
        waits = [Wait(line.number, line.backordered, line.supply_on or UNKNOWN) for line in lines if stands(line)]
        self.days.learn(sku for line in lines if stands(line) for sku in on_the_shelf(line, 1))
        promise = self.days.promise(moved, waits)
        specs = self._too_late(moved, promise, new)
        holds, said = holds_on_the_rest(moved, specs, at=self.now)
        facts: list[FactData] = [*said]
        row = promise_row(moved, promise, by=BY, why=WHY, at=self.now)
        if promise != order.promise:
            facts.append(promise_changed(row))
        why = "; ".join([WHY, *(f"{spec.reason}: {spec.note}" for spec in specs)])
        after = moved.changed(
            *facts,
            at=self.now,
            by=BY,
            why=why,
            what=None if facts else "SupplyMoved",
            promise=promise,
            holds=(*order.holds, *holds),
        )
        return after, [self.orders.promise_write(row)], bool(holds)

    def _too_late(self, order: Order, promise: Promise, new: Mapping[int, str]) -> list[HoldSpec]:
        """A hold for an order that would come after the last day on which it is wanted, and later than promised.

        Not for units that are cancelled by themselves when they have waited long enough.
        """
        asking = [number for number in new if not _line(order, number).give_up_at]
        if not asking:
            return []
        latest = latest_acceptable(order, policies_of(order, asking, self.sourcing))
        before = order.promise.latest_on
        worse = before is not None and (promise.latest_on is None or promise.latest_on > before)
        if worse and too_late(promise, latest):
            return [HoldSpec(TOO_LATE, f"{promise.latest_on or 'no date known'}, wanted by {latest}")]
        return []


def _some(order: Order, new: Mapping[int, str]) -> dict[int, str]:
    """As many of the lines with their new days as one transaction takes, the first one in any case."""
    some: dict[int, str] = {}
    room = _LINE_WRITES
    for line in order.lines:
        if line.number in new:
            # A place is deleted and put; the head of its line is written, that of the SKU sold too.
            room -= 3 * len(on_the_shelf(line, 1)) + bool(line.components)
            if some and room < 0:
                break
            some[line.number] = new[line.number]
    return some


def _days_of(order: Order, days: _Days, sourcing: Sourcing, among: frozenset[str]) -> dict[int, str]:
    """The lines of an order that stand in line, with their new days; those that stay are left out.

    Of an order with many of them only those for a SKU `among` those whose supply moved: the others have their own turn.
    """
    new: dict[int, str] = {}
    waiting = [line for line in order.lines if stands(line)]
    if len(waiting) > _MANY:
        waiting = [line for line in waiting if not among.isdisjoint(on_the_shelf(line, 1))]
    for line in waiting:
        item = sourcing.item(line.sku)
        own = [days.of(sku).get((order.id, line.number)) for sku in on_the_shelf(line, 1)]
        found = [day for day in own if day is not None]
        if len(found) < len(own):
            continue  # it joined after the line was read: its promise is new
        day = max(*found, days.not_before(line))
        day = not_before(day, item.waiting, order.channel) if item else day
        if day != line.supply_on:
            new[line.number] = day
    return new


def _line(order: Order, number: int) -> Line:
    return next(line for line in order.lines if line.number == number)
