"""Random lives of stock against the simplest model of it, with the invariants I1 to I11 after every step.

`python -m tests.stock_machine 500 60` lives 500 lives of 60 steps.
"""

import math
import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from functions.allocation.queue_allocate_orders import handler as allocate
from functions.inventory.queue_release_reservations import handler as give_back
from oms.allocation.recall import cancel_order
from oms.aws.tables import ConditionFailedError, commit
from oms.fulfillment.model import Confirmation
from oms.fulfillment.service import Books as FulfillmentBooks
from oms.fulfillment.service import confirm_fulfillment
from oms.inventory.model import NOTHING, Cause, Change, Movement
from oms.inventory.reservations import service
from oms.inventory.reservations.model import AskReservation, ChangeReservation, Reservation
from oms.inventory.reservations.rules import reservation_id_of
from oms.inventory.reservations.sweeping import expire_reservations
from oms.inventory.rules import ShortStockError
from oms.kernel.errors import ConflictError, StateError
from oms.kernel.time import to_text
from oms.orders.model import FulfillmentOrder
from tests.allocation_scene import Hands, entry, position, put_order
from tests.aws import moto_cloud
from tests.reservation_scene import SHOP, open_shop
from tests.stock_model import Books, Hold, Place, Shelf, Work

START = datetime(2026, 11, 23, 9, 0, 10, tzinfo=UTC)
NORMAL, PAYING, LONGEST = timedelta(minutes=10), timedelta(minutes=20), timedelta(minutes=60)
WARES, PLACES, CARTS = ("CUP", "PEN"), ("ber-1", "lon-1"), ("cart-1", "cart-2", "cart-3")
UNITS = st.integers(1, 4)
BASKETS = st.dictionaries(st.sampled_from(WARES), UNITS, min_size=1)
# Movement kind, the bucket, and the sign: what people do to a shelf.
DEEDS: dict[str, tuple[str, int]] = {
    "found": ("on_hand", 1),
    "lost": ("on_hand", -1),
    "damaged": ("damaged", 1),
    "repaired": ("damaged", -1),
    "quarantined": ("quality_control", 1),
    "cleared": ("quality_control", -1),
    "expected": ("incoming", 1),
    "guarded": ("safety_stock", 1),
}
FIELDS = {"on_hand": "on_hand", "damaged": "damaged", "quality_control": "quality", "incoming": "incoming",
          "safety_stock": "safety"}  # fmt: skip
STEPS: Counter[str] = Counter()  # by rule, over all lives of the process


def minute_after(instant: datetime) -> datetime:
    """The next whole minute, or this one if it is whole."""
    return datetime.fromtimestamp(math.ceil(instant.timestamp() / 60) * 60, UTC)


