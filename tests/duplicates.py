"""The same order sent ten times at once, in every way in, on the local cloud: one order, one debt, one confirmation.

    outcome = ten_at_once(cloud, first=7_500_000)

The ways: the sales desk with one idempotency key, with a key of its own for each, and a shop's webhook.
"""

import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from infra.local import company, traffic
from infra.local.cloud import Cloud, Reply
from infra.local.seed import domain
from infra.local.traffic import Purchase
from oms.wiring import Wiring
from tests.cloud import eventually

TIMES = 10
ORDERS = 10  # of each way
ACCOUNT = "ACC-HOTEL"
_ON_ITS_WAY = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
_CONFIRMED = "OrderConfirmed"


class Outcome(NamedTuple):
    """What came of orders sent `TIMES` times at once each."""

    way: str
    orders: int
    sent: int
    answers: Counter[int]
    found: int
    confirmed: int
    owed_minor: int
    due_minor: int


def ten_at_once(cloud: Cloud, first: int) -> list[Outcome]:
    """Each way with orders of its own, numbered from `first`."""
    with domain(cloud.outputs["EndpointUrl"], cloud.outputs) as wiring:
        return [
            _sent(cloud, wiring, "one key", _desk(first), lambda bought: bought.external_id),
            _sent(cloud, wiring, "a key for each", _desk(first + ORDERS), lambda _: uuid.uuid4().hex),
            _sent(cloud, wiring, "webhooks", _shop(first + 2 * ORDERS), None),
        ]


def _desk(first: int) -> list[Purchase]:
    lines = [(company.SOLD_OUT, 1)]
    return [
        traffic.desk_purchase(first + number, traffic.PLACES[0], lines, "backordered", account=ACCOUNT)
        for number in range(ORDERS)
    ]


def _shop(first: int) -> list[Purchase]:
    lines = [(company.SOLD_OUT, 1)]
    return [
        traffic.shopify_purchase(first + number, traffic.PLACES[0], lines, "backordered") for number in range(ORDERS)
    ]


def _sent(
    cloud: Cloud, wiring: Wiring, way: str, purchases: list[Purchase], key: Callable[[Purchase], str] | None
) -> Outcome:
    before, known = _owed(wiring), _orders(cloud)
    answers: Counter[int] = Counter()
    with ThreadPoolExecutor(TIMES) as pool:
        for purchase in purchases:
            replies = list(pool.map(lambda _, one=purchase: _send(cloud, one, key), range(TIMES)))
            answers.update(reply.status for reply in replies)
    wanted = {purchase.order_id for purchase in purchases}
    eventually(lambda: wanted <= _orders(cloud) and _at_rest(cloud), within_s=120)
    timelines = [_timeline(cloud, order_id) for order_id in sorted(wanted)]
    due = sum(wiring.orders.get(purchase.order_id).total_minor for purchase in purchases if not purchase.signed)
    return Outcome(
        way,
        len(purchases),
        len(purchases) * TIMES,
        answers,
        len(_orders(cloud) - known),
        sum(timeline.count(_CONFIRMED) for timeline in timelines),
        _owed(wiring) - before,
        due,
    )


def _send(cloud: Cloud, purchase: Purchase, key: Callable[[Purchase], str] | None) -> Reply:
    if key is None:
        return traffic.send(cloud, purchase)
    headers = {"content-type": "application/json", "idempotency-key": key(purchase)}
    return cloud.api("POST", "/v1/orders", body=purchase.body, token=cloud.token("sales"), headers=headers)


def _orders(cloud: Cloud) -> set[str]:
    """All orders that there are."""
    table = cloud.outputs["OrdersTable"]
    pages = cloud.client("dynamodb").get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return {
        row["pk"]["S"].removeprefix("ORDER#") for page in pages for row in page["Items"] if row["sk"]["S"] == "ORDER"
    }


def _owed(wiring: Wiring) -> int:
    account = wiring.accounts.find(ACCOUNT)
    assert account is not None
    return account.open_orders_minor


def _at_rest(cloud: Cloud) -> bool:
    """Nothing waits for intake or allocation."""
    left: list[Any] = []
    for name in ("MessageQueueUrl", "AllocationQueueUrl"):
        told = cloud.client("sqs").get_queue_attributes(QueueUrl=cloud.outputs[name], AttributeNames=list(_ON_ITS_WAY))
        left += [int(told["Attributes"][each]) for each in _ON_ITS_WAY]
    return not any(left)


def _timeline(cloud: Cloud, order_id: str) -> str:
    def told() -> str | None:
        reply = cloud.api("GET", f"/v1/orders/{order_id}/timeline", token=cloud.token("operator"))
        said = " ".join(row["what"] for row in reply.json()["rows"]) if reply.status == 200 else ""
        return said if _CONFIRMED in said else None

    return eventually(told, within_s=60)
