"""Killed before or after any call of any step of a transfer, and sent again: once, and no unit appears or vanishes."""

from collections.abc import Callable
from typing import Any

import pytest

from oms.wiring import Wiring
from tests.allocation_scene import assert_the_books_balance, clock, position, set_up
from tests.aws import moto_cloud
from tests.crash import around_writes, calls_of, crash, restart
from tests.store.inventory.test_transfers import PLAN, cancel, put, ready, receive, ship

Run = Callable[[], Any]
SKUS = [f"S{number:02}" for number in range(31)]  # one more than a transaction takes
LOST = {"sku": "CUP", "received": 3, "damaged": 1, "lost": 1, "over": 0, "reason": "broken"}
# What was done before, what is sent; status, version, (on hand, committed, incoming) at the source and the destination.
Units = tuple[int, int, int]
CASES: dict[str, tuple[list[Run], Run, tuple[str, int, Units, Units]]] = {
    "draft": ([], put, ("draft", 1, (10, 0, 0), (1, 0, 0))),
    "edit": ([put], lambda: put({**PLAN, "note": "soon"}, tag="*"), ("draft", 2, (10, 0, 0), (1, 0, 0))),
    "ready": ([put], ready, ("ready_to_ship", 2, (10, 6, 0), (1, 0, 0))),
    "ship": ([put, ready], lambda: ship("S", {"CUP": 5}), ("in_transit", 3, (5, 1, 0), (1, 0, 5))),
    "ship all": ([put, ready], lambda: ship("S"), ("in_transit", 3, (4, 0, 0), (1, 0, 6))),
    "move the date": (
        [put, ready, lambda: ship("S")],
        lambda: put({**PLAN, "due_on": "2027-01-01"}, tag="*"),
        ("in_transit", 4, (4, 0, 0), (1, 0, 6)),
    ),
    "receive": (
        [put, ready, lambda: ship("S")],
        lambda: receive("R", LOST),
        ("partially_received", 4, (4, 0, 0), (5, 0, 1)),
    ),
    "receive all": ([put, ready, lambda: ship("S")], lambda: receive("R"), ("received", 4, (4, 0, 0), (7, 0, 0))),
    "cancel": ([put, ready], cancel, ("cancelled", 3, (10, 0, 0), (1, 0, 0))),
    "cancel the rest": (
        [put, ready, lambda: ship("S", {"CUP": 5})],
        cancel,
        ("in_transit", 4, (5, 0, 0), (1, 0, 5)),
    ),
}


def scene(wiring: Wiring, before: list[Run]) -> None:
    set_up(
        wiring,
        position("CUP", "ber-1", 10),
        position("CUP", "lon-1", 1),
        position("PEN", "ber-1", 2),
        position("PEN", "lon-1", 0),
    )
    for step in before:
        assert step()["http"] in (200, 201)


def found(wiring: Wiring) -> tuple[str, int, Units, Units]:
    transfer = wiring.transfers.find("T-1")
    assert transfer is not None
    stock = wiring.stock.positions(["CUP"])
    ends = [stock["CUP", place] for place in ("ber-1", "lon-1")]
    source, destination = ((one.on_hand, one.committed, one.incoming) for one in ends)
    return transfer.status, transfer.version, source, destination


@pytest.mark.parametrize("name", CASES)
def test_a_step_killed_anywhere_is_made_once(name: str) -> None:
    before, run, expected = CASES[name]
    with moto_cloud(clock) as wiring:
        scene(wiring, before)
        calls = calls_of(run)
        assert found(wiring) == expected
    assert calls.count("TransactWriteItems") + calls.count("PutItem") == 1
    for point in around_writes(calls):
        with moto_cloud(clock) as wiring:
            scene(wiring, before)
            crash(point, run)
            again = restart(clock)
            assert run()["http"] in (200, 201), point
            assert found(again) == expected, point
            assert_the_books_balance(again)


def _big(wiring: Wiring) -> None:
    set_up(wiring, *(position(sku, place, 3) for sku in SKUS for place in ("ber-1", "lon-1")))
    put({**PLAN, "lines": [{"sku": sku, "units": 2} for sku in SKUS]})
    assert ready()["http"] == 200


@pytest.mark.parametrize("receiving", [False, True])
def test_a_load_of_more_than_one_transaction_killed_anywhere_goes_on_where_it_was(receiving: bool) -> None:
    def run() -> dict[str, Any]:
        return receive("R", tag='"4"') if receiving else ship("S", tag='"2"')

    def begin(wiring: Wiring) -> None:
        _big(wiring)
        if receiving:
            ship("S")

    with moto_cloud(clock) as wiring:
        begin(wiring)
        calls = calls_of(run)
    assert calls.count("TransactWriteItems") == 2
    for point in around_writes(calls):
        with moto_cloud(clock) as wiring:
            begin(wiring)
            crash(point, run)
            restart(clock)
            done = run()
            assert (done["http"], done["in_transit"]) == (200, 0 if receiving else 62), point
            assert done["version"] == (6 if receiving else 4)
            assert_the_books_balance(wiring)
