"""Stock positions: every write knows what it changes and is explained by the journal; the reorder index is exact."""

from datetime import timedelta

import pytest

from oms.aws.tables import ConditionFailedError, commit
from oms.inventory.model import Change, Movement, Position
from oms.inventory.rules import ShortStockError
from oms.kernel.errors import ConflictError, RejectedError
from oms.orders.model import FulfillmentLine, FulfillmentOrder
from oms.wiring import Wiring
from tests.allocation_scene import CAUSE, START, assert_the_journal_explains_the_balances, position, set_up

CUP = ("CUP", "ber-1")


def stored(wiring: Wiring) -> Position:
    return wiring.stock.positions_at([CUP])[CUP]


def move(wiring: Wiring, change: Change, before: Position | None = None) -> None:
    movement = Movement("committed" if change.committed else "backordered", CUP, change, ref="ord_1")
    commit(*wiring.stock.writes([movement], {CUP: before or stored(wiring)}, CAUSE))


def give_back(wiring: Wiring, units: dict[str, int], *, restock: bool) -> None:
    commit(*wiring.stock.give_back_writes(work_of(1), units, CAUSE, restock=restock))


def work_of(*shipped: int) -> FulfillmentOrder:
    """Work at ber-1 with cups, as many lines as said, each of so many units."""
    return FulfillmentOrder(
        id="ful_1",
        order_id="ord_1",
        location="ber-1",
        attempt=1,
        status="closed",
        lines=tuple(
            FulfillmentLine(number=number, sku="CUP", quantity=units, shipped=units)
            for number, units in enumerate(shipped, 1)
        ),
        currency="EUR",
        entered_at="2026-11-23T09:00:00.000Z",
    )


def low(wiring: Wiring) -> list[tuple[str, str]]:
    return [found.key for found in wiring.stock.at_reorder_point()]


def test_a_take_moves_available_and_slack_with_committed(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 10, safety_stock=2, reorder_point=3))
    move(cloud_on_moto, Change(committed=4))
    after = stored(cloud_on_moto)
    assert (after.on_hand, after.committed, after.available, after.slack) == (10, 4, 4, 3)
    assert_the_journal_explains_the_balances(cloud_on_moto)


def test_a_take_of_more_than_is_available_takes_nothing(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 10, safety_stock=2))
    with pytest.raises(ShortStockError, match="CUP at ber-1: 8 units can be taken"):
        move(cloud_on_moto, Change(committed=9))
    assert stored(cloud_on_moto).committed == 0


def test_a_take_that_reaches_the_reorder_point_is_found_by_the_index(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 10, reorder_point=5))
    move(cloud_on_moto, Change(committed=4))
    assert low(cloud_on_moto) == []
    move(cloud_on_moto, Change(committed=1))
    assert low(cloud_on_moto) == [CUP]


def test_a_take_decided_on_a_stale_picture_is_refused(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 10, reorder_point=5))
    stale = stored(cloud_on_moto)
    move(cloud_on_moto, Change(committed=3))
    with pytest.raises(ConditionFailedError) as failure:
        move(cloud_on_moto, Change(committed=3), before=stale)
    assert "stock CUP at ber-1" in failure.value.labels
    move(cloud_on_moto, Change(committed=3))
    assert low(cloud_on_moto) == [CUP]


def test_units_given_back_leave_the_index_when_stock_is_above_the_point_again(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 10, reorder_point=5))
    move(cloud_on_moto, Change(committed=6))
    give_back(cloud_on_moto, {"CUP": 1, "PEN": 0}, restock=True)
    assert low(cloud_on_moto) == [CUP]
    give_back(cloud_on_moto, {"CUP": 1}, restock=True)
    assert low(cloud_on_moto) == []
    assert stored(cloud_on_moto).available == 6


def test_units_that_were_not_found_leave_the_books(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 10))
    move(cloud_on_moto, Change(committed=4))
    give_back(cloud_on_moto, {"CUP": 3}, restock=False)
    after = stored(cloud_on_moto)
    assert (after.on_hand, after.committed, after.available) == (7, 1, 6)


