"""On the local cloud: five hundred wait, goods for two hundred come twice, a hundred more orders come meanwhile."""

import json
import random
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from oms.allocation.service import allocate_orders
from oms.allocation.serving import ServingDesk, serve_waiting
from oms.allocation.sourcing.desk import Sourcing
from oms.aws.tables import MAX_WRITES, commit
from oms.inventory.model import Position
from oms.kernel.errors import ConflictError
from oms.orders.model import Order
from oms.wiring import Wiring
from tests.allocation_scene import START, assert_the_books_balance, confirmed_order, entry, trees
from tests.cloud import Cloud
from tests.race import race_tables

SKU = "SCARCE"
WAITING, NEW, UNITS = 500, 100, 200
Batch = list[tuple[str, Any]]


def put(wiring: Wiring, first: int, count: int) -> list[Batch]:
    """Orders of one unit, as messages of twenty facts, fifty messages at most to a batch."""
    made = [confirmed_order(f"ord_{n:05}", {SKU: 1}, minute=n) for n in range(first, first + count)]
    for start in range(0, count, MAX_WRITES):
        commit(*(wiring.orders.write(order) for order in made[start : start + MAX_WRITES]))
    return [[(f"m-{first}-{at}", document(made[at : at + 20]))] for at in range(0, count, 20)]


def document(orders: list[Order]) -> Any:
    return json.loads(json.dumps(entry(*(order.facts[0] for order in orders))))


def test_the_first_in_line_get_what_comes_whoever_comes_meanwhile(cloud: Cloud) -> None:
    with race_tables(cloud) as wiring:
        locations = wiring.reference.locations()
        place = min(locations)
        wiring.stock.open_position(Position(SKU, place, on_hand=0, reorder_point=-1, order_up_to=0))
        desk = ServingDesk(
            orders=wiring.orders,
            stock=wiring.stock,
            reservations=wiring.reservations,
            sourcing=lambda: Sourcing(locations=locations),
            fairness=dict,
            waiting=wiring.waiting_desk,
            clock=lambda: START,
        )

        def allocate(batch: Batch) -> None:
            while batch:  # what goes back to the queue comes again
                errors = allocate_orders(
                    batch,
                    orders=desk.orders,
                    stock=desk.stock,
                    reservations=desk.reservations,
                    sourcing=desk.sourcing(),
                    fairness={},
                    waiting=desk.waiting,
                    now=START,
                )
                batch = [(name, said) for name, said in batch if name in errors]

        def serve(name: str) -> None:
            while serve_waiting([(name, {"skus": [SKU]})], desk=desk):
                pass

        def receive() -> None:
            while True:
                try:
                    desk.stock.receive(SKU, place, UNITS, receipt_id="r-1", by="user:dock")
                except ConflictError:
                    continue
                serve("received")
                return

        for batch in put(wiring, 0, WAITING):
            allocate(batch)
        jobs: list[Any] = [receive, receive, *(lambda b=b: allocate(b) for b in put(wiring, WAITING, NEW) * 2)]
        jobs += [lambda n=n: serve(f"again-{n}") for n in range(3)]
        random.Random(1).shuffle(jobs)  # noqa: S311  an order of delivery, the same in every run
        began = time.perf_counter()
        with ThreadPoolExecutor(6) as pool:
            for done in [pool.submit(job) for job in jobs]:
                done.result()
        seconds = time.perf_counter() - began
        got = [tree.order.lines[0].allocated for tree in trees(wiring)]
        assert got == [1] * UNITS + [0] * (WAITING + NEW - UNITS)
        line = [one.order_id for one in wiring.waiting_lines.line(SKU)]
        assert line == [f"ord_{n:05}" for n in range(UNITS, WAITING + NEW)]
        assert wiring.waiting_lines.heads([SKU])[SKU].units == WAITING + NEW - UNITS
        assert_the_books_balance(wiring)
        print(f"{UNITS} of {WAITING} served in {seconds:.1f} s, {NEW} came meanwhile")  # noqa: T201  a figure
