"""Whatever is done to an article that is kept by lots, the lots add up to what is on hand, and the journal says why.

    Σ lots of a position = its units on hand        none below zero, none with more apart than it has
    Σ of a lot's movements in the journal = the lot, at each location
    Σ lots everywhere + in transit = what came - what left

Two locations receive, count, commit, give back, ship, lose, damage, send each other units, and let days pass.
"""

from collections import Counter
from datetime import datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from oms.aws.documents import unpack
from oms.aws.tables import from_wire
from oms.inventory.counts import naming
from oms.inventory.counts.rules import since
from oms.inventory.lots import LotError, ends_at
from oms.inventory.model import Cause, Change, Entry, Lot, LotMove, Movement, Position, PositionKey, Posting
from oms.inventory.rules import ShortStockError, lapsed_movements
from oms.inventory.store import Moved, StockStore
from oms.inventory.transfers import rules
from oms.inventory.transfers.model import ReceivedUnits, Transfer, TransferLine
from oms.kernel.time import to_text
from tests.allocation_scene import START

PLACES = ("ber-1", "lon-1")
PLACE = st.sampled_from(PLACES)
LOTS = {"A": "2026-11-24", "B": "2026-11-26", "C": "2026-12-31", "D": None}  # last good days
LOT = st.sampled_from(sorted(LOTS))
FEW = st.integers(1, 6)
STOCK = StockStore("inventory", lambda: PLACES)


