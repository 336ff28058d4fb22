"""Count what is in the tables: the only witness of a run. Nothing here trusts what a driver says of itself."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from infra.local.cloud import Cloud
from oms.aws.tables import from_wire
from oms.orders.model import FulfillmentOrder, Order, Parcel
from oms.wiring import Wiring

STATES = (
    "submitted",
    "held",
    "confirmed",
    "backordered",
    "in_fulfillment",
    "completed",
    "rejected",
    "cancelled",
)


@dataclass(frozen=True)
class Census:
    """Everything in the orders table, decoded."""

    orders: dict[str, Order]
    fulfillment_orders: list[FulfillmentOrder]
    parcels: list[Parcel]

    def of(self, order_ids: set[str]) -> "Census":
        """The part that belongs to these orders."""
        return Census(
            {order_id: order for order_id, order in self.orders.items() if order_id in order_ids},
            [work for work in self.fulfillment_orders if work.order_id in order_ids],
            [parcel for parcel in self.parcels if parcel.order_id in order_ids],
        )

    def by_state(self) -> Counter[str]:
        return Counter(state_of(order) for order in self.orders.values())


def state_of(order: Order) -> str:
    """The order's status as people say it: what waits for a person is held, what waits for stock is backordered."""
    if order.holds:
        return "held"
    if order.status == "confirmed" and any(line.backordered for line in order.lines):
        return "backordered"
    return order.status


def take(cloud: Cloud, wiring: Wiring) -> Census:
    """Read the whole orders table."""
    orders: dict[str, Order] = {}
    works: list[FulfillmentOrder] = []
    parcels: list[Parcel] = []
    for item in rows(cloud, cloud.outputs["OrdersTable"]):
        kind = item["sk"]
        if kind == "ORDER":
            order = wiring.orders.order_from(item)
            orders[order.id] = order
        elif kind.startswith("FO#"):
            works.append(wiring.orders.fulfillment_from(item))
        elif kind == "PARCEL":
            parcels.append(wiring.orders.parcel_from(item))
    return Census(orders, works, parcels)


def rows(cloud: Cloud, table: str) -> Iterator[dict[str, Any]]:
    """Every item of a table."""
    for page in cloud.client("dynamodb").get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        yield from map(from_wire, page["Items"])


def dead_letters(cloud: Cloud) -> dict[str, int]:
    """How many messages lie in each queue that must stay empty."""
    found = {}
    for name, url in cloud.outputs.items():
        if name.endswith("DeadQueueUrl") or name in ("UndeliveredQueueUrl", "ParkedFactsQueueUrl"):
            attributes = cloud.client("sqs").get_queue_attributes(
                QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
            )["Attributes"]
            found[name.removesuffix("QueueUrl")] = sum(int(value) for value in attributes.values())
    return found
