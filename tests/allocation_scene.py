"""A small company on moto for the tests of allocation: two locations, stock, orders; and its invariants."""

import base64
import json
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from oms.aws import clients
from oms.aws.documents import unpack
from oms.aws.tables import commit, from_wire
from oms.events.fact import Fact
from oms.events.orders import OrderConfirmed
from oms.inventory.model import NOTHING, Cause, Change, Entry, Position
from oms.inventory.reservations.model import LIVE, Reservation
from oms.inventory.reservations.rules import as_of
from oms.inventory.transfers.model import Transfer
from oms.inventory.waiting.model import Place
from oms.inventory.waiting.rules import places_of, sold_units
from oms.kernel.time import to_text
from oms.orders.bundles import on_the_shelf
from oms.orders.lifecycle import LIVE_FULFILLMENT_STATES
from oms.orders.model import Destination, FulfillmentOrder, Line, Order, Promise
from oms.orders.store import OrderTree
from oms.orders.workload.model import Load, Workday
from oms.orders.workload.rules import UNDONE, loads
from oms.reference.model import Item, Location
from oms.wiring import Wiring

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
Rows = list[dict[str, Any]]
PLACES = (("ber-1", "DE", 52.5, 13.4), ("lon-1", "GB", 51.5, 0.0))


def clock() -> datetime:
    return START


def set_up(wiring: Wiring, *positions: Position) -> None:
    for name, country, latitude, longitude in PLACES:
        place = Location(
            id=name,
            name=name,
            country=country,
            postal_code="1",
            latitude=latitude,
            longitude=longitude,
            time_zone="Europe/Berlin",
        )
        wiring.reference.put_setting("LOCATION", name, place)
    for position in positions:
        assert wiring.stock.open_position(position)


def item_of(sku: str) -> Item:
    """A small thing of the catalogue."""
    return Item(sku=sku, name=sku, weight_g=300, length_mm=100, width_mm=100, height_mm=100)


