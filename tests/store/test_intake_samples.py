"""The samples and the documented examples are taken as they stand, by the company that a fresh cloud is seeded with."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from functions.intake.api_receive_webhooks import handler as receive
from functions.intake.api_submit_orders import handler as submit
from functions.orders.api_manage_orders import handler as manage
from infra.local import company as seeded
from infra.local.rate_cards import RATE_CARDS
from oms.credit.model import Account
from oms.intake.rules import first_answer
from oms.inventory.model import Position
from oms.orders.natural import order_id_of
from oms.wiring import Wiring, wire
from tests.crash import calls_of
from tests.intake import TestClock, body_of, canonical, company, work_off
from tests.lambda_events import api_event

SAMPLES = Path(__file__).parents[2] / "events/samples"


@pytest.fixture
def nordlicht() -> Iterator[Wiring]:
    with company(TestClock()) as wiring:
        for item in seeded.ITEMS:
            wiring.reference.put_item(item)
        for channel in seeded.CHANNELS:
            wiring.reference.put_setting("CHANNEL", channel.name, channel)
        wiring.accounts.put(Account(id="EMPTY", currency="EUR", limit_minor=0))
        yield wiring


def sample(name: str) -> Any:
    return json.loads((SAMPLES / f"{name}.json").read_text())


@pytest.mark.usefixtures("nordlicht")
def test_the_sample_orders_are_taken() -> None:
    canonical_answer = submit(sample("intake/canonical_order"), None)
    assert canonical_answer["statusCode"] == 201, canonical_answer["body"]
    webhook_answer = receive(sample("intake/shopify_order"), None)
    assert webhook_answer["statusCode"] == 202, webhook_answer["body"]
    assert work_off() == []
    assert wire().orders.get(order_id_of("shopify_eu", "5678901234567")).status == "confirmed"


def test_the_house_itself_promises_dates_for_the_sample_order(nordlicht: Wiring) -> None:
    del nordlicht.intake
    for card in RATE_CARDS:
        nordlicht.reference.put_setting("CARRIER", f"{card.carrier}-{card.region}-{card.valid_from}", card)
    for location in seeded.LOCATIONS:
        nordlicht.reference.put_setting("LOCATION", location.id, location)
    for sku in ("LAMP-NORD", "MUG-BLUE"):
        nordlicht.stock.open_position(Position(sku, "ber-1", 50, 5, 50))
    receive(sample("intake/shopify_order"), None)
    calls = calls_of(work_off)
    order = wire().orders.get(order_id_of("shopify_eu", "5678901234567"))
    told = first_answer(order)
    assert (told.status, told.backorder_expected) == ("confirmed", False)
    assert told.promise.earliest_on
    assert told.promise.latest_on
    assert "2026-11-24" <= told.promise.earliest_on <= told.promise.latest_on <= "2026-12-04"
    assert calls[-1] == "TransactWriteItems"


@pytest.mark.usefixtures("nordlicht")
@pytest.mark.parametrize(
    ("verb", "external_id", "status"), [("release", "SEED-HELD-1", "confirmed"), ("reject", "SEED-HELD-2", "rejected")]
)
def test_the_sample_decisions_are_about_the_seeded_held_orders(verb: str, external_id: str, status: str) -> None:
    held = canonical(external_order_id=external_id, account_id="EMPTY")
    seeded_order = submit(api_event("POST /v1/orders", headers={"Idempotency-Key": external_id}, body=held), None)
    assert body_of(seeded_order)["status"] == "validating"
    answer = manage(sample(f"orders/{verb}_hold"), None)
    assert answer["statusCode"] == 200, answer["body"]
    assert wire().orders.get(body_of(answer)["order_id"]).status == status
