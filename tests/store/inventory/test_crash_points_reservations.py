"""Killed before or after any call of any change of a reservation, and sent again: once, and in balance."""

from collections.abc import Callable
from typing import Any

import pytest

from functions.inventory import api_reserve_stock, cron_expire_reservations, queue_release_reservations
from oms.inventory.reservations.rules import named
from oms.wiring import Wiring
from tests.allocation_scene import Hands, assert_the_books_balance, position, put_order
from tests.aws import moto_cloud
from tests.crash import calls_of, crash, crash_points, restart
from tests.reservation_scene import SHOP, START, ask, done, event, open_shop
from tests.store.inventory.test_reserved_orders import cancelled

CART = named(SHOP, "cart-1")
Run = Callable[[], Any]


def send(sent: dict[str, Any]) -> Run:
    return lambda: api_reserve_stock.handler(sent, None)


def sweep() -> Any:
    return cron_expire_reservations.handler({}, None)


def scene(wiring: Wiring, hands: Hands, *, cart: bool, minutes: float) -> None:
    hands.now = START
    open_shop(wiring, position("CUP", "ber-1", 5), position("PEN", "lon-1", 3), position("CUP", "lon-1", 1))
    if cart:
        done(ask("cart-1", {"CUP": 6, "PEN": 1}))
    hands.forward(minutes=minutes)


# What is sent; whether the cart has something already; minutes later; status, version, and units kept in the end.
CASES: dict[str, tuple[Run, bool, float, tuple[str, int, int]]] = {
    "create": (send(ask("cart-1", {"CUP": 6, "PEN": 1})), False, 0, ("created", 1, 7)),
    "update": (send(ask("cart-1", {"CUP": 2, "PEN": 3}, key="k-2")), True, 2, ("updated", 2, 5)),
    "revive": (send(ask("cart-1", {"CUP": 2}, key="k-2")), True, 20, ("created", 2, 2)),
    "change": (send(event("PATCH", CART, {"lines": [{"sku": "PEN", "quantity": 2}]})), True, 2, ("updated", 2, 8)),
    "touch": (send(event("touch", CART)), True, 5, ("updated", 2, 7)),
    "freeze": (send(event("freeze", CART)), True, 5, ("updated", 2, 7)),
    "release": (send(event("release", CART, {"reason": "other"})), True, 5, ("released", 2, 0)),
    "expire": (sweep, True, 20, ("expired", 2, 0)),
}


@pytest.mark.parametrize("name", CASES)
def test_a_change_killed_anywhere_is_made_once(name: str) -> None:
    run, cart, minutes, expected = CASES[name]
    hands = Hands()
    with moto_cloud(hands) as wiring:
        scene(wiring, hands, cart=cart, minutes=minutes)
        calls = calls_of(run)
    assert calls.count("TransactWriteItems") == 1
    for point in crash_points(calls):
        with moto_cloud(hands) as wiring:
            scene(wiring, hands, cart=cart, minutes=minutes)
            crash(point, run)
            again = restart(hands)
            run()
            found = again.reservations.find(CART)
            assert found is not None
            units = sum(one.units for one in found.kept) if found.live else 0
            assert (found.status, found.version, units) == expected, point
            assert_the_books_balance(again)


def test_the_release_for_an_order_killed_anywhere_is_made_once() -> None:
    hands = Hands(START)

    def ended(wiring: Wiring) -> dict[str, Any]:
        scene(wiring, hands, cart=True, minutes=0)
        put_order(wiring, "ord_1", {"PEN": 1}, minute=5, reservation_id=CART)
        return cancelled(wiring, "ord_1", "cancelled")

    with moto_cloud(hands) as wiring:
        sent = ended(wiring)
        calls = calls_of(lambda: queue_release_reservations.handler(sent, None))
    for point in crash_points(calls):
        with moto_cloud(hands) as wiring:
            ended(wiring)
            crash(point, lambda: queue_release_reservations.handler(sent, None))
            again = restart(hands)
            assert queue_release_reservations.handler(sent, None) == {"batchItemFailures": []}
            found = again.reservations.find(CART)
            assert found is not None
            assert (found.status, found.version) == ("released", 2), point
            assert_the_books_balance(again)
