"""What one life of stock keeps, and the invariants I1 to I11 that hold after each of its steps."""

import math
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import hypothesis.strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant

from oms.inventory.model import NOTHING, Cause, Change
from oms.inventory.reservations import service
from oms.inventory.reservations.model import Reservation
from oms.inventory.reservations.rules import reservation_id_of
from oms.kernel.time import to_text
from tests.allocation_scene import Hands, item_of, position
from tests.aws import moto_cloud
from tests.reservation_scene import SHOP, open_shop
from tests.stock_life.model import BUNDLE, PARTS, Books, Place, Shelf

START = datetime(2026, 11, 23, 9, tzinfo=UTC)  # a whole minute: terms are met to the instant
NORMAL, PAYING, LONGEST = timedelta(minutes=10), timedelta(minutes=20), timedelta(minutes=60)
WARES, PLACES, CARTS = ("CUP", "PEN"), ("ber-1", "lon-1"), ("cart-1", "cart-2", "cart-3")
UNITS = st.integers(1, 4)
BASKETS = st.dictionaries(st.sampled_from(WARES), UNITS, min_size=1)
SETS = st.fixed_dictionaries({BUNDLE: st.integers(1, 2)})
SOLD = BASKETS | SETS | st.builds(lambda wares, sets: wares | sets, BASKETS, SETS)  # wares, bundles of them, or both
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


class Life(RuleBasedStateMachine):
    """One life: the real stores beside the simplest model of them."""

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
        self.receipts: dict[str, tuple[str, str, int]] = {}  # by the name that each came with first
        self.taken_in: set[str] = set()
        self.number = 0
        self.instants = [START]  # that a count may have been made at
        self.moved: dict[Place, list[tuple[datetime, int]]] = defaultdict(list)  # units on hand, but by counts
        self.known: dict[Place, int] = {}  # units on hand when they were looked at last
        self.counted_at: dict[Place, datetime] = {}
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

    @initialize(units=st.lists(st.integers(0, 6), min_size=4, max_size=4), safety=st.integers(0, 1))
    def opened(self, units: list[int], safety: int) -> None:
        keys = [(sku, place) for sku in WARES for place in PLACES]
        open_shop(
            self.wiring,
            *(position(*key, on_hand, safety_stock=safety) for key, on_hand in zip(keys, units, strict=True)),
        )
        made = item_of(BUNDLE).model_copy(update={"components": tuple(PARTS[BUNDLE].items())})
        self.wiring.reference.put_item(made)
        self.books.shelves = {key: Shelf(on_hand, safety) for key, on_hand in zip(keys, units, strict=True)}
        self.seen = dict.fromkeys(keys, (None, 0, NOTHING))
        self.settle()

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

    @invariant()
    def what_moved_is_written_down(self) -> None:
        for key, shelf in self.books.shelves.items():
            if by := shelf.on_hand - self.known[key]:
                self.moved[key].append((self.hands.now, by))
        self.settle()

    def settle(self) -> None:
        """Take what is on hand as known: no movement is written down for it."""
        self.known = {key: shelf.on_hand for key, shelf in self.books.shelves.items()}

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
            held = sum(sum(work.sold.values()) for work in works if work.state in ("open", "shipped"))
            assert order.units_allocated == held
            assert sum(line.backordered for line in order.lines) == self.books.waiting[order.id].total()
            for line in order.lines:
                assert line.open + line.backordered + line.allocated + line.cancelled == line.quantity

    # -- small things -------------------------------------------------------------------------------------------------

    def did(self, what: str) -> None:
        STEPS[what] += 1

    def pass_time(self, seconds: int) -> None:
        self.hands.forward(seconds=seconds)
        self.books.now = self.hands.now
        self.instants.append(self.hands.now)

    def next(self) -> str:
        self.number += 1
        return f"{self.number}"

    def cause(self) -> Cause:
        return Cause("user:tester", to_text(self.hands.now))

    def reservation(self, cart: str) -> Reservation:
        return service.read_reservation(reservation_id_of(SHOP, cart), desk=self.wiring.reservation_desk)

    def open_works(self) -> list[str]:
        return sorted(key for key, work in self.books.works.items() if work.state == "open")
