"""Units that lie where nobody may ship to the buyer are transferred to a location that may."""

import json
from decimal import Decimal
from typing import Any

import pytest

from functions.allocation.queue_allocate_orders import handler as allocate
from functions.orders.api_read_orders import handler as read
from oms.allocation.decisions.rules import words_of
from oms.allocation.recall import cancel_order
from oms.allocation.serving import serve
from oms.allocation.sourcing.strategy import Fallback, Filters, Rule, Strategy
from oms.inventory.transfers.desk import Caller
from oms.inventory.transfers.model import ReceiveTransfer, ShipTransfer, Transfer
from oms.inventory.transfers.moves import receive_transfer, ship_transfer
from oms.inventory.transfers.service import cancel_transfer
from oms.orders.model import Order
from oms.reference.model import Location
from oms.wiring import Wiring
from tests.allocation_scene import (
    assert_the_books_balance,
    batch,
    clock,
    item_of,
    position,
    put_order,
    set_up,
)
from tests.aws import moto_cloud
from tests.crash import calls_of, crash, crash_points, restart
from tests.lambda_events import api_event
from tests.reservation_scene import ask, done, open_shop

STAFF = Caller("user:tester", lambda _: True)


def scene(wiring: Wiring, *fallbacks: Fallback, there: int = 10, here: int = 0, **days: int) -> None:
    """London has stock, and may not ship to Germany; Berlin may."""
    set_up(wiring, position("A", "ber-1", here), position("A", "lon-1", there))
    sends = {name.replace("_", "-"): n for name, n in (days or {"ber_1": 2}).items()}
    london = Location(
        id="lon-1",
        name="lon-1",
        country="GB",
        postal_code="1",
        latitude=Decimal("51.5"),
        longitude=Decimal(0),
        time_zone="Europe/London",
        transfer_days=sends,
    )
    wiring.reference.put_setting("LOCATION", "lon-1", london)
    rule = Rule(name="all", filters=Filters(countries=("DE",)), hard=("country",), fallbacks=fallbacks)
    made = Strategy(name="default", version=1, rules=(rule,), by="user:test", at="2026-11-23")
    wiring.reference.put_setting("SOURCING", "default", made)


@pytest.fixture
def wiring(cloud_on_moto: Wiring) -> Wiring:
    cloud_on_moto.clock = clock
    return cloud_on_moto


def order_of(wiring: Wiring, order_id: str = "ord_1") -> Order:
    return wiring.orders.get(order_id)


def transfers_of(wiring: Wiring, order: Order) -> list[Transfer]:
    found = wiring.transfers.find_many(name for line in order.lines for name in line.transfers)
    return [found[name] for line in order.lines for name in line.transfers]


def shown(order_id: str) -> tuple[dict[str, Any], str]:
    """What the order says of its first line that waits, and its entity tag."""
    answer = read(api_event("GET /v1/orders/{order_id}", path={"order_id": order_id}, roles=("operator",)), None)
    return json.loads(answer["body"])["lines"][0]["waiting"], answer["headers"]["etag"]


def test_units_that_may_not_ship_are_transferred_and_promised_from_it(wiring: Wiring) -> None:
    scene(wiring, "transfer", "backorder")
    allocate(batch(put_order(wiring, "ord_1", {"A": 3})), None)
    order = order_of(wiring)
    (line,) = order.lines
    (made,) = transfers_of(wiring, order)
    assert (made.source, made.destination, made.status, made.for_order_id) == (
        "lon-1",
        "ber-1",
        "ready_to_ship",
        "ord_1",
    )
    assert [(one.sku, one.units, one.committed, one.due_on) for one in made.lines] == [("A", 3, 3, "2026-11-25")]
    assert [fact.type for fact in made.facts] == ["TransferDrafted", "TransferReadied", "SupplyConfirmed"]
    # Wednesday 25th, two days late as every lane that nobody has measured: Friday; usable after a working day.
    assert (line.backordered, line.waits_at, line.supply_on) == (3, "ber-1", "2026-11-30")
    (record,) = wiring.decisions.about("ord_1", order.decided_in)
    assert words_of(record)[:3] == (
        "lon-1 was out (country): it is in GB.",
        "3 unit(s) of line(s) 1 nobody may ship now.",
        (
            "transfer takes 3 unit(s) of line(s) 1: they are transferred: 3 unit(s) of line 1 from lon-1 to ber-1 "
            "by 2026-11-25."
        ),
    )
    assert "transfer of 3 A from lon-1 to ber-1" in (order.log[-1].why or "")
    assert wiring.stock.positions(["A"])["A", "lon-1"].available == 7
    assert_the_books_balance(wiring)


