"""Killed before or after any AWS call, the line is served once, in its order, and nobody passes anybody."""

from functions.allocation import queue_allocate_orders
from oms.reference.model import MayWait
from oms.wiring import Wiring
from tests.allocation_scene import assert_the_books_balance, batch, clock, position, put_order, set_up, trees
from tests.aws import moto_cloud
from tests.crash import CrashPoint, around_writes, calls_of, crash, restart
from tests.waiting_scene import DONE, buckets, come, found, line, sell, serve, supply, trusted


def scene(wiring: Wiring) -> None:
    """Six orders wait for a cup each; two of them want a pen too, which is there for one. Four cups come."""
    set_up(wiring, position("CUP", "ber-1", 0), position("CUP", "lon-1", 0), position("PEN", "lon-1", 1))
    trusted(wiring)
    sell(wiring, waiting=MayWait(cap=6))
    supply(wiring, "PO-1", 9, "2026-12-01")
    units = {"CUP": 1}
    come(wiring, *[put_order(wiring, f"ord_{n}", units if n % 3 else units | {"PEN": 1}, minute=n) for n in range(6)])
    found(wiring, 3)
    found(wiring, 1, "f2", "lon-1")


def test_serving_a_line_killed_anywhere_serves_each_once_and_in_order() -> None:
    with moto_cloud(clock) as wiring:
        scene(wiring)
        calls = calls_of(serve)
    assert calls.count("TransactWriteItems") >= 1
    for point in around_writes(calls):
        with moto_cloud(clock) as wiring:
            scene(wiring)
            crash(point, serve)
            again = restart(clock)
            _nobody_passed(again, point)
            serve()
            serve()  # delivered twice
            assert [buckets(again, f"ord_{n}") for n in range(6)] == [
                (0, 0, 1), (0, 0, 1), (0, 0, 1), (0, 0, 1), (0, 1, 0), (0, 1, 0)
            ], point  # fmt: skip
            assert [name for name, _, _ in line(again)] == ["ord_4", "ord_5"], point
            assert line(again, "PEN") == [("ord_3", 1, "unknown")], point
            assert_the_books_balance(again)


def test_an_order_that_comes_meanwhile_killed_anywhere_stands_behind() -> None:
    with moto_cloud(clock) as wiring:
        scene(wiring)
        event = batch(put_order(wiring, "ord_new", {"CUP": 1}, minute=9))
        calls = calls_of(lambda: queue_allocate_orders.handler(event, None))
    for point in around_writes(calls):
        with moto_cloud(clock) as wiring:
            scene(wiring)
            event = batch(put_order(wiring, "ord_new", {"CUP": 1}, minute=9))
            crash(point, lambda event=event: queue_allocate_orders.handler(event, None))  # type: ignore[misc]
            again = restart(clock)
            _nobody_passed(again, point)
            assert queue_allocate_orders.handler(event, None) == DONE
            serve()
            assert [name for name, _, _ in line(again)] == ["ord_4", "ord_5", "ord_new"], point
            assert_the_books_balance(again)


def _nobody_passed(wiring: Wiring, point: CrashPoint) -> None:
    """Who got a cup is before whoever has none."""
    got = [tree.order.lines[0].allocated for tree in trees(wiring)]
    assert got == sorted(got, reverse=True), point
    assert_the_books_balance(wiring)
