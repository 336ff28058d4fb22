"""A company on moto whose cups are scarce: orders that wait, goods that come, the worker that serves the line."""

import json
from typing import Any

from functions.allocation import queue_allocate_orders, queue_serve_waiting
from oms.inventory.supply.model import PutSupply, ReceiveSupply, SupplyTerms
from oms.inventory.supply.service import put_supply, receive_supply, tag_of
from oms.orders.model import Line, Order
from oms.reference.model import Item, MayWait
from oms.wiring import Wiring
from tests.allocation_scene import batch, put_order
from tests.shipping_builders import CARDS

DONE: dict[str, Any] = {"batchItemFailures": []}
TERMS = SupplyTerms(prior_days=0, prior_weight=0, processing_days=0)


def trusted(wiring: Wiring) -> None:
    """Suppliers are believed to the day, and a carrier goes to Germany."""
    wiring.reference.put_setting("SUPPLY", "terms", TERMS)
    for one in CARDS:
        wiring.reference.put_setting("CARRIER", one.carrier, one)


def sell(wiring: Wiring, sku: str = "CUP", waiting: MayWait | None = None, **more: Any) -> None:
    """The catalogue has the item."""
    size = dict.fromkeys(("weight_g", "length_mm", "width_mm", "height_mm"), 10)
    wiring.reference.put_item(Item(sku=sku, name=sku, waiting=waiting or MayWait(), **size, **more))


def come(wiring: Wiring, *orders: Order) -> None:
    assert queue_allocate_orders.handler(batch(*orders), None) == DONE
    del wiring


def order(wiring: Wiring, name: str, units: int = 1, *, minute: int = 0, **more: Any) -> Order:
    """An order for cups that came in and has been looked at."""
    made = put_order(wiring, name, {"CUP": units}, minute=minute, **more)
    come(wiring, made)
    return made


def serve(*skus: str) -> None:
    """The worker looks at the lines."""
    event = {
        "Records": [
            {"messageId": f"w-{sku}", "body": json.dumps({"skus": [sku]}), "eventSource": "aws:sqs"}
            for sku in skus or ("CUP",)
        ]
    }
    assert queue_serve_waiting.handler(event, None) == DONE


def supply(wiring: Wiring, name: str, units: int, due_on: str, location: str = "ber-1") -> None:
    """Announce cups, or say what is new of them."""
    known = wiring.supplies.find(name)
    wanted = PutSupply(
        kind="purchase_order",
        reference=name,
        supplier="aurora",
        sku="CUP",
        location=location,
        units=units,
        due_on=due_on,
        confirmed=True,
    )
    tag = tag_of(known.version) if known else ""
    put_supply(name, wanted, if_match=tag, by="user:buyer", desk=wiring.supply_desk)


def receive(wiring: Wiring, name: str, units: int, receipt: str = "r1") -> None:
    """Goods of a supply are here."""
    receive_supply(name, ReceiveSupply(receipt_id=receipt, units=units), by="user:dock", desk=wiring.supply_desk)


def found(wiring: Wiring, units: int, receipt: str = "f1", location: str = "ber-1") -> None:
    """Goods are here that nobody announced."""
    wiring.stock.receive("CUP", location, units, receipt_id=receipt, by="user:dock")


def line(wiring: Wiring, sku: str = "CUP") -> list[tuple[str, int, str]]:
    """Who waits, first first: order, units, promised from."""
    return [(place.order_id, place.units, place.supply_on) for place in wiring.waiting_lines.line(sku)]


def first_line(wiring: Wiring, name: str) -> Line:
    return wiring.orders.get(name).lines[0]


def buckets(wiring: Wiring, name: str) -> tuple[int, int, int]:
    """Open, waiting, allocated."""
    one = first_line(wiring, name)
    return one.open, one.backordered, one.allocated
