"""A statement dies at any call of its way: sent again, it ends where it would have."""

from typing import Any

from oms.wiring import wire
from tests.crash import calls_of, crash, crash_points, restart
from tests.intake import TestClock, company
from tests.store.test_accounts import SHOP, call, everywhere, order_of, post, ship, state, three_levels


def test_a_statement_survives_a_crash_at_every_call() -> None:
    with company(TestClock()):
        body = _scene()
        points = crash_points(calls_of(lambda: call("PUT", SHOP, "/statement", body)))
    assert len(points) == 14
    for point in points:
        with company(TestClock()):
            sent = _scene()
            crash(point, lambda sent=sent: call("PUT", SHOP, "/statement", sent))  # type: ignore[misc]
            restart(TestClock())
            assert call("PUT", SHOP, "/statement", sent)[0] == 200
            assert everywhere() == {(0, 0, 300)}


def _scene() -> Any:
    """Three orders that have shipped, and the statement that bills them."""
    three_levels(wire())
    orders = [order_of(post(str(number), 100)) for number in range(3)]
    for order in orders:
        ship(order, 1)
    return state(unpaid=300, billed={order.id: 100 for order in orders})
