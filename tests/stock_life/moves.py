"""What our locations send each other, and what they count."""

from typing import Any

import hypothesis.strategies as st
from hypothesis.stateful import precondition, rule

from oms.inventory.counts.model import Count
from oms.inventory.counts.service import take_counts
from oms.kernel.time import to_text
from tests.stock_life.life import BASKETS, PLACES, UNITS, WARES, Life
from tests.stock_life.model import Trip
from tests.store.inventory.test_transfers import cancel, put, ready, receive, ship


class Moves(Life):
    """Transfers from planned to received, and counts: of now, of a while ago, and differences."""

    # -- transfers ----------------------------------------------------------------------------------------------------

    @rule(basket=BASKETS, back=st.booleans())
    def transfer_readied(self, basket: dict[str, int], back: bool) -> None:
        self.ready_trip(basket, back)

    @rule(basket=BASKETS, back=st.booleans(), data=st.data())
    def transfer_sent(self, basket: dict[str, int], back: bool, data: Any) -> None:
        """Planned, shipped in part, and received in part."""
        name = self.ready_trip(basket, back)
        if name is not None and self.ship_trip(name, data):
            self.receive_trip(name, data)

    def ready_trip(self, basket: dict[str, int], back: bool) -> str | None:
        """All of it is committed at the source, or nothing is."""
        source, destination = PLACES[::-1] if back else PLACES
        name = f"T-{self.next()}"
        lines = [{"sku": sku, "units": units} for sku, units in basket.items()]
        plan = {"source": source, "destination": destination, "lines": lines, "due_on": "2026-12-01"}
        assert put(plan, name)["http"] == 201
        enough = all(self.books.available((sku, source)) >= units for sku, units in basket.items())
        for _ in range(2):
            answer = ready(name)
            assert (answer["http"] == 200) == enough, answer
            if not enough:
                assert answer["code"] == "short_stock"
                self.did("refused: transfer")
                return None
        self.books.trips[name] = Trip(source, destination, dict(basket))
        self.did("transfer ready")
        return name

    @precondition(lambda self: any(any(trip.committed.values()) for trip in self.books.trips.values()))
    @rule(data=st.data())
    def transfer_shipped(self, data: Any) -> None:
        name = data.draw(
            st.sampled_from([key for key, trip in self.books.trips.items() if any(trip.committed.values())])
        )
        self.ship_trip(name, data)

    def ship_trip(self, name: str, data: Any) -> bool:
        trip = self.books.trips[name]
        sku = data.draw(st.sampled_from(sorted(sku for sku, units in trip.committed.items() if units)))
        units = data.draw(st.integers(1, trip.committed[sku]))
        shelf = self.books.shelves[sku, trip.source]
        there = shelf.damaged + shelf.quality <= shelf.on_hand - units
        shipment = f"S-{self.next()}"
        for _ in range(2):  # it comes twice, and counts once
            answer = ship(shipment, {sku: units}, name)
            assert (answer["http"] == 200) == there, answer
        if not there:
            self.did("refused: shipment")
            return False
        trip.committed[sku] -= units
        trip.on_way[sku] = trip.on_way.get(sku, 0) + units
        shelf.on_hand -= units
        self.books.shelves[sku, trip.destination].incoming += units
        self.did("transfer shipped")
        return True

    @precondition(lambda self: any(any(trip.on_way.values()) for trip in self.books.trips.values()))
    @rule(data=st.data())
    def transfer_received(self, data: Any) -> None:
        name = data.draw(st.sampled_from([key for key, trip in self.books.trips.items() if any(trip.on_way.values())]))
        self.receive_trip(name, data)

    def receive_trip(self, name: str, data: Any) -> None:
        """Some of it sound, some damaged, some lost; and more than was sent when all is accounted for."""
        trip = self.books.trips[name]
        sku = data.draw(st.sampled_from(sorted(sku for sku, units in trip.on_way.items() if units)))
        sound = data.draw(st.integers(0, trip.on_way[sku]))
        damaged = data.draw(st.integers(0, trip.on_way[sku] - sound))
        lost = data.draw(st.integers(0, trip.on_way[sku] - sound - damaged))
        left = trip.on_way[sku] - sound - damaged - lost
        over = 0 if left else data.draw(st.integers(0, 2))
        if not sound + damaged + lost + over:
            return
        counts = {"received": sound, "damaged": damaged, "lost": lost, "over": over}
        receipt = f"R-{self.next()}"
        for _ in range(2):
            answer = receive(receipt, {"sku": sku, **counts, "reason": "broken"}, name=name)
            assert answer["http"] == 200, answer
        shelf = self.books.shelves[sku, trip.destination]
        shelf.incoming -= min(sound + damaged + lost, shelf.incoming)
        shelf.on_hand += sound + damaged + over
        shelf.damaged += damaged
        trip.on_way[sku] = left
        self.did("transfer received")

    @precondition(lambda self: any(any(trip.committed.values()) for trip in self.books.trips.values()))
    @rule(data=st.data())
    def transfer_cancelled(self, data: Any) -> None:
        name = data.draw(
            st.sampled_from([key for key, trip in self.books.trips.items() if any(trip.committed.values())])
        )
        for _ in range(2):
            assert cancel(name)["http"] in (200, 409)
        self.books.trips[name].committed.clear()
        self.did("transfer cancelled")

    # -- counts -------------------------------------------------------------------------------------------------------

    @rule(sku=st.sampled_from(WARES), place=st.sampled_from(PLACES), units=st.integers(0, 6), ago=st.integers(0, 3))
    def counted(self, sku: str, place: str, units: int, ago: int) -> None:
        self.take_count(sku, place, units, ago)

    @rule(sku=st.sampled_from(WARES), place=st.sampled_from(PLACES), units=st.integers(0, 6), moved=UNITS)
    def counted_late(self, sku: str, place: str, units: int, moved: int) -> None:
        """Somebody counts, something moves, and then the count comes in."""
        self.pass_time(20)
        self.pass_time(20)
        self.differ(sku, place, moved, less=False)
        self.what_moved_is_written_down()
        self.take_count(sku, place, units, 1)

    def take_count(self, sku: str, place: str, units: int, ago: int) -> None:
        """The books become the count plus what moved since; never against a newer count."""
        key = (sku, place)
        if not ago:
            self.pass_time(20)
        at = self.instants[-1 - min(ago, len(self.instants) - 1)]
        shelf, newest = self.books.shelves[key], self.counted_at.get(key, self.instants[0])
        since = sum(units for moved_at, units in self.moved[key] if moved_at > at)
        now = units + since
        if at < newest:
            expected = "stale"
        elif at == newest:
            expected = "repeated" if now == shelf.on_hand else "counted_differently"
        elif now < 0:
            expected = "contradicted"
        elif shelf.damaged + shelf.quality > now:
            expected = "short_stock"
        else:
            expected = "applied"
        assert self.count(place, Count(sku=sku, units=units, counted_at=to_text(at))) == expected
        if expected == "applied":
            self.counted_at[key] = at
            shelf.on_hand = now
            self.settle()
            assert self.count(place, Count(sku=sku, units=units, counted_at=to_text(at))) == "repeated"
        self.did(f"counted: {expected}")

    @rule(sku=st.sampled_from(WARES), place=st.sampled_from(PLACES), units=UNITS, less=st.booleans())
    def counted_otherwise(self, sku: str, place: str, units: int, less: bool) -> None:
        self.differ(sku, place, units, less=less)

    def differ(self, sku: str, place: str, units: int, *, less: bool) -> None:
        shelf, delta = self.books.shelves[sku, place], -units if less else units
        legal = shelf.damaged + shelf.quality <= shelf.on_hand + delta
        row = Count(sku=sku, delta=delta, id=f"D-{self.next()}")
        assert self.count(place, row) == ("applied" if legal else "short_stock")
        if legal:
            shelf.on_hand += delta
            assert self.count(place, row) == "repeated"
        self.did("difference" if legal else "refused: difference")

    def count(self, place: str, row: Count) -> str:
        """What became of it: the outcome, or the code of a refusal."""
        (result,) = take_counts(place, [row], by="user:tester", desk=self.wiring.stocktaking).results
        return result.code or result.outcome
