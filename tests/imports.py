"""Import jobs on moto: a file of orders, the queue between the functions, and a run to its end."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from functions.intake.api_import_orders import handler as api
from functions.intake.queue_run_imports import handler as run
from oms.aws import clients
from oms.wiring import wire
from tests.crash import restart
from tests.intake import TestClock, canonical, open_desk
from tests.lambda_events import api_event, sqs_event

HEADER = (
    "external_order_id,currency,customer_name,customer_email,address_1,city,postal_code,country,"
    "sku,quantity,unit_price,shipping,total,note"
)
Row = Mapping[str, str]


def csv_rows(count: int, *, first: int = 1) -> list[str]:
    """Orders of one mug each at 10.00 with 5.00 postage, each of a buyer of its own."""
    return [
        f"C-{number},EUR,Zoë {number},zoe{number}@example.com,Allee {number},Berlin,10435,DE,MUG,1,10.00,5.00,15.00,"
        for number in range(first, first + count)
    ]


def csv_file(rows: Iterable[str]) -> bytes:
    return "\n".join([HEADER, *rows, ""]).encode()


def ndjson_file(orders: Iterable[Mapping[str, Any]]) -> bytes:
    return "".join(json.dumps(order) + "\n" for order in orders).encode()


def order(number: int, **changes: Any) -> dict[str, Any]:
    """One of the canonical orders, of a buyer of its own."""
    customer = {"name": f"Zoë {number}", "email": f"zoe{number}@example.com"}
    return {**canonical(external_order_id=f"N-{number}", customer=customer), **changes}


def begin(key: str = "k", **request: Any) -> dict[str, Any]:
    """The answer of the operation that begins an import."""
    body = {"channel": "sales_desk", "format": "csv", **request}
    return api(api_event("POST /v1/orders/import", headers={"Idempotency-Key": key}, body=body), None)


def started(key: str = "k", **request: Any) -> str:
    answer = begin(key, **request)
    assert answer["statusCode"] == 201, answer
    return str(json.loads(answer["body"])["import_id"])


def upload(import_id: str, raw: bytes) -> dict[str, Any]:
    """Put the file where the link points; the notification that the bucket sends."""
    key = f"uploads/{import_id}"
    clients.s3().put_object(Bucket="baton-files", Key=key, Body=raw)
    return {"Records": [{"s3": {"bucket": {"name": "baton-files"}, "object": {"key": key}}}]}


def deliver(document: Mapping[str, Any]) -> int:
    """One message to the function; how many came back."""
    return len(run(sqs_event([document]), None)["batchItemFailures"])


def on_the_queue() -> list[dict[str, Any]]:
    """Take what is on the import queue off it."""
    found: list[dict[str, Any]] = []
    url = wire().setting("IMPORT_QUEUE_URL")
    while messages := clients.sqs().receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            found.append(json.loads(message["Body"]))
            clients.sqs().delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def work_off(notification: Mapping[str, Any]) -> None:
    """From the file's arrival to the end, as the queue would do it."""
    assert deliver(notification) == 0
    for chunk in on_the_queue():
        assert deliver(chunk) == 0


def view(import_id: str) -> dict[str, Any]:
    answer = api(api_event("GET /v1/imports/{import_id}", path={"import_id": import_id}), None)
    assert answer["statusCode"] == 200, answer
    return dict(json.loads(answer["body"]))


def results(import_id: str) -> list[dict[str, Any]]:
    """What the results link leads to."""
    body = clients.s3().get_object(Bucket="baton-files", Key=f"results/{import_id}.ndjson")["Body"].read()
    return [json.loads(line) for line in body.decode().splitlines()]


def uploads_left() -> list[str]:
    found = clients.s3().list_objects_v2(Bucket="baton-files", Prefix="uploads/").get("Contents", [])
    return [each["Key"] for each in found]


def counts_of(found: Mapping[str, Any]) -> dict[str, int]:
    return {name: found[name] for name in ("taken", "would_take", "repeated", "refused", "skipped") if found[name]}


def run_import(raw: bytes, **request: Any) -> tuple[str, dict[str, Any]]:
    """A whole import: its id, and how it ended."""
    import_id = started(**request)
    work_off(upload(import_id, raw))
    return import_id, view(import_id)


def no_results(import_id: str) -> dict[str, Any]:
    """The problem of who asks for results that there are not."""
    answer = api(api_event("GET /v1/imports/{import_id}/results", path={"import_id": import_id}), None)
    assert answer["statusCode"] == 409, answer
    return dict(json.loads(answer["body"]))


def scene(rows: list[str]) -> tuple[str, dict[str, Any]]:
    """A fresh process, a job and its file; the notification of the bucket."""
    restart(TestClock())
    open_desk(wire())
    import_id = started()
    return import_id, upload(import_id, csv_file(rows))