def test_more_than_is_committed_cannot_be_given_back(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 10))
    for restock in (True, False):
        with pytest.raises(ConflictError, match="somebody else was there first"):
            give_back(cloud_on_moto, {"CUP": 1}, restock=restock)


def test_shipping_takes_units_off_the_shelf_and_off_the_reservation(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 10))
    move(cloud_on_moto, Change(committed=5))
    commit(*cloud_on_moto.stock.ship_writes(work_of(3, 1), CAUSE))
    after = stored(cloud_on_moto)
    assert (after.on_hand, after.committed, after.available) == (6, 1, 5)


def test_a_receipt_counts_once(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 2, incoming=5, reorder_point=8))
    assert low(cloud_on_moto) == [CUP]
    assert cloud_on_moto.stock.receive("CUP", "ber-1", 7, receipt_id="r-1", by="location:ber-1")
    assert not cloud_on_moto.stock.receive("CUP", "ber-1", 7, receipt_id="r-1", by="location:ber-1")
    with pytest.raises(RejectedError, match="7 of CUP at ber-1") as refused:
        cloud_on_moto.stock.receive("CUP", "ber-1", 9, receipt_id="r-1", by="location:ber-1")
    assert refused.value.code == "id_reused"
    after = stored(cloud_on_moto)
    assert (after.on_hand, after.incoming, after.slack) == (9, 0, 1)
    assert low(cloud_on_moto) == []


def test_backordered_units_count_against_the_reorder_point(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 0, reorder_point=-3))
    move(cloud_on_moto, Change(backordered=2))
    assert low(cloud_on_moto) == []
    move(cloud_on_moto, Change(backordered=1))
    assert low(cloud_on_moto) == [CUP]
    assert stored(cloud_on_moto).available == 0


def test_opening_a_position_twice_leaves_its_counters_alone(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 10))
    move(cloud_on_moto, Change(committed=4))
    assert not cloud_on_moto.stock.open_position(position("CUP", "ber-1", 99))
    assert stored(cloud_on_moto).available == 6


def test_available_tells_units_by_sku_and_location_and_never_less_than_none(cloud_on_moto: Wiring) -> None:
    set_up(
        cloud_on_moto,
        position("CUP", "ber-1", 10),
        position("CUP", "lon-1", 1, safety_stock=3),
        position("PEN", "lon-1", 4),
    )
    assert cloud_on_moto.stock.available(["CUP", "PEN", "NONE"]) == {
        "CUP": {"ber-1": 10, "lon-1": 0},
        "PEN": {"lon-1": 4},
    }


def test_the_history_of_a_position_is_walked_from_the_last_movement_back(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 2), position("PEN", "ber-1", 5))
    move(cloud_on_moto, Change(committed=2))
    cloud_on_moto.stock.receive("CUP", "ber-1", 7, receipt_id="r-1", by="location:ber-1")
    told = [
        (posting.version, posting.kind, dict(posting.by), posting.ref, entry.by)
        for entry, posting in cloud_on_moto.stock.history(stored(cloud_on_moto), limit=10)
    ]
    assert told == [
        (3, "received", {"on_hand": 7}, "r-1", "location:ber-1"),
        (2, "committed", {"committed": 2}, "ord_1", "user:tester"),
        (1, "opened", {"on_hand": 2}, None, "system:open_position"),
    ]


def test_the_journal_of_an_hour_has_every_entry_once(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 9))
    for _ in range(5):
        move(cloud_on_moto, Change(committed=1))
    found = list(cloud_on_moto.stock.journal(START, START + timedelta(minutes=1)))
    assert sorted(posting.version for entry in found for posting in entry.postings) == [2, 3, 4, 5, 6]
    assert list(cloud_on_moto.stock.journal(START + timedelta(minutes=1), START + timedelta(hours=2))) == []