def test_the_same_again_asks_for_nothing_more(wiring: Wiring) -> None:
    scene(wiring, "transfer", "backorder")
    event = batch(put_order(wiring, "ord_1", {"A": 3}))
    allocate(event, None)
    before = order_of(wiring)
    allocate(event, None)
    serve(["A"], desk=wiring.serving_desk, sourcing=wiring.sourcing())
    assert order_of(wiring) == before
    assert wiring.stock.positions(["A"])["A", "lon-1"].committed == 3


def test_what_is_not_free_there_is_left_to_the_next_fallback(wiring: Wiring) -> None:
    scene(wiring, "transfer", "customer_care", there=2)
    allocate(batch(put_order(wiring, "ord_1", {"A": 5})), None)
    order = order_of(wiring)
    (record,) = wiring.decisions.about("ord_1", order.decided_in)
    assert [(row.fallback, dict(row.units), row.why_not) for row in record.tried] == [
        ("transfer", {1: 2}, "line 1: no more of it is free"),
        ("customer_care", {1: 3}, ""),
    ]
    assert [hold.note for hold in order.holds] == [
        "3 unit(s) of line(s) 1 nobody may ship; transfer: line 1: no more of it is free"
    ]
    assert sum(one.committed for one in transfers_of(wiring, order)) == 2
    assert_the_books_balance(wiring)


@pytest.mark.parametrize(
    ("scened", "why"),
    [
        ({"there": 0}, "line 1: no location that may not ship has any of it free"),
        ({"par_1": 1}, "line 1: lon-1 sends it to no location that may ship and keeps it"),
    ],
)
def test_where_no_transfer_is_possible_the_record_says_why(wiring: Wiring, scened: dict[str, int], why: str) -> None:
    scene(wiring, "transfer", "backorder", **scened)
    allocate(batch(put_order(wiring, "ord_1", {"A": 5})), None)
    order = order_of(wiring)
    (record,) = wiring.decisions.about("ord_1", order.decided_in)
    assert [(row.fallback, dict(row.units), row.why_not) for row in record.tried] == [
        ("transfer", {}, why),
        ("backorder", {1: 5}, ""),
    ]
    assert order.lines[0].transfers == ()


def test_what_others_keep_and_what_others_wait_for_is_left_alone(wiring: Wiring) -> None:
    scene(wiring, "transfer", "backorder", there=6)
    first = put_order(wiring, "ord_1", {"A": 4})
    second = put_order(wiring, "ord_2", {"A": 4}, minute=1)
    allocate(batch(first, second), None)
    asked = {
        name: sum(one.committed for one in transfers_of(wiring, order_of(wiring, name))) for name in ("ord_1", "ord_2")
    }
    assert asked == {"ord_1": 4, "ord_2": 2}
    assert wiring.stock.positions(["A"])["A", "lon-1"].available == 0
    assert_the_books_balance(wiring)


def test_what_a_cart_keeps_is_not_sent_away(wiring: Wiring) -> None:
    open_shop(wiring)
    scene(wiring, "transfer", "backorder", there=6)
    wiring.reference.put_item(item_of("A"))
    assert done(ask("cart-1", {"A": 4}))["status"] == "created"
    allocate(batch(put_order(wiring, "ord_1", {"A": 5})), None)
    (made,) = transfers_of(wiring, order_of(wiring))
    assert made.committed == 2
    london = wiring.stock.positions(["A"])["A", "lon-1"]
    assert (london.committed, london.reserved, london.available) == (2, 4, 0)
    assert_the_books_balance(wiring)