class Hands:
    """A clock that a test turns."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


CAUSE = Cause("user:tester", to_text(START))


def position(sku: str, location: str, on_hand: int, **more: Any) -> Position:
    """Nothing is reordered unless the test says so."""
    return Position(sku, location, on_hand, **{"reorder_point": -1000, "order_up_to": 50, **more})


def put_order(wiring: Wiring, order_id: str, units: dict[str, int], *, minute: int = 0, **more: Any) -> Order:
    """A confirmed order, with one line per SKU, as it is stored."""
    order = confirmed_order(order_id, units, minute=minute, **more)
    commit(wiring.orders.write(order))  # tests write the past directly
    return order


def confirmed_order(order_id: str, units: dict[str, int], *, minute: int = 0, **more: Any) -> Order:
    """A confirmed order, with one line per SKU."""
    at = START + timedelta(minutes=minute)
    text = at.isoformat()
    order = Order(
        id=order_id,
        channel="shopify_eu",
        external_order_id=order_id,
        status="confirmed",
        currency="EUR",
        lines=tuple(
            Line(number=number, sku=sku, quantity=quantity, unit_price_minor=100, open=quantity)
            for number, (sku, quantity) in enumerate(units.items(), 1)
        ),
        shipping_minor=0,
        total_minor=100 * sum(units.values()),
        person_id="per_1",
        destination=Destination(country="DE", postal_area="10"),
        promise=Promise(),
        submitted_at=text,
        entered_at=text,
        watch_at=text,
        body_hash="0",
    ).model_copy(update=more)
    return order.changed(OrderConfirmed(order_id=order_id, attempt=1), at=at, by="channel:shopify_eu")


def entry(*facts: Fact) -> dict[str, Any]:
    """What the rule puts on the queue."""
    return {"route": None, "facts": [fact.model_dump() for fact in facts]}


def batch(*orders: Order) -> dict[str, Any]:
    """An SQS event: one message per order, with the facts of its last write."""
    return {
        "Records": [
            {"messageId": f"m-{order.id}", "body": json.dumps(entry(*order.facts)), "eventSource": "aws:sqs"}
            for order in orders
        ]
    }


def trees(wiring: Wiring) -> list[OrderTree]:
    """Every order with its fulfillment orders, by id; one scan."""
    orders: dict[str, Order] = {}
    works: dict[str, list[FulfillmentOrder]] = {}
    for row in rows(wiring, "ORDERS_TABLE"):
        if row["sk"] == "ORDER":
            order = wiring.orders.order_from(row)
            orders[order.id] = order
        elif row["sk"].startswith("FO#"):
            work = wiring.orders.fulfillment_from(row)
            works.setdefault(work.order_id, []).append(work)
    by_age = {key: sorted(some, key=lambda work: (work.attempt, work.location)) for key, some in works.items()}
    return [OrderTree(order, tuple(by_age.get(order_id, ()))) for order_id, order in sorted(orders.items())]


def rows(wiring: Wiring, table: str) -> Rows:
    pages = clients.dynamodb().get_paginator("scan").paginate(TableName=wiring.setting(table), ConsistentRead=True)
    return [from_wire(row) for page in pages for row in page["Items"]]


def assert_the_books_balance(wiring: Wiring) -> None:
    """Committed units are those of live fulfillment orders and transfers; stored counters follow from the others."""
    forest = trees(wiring)
    table = rows(wiring, "INVENTORY_TABLE")
    committed: Counter[tuple[str, str]] = Counter()
    waiting: Counter[tuple[str, str]] = Counter()
    for order, works in forest:
        live = [work for work in works if work.status in LIVE_FULFILLMENT_STATES]
        for work in live:
            for share in work.lines:
                for sku, units in on_the_shelf(share, share.quantity).items():
                    committed[(sku, work.location)] += units
        for line in order.lines:
            assert line.open + line.backordered + line.allocated + line.cancelled == line.quantity
            if line.waits_at:
                for sku, units in on_the_shelf(line, line.backordered).items():
                    waiting[(sku, line.waits_at)] += units
        assert order.units_allocated == allocated_units(works)
    committed += _committed_for_transfers(table)
    for row in table:
        if not row["pk"].startswith("STOCK#"):
            continue
        key = (row["pk"].removeprefix("STOCK#"), row["sk"].removeprefix("LOC#"))
        assert row["committed"] == committed[key], key
        assert row["backordered"] == waiting[key], key
        inventory = row["on_hand"] + row["incoming"] - row["committed"] - row["backordered"]
        assert ("reorder_pk" in row) == (inventory - row["reorder_point"] <= 0), key
        assert row["committed"] >= 0
        assert row["on_hand"] >= row["committed"]
    _journal_explains(table)
    _reservations_balance(table, to_text(wiring.clock()))
    _days_balance(wiring, forest)
    _lines_balance(table, forest)


def assert_the_lines_balance(wiring: Wiring) -> None:
    """Whoever waits has a place, and nobody else; the head of each line is their sum."""
    _lines_balance(rows(wiring, "INVENTORY_TABLE"), trees(wiring))


def _lines_balance(table: Rows, forest: Iterable[OrderTree]) -> None:
    places: dict[tuple[str, str], Place] = {}
    sold: Counter[str] = Counter()
    for order, _ in forest:
        places.update(places_of(order))
        sold.update(sold_units(order.lines))
    units: Counter[str] = Counter()
    for place in places.values():
        units[place.sku] += place.units
    stored = {
        (row["pk"].removeprefix("WAITING#"), row["sk"]): (row["units"], row.get("at"))
        for row in table
        if row["pk"].startswith("WAITING#")
    }
    assert stored == {key: (place.units, place.location) for key, place in places.items()}
    heads = {row["pk"].removeprefix("LINE#"): (row["units"], row["sold"]) for row in table if row["sk"] == "LINE"}
    for sku in {*units, *sold, *heads}:
        assert heads.get(sku, (0, 0)) == (units[sku], sold[sku]), sku


def assert_the_days_balance(wiring: Wiring) -> None:
    """What is given out of a location's day is that of its fulfillment orders that did not end undone."""
    _days_balance(wiring, trees(wiring))


