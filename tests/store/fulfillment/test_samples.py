"""Every handler of the context on the event samples of events/samples."""

import importlib
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from oms.entry.examples import FULFILLMENT_ORDER_ID, ORDER_ID, SHIPMENT_ID
from oms.wiring import Wiring
from tests.fulfillment_builders import NOW, a_work, an_order, parcels_of
from tests.fulfillment_store import seed_stock, store

SAMPLES = Path(__file__).parents[3] / "events" / "samples"
CONFIRM = "fulfillment/api_confirm_fulfillment"


def invoke(function: str, sample: str | None = None) -> Any:
    event = json.loads((SAMPLES / f"{sample or function}.json").read_text())
    return importlib.import_module(f"functions.{function.replace('/', '.')}").handler(event, None)


def seed(wiring: Wiring, status: str) -> None:
    """The example order, its work in `status`."""
    work = a_work(status, ORDER_ID, id=FULFILLMENT_ORDER_ID, parcel_ids=(SHIPMENT_ID, "shp_other"))
    store(wiring, an_order(ORDER_ID), work, *parcels_of(work))
    seed_stock(wiring, orders=1)


@pytest.mark.parametrize(
    ("sample", "outcomes"),
    [(CONFIRM, ["applied"] * 4), (f"{CONFIRM}_short_pick", ["applied"]), (f"{CONFIRM}_rejected", ["applied"])],
)
def test_confirmations_are_applied(cloud_on_moto: Wiring, sample: str, outcomes: list[str]) -> None:
    seed(cloud_on_moto, "requested")
    answer = invoke(CONFIRM, sample)
    assert answer["statusCode"] == 200
    assert [row["outcome"] for row in json.loads(answer["body"])["results"]] == outcomes


def test_the_packing_list_is_linked(cloud_on_moto: Wiring) -> None:
    seed(cloud_on_moto, "booked")
    cloud_on_moto.documents.write_packing_list(SHIPMENT_ID, b"%PDF-1.7")
    assert invoke("fulfillment/api_get_packing_list")["statusCode"] == 200


@pytest.mark.parametrize(
    ("function", "status", "outcome"),
    [
        ("fulfillment/task_release_fulfillment", "booked", "released"),
        ("fulfillment/task_withdraw_release", "requested", "withdrawn"),
        ("fulfillment/task_park_fulfillment", "open", "parked"),
        ("fulfillment/task_assess_order", "requested", "remind"),
        ("fulfillment/task_remind_location", "requested", "reminded"),
        ("orders/task_hold_order", "requested", "held"),
    ],
)
def test_tasks_return_their_document_with_an_outcome(
    cloud_on_moto: Wiring, function: str, status: str, outcome: str
) -> None:
    cloud_on_moto.clock = lambda: NOW + timedelta(hours=5)
    seed(cloud_on_moto, status)
    document = json.loads((SAMPLES / f"{function}.json").read_text())
    answer = invoke(function)
    assert answer["outcome"] == outcome
    assert set(document) <= set(answer)


def test_the_watchdog_runs_without_input(cloud_on_moto: Wiring) -> None:
    assert invoke("fulfillment/cron_watch_orders")["looked_at"] == 0
    assert cloud_on_moto.stage == "test"
