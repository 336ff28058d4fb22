"""A hot item under fire, and the write units of allocating one order, on tables of their own."""

import json
from typing import NamedTuple

from infra.local.cloud import Cloud
from oms.allocation.service import allocate_orders
from oms.allocation.sourcing.desk import Sourcing
from oms.inventory.model import Position
from oms.inventory.reservations.store import ReservationStore
from oms.inventory.store import StockStore
from oms.orders.store import OrderStore
from tests.allocation_scene import START, entry, put_order
from tests.bench.meter import Meter
from tests.race import Raced, race, race_tables

LINES = (1, 2, 10, 100, 1_000)
ITEM_UNITS = 1_000  # write units/s that one item takes (AWS: partition limit)
LOCKED_PER_S = 167  # transactions/s on one item: each locks it for about 6 ms


class Alone(NamedTuple):
    """One order that nothing shares its transactions with."""

    lines: int
    transactions: float
    write_units: float
    cpu_s: float


class Allocation(NamedTuple):
    """What was measured."""

    races: list[Raced]
    alone: list[Alone]


def measure(cloud: Cloud) -> Allocation:
    """200 buyers of 50 units and 5,000 of 500, every message twice; then single orders of growing size."""
    races = []
    for buyers, units, messages in ((200, 50, 1), (5_000, 500, 50)):
        with race_tables(cloud) as wiring:
            races.append(race(wiring, buyers=buyers, units=units, workers=5, messages=messages))
    return Allocation(races, [_alone(cloud, lines) for lines in LINES])


def _alone(cloud: Cloud, lines: int) -> Alone:
    with race_tables(cloud) as wiring:
        locations = wiring.reference.locations()
        stock = StockStore(wiring.setting("INVENTORY_TABLE"), lambda: locations)
        skus = [f"S{n:04}" for n in range(lines)]
        for sku in skus:
            stock.open_position(Position(sku, min(locations), on_hand=9, reorder_point=0, order_up_to=9))
        order = put_order(wiring, "ord_1", dict.fromkeys(skus, 1))
        document = json.loads(json.dumps(entry(*order.facts)))
        meter = Meter()
        with meter.around("allocate"):
            errors = allocate_orders(
                [("m", document)],
                orders=OrderStore(wiring.setting("ORDERS_TABLE")),
                stock=stock,
                reservations=ReservationStore(wiring.setting("INVENTORY_TABLE")),
                sourcing=Sourcing(locations=locations),
                fairness={},
                waiting=wiring.waiting_desk,
                now=START,
            )
        assert errors == {}
        assert wiring.orders.get("ord_1").units_allocated == lines
    total = meter.total()
    return Alone(lines, total.calls["dynamodb.TransactWriteItems"], total.write_units, total.cpu_s)


def section(found: Allocation) -> str:
    """The part of the page about it."""
    races = [
        f"| {one.buyers:,} x {one.units:,} | {one.allocated:,} | {one.oversold} | {one.undersold} | "
        f"{one.orders_per_write:.1f} | {one.attempts_per_order:.2f} | {one.gave_back} |"
        for one in found.races
    ]
    alone = [
        f"| {one.lines:,} | {one.transactions:.0f} | {one.write_units:,.0f} | {one.write_units / one.lines:.1f} | "
        f"{one.cpu_s:.2f} |"
        for one in found.alone
    ]
    ceiling = ITEM_UNITS // 2
    words = (
        "Five workers at once, every message delivered twice. An order that gets its unit is two writes, and so is "
        "one that waits, with its place: 49 to a transaction. "
        f"At {ITEM_UNITS:,} write units/s of one item and 2 to a write, 49 orders a write are {ceiling * 49:,} "
        f"orders/s; by the lock of transactions ({LOCKED_PER_S}/s) {LOCKED_PER_S * 49:,}. "
        f"With a write per order: {ceiling} and {LOCKED_PER_S}."
    )
    sizes = (
        "Units as the emulator counts them, which takes every item for 1 KB; a header of more (see below) costs 2 "
        "units per KB in each transaction."
    )
    return "\n".join(
        [
            "| buyers, units | allocated | oversold | undersold | orders per write | tries per order | given back |",
            "|---|---|---|---|---|---|---|",
            *races,
            "",
            words,
            "",
            sizes,
            "",
            "| lines of one order | transactions | write units | per line | CPU s |",
            "|---|---|---|---|---|",
            *alone,
        ]
    )
