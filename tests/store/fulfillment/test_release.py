"""Release to the location, withdrawal and parking, over their handlers, on real tables."""

from collections.abc import Callable
from typing import Any

import pytest

from functions.fulfillment import task_park_fulfillment, task_release_fulfillment, task_withdraw_release
from oms.kernel.errors import NotFoundError, StateError
from oms.orders.model import Hold
from oms.wiring import Wiring
from tests.aws import moto_cloud
from tests.crash import calls_of, crash, crash_points, restart
from tests.fulfillment_builders import a_work, an_order
from tests.fulfillment_store import now, seed, store

DOCUMENT = {"order_id": "ord_1", "fulfillment_order_id": "ful_ord_1", "attempt": 1, "outcome": "documented"}
FAILED = {**DOCUMENT, "failed_step": "book_parcels", "error": {"Error": "TransientError", "Cause": "secret"}}


def release() -> Any:
    return task_release_fulfillment.handler(DOCUMENT, None)


def withdraw() -> Any:
    return task_withdraw_release.handler(FAILED, None)


def park() -> Any:
    return task_park_fulfillment.handler(FAILED, None)


def test_the_fact_of_the_release_is_the_message_to_the_location() -> None:
    with moto_cloud(now) as wiring:
        seed(wiring, work_status="booked")
        assert release() == {**DOCUMENT, "outcome": "released"}
        work = wiring.orders.get_fulfillment_order("ord_1", "ful_ord_1")
        assert (work.status, work.entered_at) == ("requested", "2026-11-23T09:00:00.000Z")
        (fact,) = work.facts
        assert (fact.type, fact.route, fact.source) == ("FulfillmentOrderReleased", "ber-1", "baton.fulfillment")
        assert fact.data["parcel_ids"] == ["shp_ord_1_a", "shp_ord_1_b"]
        assert fact.data["lines"][1] == {"number": 2, "sku": "TEE-BLK-M", "quantity": 3}
        assert fact.data["ship_by"] == "2026-11-24"


@pytest.mark.parametrize("status", ["requested", "accepted", "in_progress", "closed"])
def test_what_was_released_before_is_not_released_again(status: str) -> None:
    with moto_cloud(now) as wiring:
        seed(wiring, work_status=status)
        assert release()["outcome"] == "released"
        assert wiring.orders.get_fulfillment_order("ord_1", "ful_ord_1").version == 1


def test_an_open_hold_blocks_the_release() -> None:
    with moto_cloud(now) as wiring:
        hold = Hold(id="hld_1", reason="remorse", blocks=("release",), opened_at="2026-11-23T08:00:00.000Z")
        store(wiring, an_order(holds=(hold,)), a_work("booked"))
        assert release()["outcome"] == "held"
        assert wiring.orders.get_fulfillment_order("ord_1", "ful_ord_1").status == "booked"


def test_work_that_is_not_booked_or_not_there_is_not_released() -> None:
    with moto_cloud(now) as wiring:
        with pytest.raises(NotFoundError):
            release()
        store(wiring, an_order(), a_work("open"))
        with pytest.raises(StateError):
            release()


def test_a_withdrawal_tells_the_location_to_stop_and_repeating_it_says_nothing() -> None:
    with moto_cloud(now) as wiring:
        seed(wiring)
        assert withdraw()["outcome"] == "withdrawn"
        work = wiring.orders.get_fulfillment_order("ord_1", "ful_ord_1")
        assert (work.status, work.facts[0].type, work.facts[0].route) == (
            "booked",
            "FulfillmentOrderWithdrawn",
            "ber-1",
        )
        assert work.facts[0].data["reason"] == "book_parcels"
        assert withdraw()["outcome"] == "withdrawn"
        assert wiring.orders.get_fulfillment_order("ord_1", "ful_ord_1").version == 2


@pytest.mark.parametrize("run", [withdraw, park])
@pytest.mark.parametrize("status", ["accepted", "in_progress", "incomplete", "closed"])
def test_nothing_is_undone_or_parked_when_the_location_is_at_work(run: Callable[[], Any], status: str) -> None:
    with moto_cloud(now) as wiring:
        seed(wiring, work_status=status)
        assert run()["outcome"] == "released"
        assert wiring.orders.get_fulfillment_order("ord_1", "ful_ord_1").version == 1
        assert wiring.orders.get("ord_1").holds == ()


def test_parking_is_one_visible_hold_that_blocks_releases() -> None:
    with moto_cloud(now) as wiring:
        seed(wiring, work_status="open")
        assert park()["outcome"] == "parked"
        assert park()["outcome"] == "parked"
        order, (work,) = wiring.orders.tree("ord_1")
        (hold,) = order.holds
        assert (hold.reason, hold.blocks, hold.note) == (
            "fulfillment_failed",
            ("release",),
            "book_parcels, TransientError",
        )
        assert [fact.type for fact in order.facts] == ["OrderHeld"]
        assert [(fact.type, fact.data["reason"]) for fact in work.facts] == [("FulfillmentOrderParked", "book_parcels")]
        assert (order.version, work.version) == (2, 2)


@pytest.mark.parametrize("status", ["rejected", "cancelled"])
def test_what_has_ended_is_not_parked(status: str) -> None:
    with moto_cloud(now) as wiring:
        seed(wiring, work_status=status)
        assert park()["outcome"] == "done"
        assert wiring.orders.get("ord_1").holds == ()


@pytest.mark.parametrize(("run", "status"), [(release, "booked"), (withdraw, "requested"), (park, "open")])
def test_a_task_that_died_anywhere_and_came_again_has_its_effect_once(run: Callable[[], Any], status: str) -> None:
    with moto_cloud(now) as wiring:
        seed(wiring, work_status=status)
        calls = calls_of(run)
        answer, wanted = run(), wiring.orders.tree("ord_1")
    for point in crash_points(calls):
        with moto_cloud(now) as wiring:
            seed(wiring, work_status=status)
            crash(point, run)
            again: Wiring = restart(now)
            assert run() == answer
            assert again.orders.tree("ord_1") == wanted, point
