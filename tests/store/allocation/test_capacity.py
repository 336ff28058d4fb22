"""What a location takes a day: counted in the transaction, given back in the transaction, never passed."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from functions.allocation import api_cancel_orders, queue_allocate_orders, task_resource_order
from functions.fulfillment.api_confirm_fulfillment import handler as confirm
from infra.local import company
from oms.allocation.sourcing.strategy import Filters, Rule, Strategy
from oms.aws import tables
from oms.aws.tables import ConditionFailedError
from oms.orders.model import Order
from oms.orders.workload.model import Load, Workday
from oms.wiring import Wiring
from tests.allocation_scene import (
    START,
    Hands,
    assert_the_books_balance,
    assert_the_days_balance,
    batch,
    clock,
    position,
    put_order,
    set_up,
    trees,
)
from tests.aws import moto_cloud
from tests.crash import around_writes, calls_of, crash, restart
from tests.fulfillment_store import confirmation, confirmations
from tests.intake import body_of
from tests.lambda_events import api_event

allocate = queue_allocate_orders.handler
TODAY = Workday("ber-1", "2026-11-23")


def limit(wiring: Wiring, **daily: int) -> None:
    place = wiring.reference.locations()["ber-1"]
    wiring.reference.put_setting("LOCATION", place.id, place.model_copy(update=daily))


def rules(wiring: Wiring, *, hard: bool = True, only: str | None = None) -> None:
    """Full is full; or the rule of the built-in strategy, which gives more out before anybody waits."""
    rule = Rule(
        name="all",
        hard=("capacity", "country") if hard else ("country",),
        soft=("carrier",) if hard else ("carrier", "capacity"),
        filters=Filters(countries=(only,) if only else ()),
    )
    made = Strategy(name="default", version=1, rules=(rule,), by="user:test", at="2026-11-23")
    wiring.reference.put_setting("SOURCING", "default", made)


def scene(wiring: Wiring, *, hard: bool = True, only: str | None = None, **daily: int) -> None:
    set_up(wiring, position("A", "ber-1", 500), position("A", "lon-1", 500), position("B", "ber-1", 500))
    limit(wiring, **daily)
    rules(wiring, hard=hard, only=only)


@pytest.fixture
def wiring(cloud_on_moto: Wiring) -> Wiring:
    cloud_on_moto.clock = clock
    return cloud_on_moto


def places(wiring: Wiring) -> list[list[tuple[str, int]]]:
    """By order, who ships how many units."""
    return [
        [(work.location, line.quantity) for work in works for line in work.lines if work.status == "open"]
        for _, works in trees(wiring)
    ]


def used(wiring: Wiring, day: Workday = TODAY) -> Load:
    return wiring.workload.used([day])[day]


def record(wiring: Wiring, order_id: str) -> Any:
    return wiring.decisions.about(order_id, wiring.orders.get(order_id).decided_in)[-1]


def cancel(order_id: str) -> Any:
    event = api_event("POST /v1/orders/{order_id}/cancel", path={"order_id": order_id}, body={"reason": "other"})
    return api_cancel_orders.handler(event, None)


def test_a_full_location_is_out_and_the_record_says_of_what_it_is_full(wiring: Wiring) -> None:
    scene(wiring, daily_orders=2)
    allocate(batch(*(put_order(wiring, f"ord_{n}", {"A": 1}, minute=n) for n in range(3))), None)
    assert places(wiring) == [[("ber-1", 1)], [("ber-1", 1)], [("lon-1", 1)]]
    out = [(row.location, row.constraint, row.why) for row in record(wiring, "ord_2").excluded]
    assert out == [("ber-1", "capacity", "has its 2 orders of the day")]
    assert used(wiring) == Load(2, 2, 2)
    assert_the_books_balance(wiring)


def test_lines_and_units_bind_by_what_the_order_needs_of_them(wiring: Wiring) -> None:
    scene(wiring, daily_units=5, daily_lines=3)
    orders = [put_order(wiring, "ord_1", {"A": 4}), put_order(wiring, "ord_2", {"A": 2}, minute=1)]
    allocate(batch(*orders), None)
    assert places(wiring) == [[("ber-1", 4)], [("lon-1", 2)]]
    allocate(batch(put_order(wiring, "ord_3", {"A": 1}, minute=2)), None)
    assert used(wiring) == Load(2, 2, 5)
    allocate(batch(put_order(wiring, "ord_4", {"A": 1}, minute=3)), None)
    assert used(wiring) == Load(2, 2, 5)
    assert_the_books_balance(wiring)


def test_the_nearer_to_full_the_dearer(wiring: Wiring) -> None:
    scene(wiring, daily_orders=10)
    allocate(batch(*(put_order(wiring, f"ord_{n}", {"B": 1}, minute=n) for n in range(10))), None)
    parts = [dict(record(wiring, f"ord_{n}").scores[0].parts).get("capacity", 0) for n in range(10)]
    # Up to 80 per cent nothing; at 90 half of the way to 5.00, squared.
    assert parts == [*[0] * 9, 125_000_000]


def test_a_soft_limit_is_passed_only_where_units_would_wait_and_the_record_says_so(wiring: Wiring) -> None:
    scene(wiring, hard=False, daily_orders=1)
    allocate(batch(*(put_order(wiring, f"ord_{n}", {"B": 1}, minute=n) for n in range(3))), None)
    assert [record(wiring, f"ord_{n}").relaxed for n in range(3)] == [
        ("carrier",),
        ("carrier", "capacity"),
        ("carrier", "capacity"),
    ]
    assert used(wiring) == Load(3, 3, 3)
    allocate(batch(put_order(wiring, "ord_4", {"A": 1})), None)
    assert places(wiring)[-1] == [("lon-1", 1)]
    assert_the_books_balance(wiring)


def test_a_hard_limit_makes_units_wait_and_the_next_day_is_another(wiring: Wiring) -> None:
    hands = Hands()
    wiring.clock = hands
    scene(wiring, daily_orders=1)
    allocate(batch(*(put_order(wiring, f"ord_{n}", {"B": 1}, minute=n) for n in range(2))), None)
    assert record(wiring, "ord_1").waiting == {1: 1}
    hands.forward(hours=8)  # after the cut-off
    allocate(batch(put_order(wiring, "ord_2", {"B": 1}, minute=2)), None)
    tomorrow = Workday("ber-1", "2026-11-24")
    assert (used(wiring), used(wiring, tomorrow)) == (Load(1, 1, 1), Load(1, 1, 1))
    assert_the_books_balance(wiring)


@pytest.mark.parametrize("way", ["cancelled", "sourced elsewhere", "rejected"])
def test_what_is_taken_back_gives_the_day_back(wiring: Wiring, way: str) -> None:
    scene(wiring, daily_orders=1)
    allocate(batch(put_order(wiring, "ord_1", {"A": 2})), None)
    (work,) = wiring.orders.tree("ord_1").fulfillment_orders
    assert used(wiring) == Load(1, 1, 2)
    if way == "cancelled":
        cancel("ord_1")
    elif way == "rejected":
        requested = work.model_copy(update={"status": "requested", "version": work.version + 1, "facts": ()})
        tables.commit(wiring.orders.write(requested))
        wiring.reference.put_setting("CLIENT", "wms-ber-1", company.CLIENTS["wms-ber-1"])
        said = confirmation("rejected", "ord_1", fulfillment_order_id=work.id)
        assert body_of(confirm(confirmations(said), None))["results"][0]["outcome"] == "applied"
    else:
        task_resource_order.handler({"order_id": "ord_1", "attempt": 1, "fulfillment_order_ids": [work.id]}, None)
    assert used(wiring) == Load()
    assert_the_days_balance(wiring)


def test_many_orders_of_one_transaction_take_of_a_day_in_one_write(wiring: Wiring) -> None:
    scene(wiring, daily_orders=100)
    calls = calls_of(lambda: allocate(batch(*(put_order(wiring, f"ord_{n}", {"A": 1}) for n in range(40))), None))
    assert calls.count("TransactWriteItems") == 1
    assert used(wiring) == Load(40, 40, 40)


def test_whoever_was_faster_is_not_counted_over(wiring: Wiring) -> None:
    """Another worker takes the last order of the day between our look and our write."""
    scene(wiring, daily_orders=1)
    order = put_order(wiring, "ord_1", {"A": 1})
    look = wiring.workload.used
    stolen: list[int] = []

    def used_then_taken(days: Any) -> Any:
        seen = look(days)
        if not stolen:
            stolen.append(1)
            tables.commit(wiring.workload.take(TODAY, Load(1, 1, 1), Load(1)))
        return seen

    wiring.workload.used = used_then_taken  # type: ignore[method-assign]
    assert allocate(batch(order), None) == {"batchItemFailures": []}
    assert places(wiring) == [[("lon-1", 1)]]
    assert look([TODAY])[TODAY] == Load(1, 1, 1)


def test_a_day_is_written_under_its_limit_or_as_it_was_seen(wiring: Wiring) -> None:
    store = wiring.workload
    for _ in range(2):
        tables.commit(store.take(TODAY, Load(1, 2, 3), Load(2, 4, 6)))
    for late in (
        store.take(TODAY, Load(1, 1, 1), Load(2)),
        store.take(TODAY, Load(0, 0, 1), Load(0, 0, 6)),
        store.take(Workday("x", "2026-11-23"), Load(0, 0, 7), Load(0, 0, 6)),
        store.take_beyond(TODAY, Load(1, 1, 1), Load(1, 2, 3)),
        store.take_beyond(TODAY, Load(1, 1, 1), Load()),
        *store.give_back({TODAY: Load(1, 5, 1)}),
    ):
        with pytest.raises(ConditionFailedError):
            tables.commit(late)
    tables.commit(store.take_beyond(TODAY, Load(1, 1, 1), Load(2, 4, 6)))
    tables.commit(*store.give_back({TODAY: Load(3, 5, 7)}))
    assert used(wiring) == Load()


def test_allocation_and_cancellation_killed_anywhere_count_once() -> None:
    def seeded(wiring: Wiring) -> dict[str, Any]:
        scene(wiring, daily_orders=2)
        return batch(*(put_order(wiring, f"ord_{n}", {"A": 2}, minute=n) for n in range(3)))

    with moto_cloud(clock) as wiring:
        event = seeded(wiring)
        taking = calls_of(lambda: allocate(event, None))
        giving = calls_of(lambda: cancel("ord_1"))
    for point in around_writes(taking):
        with moto_cloud(clock) as wiring:
            event = seeded(wiring)
            crash(point, lambda event=event: allocate(event, None))  # type: ignore[misc]
            again = restart(clock)
            allocate(event, None)
            assert used(again) == Load(2, 2, 4), point
            assert_the_books_balance(again)
    for point in around_writes(giving):
        with moto_cloud(clock) as wiring:
            allocate(seeded(wiring), None)
            crash(point, lambda: cancel("ord_1"))
            again = restart(clock)
            cancel("ord_1")
            assert used(again) == Load(1, 1, 2), point
            assert_the_books_balance(again)


class DaysOfALocation(RuleBasedStateMachine):
    """Orders come, end, are taken away and are sourced again; a hard limit is never passed, whatever the sequence."""

    MOST = Load(3, 5, 9)

    @initialize()
    def begin(self) -> None:
        self.hands = Hands()
        self._cloud = moto_cloud(self.hands)
        self.wiring = self._cloud.__enter__()
        scene(self.wiring, daily_orders=3, daily_lines=5, daily_units=9)
        self.orders: list[Order] = []

    def teardown(self) -> None:
        if hasattr(self, "_cloud"):
            self._cloud.__exit__(None, None, None)

    @rule(wants=st.lists(st.dictionaries(st.sampled_from("AB"), st.integers(1, 6), min_size=1), min_size=1, max_size=4))
    def come(self, wants: list[dict[str, int]]) -> None:
        new = [put_order(self.wiring, f"ord_{len(self.orders) + n}", units) for n, units in enumerate(wants)]
        self.orders += new
        allocate(batch(*new), None)

    @precondition(lambda self: bool(self.orders))
    @rule(number=st.integers(0, 30))
    def leave(self, number: int) -> None:
        cancel(self.orders[number % len(self.orders)].id)

    @precondition(lambda self: bool(self.orders))
    @rule(number=st.integers(0, 30))
    def go_elsewhere(self, number: int) -> None:
        order_id = self.orders[number % len(self.orders)].id
        works = [work.id for work in self.wiring.orders.tree(order_id).fulfillment_orders]
        task_resource_order.handler({"order_id": order_id, "fulfillment_order_ids": works}, None)
        allocate(batch(self.wiring.orders.get(order_id)), None)

    @rule(hours=st.integers(1, 30))
    def wait(self, hours: int) -> None:
        self.hands.now += timedelta(hours=hours)

    @invariant()
    def no_day_is_passed_and_all_add_up(self) -> None:
        if not hasattr(self, "wiring"):
            return
        assert_the_books_balance(self.wiring)
        days = [Workday("ber-1", (START + timedelta(days=n)).date().isoformat()) for n in range(40)]
        assert all(load.fits(self.MOST) for load in self.wiring.workload.used(days).values())


TestDaysOfALocation = DaysOfALocation.TestCase
TestDaysOfALocation.settings = settings(
    max_examples=6, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck)
)