def _days_balance(wiring: Wiring, forest: Iterable[OrderTree]) -> None:
    stored = {
        Workday(row["pk"].removeprefix("WORKLOAD#"), row["sk"]): Load(row["orders"], row["lines"], row["units"])
        for row in rows(wiring, "REFERENCE_TABLE")
        if row["pk"].startswith("WORKLOAD#")
    }
    counted = loads(work for tree in forest for work in tree.fulfillment_orders if work.status not in UNDONE)
    assert {day: load for day, load in stored.items() if any(load)} == counted


def _committed_for_transfers(table: Rows) -> Counter[tuple[str, str]]:
    units: Counter[tuple[str, str]] = Counter()
    for transfer in (unpack(Transfer, row["doc"]) for row in table if row["sk"] == "TRANSFER"):
        for line in transfer.lines:
            units[(line.sku, transfer.source)] += line.committed
    return units


def assert_the_reservations_balance(wiring: Wiring) -> None:
    """Reserved units that count are those of live reservations, minute by minute: none too many, none stranded."""
    _reservations_balance(rows(wiring, "INVENTORY_TABLE"), to_text(wiring.clock()))


def _reservations_balance(table: Rows, now: str) -> None:
    kept: Counter[tuple[str, str, str]] = Counter()
    reserved: Counter[tuple[str, str, str]] = Counter()
    for row in table:
        if row["pk"].startswith("RESERVATION#"):
            reservation = as_of(unpack(Reservation, row["doc"]), now)
            assert ("expiring_pk" in row) == (row["s"] in LIVE)
            for one in reservation.kept if reservation.live else ():
                kept[(one.sku, one.location, reservation.until)] += one.units
        elif row["pk"].startswith("STOCK#"):
            place = (row["pk"].removeprefix("STOCK#"), row["sk"].removeprefix("LOC#"))
            for term, units in row["terms"].items():
                if term > now:
                    reserved[(*place, term)] += units
    assert reserved == kept


def assert_the_journal_explains_the_balances(wiring: Wiring) -> None:
    """Σ movements = balances (domain I7), and the versions of a position are gapless (I11)."""
    _journal_explains(rows(wiring, "INVENTORY_TABLE"))


def _journal_explains(table: Rows) -> None:
    moved: dict[tuple[str, str], Change] = {}
    lots: dict[tuple[str, str], Counter[str]] = {}
    versions: dict[tuple[str, str], set[int]] = {}
    for row in table:
        if row["pk"].startswith("JOURNAL#"):
            for one in unpack(Entry, row["doc"]).postings:
                key = (one.sku, one.location)
                moved[key] = moved.get(key, NOTHING).plus(one.change)
                lots.setdefault(key, Counter()).update({name: units for name, units, _ in one.lots})
                versions.setdefault(key, set()).add(one.version)
    for row in table:
        if row["pk"].startswith("STOCK#"):
            key = (row["pk"].removeprefix("STOCK#"), row["sk"].removeprefix("LOC#"))
            stored = {name: row[name] for name in Change._fields if name != "reserved"}
            assert stored | {"reserved": sum(row["terms"].values())} == moved.get(key, NOTHING)._asdict(), key
            assert {name: lot["u"] for name, lot in row.get("lots", {}).items()} == +lots[key], key
            assert versions[key] == set(range(1, row["v"] + 1)), key


def allocated_units(works: Iterable[FulfillmentOrder]) -> int:
    return sum(line.quantity for work in works if work.status not in ("cancelled", "rejected") for line in work.lines)


def text_of(answer: dict[str, Any]) -> Any:
    body = answer["body"]
    return json.loads(base64.b64decode(body) if answer.get("isBase64Encoded") else body)
