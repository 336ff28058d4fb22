"""More orders than a location takes a day, several workers, every message twice: on the local cloud, under threads."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from infra.local.outputs import settings
from oms.allocation.service import allocate_orders
from oms.allocation.sourcing.days import Days
from oms.allocation.sourcing.desk import Sourcing
from oms.allocation.sourcing.strategy import Rule, Strategy, Weights
from oms.aws.tables import commit
from oms.inventory.model import Position
from oms.inventory.reservations.store import ReservationStore
from oms.inventory.store import StockStore
from oms.orders.store import OrderStore
from oms.orders.workload.model import Load, Workday
from oms.orders.workload.store import WorkloadStore
from oms.reference.model import Location
from oms.wiring import Wiring
from tests.allocation_scene import START, assert_the_books_balance, confirmed_order, entry, trees
from tests.cloud import Cloud
from tests.race import NAMES, race_tables

DAYS_TABLE = "race-days"
ORDERS, MOST, WORKERS, SKUS = 240, 50, 6, 12
FULL_IS_FULL = Rule(name="all", hard=("capacity",), soft=("carrier",), weights=Weights(capacity_minor=0))


def test_a_day_is_given_out_to_the_last_order_and_never_beyond(cloud: Cloud) -> None:
    client = cloud.client("dynamodb")
    client.create_table(
        TableName=DAYS_TABLE,
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        BillingMode="PAY_PER_REQUEST",
    )
    try:
        with race_tables(cloud) as seeded:
            places = {name: place for name, place in seeded.reference.locations().items() if name in ("ber-1", "lon-1")}
            limited = {**places, "ber-1": places["ber-1"].model_copy(update={"daily_orders": MOST})}
            wiring = Wiring({**settings(cloud.outputs), **NAMES, "REFERENCE_TABLE": DAYS_TABLE})
            _race(wiring, limited)
            _check(wiring)
    finally:
        client.delete_table(TableName=DAYS_TABLE)


def _race(wiring: Wiring, locations: dict[str, Location]) -> None:
    stock = StockStore(wiring.setting("INVENTORY_TABLE"), lambda: locations)
    orders = OrderStore(wiring.setting("ORDERS_TABLE"))
    reservations = ReservationStore(wiring.setting("INVENTORY_TABLE"))
    strategy = Strategy(name="default", version=1, rules=(FULL_IS_FULL,), by="user:test", at="2026-11-23")
    for number in range(SKUS):
        for name in locations:
            assert stock.open_position(Position(f"S{number}", name, on_hand=ORDERS, reorder_point=-9, order_up_to=0))
    made = [confirmed_order(f"ord_{n:04}", {f"S{n % SKUS}": 1}, minute=n % 50) for n in range(ORDERS)]
    for start in range(0, ORDERS, 100):
        commit(*(orders.write(order) for order in made[start : start + 100]))
    messages = [
        (f"m-{start}", entry(*(order.facts[0] for order in made[start : start + 8]))) for start in range(0, ORDERS, 8)
    ]

    def allocate(message: tuple[str, Any]) -> None:
        while allocate_orders(
            [message],
            orders=orders,
            stock=stock,
            reservations=reservations,
            sourcing=Sourcing(
                locations=locations,
                strategies={"default": strategy},
                days=Days(locations, WorkloadStore(DAYS_TABLE)),
            ),
            fairness={},
            waiting=wiring.waiting_desk,
            now=START,
        ):
            pass  # what goes back to the queue comes again

    twice = [*messages, *messages]
    random.Random(1).shuffle(twice)  # noqa: S311  an order of delivery, the same in every run
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(allocate, twice))


def _check(wiring: Wiring) -> None:
    assert_the_books_balance(wiring)
    works = Counter(work.location for _, all_of_them in trees(wiring) for work in all_of_them)
    assert works == {"ber-1": MOST, "lon-1": ORDERS - MOST}
    day = Workday("ber-1", "2026-11-23")
    assert WorkloadStore(DAYS_TABLE).used([day])[day] == Load(MOST, MOST, MOST)
