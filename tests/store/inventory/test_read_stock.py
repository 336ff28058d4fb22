"""The stock of a SKU over the API; and the samples of this context go through their handlers."""

import json
from pathlib import Path
from typing import Any

from functions.allocation import api_cancel_orders, queue_allocate_orders, task_resource_order
from functions.inventory import api_read_stock
from functions.procurement import cron_scan_reorder_points
from oms.wiring import Wiring
from tests.allocation_scene import position, put_order, set_up, text_of
from tests.lambda_events import api_event

READ = "GET /v1/stock/{sku}"
SAMPLES = Path(__file__).parents[3] / "events/samples"


def read(sku: str, **more: Any) -> tuple[int, dict[str, Any]]:
    answer = api_read_stock.handler(api_event(READ, path={"sku": sku}, **more), None)
    return answer["statusCode"], text_of(answer)


def test_a_sku_is_shown_at_every_location_that_keeps_it(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("CUP", "lon-1", 3, reorder_point=5), position("CUP", "ber-1", 9, safety_stock=2))
    status, answer = read("CUP")
    assert (status, answer["sku"], [row["location"] for row in answer["locations"]]) == (200, "CUP", ["ber-1", "lon-1"])
    assert answer["locations"][0] == {
        "location": "ber-1",
        "on_hand": 9,
        "committed": 0,
        "reserved": 0,
        "safety_stock": 2,
        "damaged": 0,
        "quality_control": 0,
        "version": 1,
        "available": 7,
        "incoming": 0,
        "backordered": 0,
        "reorder_point": -1000,
        "order_up_to": 50,
        "shortfall": 0,
        "channels": {},
        "expired": 0,
        "lots": [],
        "serials": 0,
    }


def test_a_sku_that_nobody_keeps_is_not_found(cloud_on_moto: Wiring) -> None:
    assert cloud_on_moto.stage == "test"
    assert read("CUP")[0] == 404
    assert read("CUP", roles=["privacy_officer"])[0] == 403


def sample(name: str) -> Any:
    return json.loads((SAMPLES / name).read_text())


def test_the_samples_are_real(cloud_on_moto: Wiring) -> None:
    set_up(cloud_on_moto, position("MUG-BLUE", "ber-1", 9))
    put_order(cloud_on_moto, "ord_sample", {"MUG-BLUE": 12})
    assert queue_allocate_orders.handler(sample("allocation/order_confirmed.sqs.json"), None) == {
        "batchItemFailures": []
    }
    order = cloud_on_moto.orders.get("ord_sample")
    assert (order.units_allocated, order.units_waiting) == (9, 3)
    assert task_resource_order.handler(sample("allocation/resource_order.task.json"), None)["outcome"] == "resourced"
    assert cron_scan_reorder_points.handler(sample("procurement/scan_reorder_points.schedule.json"), None)["low"] == 0
    event = sample("allocation/cancel_order.api.json")
    event["requestContext"]["authorizer"]["jwt"]["claims"]["exp"] = "99999999999"
    answer = api_cancel_orders.handler(event, None)
    assert (answer["statusCode"], text_of(answer)["cancelled_units"]) == (200, 12)
