"""What people and time do to shelves."""

import hypothesis.strategies as st
from hypothesis.stateful import precondition, rule

from oms.aws.tables import ConditionFailedError, commit
from oms.inventory.drift.service import prove_stock
from oms.inventory.drift.store import SHARDS
from oms.inventory.model import Change, Movement
from oms.inventory.reservations.sweeping import expire_reservations
from oms.inventory.rules import ShortStockError
from oms.kernel.errors import RejectedError
from tests.stock_life.life import DEEDS, FIELDS, PLACES, UNITS, WARES, Life
from tests.stock_life.model import Shelf


class Shelves(Life):
    """Receipts, corrections, old versions, the clock."""

    @rule(seconds=st.sampled_from([20, 60, 300, 660]))
    def time_passes(self, seconds: int) -> None:
        self.pass_time(seconds)
        self.did("time_passes")

    @precondition(lambda self: any(hold.ended is None for hold in self.books.holds.values()))
    @rule()
    def swept_and_proved(self) -> None:
        stores = self.wiring
        expire_reservations(store=stores.reservations, stock=stores.stock, clock=self.hands)
        for _ in range(SHARDS):  # once round
            report = prove_stock(self.wiring.drift_desk)
            assert (report.drifted, report.undecided) == (0, 0), "honest books are nobody's exception"
        self.did("swept and proved")

    @rule(sku=st.sampled_from(WARES), place=st.sampled_from(PLACES), units=UNITS, receipt=st.integers(1, 4))
    def received(self, sku: str, place: str, units: int, receipt: int) -> None:
        name, said = f"receipt-{receipt}", (sku, place, units)
        first = self.receipts.setdefault(name, said)
        try:
            new = self.wiring.stock.receive(sku, place, units, receipt_id=name, by="user:tester")
        except RejectedError:
            assert first != said, "what comes again under its name is a repeat"
            self.did("refused: other receipt")
            return
        assert first == said
        assert new == (name not in self.taken_in)
        if new:
            self.taken_in.add(name)
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
                self.wiring.stock.move_once(
                    name, (sku, place), lambda _before: [movement], self.cause(), told=f"{deed} {units}"
                )
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

    @rule(sku=st.sampled_from(WARES), place=st.sampled_from(PLACES), beyond=UNITS)
    def taken_beyond_what_there_is(self, sku: str, place: str, beyond: int) -> None:
        key = (sku, place)
        units = max(self.books.available(key), 0) + beyond
        stock = self.wiring.stock
        movement = Movement("committed", key, Change(committed=units), ref="greedy")
        try:
            stock.writes([movement], stock.positions_at([key]), self.cause())
        except ShortStockError:
            self.did("taken_beyond_what_there_is")
        else:
            raise AssertionError("I8: more was taken than is available")
