"""A new promise never robs an older one: what lies there towards a promise is for whoever was given it."""

from datetime import date
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from functions.allocation import queue_allocate_orders
from oms.allocation.sourcing.strategy import Rule, Split, Strategy
from oms.aws.tables import commit
from oms.orders.holding import put_on_hold
from oms.orders.model import Order
from oms.wiring import Wiring
from tests.allocation_scene import START, assert_the_books_balance, batch, clock, position, put_order, set_up
from tests.aws import moto_cloud
from tests.crash import around_writes, calls_of, crash, restart
from tests.waiting_scene import DONE, buckets, come, found, line, order, receive, sell, serve, supply, trusted


def scene(wiring: Wiring, free: int = 1, *, complete: bool = True) -> None:
    """Orders ship complete or not at all."""
    set_up(wiring, position("CUP", "ber-1", free), position("CUP", "lon-1", 0))
    trusted(wiring)
    sell(wiring)
    rule = Rule(name="whole", split=Split(ship_complete=complete))
    made = Strategy(name="default", version=1, rules=(rule,), by="user:tester", at="2026-11-23T09:00:00Z")
    wiring.reference.put_setting("SOURCING", "default", made)


def test_a_unit_that_stands_towards_an_older_promise_is_not_given_to_a_newer_order(cloud_on_moto: Wiring) -> None:
    scene(cloud_on_moto)
    order(cloud_on_moto, "ord_1", 5)
    supply(cloud_on_moto, "PO-1", 4, "2026-12-10")
    serve()
    assert line(cloud_on_moto) == [("ord_1", 5, "2026-12-10")]
    order(cloud_on_moto, "ord_2", 1, minute=1)
    serve()
    assert line(cloud_on_moto) == [("ord_1", 5, "2026-12-10"), ("ord_2", 1, "unknown")]
    receive(cloud_on_moto, "PO-1", 4)
    serve()
    assert buckets(cloud_on_moto, "ord_1") == (0, 0, 5)
    assert_the_books_balance(cloud_on_moto)


def test_what_is_left_beside_an_older_promise_goes_to_who_comes(cloud_on_moto: Wiring) -> None:
    scene(cloud_on_moto, free=3)
    order(cloud_on_moto, "ord_1", 5)
    supply(cloud_on_moto, "PO-1", 2, "2026-12-10")
    serve()
    found(cloud_on_moto, 1, location="lon-1")
    order(cloud_on_moto, "ord_2", 2, minute=1)
    order(cloud_on_moto, "ord_3", 1, minute=2)
    assert buckets(cloud_on_moto, "ord_2") == (0, 2, 0)
    assert line(cloud_on_moto) == [("ord_1", 5, "2026-12-10"), ("ord_2", 2, "unknown")]
    assert buckets(cloud_on_moto, "ord_3") == (0, 0, 1)


def test_orders_of_one_batch_do_not_rob_each_other(cloud_on_moto: Wiring) -> None:
    scene(cloud_on_moto)
    supply(cloud_on_moto, "PO-1", 4, "2026-12-10")
    come(cloud_on_moto, *[put_order(cloud_on_moto, f"ord_{n}", {"CUP": n}, minute=-n) for n in (5, 1)])
    assert line(cloud_on_moto) == [("ord_5", 5, "2026-12-10"), ("ord_1", 1, "unknown")]


def test_who_is_promised_nothing_keeps_nothing(cloud_on_moto: Wiring) -> None:
    scene(cloud_on_moto)
    order(cloud_on_moto, "ord_1", 5)
    order(cloud_on_moto, "ord_2", 1, minute=1)
    assert line(cloud_on_moto) == [("ord_1", 5, "unknown")]
    assert buckets(cloud_on_moto, "ord_2") == (0, 0, 1)


def held_with_a_promise(wiring: Wiring) -> Order:
    """Five wait for the one that is there and four to come, under a hold; the order before that."""
    scene(wiring)
    order(wiring, "ord_1", 5)
    supply(wiring, "PO-1", 4, "2026-12-10")
    supply(wiring, "PO-2", 1, "2026-12-15")
    serve()
    before = wiring.orders.get("ord_1")
    held = put_on_hold(before, "h", reason="credit", blocks=("allocate",), at=START, by="user:x")
    commit(wiring.orders.write(held))
    return before


