"""`make invoke`: any handler on moto as the template describes it, with the samples of events/ as they stand."""

import io
import json
from typing import Any

import pytest
from rich.console import Console

from infra.local.paths import ROOT
from oms.entry import examples
from tests.invoke import Report, invoke, main, tell

SAMPLES = ROOT / "events/samples"
ORDERS = "baton-local-orders"


def run(function: str, sample: str) -> Report:
    return invoke(function, json.loads((SAMPLES / sample).read_text()))


def told(report: Report) -> str:
    console = Console(file=io.StringIO(), width=200, color_system=None)
    tell(report, console)
    return str(console.file.getvalue())  # type: ignore[attr-defined]  # the file above


def body(report: Report) -> Any:
    return json.loads(report.answer["body"])


def test_an_api_sample_with_a_signature_is_taken_as_it_stands() -> None:
    report = run("intake/api_receive_webhooks", "intake/shopify_order.json")
    assert report.answer["statusCode"] == 202
    assert (report.added, report.changed, report.removed, report.sent) == ([], [], [], [])
    (kept,) = report.objects
    assert kept.endswith(body(report)["message_id"])
    assert f"+ {kept}" in told(report)


def test_a_notification_by_queue_is_archived_like_a_webhook() -> None:
    report = run("intake/queue_receive_notifications", "intake/amazon_notification.sqs.json")
    assert report.answer == {"batchItemFailures": []}
    assert (report.added, report.changed, report.removed, report.sent) == ([], [], [], [])
    (kept,) = report.objects
    assert "messages/amazon_us/" in kept


def test_a_canonical_sample_becomes_an_order() -> None:
    report = run("intake/api_submit_orders", "intake/canonical_order.json")
    assert report.answer["statusCode"] == 201
    order_id = body(report)["order_id"]
    tables = sorted({table for table, _, _ in report.added})
    assert tables == ["baton-local-limits", ORDERS, "baton-local-people"]
    assert (report.changed, report.removed, report.sent) == ([], [], [])
    assert f"+ {ORDERS} / ORDER#{order_id}" in told(report)


def test_a_confirmation_of_the_example_order_is_applied() -> None:
    report = run("fulfillment/api_confirm_fulfillment", "fulfillment/api_confirm_fulfillment.json")
    assert [row["outcome"] for row in body(report)["results"]] == ["applied"] * 4
    assert any(examples.ORDER_ID in key[1] for key in report.changed)


def test_a_task_tells_its_outcome() -> None:
    report = run("fulfillment/task_assess_order", "fulfillment/task_assess_order.json")
    assert report.answer["order_id"] == examples.ORDER_ID
    assert report.answer["outcome"]


def test_a_stream_sample_is_published_on_the_bus() -> None:
    report = run("orders/stream_publish_facts", "orders/stream_publish_facts.json")
    assert report.answer == {"batchItemFailures": []}
    ((call, entries),) = report.sent
    assert call == "events.PutEvents"
    assert {entry["EventBusName"] for entry in entries} == {"baton-local-bus"}
    assert "> events.PutEvents" in told(report)


def test_a_queue_sample_moves_the_example_parcel() -> None:
    report = run("tracking/queue_record_scans", "tracking/example_scans.sqs.json")
    assert report.answer == {"batchItemFailures": []}
    assert [key[1:] for key in report.changed if examples.SHIPMENT_ID in "".join(key)] != []


def test_the_scheduled_scan_proposes_what_is_low() -> None:
    report = run("procurement/cron_scan_reorder_points", "procurement/scan_reorder_points.schedule.json")
    proposals = [key for key in report.added if key[0] == "baton-local-procurement"]
    assert len(proposals) == 5
    assert "nothing" not in told(report).splitlines()


@pytest.mark.parametrize("arguments", [[], ["no/such_function", "x.json"], ["orders/api_read_orders", "no.json"]])
def test_what_cannot_be_run_is_said_in_a_sentence(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert "usage: make invoke" in capsys.readouterr().out
