"""A race for the units of one item: many buyers, several workers, every message twice, on tables of its own.

Tables without streams: the race is between these threads alone, and leaves nothing for others. For the local cloud
only, because moto's conditions do not hold under threads.
"""

import json
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, NamedTuple

from infra.local.cloud import Cloud
from infra.local.outputs import settings
from infra.local.seed import domain
from oms.allocation.service import allocate_orders
from oms.allocation.sourcing.desk import Sourcing
from oms.aws import clients
from oms.aws.tables import MAX_WRITES, commit
from oms.inventory.model import Position
from oms.inventory.reservations.store import ReservationStore
from oms.inventory.store import StockStore
from oms.orders.model import Order
from oms.orders.store import OrderStore
from oms.wiring import Wiring
from tests.allocation_scene import (
    START,
    assert_the_books_balance,
    confirmed_order,
    entry,
    trees,
)

SKU = "RACE"
FACTS = 20  # to a message, as the bus packs them under load
NAMES = {"ORDERS_TABLE": "race-orders", "INVENTORY_TABLE": "race-inventory"}
INDEXES = {
    "race-orders": {"live": ("live_pk", "live_sk"), "recent": ("recent_pk", "recent_sk")},
    "race-inventory": {
        "reorder": ("reorder_pk", "reorder_sk"),
        "expiring": ("expiring_pk", "expiring_sk"),
        "listed": ("listed_pk", "listed_sk"),
    },
}


class Raced(NamedTuple):
    """What became of `buyers` orders of one unit each.

    `writes` of the hot position succeeded; `tried` orders were in a transaction, those of lost races counted again;
    `gave_back` messages went back to the queue.
    """

    buyers: int
    units: int
    workers: int
    allocated: int
    backordered: int
    writes: int
    tried: int
    gave_back: int
    seconds: float

    @property
    def oversold(self) -> int:
        return max(self.allocated - self.units, 0)

    @property
    def undersold(self) -> int:
        return max(min(self.units, self.buyers) - self.allocated, 0)

    @property
    def orders_per_write(self) -> float:
        return self.buyers / self.writes

    @property
    def attempts_per_order(self) -> float:
        return self.tried / self.buyers


@contextmanager
def race_tables(cloud: Cloud) -> Iterator[Wiring]:
    """A wiring to fresh tables for orders and stock; the rest is that of the cloud."""
    client = cloud.client("dynamodb")
    for name, indexes in INDEXES.items():
        keys = ["pk", "sk", *(part for parts in indexes.values() for part in parts)]
        client.create_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
            KeySchema=_schema("pk", "sk"),
            BillingMode="PAY_PER_REQUEST",
            GlobalSecondaryIndexes=[
                {"IndexName": index, "KeySchema": _schema(*parts), "Projection": {"ProjectionType": "KEYS_ONLY"}}
                for index, parts in indexes.items()
            ],
        )
    try:
        with domain(cloud.clients.endpoint, cloud.outputs) as seeded:
            assert seeded.reference.locations()
            yield Wiring({**settings(cloud.outputs), **NAMES})
    finally:
        for name in INDEXES:
            client.delete_table(TableName=name)


def _schema(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


def race(wiring: Wiring, *, buyers: int, units: int, workers: int, messages: int) -> Raced:
    """Allocate everything from several threads at once, `messages` to a batch, each of them delivered twice.

    Raises:
        AssertionError: the books do not balance, or the journal does not explain them.
    """
    locations = wiring.reference.locations()
    stock = StockStore(wiring.setting("INVENTORY_TABLE"), lambda: locations)
    reservations = ReservationStore(wiring.setting("INVENTORY_TABLE"))
    orders = OrderStore(wiring.setting("ORDERS_TABLE"))
    assert stock.open_position(Position(SKU, min(locations), on_hand=units, reorder_point=20, order_up_to=100))
    batches = _batches(_put(orders, buyers), messages)
    gave_back = [0]

    def allocate(batch: list[tuple[str, Any]]) -> None:
        while batch:  # what goes back to the queue comes again
            errors = allocate_orders(
                batch,
                orders=orders,
                stock=stock,
                reservations=reservations,
                sourcing=Sourcing(locations=locations),
                fairness={},
                waiting=wiring.waiting_desk,
                now=START,
            )
            batch = [(name, document) for name, document in batch if name in errors]
            gave_back[0] += len(batch)

    twice = [*batches, *batches]
    random.Random(1).shuffle(twice)  # noqa: S311  an order of delivery, the same in every run
    began = time.perf_counter()
    with _counted() as tried, ThreadPoolExecutor(workers) as pool:
        list(pool.map(allocate, twice))
    seconds = time.perf_counter() - began
    lines = [tree.order.lines[0] for tree in trees(wiring)]
    assert_the_books_balance(wiring)
    return Raced(
        buyers=buyers,
        units=units,
        workers=workers,
        allocated=sum(line.allocated for line in lines),
        backordered=sum(line.backordered for line in lines),
        writes=stock.positions_of(SKU)[0].version - 1,
        tried=tried[0],
        gave_back=gave_back[0],
        seconds=seconds,
    )


def _put(orders: OrderStore, buyers: int) -> list[Order]:
    made = [confirmed_order(f"ord_race_{n:05}", {SKU: 1}, minute=n) for n in range(buyers)]
    for start in range(0, buyers, MAX_WRITES):
        commit(*(orders.write(order) for order in made[start : start + MAX_WRITES]))
    return made


def _batches(orders: list[Order], messages: int) -> list[list[tuple[str, Any]]]:
    packed = [
        (f"m-{start}", json.loads(json.dumps(entry(*(order.facts[0] for order in orders[start : start + FACTS])))))
        for start in range(0, len(orders), FACTS)
    ]
    return [packed[start : start + messages] for start in range(0, len(packed), messages)]


@contextmanager
def _counted() -> Iterator[list[int]]:
    """How many order headers are sent in transactions."""
    headers, lock = [0], threading.Lock()

    def before(**event: Any) -> None:
        if event["model"].name == "TransactWriteItems":
            with lock:
                headers[0] += event["params"]["body"].count(b'"live_pk"') or 0

    session = clients.session()
    session.register("before-call.dynamodb", before, unique_id="race")
    clients._client.cache_clear()
    try:
        yield headers
    finally:
        session.unregister("before-call.dynamodb", unique_id="race")
        clients._client.cache_clear()
