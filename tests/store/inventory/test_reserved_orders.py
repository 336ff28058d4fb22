"""An order gets what was kept for it: at intake, at allocation, and back when it will never be."""

from collections.abc import Iterator
from typing import Any

import pytest

from functions.allocation.queue_allocate_orders import handler as allocate
from functions.inventory.queue_release_reservations import handler as give_back
from oms.aws.tables import commit
from oms.events.orders import OrderCancelled, OrderConfirmed
from oms.inventory.reservations.model import Reservation
from oms.inventory.reservations.rules import named
from oms.orders.model import Order
from oms.reference.model import Item
from oms.wiring import Wiring
from tests.allocation_scene import Hands, assert_the_books_balance, batch, position, put_order
from tests.aws import moto_cloud
from tests.crash import calls_of, crash, crash_points, restart
from tests.reservation_scene import SHOP, START, ask, done, event, free, open_shop, refused

CART = named(SHOP, "cart-1")
PEN = ("PEN", "lon-1")


def scene(wiring: Wiring) -> None:
    open_shop(wiring, position("CUP", "ber-1", 5), position("CUP", "lon-1", 8), position("PEN", "lon-1", 3))


@pytest.fixture
def hands() -> Hands:
    return Hands(START)


@pytest.fixture
def shop(hands: Hands) -> Iterator[Wiring]:
    with moto_cloud(hands) as wiring:
        scene(wiring)
        yield wiring
        assert_the_books_balance(wiring)


def order(wiring: Wiring, name: str, units: dict[str, int], *, minute: int = 0, **more: Any) -> Order:
    return put_order(wiring, name, units, minute=minute, reservation_id=CART, **more)


def kept(wiring: Wiring) -> Reservation:
    found = wiring.reservations.find(CART)
    assert found is not None
    return found


def bought(wiring: Wiring, name: str) -> tuple[int, int]:
    """Units allocated and waiting."""
    lines = wiring.orders.get(name).lines
    return sum(line.allocated for line in lines), sum(line.backordered for line in lines)


def test_the_owner_gets_its_own_last_units_and_who_came_before_does_not(shop: Wiring) -> None:
    done(ask("cart-1", {"PEN": 3}))
    first = put_order(shop, "ord_1", {"PEN": 1})
    mine = order(shop, "ord_2", {"PEN": 3}, minute=5)
    assert allocate(batch(first, mine), None) == {"batchItemFailures": []}
    assert (bought(shop, "ord_1"), bought(shop, "ord_2")) == ((0, 1), (3, 0))
    assert (kept(shop).status, kept(shop).order_id, kept(shop).kept) == ("committed", "ord_2", ())
    pen = shop.stock.positions_at([PEN])[PEN]
    assert (pen.committed, pen.reserved, pen.available) == (3, 0, 0)
    assert {one.kind for _, one in shop.stock.history(pen, limit=1)} == {"unreserved", "committed", "backordered"}


def test_what_the_plan_takes_elsewhere_is_given_back_in_the_same_transaction(shop: Wiring) -> None:
    done(ask("cart-1", {"CUP": 2}))  # kept in London, where most are
    mine = order(shop, "ord_1", {"CUP": 2})  # goes to Berlin
    allocate(batch(mine), None)
    assert free(shop) == {"ber-1": 3, "lon-1": 8}
    assert shop.stock.positions_at([("CUP", "ber-1")])["CUP", "ber-1"].committed == 2


def test_what_was_kept_and_not_ordered_is_given_back_as_well(shop: Wiring) -> None:
    done(ask("cart-1", {"CUP": 2, "PEN": 3}))
    allocate(batch(order(shop, "ord_1", {"CUP": 1})), None)
    assert (free(shop, "PEN"), kept(shop).status) == ({"lon-1": 3}, "committed")


def test_one_that_ended_a_moment_ago_is_no_reason_against_the_order(shop: Wiring, hands: Hands) -> None:
    done(ask("cart-1", {"PEN": 3}))
    hands.forward(minutes=11)
    first = put_order(shop, "ord_1", {"PEN": 2})
    mine = order(shop, "ord_2", {"PEN": 3}, minute=5)
    allocate(batch(first, mine), None)
    assert (bought(shop, "ord_1"), bought(shop, "ord_2")) == ((2, 0), (1, 2))
    assert kept(shop).status == "expired"


def test_two_orders_that_name_one_reservation_get_it_once(shop: Wiring) -> None:
    done(ask("cart-1", {"PEN": 2}))
    allocate(batch(order(shop, "ord_1", {"PEN": 2}), order(shop, "ord_2", {"PEN": 2}, minute=1)), None)
    assert (bought(shop, "ord_1"), bought(shop, "ord_2"), kept(shop).order_id) == ((2, 0), (1, 1), "ord_1")


def test_an_order_of_another_channel_takes_nothing_of_it(shop: Wiring) -> None:
    done(ask("cart-1", {"PEN": 3}))
    allocate(batch(order(shop, "ord_1", {"PEN": 1}, channel="marketplace")), None)
    assert (bought(shop, "ord_1"), kept(shop).live, free(shop, "PEN")) == ((0, 1), True, {"lon-1": 0})


def test_a_committed_reservation_can_neither_be_touched_nor_released(shop: Wiring) -> None:
    done(ask("cart-1", {"PEN": 3}))
    allocate(batch(order(shop, "ord_1", {"PEN": 3})), None)
    for verb, body in (("touch", None), ("freeze", None), ("release", {"reason": "abandoned"})):
        assert refused(event(verb, CART, body))["why_not"][0]["code"] == "reservation_committed"
    assert refused(ask("cart-1", {"PEN": 1}, key="k-2"))["code"] == "short_stock"  # a new life: the pens are sold