class StockMachine(RuleBasedStateMachine):
    """One life."""

    def __init__(self) -> None:
        super().__init__()
        self.hands = Hands(START)
        self.cloud = moto_cloud(self.hands)
        self.wiring = self.cloud.__enter__()
        self.books = Books(START)
        self.since: dict[str, datetime] = {}
        self.named: dict[str, str | None] = {}  # order -> cart
        self.ordered: dict[str, dict[str, int]] = {}
        self.pending: dict[str, Any] = {}  # order -> the event that asks for stock
        self.excluded: dict[str, set[str]] = {}
        self.cancelled: set[str] = set()
        self.unshared: set[str] = set()  # work of which units were missing: nobody cancels that
        self.receipts: set[str] = set()
        self.number = 0
        self.seen: dict[Place, tuple[str | None, int, Change]] = {}
        self.remembered: dict[str, str] = {}  # entry of the journal -> what it said

    def teardown(self) -> None:
        try:
            for name, said in self.remembered.items():  # I7: what is in the journal stays as it was
                found = self.wiring.stock.entry(name)
                assert found is not None
                assert found.model_dump_json() == said
        finally:
            self.cloud.__exit__(None, None, None)

    # -- what happens -------------------------------------------------------------------------------------------------

    @initialize(units=st.lists(st.integers(0, 6), min_size=4, max_size=4), safety=st.integers(0, 1))
    def opened(self, units: list[int], safety: int) -> None:
        keys = [(sku, place) for sku in WARES for place in PLACES]
        open_shop(
            self.wiring,
            *(position(*key, on_hand, safety_stock=safety) for key, on_hand in zip(keys, units, strict=True)),
        )
        self.books.shelves = {key: Shelf(on_hand, safety) for key, on_hand in zip(keys, units, strict=True)}
        self.seen = dict.fromkeys(keys, (None, 0, NOTHING))

    @rule(seconds=st.sampled_from([20, 60, 300, 660]))
    def time_passes(self, seconds: int) -> None:
        self.hands.forward(seconds=seconds)
        self.books.now = self.hands.now
        self.did("time_passes")

    @rule()
    def swept(self) -> None:
        stores = self.wiring
        expire_reservations(store=stores.reservations, stock=stores.stock, clock=self.hands)
        self.did("swept")

    @rule(sku=st.sampled_from(WARES), place=st.sampled_from(PLACES), units=UNITS, receipt=st.integers(1, 4))
    def received(self, sku: str, place: str, units: int, receipt: int) -> None:
        name = f"receipt-{receipt}"
        new = self.wiring.stock.receive(sku, place, units, receipt_id=name, by="user:tester")
        assert new == (name not in self.receipts)
        if new:
            self.receipts.add(name)
            shelf = self.books.shelves[sku, place]
            shelf.on_hand += units
            shelf.incoming -= min(units, shelf.incoming)
        self.did("received")

    @rule(sku=st.sampled_from(WARES), place=st.sampled_from(PLACES), units=UNITS, deed=st.sampled_from(sorted(DEEDS)))
    def handled(self, sku: str, place: str, units: int, deed: str) -> None:
        bucket, sign = DEEDS[deed]
        shelf = self.books.shelves[sku, place]
        after = Shelf(**{**vars(shelf), FIELDS[bucket]: getattr(shelf, FIELDS[bucket]) + sign * units})
        legal = min(vars(after).values()) >= 0 and after.damaged + after.quality <= after.on_hand
        movement = Movement(deed, (sku, place), Change(**{bucket: sign * units}), ref="hand")  # type: ignore[arg-type]
        name = f"hand:{self.next()}"
        try:
            for _ in range(2):  # it comes twice, and counts once
                self.wiring.stock.move_once(name, (sku, place), lambda _before: [movement], self.cause())
        except ShortStockError:
            assert not legal
        else:
            assert legal
            self.books.shelves[sku, place] = after
        self.did(deed)

    @rule(sku=st.sampled_from(WARES), place=st.sampled_from(PLACES), units=UNITS)
    def written_on_an_old_version(self, sku: str, place: str, units: int) -> None:
        stock, key = self.wiring.stock, (sku, place)
        old = stock.positions_at([key])
        movement = Movement("found", key, Change(on_hand=units), ref="hand")
        commit(*stock.writes([movement], old, self.cause()))
        self.books.shelves[key].on_hand += units
        try:
            commit(*stock.writes([movement], old, self.cause()))
        except ConditionFailedError:
            self.did("written_on_an_old_version")
        else:
            raise AssertionError("I11: a write on an old version went through")

    @rule(cart=st.sampled_from(CARTS), basket=BASKETS, partial=st.booleans(), there=st.booleans())
    def reserved(self, cart: str, basket: dict[str, int], partial: bool, there: bool) -> None:
        live = self.books.live(cart)
        lines = [{"sku": sku, "quantity": units} for sku, units in basket.items()]
        where = {"ships_to": {"country": "GB", "postal_area": "E1"}} if there else {}
        asked = AskReservation.model_validate(
            {"channel": SHOP, "owner": cart, "lines": lines, "allow_partial": partial, **where}
        )
        free = {sku: self.books.free(sku, cart) for sku in basket}
        frozen = live and self.books.holds[cart].frozen
        self.asked(cart, lambda: service.reserve(
            asked, key=self.next(), by="user:tester", desk=self.wiring.reservation_desk
        ).reservation, basket, free, partial=partial, frozen=frozen)  # fmt: skip

    @rule(cart=st.sampled_from(CARTS), sku=st.sampled_from(WARES), units=UNITS)
    def changed(self, cart: str, sku: str, units: int) -> None:
        if cart not in self.books.holds:
            return
        before = self.reservation(cart)
        if not self.books.live(cart):
            return
        basket = {line.sku: line.quantity for line in before.lines} | {sku: units}
        change = ChangeReservation.model_validate({"lines": [{"sku": sku, "quantity": units}]})
        free = {one: self.books.free(one, cart) for one in basket}
        frozen = self.books.holds[cart].frozen
        same = basket == {line.sku: line.quantity for line in before.lines}
        if same and not frozen:
            return  # activity: `touched` is the rule for that
        self.asked(cart, lambda: service.change_lines(
            before.id, change, by="user:tester", desk=self.wiring.reservation_desk
        ), basket, free, partial=before.allow_partial, frozen=frozen)  # fmt: skip

    def asked(
        self,
        cart: str,
        ask: Callable[[], Reservation],
        basket: dict[str, int],
        free: dict[str, dict[Place, int]],
        *,
        partial: bool,
        frozen: bool,
    ) -> None:
        """All or nothing, or what there is; never more anywhere than the owner may take."""
        there = {sku: sum(free[sku].values()) for sku in basket}
        enough = any(there.values()) if partial else all(there[sku] >= units for sku, units in basket.items())
        live = self.books.live(cart)
        try:
            told = ask()
        except ShortStockError:
            assert not enough, (basket, free)
            self.did("refused: short")
            return
        except StateError:
            assert frozen
            self.did("refused: paying")
            return
        assert enough
        if not live:
            self.since[cart] = self.hands.now
        units = {kept.key: kept.units for kept in told.kept}
        for sku, wanted in basket.items():
            assert sum(count for (name, _), count in units.items() if name == sku) == min(wanted, there[sku])
        assert all(count <= free[key[0]][key] for key, count in units.items())
        until = minute_after(min(self.hands.now + NORMAL, self.since[cart] + LONGEST))
        kept_frozen = frozen and live
        if live:
            until = max(until, self.books.holds[cart].until)
        self.books.holds[cart] = Hold(until, units, kept_frozen)
        self.did("reserved")

    @rule(cart=st.sampled_from(CARTS), verb=st.sampled_from(["touch", "freeze", "thaw", "release"]))
    def told(self, cart: str, verb: str) -> None:
        if cart not in self.books.holds:
            return
        hold, live, now = self.books.holds[cart], self.books.live(cart), self.hands.now
        more = {"reason": "abandoned"} if verb == "release" else {}
        try:
            getattr(service, verb)(
                reservation_id_of(SHOP, cart), **more, by="user:tester", desk=self.wiring.reservation_desk
            )
        except StateError:
            assert not live
            assert verb != "release" or hold.ended == "committed"
            self.did(f"refused: {verb}")
            return
        assert live or verb == "release"
        if live:
            latest = self.since[cart] + LONGEST
            active = minute_after(min(now + NORMAL, latest))
            if verb == "touch" and not hold.frozen:
                hold.until = max(hold.until, active)
            elif verb == "freeze" and not hold.frozen:
                hold.frozen, hold.until = True, max(hold.until, minute_after(min(now, latest) + PAYING))
            elif verb == "thaw" and hold.frozen:
                soon = minute_after(now + timedelta(milliseconds=1))
                hold.frozen, hold.until = False, min(hold.until, max(active, soon))
            elif verb == "release":
                hold.ended = "released"
        self.did(verb)

    @rule(basket=BASKETS, cart=st.none() | st.sampled_from(CARTS))
    def ordered_by(self, basket: dict[str, int], cart: str | None) -> None:
        name, now = f"ord_{self.next()}", to_text(self.hands.now)
        rid = reservation_id_of(SHOP, cart) if cart else None
        order = put_order(self.wiring, name, basket, reservation_id=rid, submitted_at=now)
        self.ordered[name], self.named[name], self.excluded[name] = dict(basket), cart, set()
        self.pending[name] = entry(*order.facts)
        self.did("ordered")

    @precondition(lambda self: self.pending)
    @rule(data=st.data(), twice=st.booleans())
    def allocated(self, data: Any, twice: bool) -> None:
        name = data.draw(st.sampled_from(sorted(self.pending)))
        order = self.wiring.orders.get(name)
        wanted = Counter({line.sku: line.open for line in order.lines if line.open})
        cart = self.named[name]
        owner = cart if cart is not None and self.books.live(cart) else None
        away = self.excluded[name]
        free = {sku: {key: n for key, n in self.books.free(sku, owner).items() if key[1] not in away} for sku in wanted}
        event = self.pending.pop(name)
        for _ in range(2 if twice else 1):
            assert allocate(message(name, event), None) == {"batchItemFailures": []}
        taken: Counter[Place] = Counter()
        for work in self.wiring.orders.tree(name).fulfillment_orders:
            if work.id not in self.books.works:
                units = {line.sku: line.quantity for line in work.lines}
                self.books.works[work.id] = Work(name, work.location, units)
                taken += Counter({(sku, work.location): count for sku, count in units.items()})
        if wanted and owner is not None:
            self.books.holds[owner].ended = "committed"
        for sku, count in wanted.items():
            got = sum(units for key, units in taken.items() if key[0] == sku)
            assert got == min(count, sum(free[sku].values())), "neither oversold nor undersold"
            self.books.waiting[name] += count - got
        assert all(units <= free[key[0]][key] for key, units in taken.items()), "I8: taken where it was available"
        self.did("allocated")

    @precondition(lambda self: self.ordered.keys() - self.cancelled)
    @rule(data=st.data())
    def cancelled_by(self, data: Any) -> None:
        name = data.draw(st.sampled_from(sorted(self.ordered.keys() - self.cancelled)))
        works = {key: work for key, work in self.books.works.items() if work.order == name}
        if any(key in self.unshared for key in works):
            return
        left = any(work.state == "open" for work in works.values()) or self.books.waiting[name] or name in self.pending
        try:
            cancel_order(name, reason="other", note=None, by="user:tester", desk=self.wiring.taking_back,
                         exposure=self.wiring.credit, now=self.hands.now)  # fmt: skip
        except StateError:
            assert not left
            return
        assert left
        self.cancelled.add(name)
        self.books.waiting[name] = 0
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
    @rule(data=st.data(), what=st.sampled_from(["shipped", "short_pick", "rejected"]))
    def confirmed(self, data: Any, what: str) -> None:
        work_id = data.draw(st.sampled_from(self.open_works()))
        mine = self.books.works[work_id]
        work = self.wiring.orders.get_fulfillment_order(mine.order, work_id)
        if what == "shipped":
            self.ship(work, mine)
            return
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
            mine.units[line.sku] -= missing
            self.books.shelves[line.sku, mine.location].on_hand -= missing
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

    def gone(self, sku: str, location: str, units: int) -> bool:
        """Whether so many units are not there to ship, after corrections of what was committed."""
        shelf = self.books.shelves[sku, location]
        return shelf.damaged + shelf.quality > shelf.on_hand - units

    # -- what always holds --------------------------------------------------------------------------------------------

    @invariant()
    def the_books_are_as_the_model_has_them(self) -> None:
        """I6, I9: every figure, at every place, as read now; versions and journal explain it (I7, I11)."""
        found = self.wiring.stock.positions(WARES)
        for key, shelf in self.books.shelves.items():
            one = found[key]
            figures = (one.on_hand, one.safety_stock, one.damaged, one.quality_control, one.incoming)
            assert figures == (shelf.on_hand, shelf.safety, shelf.damaged, shelf.quality, shelf.incoming), key
            assert one.committed == self.books.committed(key), key
            assert one.reserved == self.books.reserved(key), key
            assert one.available == self.books.available(key), key
            self.explain(one)

    def explain(self, one: Any) -> None:
        entry_seen, version, total = self.seen[one.key]
        if one.version == version:
            return
        made: set[int] = set()
        for line, posting in self.wiring.stock.history(one, limit=one.version - version):
            total = total.plus(posting.change)
            made.add(posting.version)
            self.remembered.setdefault(line.id, line.model_dump_json())
            last = posting.before
        assert made == set(range(version + 1, one.version + 1)), "I11: versions are gapless"
        assert last == entry_seen
        stored = one.reserved + sum(units for _, units in one.lapsed)
        sums = Change(one.on_hand, one.committed, one.incoming, one.backordered, stored, one.damaged,
                      one.quality_control, one.safety_stock)  # fmt: skip
        assert total == sums, "I7: the balance is the sum of the movements"
        self.seen[one.key] = (one.entry, one.version, total)

    @invariant()
    def every_reservation_is_what_its_owner_thinks(self) -> None:
        ids = {reservation_id_of(SHOP, cart): cart for cart in self.books.holds}
        for rid, one in self.wiring.reservations.find_many(ids).items():
            status = "live" if one.live else one.status
            assert status == self.books.status(ids[rid]), ids[rid]
            assert one.until == to_text(self.books.holds[ids[rid]].until)

    @invariant()
    def every_unit_of_an_order_is_in_one_bucket(self) -> None:
        """I1 to I3: lines add up, and what is allocated is what the works hold."""
        for order in self.wiring.orders.get_many(self.ordered).values():
            works = [work for work in self.books.works.values() if work.order == order.id]
            held = sum(sum(work.units.values()) for work in works if work.state in ("open", "shipped"))
            assert order.units_allocated == held
            assert sum(line.backordered for line in order.lines) == self.books.waiting[order.id]
            for line in order.lines:
                assert line.open + line.backordered + line.allocated + line.cancelled == line.quantity

    # -- small things -------------------------------------------------------------------------------------------------

    def did(self, what: str) -> None:
        STEPS[what] += 1

    def next(self) -> str:
        self.number += 1
        return f"{self.number}"

    def cause(self) -> Cause:
        return Cause("user:tester", to_text(self.hands.now))

    def reservation(self, cart: str) -> Reservation:
        return service.read_reservation(reservation_id_of(SHOP, cart), desk=self.wiring.reservation_desk)

    def open_works(self) -> list[str]:
        return sorted(key for key, work in self.books.works.items() if work.state == "open")


def message(name: str, document: Any) -> dict[str, Any]:
    """What the queue delivers."""
    import json  # noqa: PLC0415

    return {"Records": [{"messageId": f"m-{name}", "body": json.dumps(document), "eventSource": "aws:sqs"}]}


def live(lives: int, steps: int, *, shrink: bool = False, seed: bool = False) -> None:
    """So many lives of so many steps.

    Raises:
        AssertionError: an invariant does not hold.
    """
    phases = (Phase.generate, Phase.shrink) if shrink else (Phase.generate,)
    chosen = settings(
        max_examples=lives,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        derandomize=not seed,
        phases=phases,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
        report_multiple_bugs=False,
    )
    run_state_machine_as_test(StockMachine, settings=chosen)  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    live(int(sys.argv[1]), int(sys.argv[2]), shrink=True, seed=True)
    print(f"{sum(STEPS.values())} steps: {dict(STEPS.most_common())}")  # noqa: T201  a command
