"""Carts and orders race for the same units while the books are proved: on the local cloud, under threads.

A hundred carts ask, sixty orders are allocated, everything comes twice, there are 120 units; then all carts let go.
"""

import json
import random
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event
from typing import Any

from oms.allocation.service import allocate_orders
from oms.allocation.serving import ServingDesk, serve_waiting
from oms.allocation.sourcing.desk import Sourcing
from oms.aws.tables import commit
from oms.inventory.drift.service import DriftDesk, prove_stock
from oms.inventory.drift.store import SHARDS
from oms.inventory.model import Position
from oms.inventory.reservations import service
from oms.inventory.reservations.model import AskReservation, Terms
from oms.inventory.reservations.rules import reservation_id_of
from oms.inventory.reservations.service import ReservationDesk
from oms.inventory.rules import ShortStockError
from oms.kernel.errors import ConflictError
from oms.orders.model import Order
from oms.wiring import Wiring
from tests.allocation_scene import assert_the_books_balance, confirmed_order, entry, trees
from tests.cloud import Cloud
from tests.race import race_tables

SKU = "WANTED"
CARTS, ORDERS, EACH = 100, 60, 60
WORKERS = 6


def test_carts_and_orders_take_every_unit_once_and_the_proof_finds_nothing_wrong_meanwhile(cloud: Cloud) -> None:
    with race_tables(cloud) as wiring:
        places = sorted(wiring.reference.locations())[:2]
        for place in places:
            assert wiring.stock.open_position(Position(SKU, place, on_hand=EACH, reorder_point=-999, order_up_to=0))
        orders = _orders(wiring)
        carts = [f"cart-{n:03}" for n in range(CARTS)]
        outcomes: Counter[str] = Counter()
        jobs = [_asking(cart, outcomes, wiring) for cart in carts] + [_allocating(one, wiring) for one in orders]
        proofs = _race([*jobs, *jobs], wiring)
        free, reserved, committed = _sums(wiring)
        assert free == 0, "undersold"
        assert reserved + committed == len(places) * EACH, "oversold"
        assert outcomes["kept"] == 2 * reserved, "asked again, a cart is told the same"
        assert outcomes["short"] == 2 * (CARTS - reserved)
        assert_the_books_balance(wiring)

        leaving = [_leaving(cart, wiring) for cart in carts]
        proofs += _race([*leaving, *leaving, *(lambda n=n: _serve(f"m-{n}", wiring) for n in range(3))], wiring)
        while _serve("last", wiring):
            pass
        assert _sums(wiring) == (len(places) * EACH - ORDERS, 0, ORDERS)
        assert_the_books_balance(wiring)
        reports = [prove_stock(_proving(wiring)) for _ in range(SHARDS)]
        assert sum(report.drifted + report.undecided for report in reports) == 0
        holding = [one for one in wiring.stock.positions([SKU]).values() if one.committed]
        assert sum(report.commitments for report in reports) == len(holding) > 0
        assert proofs >= 2


def _race(jobs: list[Callable[[], Any]], wiring: Wiring) -> int:
    """All jobs in another order from several threads; and the proof of the books, over and over, beside them."""
    random.Random(3).shuffle(jobs)  # noqa: S311  the same in every run
    over = Event()

    def prove() -> int:
        count = 0
        while not over.is_set() or not count:
            assert prove_stock(_proving(wiring)).drifted == 0, "books in motion are nobody's exception"
            count += 1
        return count

    with ThreadPoolExecutor(WORKERS + 1) as pool:
        proving = pool.submit(prove)
        try:
            for job in [pool.submit(job) for job in jobs]:
                job.result()
        finally:
            over.set()
        return proving.result()


def _orders(wiring: Wiring) -> list[Order]:
    made = [confirmed_order(f"ord_{n:03}", {SKU: 1}, minute=n) for n in range(ORDERS)]
    commit(*(wiring.orders.write(order) for order in made))
    return made


def _asking(cart: str, outcomes: Counter[str], wiring: Wiring) -> Callable[[], None]:
    asked = AskReservation.model_validate(
        {"channel": "shop", "owner": cart, "lines": [{"sku": SKU, "quantity": 1}], "allow_partial": False}
    )

    def ask() -> None:
        try:
            _again(lambda: service.reserve(asked, key=cart, by="user:shop", desk=_desk(wiring)))
        except ShortStockError:
            outcomes["short"] += 1
        else:
            outcomes["kept"] += 1

    return ask


def _leaving(cart: str, wiring: Wiring) -> Callable[[], None]:
    name = reservation_id_of("shop", cart)

    def leave() -> None:
        if wiring.reservations.find(name) is not None:
            _again(lambda: service.release(name, reason="abandoned", by="user:shop", desk=_desk(wiring)))

    return leave


def _allocating(order: Order, wiring: Wiring) -> Callable[[], None]:
    document = json.loads(json.dumps(entry(*order.facts)))

    def allocate() -> None:
        while allocate_orders(
            [(order.id, document)],
            orders=wiring.orders,
            stock=wiring.stock,
            reservations=wiring.reservations,
            sourcing=Sourcing(locations=wiring.reference.locations()),
            fairness={},
            waiting=wiring.waiting_desk,
            now=datetime.now(UTC),
        ):
            pass  # what goes back to the queue comes again

    return allocate


def _serve(name: str, wiring: Wiring) -> Any:
    desk = ServingDesk(
        orders=wiring.orders,
        stock=wiring.stock,
        reservations=wiring.reservations,
        sourcing=lambda: Sourcing(locations=wiring.reference.locations()),
        fairness=dict,
        waiting=wiring.waiting_desk,
        clock=lambda: datetime.now(UTC),
    )
    return serve_waiting([(name, {"skus": [SKU]})], desk=desk)


def _again(ask: Callable[[], Any]) -> None:
    """As a shop does that is told 409: it asks again."""
    deadline = time.monotonic() + 60
    while True:
        try:
            ask()
        except ConflictError:
            assert time.monotonic() < deadline
        else:
            return


def _desk(wiring: Wiring) -> ReservationDesk:
    return replace(
        wiring.reservation_desk,
        terms_of=lambda _channel: Terms(normal=60, frozen=60, longest=240),
        bundles=lambda _skus: {},
        known=set,
    )


def _proving(wiring: Wiring) -> DriftDesk:
    return wiring.drift_desk


def _sums(wiring: Wiring) -> tuple[int, int, int]:
    """Units that are free, reserved, and committed."""
    found = wiring.stock.positions([SKU]).values()
    allocated = sum(tree.order.units_allocated for tree in trees(wiring))
    committed = sum(one.committed for one in found)
    assert committed == allocated
    return sum(one.available for one in found), sum(one.reserved for one in found), committed
