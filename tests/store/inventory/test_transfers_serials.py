"""Serials in transfers: named when they leave, looked at one by one when they arrive."""

from collections.abc import Iterator
from typing import Any

import pytest

from oms.wiring import Wiring
from tests.allocation_scene import assert_the_books_balance, position
from tests.aws import moto_cloud
from tests.crash import calls_of, crash, crash_points, restart
from tests.store.inventory.test_counts_named import HANDS, seed, where
from tests.store.inventory.test_lots import post
from tests.store.inventory.test_transfers import ONE, call, put, ready, receive

PLAN = {"source": "ber-1", "destination": "lon-1", "lines": [{"sku": "DRILL", "units": 4}], "due_on": "2026-11-26"}
FOUR = ("D1", "D2", "D3", "D4")


def begin(wiring: Wiring) -> None:
    """Five drills with numbers in Berlin, four of them committed to London."""
    seed(wiring)
    assert wiring.stock.open_position(position("DRILL", "lon-1", 0))
    assert post("received", 5, sku="DRILL", serials=[*FOUR, "D5"])["http"] == 201
    assert (put(PLAN)["http"], ready()["http"]) == (201, 200)


@pytest.fixture(name="wiring")
def _wiring() -> Iterator[Wiring]:
    with moto_cloud(HANDS) as wiring:
        begin(wiring)
        yield wiring


def ship(*serials: str, units: int | None = None, shipment: str = "S-1") -> dict[str, Any]:
    line = {"sku": "DRILL", "units": units or len(serials), **({"serials": list(serials)} if serials else {})}
    return call(f"POST {ONE}/shipments", "T-1", {"shipment_id": shipment, "lines": [line]})


def came(receipt: str, *serials: str, **units: Any) -> dict[str, Any]:
    return receive(receipt, {"sku": "DRILL", **units, **({"serials": list(serials)} if serials else {})})


def numbers(wiring: Wiring) -> dict[str, tuple[int, int]]:
    """On hand and with a number, by location."""
    return {one.location: (one.on_hand, one.serials) for one in wiring.stock.positions_of("DRILL")}


def told(answer: dict[str, Any]) -> list[str]:
    assert (answer["http"], answer["code"]) == (409, "serials_differ"), answer
    return [fault["message"] for fault in answer["faults"]]


def test_serials_leave_by_number_are_on_their_way_and_arrive_by_number(wiring: Wiring) -> None:
    assert ship(units=4)["code"] == "serials_needed"
    assert ship("D1", "D2", "D3", "D9")["code"] == "serial_elsewhere"
    sent = ship(*FOUR)
    assert (sent["lines"][0]["serials"], where("D1")) == (list(FOUR), "in_transit")
    assert numbers(wiring) == {"ber-1": (1, 1), "lon-1": (0, 0)}
    assert came("R-1", "D1", "D2", received=1, damaged=1, reason="broken")["status"] == "partially_received"
    assert receive("R-2")["status"] == "received"
    assert [where(one) for one in FOUR] == ["in_stock"] * 4
    assert numbers(wiring) == {"ber-1": (1, 1), "lon-1": (4, 4)}
    assert wiring.serials.in_stock(("DRILL", "lon-1"), 4) == set(FOUR)
    assert_the_books_balance(wiring)


def test_each_serial_that_does_not_fit_is_named_and_nothing_is_booked(wiring: Wiring) -> None:
    ship(*FOUR)
    assert told(came("R-1", "D1", "D2", "D9", received=4)) == [
        "D9 is not on its way",
        "D3 is missing: name it, or say that it is lost",
        "D4 is missing: name it, or say that it is lost",
    ]
    assert told(came("R-1", "D1", "D1", "D2", "D3", received=4)) == [
        "D1 is named twice",
        "D4 is missing: name it, or say that it is lost",
    ]
    assert told(came("R-1", received=4)) == [f"{one} is missing: name it, or say that it is lost" for one in FOUR]
    assert told(came("R-1", "D1", "D2", received=1)) == ["2 came and 0 are lost by number: say how many"]
    assert (
        told(came("R-1", "D1", received=1, lost=1, reason="stolen", lost_serials=["D9"]))[0] == "D9 is not on its way"
    )
    assert numbers(wiring)["lon-1"] == (0, 0)
    assert came("R-1", "D1", received=1)["in_transit"] == 3
    assert told(came("R-2", "D1", received=1))[0] == "D1 is not on its way"  # it has come already


def test_what_is_lost_is_known_by_number(wiring: Wiring) -> None:
    ship(*FOUR)
    assert came("R-1", "D1", received=1, lost=1, reason="stolen", lost_serials=["D3"])["in_transit"] == 2
    assert came("R-2", "D2", received=1, lost=1, reason="stolen")["status"] == "received"  # the rest: D4
    assert [where(one) for one in FOUR] == ["in_stock", "in_stock", "lost", "lost"]
    assert came("R-3", "D4", over=1, reason="misplaced")["lines"][0]["lost"] == 1
    assert (where("D4"), numbers(wiring)["lon-1"]) == ("in_stock", (3, 3))
    assert_the_books_balance(wiring)


def test_one_more_than_was_sent_may_be_named_if_it_is_nowhere_else(wiring: Wiring) -> None:
    ship("D1", "D2", "D3", "D4")
    other = came("R-1", *FOUR, "D5", received=4, over=1, reason="miscounted")
    assert (other["http"], other["code"]) == (409, "serial_elsewhere")
    assert came("R-1", *FOUR, "D7", received=4, over=1, reason="miscounted")["lines"][0]["over"] == 1
    assert numbers(wiring)["lon-1"] == (5, 5)


def test_a_shipment_and_a_receipt_of_serials_killed_anywhere_are_made_once() -> None:
    def send() -> dict[str, Any]:
        return ship(*FOUR)

    def take() -> dict[str, Any]:
        return came("R-1", "D1", "D2", "D3", received=3, lost=1, reason="stolen")

    for run, before in ((send, []), (take, [send])):
        with moto_cloud(HANDS) as wiring:
            begin(wiring)
            for step in before:
                step()
            calls = calls_of(run)
            expected = numbers(wiring)
        write = calls.index("TransactWriteItems")
        for point in crash_points(calls)[2 * write : 2 * write + 2]:
            with moto_cloud(HANDS) as wiring:
                begin(wiring)
                for step in before:
                    step()
                crash(point, run)
                again = restart(HANDS)
                assert run()["http"] == 200, point
                assert numbers(again) == expected, point
                assert_the_books_balance(again)
