"""Stock positions: every counter moves by condition, and the reorder index is exact."""

import pytest

from oms.allocation.model import Change, Position
from oms.aws.tables import ConditionFailedError, commit
from oms.orders.model import FulfillmentLine, FulfillmentOrder
from oms.wiring import Wiring
from tests.allocation_scene import position, rows, set_up

CUP = ("CUP", "ber-1")


def stored(wiring: Wiring) -> Position:
    return wiring.stock.positions_at([CUP])[CUP]


def move(wiring: Wiring, change: Change, before: Position | None = None) -> None:
    commit(wiring.stock.change_write(change, before or stored(wiring)))


def low(wiring: Wiring) -> list[tuple[str, str]]:
    return [found.key for found in wiring.stock.at_reorder_point()]


def test_a_take_moves_available_and_slack_with_committed(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 10, safety_stock=2, reorder_point=3))
    move(cloud_on_moto, Change(committed=4))
    (row,) = rows(cloud_on_moto, "INVENTORY_TABLE")
    assert (row["on_hand"], row["committed"], row["available"], row["slack"]) == (10, 4, 4, 3)


def test_a_take_of_more_than_is_available_takes_nothing(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 10, safety_stock=2))
    with pytest.raises(ConditionFailedError) as failure:
        move(cloud_on_moto, Change(committed=9))
    assert failure.value.labels == ("stock CUP at ber-1",)
    assert stored(cloud_on_moto).committed == 0


def test_a_take_that_reaches_the_reorder_point_is_found_by_the_index(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 10, reorder_point=5))
    move(cloud_on_moto, Change(committed=4))
    assert low(cloud_on_moto) == []
    move(cloud_on_moto, Change(committed=1))
    assert low(cloud_on_moto) == [CUP]


def test_a_take_decided_on_a_stale_picture_that_crosses_the_reorder_point_is_refused(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 10, reorder_point=5))
    stale = stored(cloud_on_moto)
    move(cloud_on_moto, Change(committed=3))
    with pytest.raises(ConditionFailedError):
        move(cloud_on_moto, Change(committed=3), before=stale)
    move(cloud_on_moto, Change(committed=3))
    assert low(cloud_on_moto) == [CUP]


def test_units_given_back_leave_the_index_when_stock_is_above_the_point_again(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 10, reorder_point=5))
    move(cloud_on_moto, Change(committed=6))
    (write,) = cloud_on_moto.stock.give_back_writes("ber-1", {"CUP": 1, "PEN": 0}, restock=True)
    commit(write)
    assert low(cloud_on_moto) == [CUP]
    commit(*cloud_on_moto.stock.give_back_writes("ber-1", {"CUP": 1}, restock=True))
    assert low(cloud_on_moto) == []
    assert stored(cloud_on_moto).available == 6


def test_units_that_were_not_found_leave_the_books(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 10))
    move(cloud_on_moto, Change(committed=4))
    commit(*cloud_on_moto.stock.give_back_writes("ber-1", {"CUP": 3}, restock=False))
    after = stored(cloud_on_moto)
    assert (after.on_hand, after.committed, after.available) == (7, 1, 6)


def test_more_than_is_committed_cannot_be_given_back(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 10))
    for restock in (True, False):
        with pytest.raises(ConditionFailedError):
            commit(*cloud_on_moto.stock.give_back_writes("ber-1", {"CUP": 1}, restock=restock))


def test_shipping_takes_units_off_the_shelf_and_off_the_reservation(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 10), position("PEN", "ber-1", 10))
    move(cloud_on_moto, Change(committed=5))
    work = FulfillmentOrder(
        id="ful_1",
        order_id="ord_1",
        location="ber-1",
        attempt=1,
        status="closed",
        lines=(
            FulfillmentLine(number=1, sku="CUP", quantity=3, shipped=3),
            FulfillmentLine(number=2, sku="CUP", quantity=2, shipped=1, short=1),
            FulfillmentLine(number=3, sku="PEN", quantity=2, short=2),
        ),
        currency="EUR",
        entered_at="2026-11-23T09:00:00.000Z",
    )
    (write,) = cloud_on_moto.stock.ship_writes(work)
    commit(write)
    after = stored(cloud_on_moto)
    assert (after.on_hand, after.committed, after.available) == (6, 1, 5)


def test_a_receipt_counts_once(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "ber-1", 2, on_order=5, reorder_point=8))
    assert low(cloud_on_moto) == [CUP]
    assert cloud_on_moto.stock.receive("CUP", "ber-1", 7, receipt_id="r-1")
    assert not cloud_on_moto.stock.receive("CUP", "ber-1", 7, receipt_id="r-1")
    after = stored(cloud_on_moto)
    assert (after.on_hand, after.on_order, after.slack) == (9, 0, 1)
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
    assert not cloud_on_moto.stock.put_position(position("CUP", "ber-1", 99))
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
