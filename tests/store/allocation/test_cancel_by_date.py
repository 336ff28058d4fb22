"""Units that wait are cancelled at the instant that the rule or the channel has set, and no unit that was served."""

from datetime import timedelta

import pytest

from functions.allocation.queue_allocate_orders import handler as allocate
from oms.allocation.serving import serve
from oms.allocation.sourcing.strategy import Fallback, Rule, Strategy
from oms.kernel.time import to_text
from oms.orders.model import Order, RequestedDelivery
from oms.wiring import Wiring
from tests.allocation_scene import START, Hands, assert_the_books_balance, batch, position, put_order, set_up
from tests.aws import moto_cloud
from tests.crash import calls_of, crash, crash_points, restart


def scene(wiring: Wiring, *fallbacks: Fallback, days: int | None = 3) -> None:
    set_up(wiring, position("A", "ber-1", 2))
    rule = Rule(name="all", fallbacks=fallbacks or ("cancel_by_date",), cancel_after_days=days)
    made = Strategy(name="default", version=1, rules=(rule,), by="user:test", at="2026-11-23")
    wiring.reference.put_setting("SOURCING", "default", made)


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def wiring(cloud_on_moto: Wiring, hands: Hands) -> Wiring:
    cloud_on_moto.clock = hands
    return cloud_on_moto


def order_of(wiring: Wiring) -> Order:
    return wiring.orders.get("ord_1")


def units(order: Order) -> tuple[int, int, int]:
    (line,) = order.lines
    return line.allocated, line.backordered, line.cancelled


def test_what_still_waits_at_the_instant_is_cancelled_and_not_a_moment_before(wiring: Wiring, hands: Hands) -> None:
    scene(wiring)
    allocate(batch(put_order(wiring, "ord_1", {"A": 5})), None)
    order = order_of(wiring)
    assert (order.lines[0].give_up_at, order.look_at <= to_text(START + timedelta(days=3))) == (
        "2026-11-26T09:00:00.000Z",
        True,
    )
    (record,) = wiring.decisions.about("ord_1", order.decided_in)
    assert record.tried[0].how == "they wait until 2026-11-26T09:00:00.000Z, and are cancelled then"
    hands.now = START + timedelta(days=3, milliseconds=-1)
    wiring.deadlines.keep("ord_1")
    assert units(order_of(wiring)) == (2, 3, 0)
    hands.forward(milliseconds=1)
    wiring.deadlines.keep("ord_1")
    after = order_of(wiring)
    assert units(after) == (2, 0, 3)
    assert (after.total_minor, after.status, after.lines[0].give_up_at) == (200, "in_fulfillment", None)
    assert [(fact.type, fact.data["units"]) for fact in after.facts if fact.type == "OrderCancelled"] == [
        ("OrderCancelled", 3)
    ]
    wiring.deadlines.keep("ord_1")
    assert units(order_of(wiring)) == (2, 0, 3)
    assert_the_books_balance(wiring)


def test_after_the_instant_nothing_is_served_any_more_and_before_it_everything(wiring: Wiring, hands: Hands) -> None:
    scene(wiring)
    allocate(batch(put_order(wiring, "ord_1", {"A": 5})), None)
    wiring.stock.receive("A", "ber-1", 1, receipt_id="r-1", by="user:tester")
    serve(["A"], desk=wiring.serving_desk, sourcing=wiring.sourcing())
    assert (units(order_of(wiring)), order_of(wiring).lines[0].give_up_at) == ((3, 2, 0), "2026-11-26T09:00:00.000Z")
    hands.forward(days=3)
    wiring.stock.receive("A", "ber-1", 9, receipt_id="r-2", by="user:tester")
    serve(["A"], desk=wiring.serving_desk, sourcing=wiring.sourcing())
    assert units(order_of(wiring)) == (3, 2, 0)
    wiring.deadlines.keep("ord_1")
    assert units(order_of(wiring)) == (3, 0, 2)
    assert_the_books_balance(wiring)


@pytest.mark.parametrize(
    ("days", "said", "at"),
    [
        (None, {"deliver_by": "2026-11-25T12:00:00.000Z"}, "2026-11-25T12:00:00.000Z"),
        (1, {"deliver_by": "2026-11-25T12:00:00.000Z"}, "2026-11-24T09:00:00.000Z"),
        (None, {"ship_by": "2026-11-24T12:00:00.000Z"}, "2026-11-24T12:00:00.000Z"),
        (None, {}, None),
    ],
)
def test_the_first_of_the_rules_days_and_the_channels_date_counts(
    wiring: Wiring, days: int | None, said: dict[str, str], at: str | None
) -> None:
    scene(wiring, days=days)
    delivery = RequestedDelivery.model_validate(said)
    allocate(batch(put_order(wiring, "ord_1", {"A": 5}, delivery=delivery)), None)
    order = order_of(wiring)
    assert order.lines[0].give_up_at == at
    (record,) = wiring.decisions.about("ord_1", order.decided_in)
    assert (record.fallback, record.tried[0].why_not) == (
        ("cancel_by_date", "") if at else ("customer_care", "neither the rule nor the channel has set a date")
    )


def test_an_order_of_many_lines_is_cancelled_in_steps(wiring: Wiring, hands: Hands) -> None:
    scene(wiring)
    allocate(batch(put_order(wiring, "ord_1", {f"S{number}": 2 for number in range(70)})), None)
    hands.forward(days=3)
    assert wiring.deadlines.keep("ord_1") > 1
    order = order_of(wiring)
    assert (order.status, {line.cancelled for line in order.lines}, order.total_minor) == ("cancelled", {2}, 0)
    assert_the_books_balance(wiring)


def test_killed_anywhere_the_units_are_cancelled_once() -> None:
    def seeded(wiring: Wiring, hands: Hands) -> None:
        scene(wiring)
        allocate(batch(put_order(wiring, "ord_1", {"A": 5})), None)
        hands.forward(days=3)

    hands = Hands()
    with moto_cloud(hands) as wiring:
        seeded(wiring, hands)
        calls = calls_of(lambda: wiring.deadlines.keep("ord_1"))
    writes = [point for point in crash_points(calls) if point.operation == "TransactWriteItems"]
    assert writes
    for point in writes:
        hands = Hands()
        with moto_cloud(hands) as wiring:
            seeded(wiring, hands)
            crash(point, lambda wiring=wiring: wiring.deadlines.keep("ord_1"))  # type: ignore[misc]
            again = restart(hands)
            again.deadlines.keep("ord_1")
            order = again.orders.get("ord_1")
            assert (units(order), order.total_minor) == ((2, 0, 3), 200), point
            assert sum("OrderCancelled" in row.what for row in order.log) == 1, point
            assert_the_books_balance(again)
