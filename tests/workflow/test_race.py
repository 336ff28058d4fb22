"""Two hundred buyers, fifty units (D1): on the local cloud, because moto's conditions do not hold under threads.

Tables of its own, without streams: the race is between these threads alone, and leaves nothing for other tests.
"""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from infra.local.outputs import settings
from infra.local.seed import domain
from oms.allocation.service import allocate_orders
from oms.inventory.model import Position
from oms.inventory.reservations.store import ReservationStore
from oms.inventory.store import StockStore
from oms.orders.store import OrderStore
from oms.wiring import Wiring
from tests.allocation_scene import START, assert_the_books_balance, batch, put_order, trees
from tests.cloud import Cloud

BUYERS = 200
UNITS = 50
THREADS = 8
TOGETHER = 5
NAMES = {"ORDERS_TABLE": "race-orders", "INVENTORY_TABLE": "race-inventory"}
INDEXES = {
    "race-orders": {"live": ("live_pk", "live_sk"), "recent": ("recent_pk", "recent_sk")},
    "race-inventory": {"reorder": ("reorder_pk", "reorder_sk"), "expiring": ("expiring_pk", "expiring_sk")},
}


def create_tables(client: Any) -> None:
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


def _schema(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


def race(wiring: Wiring) -> Counter[str]:
    """Allocate everything from several threads at once; orders by what became of them."""
    locations = wiring.reference.locations()
    stock = StockStore(wiring.setting("INVENTORY_TABLE"), lambda: locations)
    reservations = ReservationStore(wiring.setting("INVENTORY_TABLE"))
    orders = OrderStore(wiring.setting("ORDERS_TABLE"))
    place = min(locations)
    stock.open_position(Position("RACE", place, on_hand=UNITS, reorder_point=20, order_up_to=100))
    put = [put_order(wiring, f"ord_race_{n:03}", {"RACE": 1}) for n in range(BUYERS)]
    batches = [put[start : start + TOGETHER] for start in range(0, BUYERS, TOGETHER)]

    def allocate(part: list[Any]) -> None:
        messages = [(record["messageId"], json.loads(record["body"])) for record in batch(*part)["Records"]]
        while messages:  # what goes back to the queue comes again
            errors = allocate_orders(
                messages, orders=orders, stock=stock, reservations=reservations, locations=locations, now=START
            )
            messages = [(name, document) for name, document in messages if name in errors]

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(allocate, [*batches, *batches]))  # every message twice
    lines = [tree.order.lines[0] for tree in trees(wiring)]
    return Counter("allocated" if line.allocated else "backordered" for line in lines)


def test_two_hundred_buyers_of_fifty_units_get_exactly_fifty(cloud: Cloud) -> None:
    client = cloud.client("dynamodb")
    create_tables(client)
    try:
        with domain(cloud.clients.endpoint, cloud.outputs) as seeded:
            assert seeded.reference.locations()
            wiring = Wiring({**settings(cloud.outputs), **NAMES})
            assert race(wiring) == {"allocated": UNITS, "backordered": BUYERS - UNITS}
            assert_the_books_balance(wiring)
    finally:
        for name in INDEXES:
            client.delete_table(TableName=name)
