"""Orders that are held because a cap is reached are let in when it has room: in sequence, and no more than fit."""

from collections.abc import Iterator
from typing import Any

import pytest

from functions.allocation import cron_let_in
from oms.allocation.recall import cancel_order
from oms.aws.tables import commit
from oms.inventory.waiting.policies.model import PutWaiting
from oms.inventory.waiting.policies.service import put_policy
from oms.orders.model import Order
from oms.reference.model import MayWait
from oms.wiring import Wiring
from tests.allocation_scene import START, Hands, assert_the_books_balance, position, put_order, set_up
from tests.aws import moto_cloud
from tests.crash import around_writes, calls_of, crash, restart
from tests.waiting_scene import buckets, come, found, line, order, sell, serve, trusted

HELD = {"doors": 1, "let_in": 0, "gone": 0}


def seed(wiring: Wiring, **policy: Any) -> None:
    set_up(wiring, position("CUP", "ber-1", 0), position("CUP", "lon-1", 0))
    trusted(wiring)
    sell(wiring, waiting=MayWait.model_validate(policy))


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def shop(hands: Hands) -> Iterator[Wiring]:
    with moto_cloud(hands) as wiring:
        seed(wiring, cap=2)
        yield wiring
        assert_the_books_balance(wiring)


def let_in() -> dict[str, int]:
    done: dict[str, int] = cron_let_in.handler({}, None)
    return done


def cancel(wiring: Wiring, name: str) -> None:
    desk, exposure = wiring.taking_back, wiring.credit
    cancel_order(name, reason="customer", note="", by="user:t", desk=desk, exposure=exposure, now=wiring.clock())


def reallocate(wiring: Wiring, *names: str) -> None:
    """The queue brings those who asked again."""
    asking: list[Order] = []
    for name in names:
        one = wiring.orders.get(name)
        facts = tuple(fact for fact in one.facts if fact.type == "OrderReallocationRequested")
        asking.append(one.model_copy(update={"facts": facts}))
    come(wiring, *asking)


def holds(wiring: Wiring, *names: str) -> list[list[str]]:
    return [[hold.reason for hold in wiring.orders.get(name).holds] for name in names]


def test_when_units_are_cancelled_those_who_came_first_are_let_in_and_no_more_than_fit(shop: Wiring) -> None:
    order(shop, "ord_1", 2)
    for number in (2, 3, 4):
        order(shop, f"ord_{number}", 1, minute=number)
    assert holds(shop, "ord_2", "ord_3", "ord_4") == [["out_of_stock"]] * 3
    assert let_in() == HELD
    cancel(shop, "ord_1")
    assert let_in() == {"doors": 1, "let_in": 2, "gone": 0}
    assert let_in() == HELD  # they are on their way, and count
    assert holds(shop, "ord_2", "ord_3", "ord_4") == [[], [], ["out_of_stock"]]
    reallocate(shop, "ord_2", "ord_3")
    assert [name for name, _, _ in line(shop)] == ["ord_2", "ord_3"]
    assert let_in() == {"doors": 1, "let_in": 0, "gone": 2}
    cancel(shop, "ord_4")
    assert let_in() == {"doors": 1, "let_in": 0, "gone": 1}
    assert let_in() == HELD  # the door is closed
    assert let_in() == {"doors": 0, "let_in": 0, "gone": 0}


def test_when_units_are_served_the_most_urgent_is_let_in_first_and_nobody_passes_whoever_needs_more(
    shop: Wiring,
) -> None:
    order(shop, "ord_1", 2)
    order(shop, "ord_small", 1, minute=1)
    order(shop, "ord_large", 2, minute=2, priority=5)
    found(shop, 1)
    serve()
    assert buckets(shop, "ord_1") == (0, 1, 1)
    assert let_in() == HELD  # the small one would fit; the urgent one, who needs two, is not passed
    found(shop, 1, receipt="f2")
    serve()
    assert let_in()["let_in"] == 1
    assert holds(shop, "ord_large", "ord_small") == [[], ["out_of_stock"]]


def test_a_cap_that_is_raised_lets_in_when_it_is_in_force_everywhere(shop: Wiring, hands: Hands) -> None:
    order(shop, "ord_1", 2)
    order(shop, "ord_2", 1, minute=1)
    put_policy("CUP", PutWaiting(cap=3), if_match="*", by="user:t", desk=shop.waiting_policy_desk)
    hands.forward(minutes=4)
    assert let_in() == HELD
    hands.forward(minutes=1)
    assert let_in()["let_in"] == 1
    reallocate(shop, "ord_2")
    assert buckets(shop, "ord_2") == (0, 1, 0)


def test_who_meets_the_cap_of_a_channel_or_a_location_stands_in_nobody_elses_way(hands: Hands) -> None:
    with moto_cloud(hands) as wiring:
        seed(wiring, channel_caps={"web": 0}, locations={"ber-1": 1})
        order(wiring, "ord_web", 1, channel="web")
        order(wiring, "ord_1", 1, minute=1)
        order(wiring, "ord_2", 1, minute=2)
        assert holds(wiring, "ord_web", "ord_1", "ord_2") == [["out_of_stock"], [], ["out_of_stock"]]
        assert let_in() == HELD
        cancel(wiring, "ord_1")
        assert let_in()["let_in"] == 1
        assert holds(wiring, "ord_web", "ord_2") == [["out_of_stock"], []]


