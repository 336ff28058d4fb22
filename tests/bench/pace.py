"""Over real HTTP on the deployed cloud: how fast orders are taken in, and what a hot item does."""

import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import NamedTuple

from infra.local import company, traffic
from infra.local.cloud import Cloud, Reply
from infra.local.seed import domain, stock_up
from infra.local.traffic import Purchase
from oms.orders.model import Order
from oms.wiring import Wiring
from tests.cloud import eventually

HOT = "PEN-HOT"
BUYERS, UNITS = 200, 50
HOT_NUMBERS, NUMBERS = 7_000_000, 8_000_000


class Pace(NamedTuple):
    """Orders per second of wall time on this machine, and milliseconds of an answer."""

    orders: int
    at_once: int
    per_s: float
    p50_ms: float
    p95_ms: float


class Hot(NamedTuple):
    """What became of `buyers` one-unit orders for one item with `units` in stock."""

    buyers: int
    units: int
    allocated: int
    backordered: int


def intake(cloud: Cloud, *, orders: int, at_once: int) -> Pace:
    """Post Shopify orders of two lines, `at_once` at a time, of items that are sold out.

    They end in the queue's allocation, so that the workflow of earlier orders does not share the two cores with intake.
    """
    lines = [(company.SOLD_OUT, 1), (HOT, 1)]
    wanted = [_purchase(NUMBERS + number, lines) for number in range(orders + at_once)]
    seconds: list[float] = []

    def post(purchase: Purchase) -> Reply:
        began = time.perf_counter()
        reply = traffic.send(cloud, purchase)
        seconds.append(time.perf_counter() - began)
        assert reply.status == HTTPStatus.ACCEPTED, reply.body
        return reply

    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(post, wanted[:at_once]))
        seconds.clear()
        began = time.perf_counter()
        list(pool.map(post, wanted[at_once:]))
        took = time.perf_counter() - began
    cuts = statistics.quantiles(seconds, n=20)
    return Pace(orders, at_once, orders / took, statistics.median(seconds) * 1000, cuts[18] * 1000)


def hot_item(cloud: Cloud) -> Hot:
    """200 buyers and 50 units at one location: whoever is not served waits for stock; nobody is promised twice."""
    with domain(cloud.outputs["EndpointUrl"], cloud.outputs) as wiring:
        wiring.reference.put_item(wiring.reference.items(["PEN-BRASS"])["PEN-BRASS"].model_copy(update={"sku": HOT}))
        assert stock_up(wiring, HOT, "ber-1", UNITS)
        traffic.PRICES.setdefault(HOT, 500)
        purchases = [_purchase(HOT_NUMBERS + number, [(HOT, 1)]) for number in range(BUYERS)]
        with ThreadPoolExecutor(8) as pool:
            replies = list(pool.map(lambda purchase: traffic.send(cloud, purchase), purchases))
        assert {reply.status for reply in replies} == {HTTPStatus.ACCEPTED}, {reply.body for reply in replies}
        ids = [purchase.order_id for purchase in purchases]

        def settled() -> list[Order] | None:
            orders = list(wiring.orders.get_many(ids).values())
            worked_off = all(line.open == 0 for order in orders for line in order.lines)
            return orders if worked_off and len(orders) == len(ids) else None

        orders = eventually(settled, within_s=120)
        _wait_for_the_rest(wiring, [order.id for order in orders if order.units_allocated])
    lines = [line for order in orders for line in order.lines]
    return Hot(BUYERS, UNITS, sum(line.allocated for line in lines), sum(line.backordered for line in lines))


def _wait_for_the_rest(wiring: Wiring, ids: list[str]) -> None:
    """Until every allocated order is released to its location, so that the next measurement has the machine."""

    def released() -> bool:
        works = [work for order_id in ids for work in wiring.orders.tree(order_id).fulfillment_orders]
        return all(work.status not in ("open", "booked") for work in works)

    eventually(released, within_s=120)


def _purchase(number: int, lines: list[tuple[str, int]]) -> Purchase:
    return traffic.shopify_purchase(number, traffic.PLACES[0], lines, "completed")
