"""On the local cloud: two channels want to wait, one of them for few units; every message twice, from five workers."""

import json
import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from oms.allocation.service import allocate_orders
from oms.allocation.sourcing.desk import Sourcing
from oms.aws.tables import MAX_WRITES, commit
from oms.inventory.model import Position
from oms.reference.model import MayWait
from tests.allocation_scene import START, assert_the_books_balance, confirmed_order, entry, item_of, trees
from tests.cloud import Cloud
from tests.race import race_tables

SKU = "CAPPED"
ORDERS, CAP, OWN_CAP = 80, 30, 10


def test_the_cap_of_a_channel_and_that_of_all_are_exact_whoever_comes_at_once(cloud: Cloud) -> None:
    with race_tables(cloud) as wiring:
        locations = wiring.reference.locations()
        wiring.stock.open_position(Position(SKU, min(locations), on_hand=0, reorder_point=-1, order_up_to=0))
        item = item_of(SKU).model_copy(update={"waiting": MayWait(cap=CAP, channel_caps={"sales_desk": OWN_CAP})})
        made = [
            confirmed_order(f"ord_{n:03}", {SKU: 1}, minute=n, channel=("sales_desk", "shopify_eu")[n % 2])
            for n in range(ORDERS)
        ]
        commit(*(wiring.orders.write(order) for order in made[:MAX_WRITES]))
        messages = [
            [(f"m-{at}", json.loads(json.dumps(entry(*(order.facts[0] for order in made[at : at + 4])))))]
            for at in range(0, ORDERS, 4)
        ]

        def allocate(batch: list[tuple[str, Any]]) -> None:
            while batch:  # what goes back to the queue comes again
                errors = allocate_orders(
                    batch,
                    orders=wiring.orders,
                    stock=wiring.stock,
                    reservations=wiring.reservations,
                    sourcing=Sourcing(locations=locations, items=lambda skus: dict.fromkeys(skus, item)),
                    fairness={},
                    waiting=wiring.waiting_desk,
                    now=START,
                )
                batch = [(name, said) for name, said in batch if name in errors]

        jobs = [*messages, *messages]
        random.Random(1).shuffle(jobs)  # noqa: S311  an order of delivery, the same in every run
        with ThreadPoolExecutor(5) as pool:
            list(pool.map(allocate, jobs))
        waiting = [tree.order for tree in trees(wiring) if tree.order.lines[0].backordered]
        own = sum(order.channel == "sales_desk" for order in waiting)
        assert (len(waiting), own) == (CAP, OWN_CAP)
        head = wiring.waiting_lines.heads([SKU])[SKU]
        assert (head.sold, head.by_channel) == (CAP, {"sales_desk": OWN_CAP, "shopify_eu": CAP - OWN_CAP})
        held = [tree.order for tree in trees(wiring) if tree.order.lines[0].open]
        assert {hold.reason for order in held for hold in order.holds} == {"out_of_stock"}
        assert len(held) == ORDERS - CAP
        assert_the_books_balance(wiring)