def test_a_large_order_takes_its_reservation_step_by_step(hands: Hands) -> None:
    skus = [f"S{number:03}" for number in range(100)]
    with moto_cloud(hands) as wiring:
        open_shop(wiring, *(position(sku, "ber-1", 1) for sku in skus))
        done(ask("cart-1", dict.fromkeys(skus[60:], 1)))
        rival = put_order(wiring, "ord_2", dict.fromkeys(skus[60:], 1), minute=5)
        mine = order(wiring, "ord_1", dict.fromkeys(skus, 1))
        assert allocate(batch(mine, rival), None) == {"batchItemFailures": []}
        assert (bought(wiring, "ord_1"), bought(wiring, "ord_2")) == ((100, 0), (0, 40))
        assert (kept(wiring).status, len(wiring.orders.tree("ord_1").fulfillment_orders)) == ("committed", 2)
        assert_the_books_balance(wiring)


def test_a_bundle_is_kept_in_parts_whole_at_one_location_and_becomes_the_orders(shop: Wiring) -> None:
    parts = (("CUP", 2), ("PEN", 1))
    gift = Item(sku="GIFT", name="Gift", weight_g=9, length_mm=9, width_mm=9, height_mm=9, components=parts)
    shop.reference.put_item(gift)
    body = done(ask("cart-1", {"GIFT": 3}))
    assert [(line["reserved"], line["locations"]) for line in body["lines"]] == [
        (3, [{"location": "lon-1", "units": 3}])
    ]
    assert (free(shop), free(shop, "PEN")) == ({"ber-1": 5, "lon-1": 2}, {"lon-1": 0})
    problem = refused(ask("cart-2", {"GIFT": 1}))
    assert problem["faults"] == [{"field": "lines.0.quantity", "message": "1 of GIFT wanted, 0 available"}]
    rival = put_order(shop, "ord_1", {"PEN": 1})
    mine = order(shop, "ord_2", {"GIFT": 3}, minute=5)
    lines = tuple(line.model_copy(update={"components": parts}) for line in mine.lines)
    bundled = mine.changed(OrderConfirmed(order_id=mine.id, attempt=1), at=START, by="system:tester", lines=lines)
    commit(shop.orders.write(bundled))
    assert allocate(batch(rival, bundled), None) == {"batchItemFailures": []}
    assert (bought(shop, "ord_1"), bought(shop, "ord_2")) == ((0, 1), (3, 0))
    assert (kept(shop).status, free(shop, "PEN")) == ("committed", {"lon-1": 0})


def cancelled(wiring: Wiring, name: str, status: str) -> dict[str, Any]:
    """The event of an order that has ended before it was allocated."""
    found = wiring.orders.get(name)
    lines = tuple(line.model_copy(update={"open": 0, "cancelled": line.quantity}) for line in found.lines)
    fact = OrderCancelled(order_id=name, reason="other", units=1)
    ended = found.changed(fact, at=START, by="user:tester", status=status, lines=lines)
    commit(wiring.orders.write(ended))
    return batch(ended)


@pytest.mark.parametrize(("status", "reason"), [("cancelled", "order_cancelled"), ("rejected", "order_rejected")])
def test_what_was_kept_for_an_order_that_ended_is_free_again(shop: Wiring, status: str, reason: str) -> None:
    done(ask("cart-1", {"PEN": 3}))
    order(shop, "ord_1", {"PEN": 3}, minute=5)
    sent = cancelled(shop, "ord_1", status)
    for _ in range(2):
        assert give_back(sent, None) == {"batchItemFailures": []}
        assert (kept(shop).status, kept(shop).reason, free(shop, "PEN")) == ("released", reason, {"lon-1": 3})


def test_an_order_that_goes_on_and_a_cart_that_came_back_keep_theirs(shop: Wiring, hands: Hands) -> None:
    done(ask("cart-1", {"PEN": 3}))
    mine = order(shop, "ord_1", {"PEN": 3}, minute=5)
    assert give_back(batch(mine), None) == {"batchItemFailures": []}
    assert kept(shop).status == "created"
    hands.forward(minutes=30)
    done(ask("cart-1", {"PEN": 1}, key="k-2"))
    give_back(cancelled(shop, "ord_1", "cancelled"), None)
    assert (kept(shop).status, free(shop, "PEN")) == ("created", {"lon-1": 2})


def test_who_names_no_order_is_parked(shop: Wiring) -> None:
    mine = order(shop, "ord_1", {"PEN": 3})
    lost = mine.model_copy(update={"facts": (mine.facts[0].model_copy(update={"order_id": "ord_x"}),), "id": "ord_x"})
    assert give_back(batch(lost), None)["batchItemFailures"] == [{"itemIdentifier": "m-ord_x"}]


def test_allocation_killed_anywhere_turns_reserved_units_into_committed_ones_once() -> None:
    hands = Hands(START)
    with moto_cloud(hands) as wiring:
        scene(wiring)
        done(ask("cart-1", {"PEN": 3, "CUP": 2}))
        sent = batch(order(wiring, "ord_1", {"PEN": 3, "CUP": 2}))
        calls = calls_of(lambda: allocate(sent, None))
    assert calls.count("TransactWriteItems") == 1
    for point in crash_points(calls):
        with moto_cloud(hands) as wiring:
            scene(wiring)
            done(ask("cart-1", {"PEN": 3, "CUP": 2}))
            order(wiring, "ord_1", {"PEN": 3, "CUP": 2})
            crash(point, lambda: allocate(sent, None))
            again = restart(hands)
            assert allocate(sent, None) == {"batchItemFailures": []}
            assert (bought(again, "ord_1"), kept(again).status) == ((5, 0), "committed"), point
            assert (kept(again).version, again.orders.get("ord_1").version) == (2, 2), point
            assert_the_books_balance(again)
