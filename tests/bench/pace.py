"""Over real HTTP on the deployed cloud: how fast orders are taken in, and what a hot item does."""

import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from infra.local import company, traffic
from infra.local.cloud import Cloud, Reply
from infra.local.seed import domain, stock_up
from infra.local.traffic import Purchase
from oms.orders.model import Order
from tests.cloud import eventually

HOT = "PEN-BRASS"
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
    """Post Shopify orders of two lines, `at_once` at a time."""
    wanted = [_purchase(NUMBERS + number, [("MUG-WHITE", 1), ("PLATE-25", 1)]) for number in range(orders + at_once)]
    seconds: list[float] = []

    def post(purchase: Purchase) -> Reply:
        began = time.perf_counter()
        reply = traffic.send(cloud, purchase)
        seconds.append(time.perf_counter() - began)
        assert reply.status == 200, reply.body
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
        for location in company.LOCATIONS:
            position = wiring.stock.positions_at([(HOT, location.id)])[(HOT, location.id)]
            missing = UNITS if location.id == "ber-1" else 0
            assert stock_up(wiring, f"{HOT}-BENCH", location.id, missing) or position
        wiring.reference.put_item(wiring.reference.items([HOT])[HOT].model_copy(update={"sku": f"{HOT}-BENCH"}))
        traffic.PRICES.setdefault(f"{HOT}-BENCH", 500)
        purchases = [_purchase(HOT_NUMBERS + number, [(f"{HOT}-BENCH", 1)]) for number in range(BUYERS)]
        with ThreadPoolExecutor(8) as pool:
            replies = list(pool.map(lambda purchase: traffic.send(cloud, purchase), purchases))
        ids = [reply.json()["order_id"] for reply in replies]

        def settled() -> list[Order] | None:
            orders = list(wiring.orders.get_many(ids).values())
            return orders if all(line.open == 0 for order in orders for line in order.lines) else None

        orders = eventually(settled, within_s=120)
    lines = [line for order in orders for line in order.lines]
    return Hot(BUYERS, UNITS, sum(line.allocated for line in lines), sum(line.backordered for line in lines))


def _purchase(number: int, lines: list[tuple[str, int]]) -> Purchase:
    return traffic.shopify_purchase(number, traffic.PLACES[0], lines, "completed")