def test_units_that_the_order_itself_kept_there_are_sent(wiring: Wiring) -> None:
    open_shop(wiring)
    scene(wiring, "transfer", "backorder", there=3)
    wiring.reference.put_item(item_of("A"))
    kept = done(ask("cart-1", {"A": 3}))["reservation_id"]
    allocate(batch(put_order(wiring, "ord_1", {"A": 3}, reservation_id=kept)), None)
    (made,) = transfers_of(wiring, order_of(wiring))
    london = wiring.stock.positions(["A"])["A", "lon-1"]
    assert (made.committed, london.committed, london.reserved) == (3, 3, 0)
    assert_the_books_balance(wiring)


def test_who_waits_already_gets_a_transfer_and_its_promise_when_stock_comes_where_it_may_not_ship(
    wiring: Wiring,
) -> None:
    scene(wiring, "transfer", "backorder", there=0)
    allocate(batch(put_order(wiring, "ord_1", {"A": 3})), None)
    assert (order_of(wiring).lines[0].supply_on, order_of(wiring).lines[0].waits_at) == ("unknown", "ber-1")
    assert wiring.stock.receive("A", "lon-1", 2, receipt_id="r-1", by="user:tester")
    serve(["A"], desk=wiring.serving_desk, sourcing=wiring.sourcing())
    assert [one.committed for one in transfers_of(wiring, order_of(wiring))] == [2]
    assert order_of(wiring).lines[0].supply_on == "unknown"  # two of three units have a date
    assert wiring.stock.receive("A", "lon-1", 2, receipt_id="r-2", by="user:tester")
    serve(["A"], desk=wiring.serving_desk, sourcing=wiring.sourcing())
    assert [one.committed for one in transfers_of(wiring, order_of(wiring))] == [2, 1]
    assert order_of(wiring).lines[0].supply_on == "2026-11-30"
    assert_the_books_balance(wiring)


def arrived(wiring: Wiring, transfer_id: str) -> None:
    ship_transfer(transfer_id, ShipTransfer(shipment_id="s-1"), caller=STAFF, desk=wiring.transfer_desk)
    receive_transfer(transfer_id, ReceiveTransfer(receipt_id="r-1"), caller=STAFF, desk=wiring.transfer_desk)
    serve(["A"], desk=wiring.serving_desk, sourcing=wiring.sourcing())


def test_what_arrives_serves_who_waited_for_it(wiring: Wiring) -> None:
    scene(wiring, "transfer", "backorder")
    allocate(batch(put_order(wiring, "ord_1", {"A": 3})), None)
    (made,) = transfers_of(wiring, order_of(wiring))
    arrived(wiring, made.id)
    order, works = wiring.orders.tree("ord_1")
    assert [(line.allocated, line.backordered, line.transfers) for line in order.lines] == [(3, 0, ())]
    assert [(work.location, work.lines[0].quantity) for work in works] == [("ber-1", 3)]
    assert_the_books_balance(wiring)


def test_a_later_date_moves_the_promise_and_a_transfer_that_is_cancelled_is_not_asked_for_again(wiring: Wiring) -> None:
    scene(wiring, "transfer", "backorder")
    allocate(batch(put_order(wiring, "ord_1", {"A": 3})), None)
    (made,) = transfers_of(wiring, order_of(wiring))
    ship = ShipTransfer(shipment_id="s-1", due_on="2026-12-02")
    assert ship_transfer(made.id, ship, caller=STAFF, desk=wiring.transfer_desk).facts[-1].type == "SupplyMoved"
    serve(["A"], desk=wiring.serving_desk, sourcing=wiring.sourcing())
    assert order_of(wiring).lines[0].supply_on == "2026-12-07"
    allocate(batch(put_order(wiring, "ord_2", {"A": 2}, minute=1)), None)
    (other,) = transfers_of(wiring, order_of(wiring, "ord_2"))
    waits, tag = shown("ord_2")
    assert waits["why"] == "transfer"
    cancel_transfer(other.id, "broken", caller=STAFF, desk=wiring.transfer_desk)
    serve(["A"], desk=wiring.serving_desk, sourcing=wiring.sourcing())
    assert order_of(wiring, "ord_2").lines[0].transfers == (other.id,)
    waits, now = shown("ord_2")
    assert (waits["why"], waits.get("stock_on")) == ("no_supply", None)
    assert now != tag
    assert_the_books_balance(wiring)