def test_what_a_held_order_may_not_take_goes_on_and_it_is_promised_anew_at_once(cloud_on_moto: Wiring) -> None:
    before = held_with_a_promise(cloud_on_moto)
    order(cloud_on_moto, "ord_2", 1, minute=1)
    assert buckets(cloud_on_moto, "ord_2") == (0, 0, 1)
    assert line(cloud_on_moto) == [("ord_1", 5, "2026-12-15")]
    after = cloud_on_moto.orders.get("ord_1")
    assert (before.promise.latest_on or "") < (after.promise.latest_on or "")


def test_killed_anywhere_between_the_overtaking_and_the_new_promise_the_sweep_makes_it() -> None:
    with moto_cloud(clock) as wiring:
        held_with_a_promise(wiring)
        event = batch(put_order(wiring, "ord_2", {"CUP": 1}, minute=1))
        calls = calls_of(lambda: queue_allocate_orders.handler(event, None))
    assert calls.count("TransactWriteItems") == 2
    for point in around_writes(calls):
        with moto_cloud(clock) as wiring:
            held_with_a_promise(wiring)
            event = batch(put_order(wiring, "ord_2", {"CUP": 1}, minute=1))
            crash(point, lambda event=event: queue_allocate_orders.handler(event, None))  # type: ignore[misc]
            again = restart(clock)
            assert queue_allocate_orders.handler(event, None) == DONE
            serve()
            assert buckets(again, "ord_2") == (0, 0, 1), point
            assert line(again) == [("ord_1", 5, "2026-12-15")], point
            assert_the_books_balance(again)


DAYS = st.sampled_from([date(2026, 12, day) for day in (1, 2, 7, 8)])
STEPS = st.one_of(
    st.tuples(st.just("order"), st.integers(1, 2)),
    st.tuples(st.just("order"), st.integers(3, 6)),
    st.tuples(st.just("goods"), st.integers(1, 3), st.sampled_from(["ber-1", "lon-1"])),
    st.tuples(st.just("supply"), st.integers(0, 1), st.integers(1, 5), DAYS),
    st.tuples(st.just("receipt"), st.integers(0, 1)),
)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEPS, max_size=8), complete=st.booleans())
@example(steps=[("order", 5), ("order", 2)], complete=True)
@example(steps=[("order", 6), ("goods", 1, "lon-1"), ("order", 1), ("order", 1), ("receipt", 0)], complete=True)
def test_no_order_is_promised_a_day_before_there_is_enough_for_all_up_to_it(
    steps: list[tuple[Any, ...]], complete: bool
) -> None:
    with moto_cloud(clock) as wiring:
        scene(wiring, 2, complete=complete)
        supply(wiring, "PO-0", 4, "2026-12-07")
        coming = {"PO-0": (4, date(2026, 12, 7))}
        for at, (kind, *more) in enumerate(steps):
            name = f"PO-{more[0]}"
            if kind == "order":
                order(wiring, f"ord_{at:02}", more[0], minute=at)
            elif kind == "goods":
                found(wiring, more[0], f"f{at}", more[1])
            elif kind == "supply" and wiring.supplies.find(name) is None:
                coming[name] = (more[1], more[2])
                supply(wiring, name, more[1], more[2].isoformat(), ("ber-1", "lon-1")[more[0]])
            elif kind == "receipt" and name in coming:
                receive(wiring, name, coming.pop(name)[0])
            if kind != "order":
                serve()
            _holds(wiring, list(coming.values()))


def _holds(wiring: Wiring, coming: list[tuple[int, date]]) -> None:
    """What is there and comes until a day is as much as all up to it wait for, reckoned without the code under test."""
    assert_the_books_balance(wiring)
    free = sum(max(one.available, 0) for one in wiring.stock.positions(["CUP"]).values())
    upto = 0
    for name, units, supply_on in line(wiring):
        upto += units
        there = free + sum(more for more, day in coming if day.isoformat() <= supply_on)
        assert supply_on == "unknown" or there >= upto, name
