"""The proof of what carts keep: reserved units are those of the live reservations, per SKU and location."""

from datetime import datetime, timedelta

from oms.aws.tables import commit
from oms.inventory.model import Cause, Change, Movement
from oms.inventory.reservations.model import Kept, Reservation, Wanted
from oms.kernel.time import to_text
from oms.wiring import Wiring
from tests.allocation_scene import START, assert_the_journal_explains_the_balances
from tests.store.inventory.test_drift import (
    PEN,
    Time,
    _time,  # noqa: F401  fixture
    _wiring,  # noqa: F401  fixture
    correct,
    listed,
    prove,
    prove_all_round,
)


def keep(wiring: Wiring, cart: str, units: int, *, on_the_books: int, until: datetime) -> None:
    """A live reservation, and so many units in the books for it."""
    term = to_text(until)
    one = Reservation(
        id=f"rsv_{cart}", channel="shop", owner=cart, status="created", lines=(Wanted(sku="PEN", quantity=units),),
        kept=(Kept(sku="PEN", location="ber-1", units=units),), until=term, look_at=term,
        since=to_text(START), changed_at=to_text(START), minutes=10, version=1,
    )  # fmt: skip
    before = wiring.stock.positions_at([PEN])
    movement = Movement("reserved", PEN, Change(reserved=on_the_books), ref=one.id, term=term)
    cause = Cause("t", to_text(wiring.clock()))
    commit(*wiring.stock.writes([movement], before, cause), wiring.reservations.write(one))


def test_reserved_units_are_those_of_live_reservations(wiring: Wiring) -> None:
    until = START + timedelta(hours=3)
    keep(wiring, "honest", 1, on_the_books=1, until=until)
    runs = [prove() for _ in range(9)]
    assert sum(run["drifted"] for run in runs) == 0
    assert sum(run["reserved"] for run in runs) >= 1
    assert sum(run["undecided"] for run in runs) == 0
    keep(wiring, "robbed", 2, on_the_books=1, until=until)
    assert prove_all_round() == 1
    (found,) = listed()
    assert (found["reason"], found["stored"], found["proved"], found["location"]) == (
        "reservation_differs", {"reserved": 2}, {"reserved": 3}, "ber-1"
    )  # fmt: skip
    assert found["what"] == f"units kept until {to_text(until)} are not those of the live reservations"
    assert correct("movements", PEN)["status"] == "resolved"
    assert wiring.stock.positions_at([PEN])[PEN].terms == ((to_text(until), 3),)
    assert (prove_all_round(), listed()) == (0, [])
    assert_the_journal_explains_the_balances(wiring)


def test_what_nobody_keeps_any_more_is_no_drift(wiring: Wiring, time: Time) -> None:
    keep(wiring, "robbed", 2, on_the_books=1, until=START + timedelta(hours=2))
    assert prove_all_round() == 1
    time.now = START + timedelta(hours=2)  # from this instant on the units are free, whoever has them in his books
    assert (prove_all_round(), listed()) == (0, [])