def test_who_cancels_gives_up_a_transfer_that_has_not_left(wiring: Wiring) -> None:
    scene(wiring, "transfer", "backorder")
    allocate(batch(put_order(wiring, "ord_1", {"A": 3}), put_order(wiring, "ord_2", {"A": 2}, minute=1)), None)
    (first,), (second,) = (transfers_of(wiring, order_of(wiring, name)) for name in ("ord_1", "ord_2"))
    ship_transfer(second.id, ShipTransfer(shipment_id="s-1"), caller=STAFF, desk=wiring.transfer_desk)
    for name in ("ord_1", "ord_2"):
        cancelled(wiring, name)
    found = wiring.transfers.find_many([first.id, second.id])
    assert [found[one.id].status for one in (first, second)] == ["cancelled", "in_transit"]
    assert [fact.type for fact in found[first.id].facts] == ["TransferCancelled", "SupplyMoved"]
    assert wiring.supplies.to_come("A")[0].units == 2
    assert wiring.stock.positions(["A"])["A", "lon-1"].available == 8
    assert_the_books_balance(wiring)


def test_a_cancellation_killed_anywhere_gives_the_transfer_up_once() -> None:
    def seeded(wiring: Wiring) -> None:
        scene(wiring, "transfer", "backorder")
        allocate(batch(put_order(wiring, "ord_1", {"A": 3})), None)

    with moto_cloud(clock) as wiring:
        seeded(wiring)
        (made,) = transfers_of(wiring, order_of(wiring))
        points = crash_points(calls_of(lambda: cancelled(wiring, "ord_1")))
    writes = [point for point in points if point.operation == "TransactWriteItems"]
    assert writes
    for point in writes:
        with moto_cloud(clock) as wiring:
            seeded(wiring)
            crash(point, lambda wiring=wiring: cancelled(wiring, "ord_1"))  # type: ignore[misc]
            again = restart(clock)
            cancelled(again, "ord_1")
            gone = again.transfers.find_many([made.id])[made.id]
            assert (gone.status, gone.version, order_of(again).status) == ("cancelled", 2, "cancelled"), point
            assert again.stock.positions(["A"])["A", "lon-1"].available == 10, point
            assert_the_books_balance(again)


def cancelled(wiring: Wiring, order_id: str) -> None:
    cancel_order(
        order_id,
        reason="customer_request",
        note=None,
        by="user:tester",
        desk=wiring.taking_back,
        exposure=wiring.credit,
        now=wiring.clock(),
    )


def test_killed_anywhere_everything_is_taken_once() -> None:
    def seeded(wiring: Wiring) -> dict[str, Any]:
        scene(wiring, "substitute", "transfer", "customer_care", there=3, here=1)
        wiring.reference.put_item(item_of("A").model_copy(update={"substitutes": ("B",)}))
        wiring.reference.put_item(item_of("B"))
        assert wiring.stock.open_position(position("B", "ber-1", 1))
        return batch(put_order(wiring, "ord_1", {"A": 6}))

    with moto_cloud(clock) as wiring:
        event = seeded(wiring)
        calls = calls_of(lambda: allocate(event, None))
    writes = [point for point in crash_points(calls) if point.operation == "TransactWriteItems"]
    assert [point.moment for point in writes] == ["before", "after"]  # all of it is one write
    for point in writes:
        with moto_cloud(clock) as wiring:
            event = seeded(wiring)
            crash(point, lambda event=event: allocate(event, None))  # type: ignore[misc]
            again = restart(clock)
            allocate(event, None)
            order = again.orders.get("ord_1")
            assert (order.version, len(order.lines[0].transfers), len(order.holds)) == (2, 1, 1), point
            assert [line.allocated for line in order.lines] == [2], point  # one of them is a substitute
            assert again.stock.positions(["A"])["A", "lon-1"].committed == 3, point
            assert_the_books_balance(again)
