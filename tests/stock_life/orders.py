"""What orders take, give back and ship."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import hypothesis.strategies as st
from hypothesis.stateful import precondition, rule

from functions.allocation.queue_allocate_orders import handler as allocate
from functions.inventory.queue_release_reservations import handler as give_back
from oms.allocation.recall import cancel_order
from oms.aws.tables import commit
from oms.fulfillment.model import Confirmation
from oms.fulfillment.service import Books as FulfillmentBooks
from oms.fulfillment.service import confirm_fulfillment
from oms.inventory.reservations.rules import reservation_id_of
from oms.inventory.rules import ShortStockError
from oms.kernel.errors import ConflictError, StateError
from oms.kernel.time import to_text
from oms.orders.model import FulfillmentOrder, Line, Order
from tests.allocation_scene import entry, put_order
from tests.reservation_scene import SHOP
from tests.stock_life.life import CARTS, SOLD, Life
from tests.stock_life.model import BUNDLE, PARTS, Place, Work, parts_of


class Orders(Life):
    """Allocation, cancelling, and what locations confirm."""

    @rule(basket=SOLD, cart=st.none() | st.sampled_from(CARTS))
    def ordered_by(self, basket: dict[str, int], cart: str | None) -> None:
        self.order(basket, cart)

    def order(self, basket: dict[str, int], cart: str | None) -> str:
        """A confirmed order whose stock is asked for."""
        name, now = f"ord_{self.next()}", to_text(self.hands.now)
        rid = reservation_id_of(SHOP, cart) if cart else None
        lines = tuple(line_of(number, sku, units) for number, (sku, units) in enumerate(basket.items(), 1))
        order = put_order(self.wiring, name, basket, reservation_id=rid, submitted_at=now, lines=lines)
        self.ordered[name], self.named[name], self.excluded[name] = dict(basket), cart, set()
        self.pending[name] = entry(*order.facts)
        self.did("ordered")
        return name

    @precondition(lambda self: self.pending)
    @rule(data=st.data(), twice=st.booleans())
    def allocated(self, data: Any, twice: bool) -> None:
        self.allocate(data.draw(st.sampled_from(sorted(self.pending))), twice=twice)

    @rule(basket=SOLD, cart=st.none() | st.sampled_from(CARTS), twice=st.booleans())
    def ordered_and_allocated(self, basket: dict[str, int], cart: str | None, twice: bool) -> None:
        self.allocate(self.order(basket, cart), twice=twice)

    @rule(units=st.integers(1, 2))
    def bundle_ordered_and_shipped(self, units: int) -> None:
        name = self.order({BUNDLE: units}, None)
        self.allocate(name, twice=False)
        for work_id in self.open_works():
            if (mine := self.books.works[work_id]).order == name:
                self.ship(self.wiring.orders.get_fulfillment_order(name, work_id), mine)

    def allocate(self, name: str, *, twice: bool) -> None:
        """Neither oversold nor undersold, nobody who waits is overtaken, and the cart of the order is used up."""
        before = self.wiring.orders.get_many(self.ordered)
        wanted = Counter({line.sku: line.open + line.backordered for line in before[name].lines if line.open})
        waited = bool(self.books.waiting[name].total())
        cart = self.named[name]
        owner = cart if cart is not None and self.books.live(cart) else None
        away = self.excluded[name]
        own = self.books.holds[owner].units if owner is not None else {}
        free = {key: max(self.books.available(key), 0) for key in self.books.shelves}
        known = set(self.books.works)
        event = self.pending.pop(name)
        for _ in range(2 if twice else 1):
            assert allocate(message(name, event), None) == {"batchItemFailures": []}
        if wanted and owner is not None:
            self.books.holds[owner].ended = "committed"
        taken = self.taken_since(before)
        for key, units in sum(taken.values(), Counter()).items():
            assert units <= free[key] + own.get(key, 0), "I8: taken where it was available"
        there = Counter(free)
        for other, some in taken.items():
            there -= some if other != name else Counter()
        sold = self.sold_since(name, known)
        left = {key: max(self.books.available(key), 0) if key[1] not in away else 0 for key in free}
        for sku, count in wanted.items():
            got = sold[sku]
            assert got == count or not any(self.books.whole(sku, left).values()), "neither oversold nor undersold"
            kept = min(
                sum(units for key, units in own.items() if key[0] == part) // each
                for part, each in parts_of(sku, 1).items()
            )
            others = self.waits_for_what_is_there(sku, name, there)
            assert got <= kept or not others or waited, "nobody is overtaken"
            if sku == BUNDLE and got:
                self.did("bundle allocated")
        self.did("allocated")

    def waits_for_what_is_there(self, sku: str, name: str, there: Counter[Place]) -> bool:
        """Whether another order waits for parts of the SKU, and could be made whole of what it found."""
        parts = parts_of(sku, 1).keys()
        wanted = {each for who, units in self.books.waiting.items() if who != name for each in +units}
        return any(any(self.books.whole(each, there).values()) for each in wanted if parts & parts_of(each, 1).keys())

    def taken_since(self, before: Mapping[str, Order]) -> dict[str, Counter[Place]]:
        """What each order took meanwhile, by place; what waits then is what it still wants."""
        taken: dict[str, Counter[Place]] = {}
        known = set(self.books.works)
        for name, order in self.wiring.orders.get_many(self.ordered).items():
            if order.version == before[name].version:
                continue
            taken[name] = Counter()
            for work in self.wiring.orders.tree(name).fulfillment_orders:
                if work.id not in self.books.works:
                    mine = Work(name, work.location, {line.sku: line.quantity for line in work.lines})
                    self.books.works[work.id] = mine
                    taken[name] += Counter({(sku, work.location): count for sku, count in mine.units.items()})
            sold = self.sold_since(name, known)
            for old, new in zip(before[name].lines, order.lines, strict=True):
                got = sold[new.sku]
                assert old.open + old.backordered - got == new.open + new.backordered, "no unit is lost"
            self.books.waiting[name] = Counter({line.sku: line.backordered for line in order.lines if line.backordered})
        return taken

    def sold_since(self, name: str, known: set[str]) -> Counter[str]:
        """Units by SKU as it was sold, of an order's works that are new."""
        new = [work for key, work in self.books.works.items() if key not in known and work.order == name]
        return sum((Counter(work.sold) for work in new), Counter())

    @precondition(lambda self: self.ordered.keys() - self.cancelled)
    @rule(data=st.data())
    def cancelled_by(self, data: Any) -> None:
        name = data.draw(st.sampled_from(sorted(self.ordered.keys() - self.cancelled)))
        works = {key: work for key, work in self.books.works.items() if work.order == name}
        if any(key in self.unshared for key in works):
            return
        left = (
            any(work.state == "open" for work in works.values())
            or self.books.waiting[name].total()
            or name in self.pending
        )
        try:
            cancel_order(name, reason="other", note=None, by="user:tester", desk=self.wiring.taking_back,
                         exposure=self.wiring.credit, now=self.hands.now)  # fmt: skip
        except StateError:
            assert not left
            return
        assert left
        self.cancelled.add(name)
        self.books.waiting[name].clear()
        self.pending.pop(name, None)
        for work in works.values():
            work.state = "cancelled" if work.state == "open" else work.state
        order, cart = self.wiring.orders.get(name), self.named[name]
        give_back(message(name, entry(*order.facts)), None)
        if order.status == "cancelled" and cart is not None and self.books.live(cart):
            came_back = to_text(self.since[cart]) > order.submitted_at
            self.books.holds[cart].ended = None if came_back else "released"
        self.did("cancelled")

    @precondition(lambda self: self.open_works())
    @rule(data=st.data())
    def confirmed_as_shipped(self, data: Any) -> None:
        mine = self.books.works[work_id := data.draw(st.sampled_from(self.open_works()))]
        self.ship(self.wiring.orders.get_fulfillment_order(mine.order, work_id), mine)

    @precondition(lambda self: self.open_works())
    @rule(data=st.data(), what=st.sampled_from(["short_pick", "rejected"]))
    def confirmed(self, data: Any, what: str) -> None:
        work_id = data.draw(st.sampled_from(self.open_works()))
        mine = self.books.works[work_id]
        work = self.wiring.orders.get_fulfillment_order(mine.order, work_id)
        if mine.order in self.pending or any(line.short for line in work.lines):
            return
        if work.status == "open":
            work = work.changed(at=self.hands.now, by="user:tester", what="Requested", status="requested")
            commit(self.wiring.orders.write(work))
        line = work.lines[0]
        missing = data.draw(st.integers(1, line.quantity)) if what == "short_pick" else 0
        said = {
            "confirmation_id": f"c-{self.next()}", "fulfillment_order_id": work_id, "order_id": mine.order,
            "kind": what, **({"reason": "closed_today"} if what == "rejected" else {}),
            **({"lines": [{"number": line.number, "quantity": missing}]} if what == "short_pick" else {}),
        }  # fmt: skip
        books = FulfillmentBooks(self.wiring.orders, self.wiring.stock, self.wiring.bookings, self.wiring.credit)
        for outcome in ("applied", "repeated"):  # I5: what is given back is given back once
            confirmation = Confirmation.model_validate(said)
            results = confirm_fulfillment(mine.location, [confirmation], books=books, clock=self.hands).results
            assert results[0].outcome == outcome or len(work.lines) == 1, results
        if what == "rejected":
            mine.state = "given_back"
        else:
            mine.sold[line.sku] -= missing
            for sku, units in parts_of(line.sku, missing).items():
                shelf = self.books.shelves[sku, mine.location]
                if line.components:  # nobody knows which part is missing: they are all set apart until they are counted
                    shelf.quality += units
                else:
                    shelf.on_hand -= units
            self.unshared.add(work_id)
            if not any(mine.units.values()):
                mine.state = "given_back"
        self.excluded[mine.order].add(mine.location)
        if mine.order in self.cancelled:
            return
        after = self.wiring.orders.get_fulfillment_order(mine.order, work_id)
        self.pending[mine.order] = entry(*after.facts)
        self.did(what)

    def ship(self, work: FulfillmentOrder, mine: Work) -> None:
        lines = tuple(
            line.model_copy(update={"picked": left, "packed": left, "shipped": left})
            for line in work.lines
            for left in [line.quantity - line.short]
        )
        closed = work.changed(at=self.hands.now, by="user:tester", what="Shipped", status="closed", lines=lines)
        impossible = any(self.gone(sku, mine.location, units) for sku, units in mine.units.items())
        for again in (False, True):  # the second time its version is old: nothing moves twice
            try:
                stock = self.wiring.stock.ship_writes(closed, self.cause())
                commit(self.wiring.orders.write(closed), *stock)
            except (ConflictError, ShortStockError):
                if not again:
                    assert impossible, "what is there can be shipped"
                    return
            else:
                assert not again
                assert not impossible
        mine.state = "shipped"
        for sku, units in mine.units.items():
            self.books.shelves[sku, mine.location].on_hand -= units
            self.books.shipped[sku, mine.location] += units
        self.did("shipped")
        if mine.sold.get(BUNDLE):
            self.did("bundle shipped")

    def gone(self, sku: str, location: str, units: int) -> bool:
        """Whether so many units are not there to ship, after corrections of what was committed."""
        shelf = self.books.shelves[sku, location]
        return shelf.damaged + shelf.quality > shelf.on_hand - units


def line_of(number: int, sku: str, units: int) -> Line:
    """A line as it is sold: of a bundle with what it is made of."""
    parts = tuple(PARTS.get(sku, {}).items())
    return Line(number=number, sku=sku, quantity=units, unit_price_minor=100, open=units, components=parts)


def message(name: str, document: Any) -> dict[str, Any]:
    """What the queue delivers."""
    return {"Records": [{"messageId": f"m-{name}", "body": json.dumps(document), "eventSource": "aws:sqs"}]}