def test_an_order_of_which_something_else_may_not_wait_at_all_is_left_to_a_person(shop: Wiring) -> None:
    sell(shop, "POT", waiting=MayWait(kind="none"))
    order(shop, "ord_1", 2)
    come(shop, put_order(shop, "ord_2", {"CUP": 1, "POT": 1}, minute=1))
    cancel(shop, "ord_1")
    assert let_in() == {"doors": 0, "let_in": 0, "gone": 0}
    assert holds(shop, "ord_2") == [["out_of_stock"]]


def test_an_allocation_that_dies_anywhere_leaves_who_is_held_at_the_door(hands: Hands) -> None:
    def scene(wiring: Wiring) -> Order:
        seed(wiring, cap=0)
        return put_order(wiring, "ord_1", {"CUP": 1})

    with moto_cloud(hands) as wiring:
        made = scene(wiring)
        calls = calls_of(lambda: come(wiring, made))
    for point in around_writes(calls):
        with moto_cloud(hands) as wiring:
            made = scene(wiring)
            crash(point, lambda wiring=wiring, made=made: come(wiring, made))  # type: ignore[misc]
            reborn = restart(hands)
            come(reborn, made)
            assert holds(reborn, "ord_1") == [["out_of_stock"]], point
            assert [one.order_id for one in reborn.doors.line("CUP", limit=9)] == ["ord_1"], point


def test_it_may_die_anywhere_and_lets_each_in_once(hands: Hands) -> None:
    def scene(wiring: Wiring) -> None:
        seed(wiring, cap=2)
        order(wiring, "ord_1", 2)
        order(wiring, "ord_2", 1, minute=2)
        order(wiring, "ord_3", 2, minute=3)
        cancel(wiring, "ord_1")

    with moto_cloud(hands) as wiring:
        scene(wiring)
        calls = calls_of(let_in)
    for point in around_writes(calls):
        with moto_cloud(hands) as wiring:
            scene(wiring)
            crash(point, let_in)
            reborn = restart(hands)
            let_in()
            assert holds(reborn, "ord_2", "ord_3") == [[], ["out_of_stock"]], point
            assert reborn.orders.get("ord_2").attempt == 2, point
            reallocate(reborn, "ord_2")
            assert let_in()["gone"] == 1, point
            assert [name for name, _, _ in line(reborn)] == ["ord_2"], point


def test_orders_of_one_batch_come_to_the_same_door(shop: Wiring) -> None:
    come(shop, *(put_order(shop, f"ord_{number}", {"CUP": 2}, minute=number) for number in range(4)))
    assert holds(shop, "ord_0", "ord_1", "ord_2", "ord_3") == [[], *[["out_of_stock"]] * 3]
    assert [one.order_id for one in shop.doors.line("CUP", limit=9)] == ["ord_1", "ord_2", "ord_3"]


def test_who_wants_more_than_a_cap_ever_takes_keeps_nobody_out(shop: Wiring) -> None:
    order(shop, "ord_1", 3)
    order(shop, "ord_2", 2, minute=1)
    order(shop, "ord_3", 1, minute=2)
    assert holds(shop, "ord_1", "ord_2", "ord_3") == [["out_of_stock"], [], ["out_of_stock"]]
    cancel(shop, "ord_2")
    assert let_in() == {"doors": 1, "let_in": 1, "gone": 0}
    assert holds(shop, "ord_1", "ord_3") == [["out_of_stock"], []]


def test_those_behind_a_hundred_who_do_not_fit_are_looked_at_too(hands: Hands) -> None:
    with moto_cloud(hands) as wiring:
        seed(wiring, cap=2, channel_caps={"web": 0})
        come(wiring, *(put_order(wiring, f"web_{n:03}", {"CUP": 1}, minute=n, channel="web") for n in range(101)))
        order(wiring, "ord_1", 2, minute=200)
        order(wiring, "ord_2", 1, minute=201)
        assert holds(wiring, "ord_1", "ord_2") == [[], ["out_of_stock"]]
        cancel(wiring, "ord_1")
        assert let_in() == {"doors": 1, "let_in": 1, "gone": 0}
        assert holds(wiring, "ord_2", "web_000") == [[], ["out_of_stock"]]


def test_who_is_held_for_something_else_too_takes_no_room(shop: Wiring) -> None:
    order(shop, "ord_1", 2)
    order(shop, "ord_2", 1, minute=1)
    order(shop, "ord_3", 1, minute=2)
    held = shop.orders.get("ord_2")
    also = held.holds[0].model_copy(update={"id": "hld_other", "reason": "fraud", "blocks": ("allocate",)})
    commit(shop.orders.write(held.changed(at=START, by="user:t", what="Held", holds=(*held.holds, also))))
    cancel(shop, "ord_1")
    assert let_in() == {"doors": 1, "let_in": 1, "gone": 0}
    assert holds(shop, "ord_2", "ord_3") == [["out_of_stock", "fraud"], []]
