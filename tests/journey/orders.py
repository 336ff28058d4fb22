"""Shopify orders of the sample company, and a whole journey in one process."""

import base64
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from infra.local import traffic
from infra.local.dev_secrets import CHANNEL_SECRETS
from oms.kernel.time import to_text
from oms.orders.model import Parcel
from oms.orders.natural import order_id_of
from oms.wiring import Wiring
from tests.conductor import Conductor
from tests.lambda_events import shopify_event

STEPS = ("accepted", "picked", "packed", "shipped")
SCANS = ("picked_up", "in_transit", "out_for_delivery", "delivered")
SECRET = CHANNEL_SECRETS["shopify_eu"]["current"]
WEBHOOK = "intake/api_receive_webhooks"
SCANNED_FROM = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


def webhook(number: int, lines: Sequence[tuple[str, int]], place: int = 0, secret: str = SECRET) -> dict[str, Any]:
    """A signed delivery of order `number` to the shop that serves the place."""
    home = traffic.PLACES[place]
    purchase = traffic.shopify_purchase(number, home, lines, "completed")
    return shopify_event(home.shop, json.loads(purchase.body), secret)


def post(conductor: Conductor, event: dict[str, Any]) -> str:
    """Post it; the id that its order will have."""
    answer = conductor.call(WEBHOOK, event)
    assert answer["statusCode"] == 202, answer
    number = json.loads(base64.b64decode(event["body"]))["id"]
    return order_id_of(event["pathParameters"]["channel"], str(number))


def parcels_of(wiring: Wiring, order_ids: Sequence[str]) -> list[Parcel]:
    works = [work for order_id in order_ids for work in wiring.orders.tree(order_id).fulfillment_orders]
    return list(wiring.orders.parcels(parcel_id for work in works for parcel_id in work.parcel_ids).values())


def hand_over(conductor: Conductor, batch: int = 10) -> None:
    """The locations do their work, step by step."""
    for step in STEPS:
        conductor.confirm(step, conductor.released, batch)
        conductor.pump()


def deliver(conductor: Conductor, parcels: Sequence[Parcel], batch: int = 25) -> None:
    """The carriers do theirs, scan by scan."""
    numbers = [(parcel.carrier, parcel.tracking_number) for parcel in parcels]
    for hour, status in enumerate(SCANS):
        conductor.scan(status, numbers, to_text(SCANNED_FROM + timedelta(hours=hour)), batch)
        conductor.pump()