class Lots(RuleBasedStateMachine):
    """The books of two locations, kept by the rules that keep the real ones: what they write is read, not stored."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.books = {
            key: Position(*key, 0, 0, 0, version=1, read_at=to_text(START)) for key in (("BRIE", one) for one in PLACES)
        }
        self.journal: list[Entry] = []
        self.on_the_way: list[Transfer] = []
        self.came: Counter[str] = Counter()

    def book(self, *movements: Movement) -> bool:
        """Whether they were possible."""
        try:
            moved = STOCK.moved(movements, self.books, Cause("t", to_text(self.now)))
        except (ShortStockError, LotError):
            return False
        self.take(moved)
        return True

    def take(self, moved: Moved) -> None:
        for write in moved.writes:
            row = from_wire(write.request["Item"])
            if "doc" in row:
                self.journal.append(unpack(Entry, row["doc"]))
        self.books |= moved.after

    def history(self, key: PositionKey) -> list[tuple[Entry, Posting]]:
        return [
            (entry, posting)
            for entry in reversed(self.journal)
            for posting in reversed(entry.postings)
            if posting.location == key[1]
        ]

    def pass_time(self, **by: float) -> None:
        self.now += timedelta(**by)
        self.books = {key: one._replace(read_at=to_text(self.now)) for key, one in self.books.items()}

    @rule(place=PLACE, lot=LOT, units=FEW)
    def receive(self, place: str, lot: str, units: int) -> None:
        day = LOTS[lot]
        move = LotMove(lot, units, ends_at=ends_at(day, 0, "Europe/Berlin") if day else None)
        if self.book(Movement("received", ("BRIE", place), Change(on_hand=units), lots=(move,))):
            self.came[lot] += units

    @rule(place=PLACE, data=st.data())
    def commit(self, place: str, data: st.DataObject) -> None:
        """All that can be taken, or less, or now and then one too many."""
        free = max(self.books["BRIE", place].available, 0)
        units = data.draw(st.integers(0, free + 1))
        done = self.book(Movement("committed", ("BRIE", place), Change(committed=units), ref="ord"))
        assert done or units > free or not units

    @precondition(lambda self: any(one.committed for one in self.books.values()))
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        position = data.draw(st.sampled_from([one for one in self.books.values() if one.committed]))
        units = data.draw(st.integers(1, position.committed))
        assert self.book(Movement("released", position.key, Change(committed=-units), ref="ord"))

    @precondition(lambda self: any(one.committed for one in self.books.values()))
    @rule(data=st.data())
    def ship(self, data: st.DataObject) -> None:
        """Now and then the location says which lots it took."""
        position = data.draw(st.sampled_from([one for one in self.books.values() if one.committed]))
        units = data.draw(st.integers(1, position.committed))
        lots: tuple[LotMove, ...] = ()
        if data.draw(st.booleans()) and position.lots:
            lot = data.draw(st.sampled_from(position.lots))
            units = min(units, max(lot.free, 1))
            lots = (LotMove(lot.id, -units),)
        change = Change(on_hand=-units, committed=-units)
        self.leave(Movement("shipped", position.key, change, ref="ord", lots=lots))

    @precondition(lambda self: any(one.lots for one in self.books.values()))
    @rule(data=st.data(), gone=st.booleans(), apart=st.booleans())
    def lose_or_damage(self, data: st.DataObject, gone: bool, apart: bool) -> None:
        """Up to one unit more than there is."""
        position = data.draw(st.sampled_from([one for one in self.books.values() if one.lots]))
        lot = data.draw(st.sampled_from(position.lots))
        units = data.draw(st.integers(1, lot.units + 1))
        if not gone:
            damaged = LotMove(lot.id, 0, units)
            self.book(Movement("damaged", position.key, Change(damaged=units), lots=(damaged,)))
            return
        change = Change(on_hand=-units, damaged=-units * apart)
        self.leave(Movement("lost", position.key, change, lots=(LotMove(lot.id, -units, -units * apart),)))

    @rule(place=PLACE, data=st.data(), late=st.booleans())
    def count(self, place: str, data: st.DataObject, late: bool) -> None:
        """Counted five minutes ago; what moved since is added, lot by lot, whatever lots the books took it for."""
        self.pass_time(minutes=10)
        if late:
            gone = data.draw(st.integers(0, self.books["BRIE", place].on_hand))
            self.leave(Movement("shipped", ("BRIE", place), Change(on_hand=-gone), ref="ord"))
            self.receive(place, "A", 1)
        position = self.books["BRIE", place]
        counted = {lot: data.draw(st.integers(0, 5)) for lot in LOTS}
        at = to_text(self.now - timedelta(minutes=5))
        moved = since(self.history(position.key), at, hops=10_000)
        total = sum(counted.values()) + moved.on_hand
        if total < 0:
            return
        ends = {lot: ends_at(day, 0, "Europe/Berlin") if day else None for lot, day in LOTS.items()}
        order = sorted(LOTS, key=lambda lot: (ends[lot] or "~", lot))
        now = naming.units_now(counted, moved, order)
        assert sum(now.values()) == total
        lots = naming.lot_moves(position, now, ends)
        change = Change(on_hand=total - position.on_hand)
        if self.book(Movement("counted", position.key, change, term=at, lots=lots)):
            self.came.update({move.id: move.units for move in lots})

    @rule(back=st.booleans(), units=FEW)
    def send(self, back: bool, units: int) -> None:
        source, destination = PLACES[::-1] if back else PLACES
        line = TransferLine(sku="BRIE", units=units)
        draft = Transfer(
            id=f"T-{len(self.journal)}",
            source=source,
            destination=destination,
            status="draft",
            lines=(line,),
            created_at=to_text(self.now),
        )
        try:
            ready = rules.readied(draft, self.books)
        except ShortStockError:
            return
        if not self.book(*ready.movements):
            return
        draft = draft.model_copy(update={"lines": ready.lines})
        gone = rules.of_lots(rules.shipped(draft, {"BRIE": units}, "2026-12-01"), self.books)
        if self.book(*gone.movements):
            self.on_the_way.append(draft.model_copy(update={"lines": gone.lines}))

    @rule(data=st.data())
    def arrive(self, data: st.DataObject) -> None:
        """Some of it sound, some damaged, some lost, some still on its way."""
        if not self.on_the_way:
            return
        transfer = self.on_the_way[data.draw(st.integers(0, len(self.on_the_way) - 1))]
        left = transfer.lines[0].in_transit
        counts = {}
        for kind in ("received", "damaged", "lost"):
            counts[kind] = data.draw(st.integers(0, left))
            left -= counts[kind]
        if not any(counts.values()):
            return
        found = ReceivedUnits.model_validate({"sku": "BRIE", "reason": "broken", **counts})
        before = Counter({lot.id: lot.units for lot in transfer.lines[0].lots})
        stepped = rules.received(transfer, [found], self.books)
        assert self.book(*stepped.movements)
        self.on_the_way.remove(transfer)
        self.on_the_way.append(transfer.model_copy(update={"lines": stepped.lines}))
        after = Counter({lot.id: lot.units for lot in stepped.lines[0].lots})
        booked: Counter[str] = Counter()
        for one in stepped.movements:
            booked.update({move.id: move.units for move in one.lots})
        self.came.subtract(before - after - booked)  # lost on the way

    @rule(hours=st.sampled_from([0.01, 5, 14]))
    def wait(self, hours: float) -> None:
        self.pass_time(hours=hours)

    @rule(place=PLACE)
    def expire(self, place: str) -> None:
        """What the sweep does."""
        position = self.books["BRIE", place]
        if position.ending:
            self.take(STOCK.noticed(position, Cause("t", to_text(self.now))))
            assert not self.books[position.key].ending

    def leave(self, movement: Movement) -> None:
        before = Counter({lot.id: lot.units for lot in self.books[movement.key].lots})
        if self.book(movement):
            self.came.subtract(before - Counter({lot.id: lot.units for lot in self.books[movement.key].lots}))

    @invariant()
    def the_lots_add_up(self) -> None:
        moved: dict[str, Counter[str]] = {place: Counter() for place in PLACES}
        for entry in self.journal:
            for posting in entry.postings:
                moved[posting.location].update({name: units for name, units, _ in posting.lots})
        for (_, place), position in self.books.items():
            assert sum(lot.units for lot in position.lots) == position.on_hand
            assert all(0 <= lot.apart <= lot.units for lot in position.lots)
            explained = {name: units for name, units in moved[place].items() if units}
            assert {lot.id: lot.units for lot in position.lots} == explained
            assert sum(lot.apart for lot in position.lots) <= position.damaged + position.quality_control
            assert position.shortfall == 0 or position.available < 0
        there: Counter[str] = Counter()
        for position in self.books.values():
            there.update({lot.id: lot.units for lot in position.lots})
        for transfer in self.on_the_way:
            there.update({lot.id: lot.units for lot in transfer.lines[0].lots})
            assert sum(lot.units for lot in transfer.lines[0].lots) == transfer.lines[0].in_transit
        assert +there == +self.came

    @invariant()
    def what_is_over_is_said_once(self) -> None:
        for key, position in self.books.items():
            over = {lot.id for lot in position.lots if lot.ends_at and lot.ends_at <= to_text(self.now)}
            assert over == {lot.id for lot in position.lots if lot.over} | {lot.id for lot in position.ending}
            assert {one.lots[0].id for one in lapsed_movements(position)} == {lot.id for lot in position.ending}
            assert key == position.key


def test_the_lots_add_up_whatever_is_done_to_them() -> None:
    run_state_machine_as_test(
        Lots,
        settings=settings(
            max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_the_end_of_a_lot_is_the_end_of_its_last_day_where_it_lies() -> None:
    made = [ends_at("2026-11-24", 0, zone) for zone in ("Europe/Berlin", "America/New_York", "Asia/Tokyo")]
    assert made == ["2026-11-24T23:00:00.000Z", "2026-11-25T05:00:00.000Z", "2026-11-24T15:00:00.000Z"]
    assert ends_at("2026-10-25", 0, "Europe/Berlin") == "2026-10-25T23:00:00.000Z"  # the clocks went back that day


def test_a_lot_that_is_over_stays_marked_until_it_is_gone() -> None:
    late = to_text(datetime(2026, 11, 25, tzinfo=START.tzinfo))
    position = Position("BRIE", "ber-1", 3, 0, 0, version=1, lots=(Lot("A", 3, 0, late),), read_at=late)
    moved = STOCK.noticed(position, Cause("t", late))
    after = moved.after["BRIE", "ber-1"]
    assert (after.lots, after.ending, after.available) == ((Lot("A", 3, 0, late, over=True),), (), 0)
