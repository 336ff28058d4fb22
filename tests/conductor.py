"""The main job in one process: real handlers, real tables (moto or the emulator), hand-made delivery between them.

The conductor does what streams, the bus, queues and Step Functions do in the cloud: it carries. It decides nothing, so
what the handlers do here they do there; the journey test on the local cloud proves that the wiring carries the same.
Used by the in-process journey test, by the crash-point tests of the whole journey and by `make bench`.
"""

import importlib
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from oms.aws import clients
from oms.wiring import Wiring
from tests.lambda_events import api_event, bucket_event, sqs_event

TASKS = (
    "fulfillment/task_plan_parcels",
    "shipping/task_select_carrier",
    "shipping/task_book_parcels",
    "fulfillment/task_write_packing_lists",
    "fulfillment/task_release_fulfillment",
)
TO_ALLOCATION = {"OrderConfirmed", "OrderReallocationRequested", "FulfillmentOrderRejected", "FulfillmentOrderShorted"}
HTTP_OK = 200
CONFIRM = "POST /v1/locations/{location}/confirmations"


class Conductor:
    """Carries messages until nothing moves. `around` wraps every handler call (meters, crash points)."""

    def __init__(self, wiring: Wiring, around: Callable[[str], Any] | None = None) -> None:
        self.wiring = wiring
        self.around = around
        self.entries: list[dict[str, Any]] = []  # bus entries not delivered yet
        self.released: list[dict[str, Any]] = []  # facts on the locations' queues
        self.published: list[dict[str, Any]] = []
        self.arrived: list[str] = []  # keys of archived messages that the queue has not delivered yet
        self.executions = 0  # of the workflow: one per bus entry
        self._records: list[dict[str, Any]] = []  # stream records not delivered yet
        self._tables = [wiring.setting(name) for name in ("ORDERS_TABLE", "PROCUREMENT_TABLE")]
        hooks: Any = clients.session().get_component("event_emitter")
        hooks.register_first("before-call.events.PutEvents", self._capture)
        hooks.register_first("before-parameter-build.s3.PutObject", self._remember_key)
        hooks.register_first("after-call.s3.PutObject", self._notify)
        for write in ("PutItem", "TransactWriteItems"):
            hooks.register_first(f"before-call.dynamodb.{write}", self._remember)
            hooks.register_first(f"after-call.dynamodb.{write}", self._record)
        clients._client.cache_clear()  # a client keeps the hooks that the session had when it was made

    def call(self, function: str, event: Any) -> Any:
        """Call a handler as Lambda would."""
        handler = importlib.import_module(f"functions.{function.replace('/', '.')}").handler
        with self._within(function):
            return handler(event, None)

    def pump(self) -> None:
        """Deliver until the message queue, streams and bus are quiet."""
        while True:
            self.process_messages()
            records, self._records = self._records, []
            for start in range(0, len(records), 100):
                answer = self.call("orders/stream_publish_facts", {"Records": records[start : start + 100]})
                assert answer == {"batchItemFailures": []}
            if not self.entries:
                return
            entries, self.entries = self.entries, []
            self._deliver(entries)

    def process_messages(self, batch: int = 10) -> None:
        """The archive's notifications reach the message queue, `batch` to a call."""
        arrived, self.arrived = self.arrived, []
        for start in range(0, len(arrived), batch):
            event = sqs_event([bucket_event(key) for key in arrived[start : start + batch]])
            answer = self.call("intake/queue_process_messages", event)
            assert answer == {"batchItemFailures": []}, answer

    def _deliver(self, entries: list[dict[str, Any]]) -> None:
        details = [(entry["DetailType"], json.loads(entry["Detail"])) for entry in entries]
        self.published += [fact for _, detail in details for fact in detail["facts"]]
        wanted = [detail for kind, detail in details if kind in TO_ALLOCATION]
        for start in range(0, len(wanted), 10):
            answer = self.call("allocation/queue_allocate_orders", sqs_event(wanted[start : start + 10]))
            assert answer == {"batchItemFailures": []}
        for kind, detail in details:
            if kind == "OrderAllocated":
                self.executions += 1
                for fact in detail["facts"]:
                    self._fulfill(fact["data"])
            if kind in ("FulfillmentOrderReleased", "FulfillmentOrderReminded", "FulfillmentOrderWithdrawn"):
                self.released += detail["facts"]

    def _fulfill(self, allocated: dict[str, Any]) -> None:
        for fulfillment_order_id in allocated["fulfillment_order_ids"]:
            document = {
                "order_id": allocated["order_id"],
                "fulfillment_order_id": fulfillment_order_id,
                "attempt": allocated["attempt"],
            }
            for function in TASKS:
                document = self.call(function, document)
                if document["outcome"] in ("held", "done"):
                    break

    def confirm(self, kind: str, facts: Iterable[dict[str, Any]], batch: int = 10) -> list[dict[str, Any]]:
        """Locations confirm released work, `batch` confirmations to a request."""
        results: list[dict[str, Any]] = []
        by_location: dict[str, list[dict[str, Any]]] = {}
        for fact in facts:
            by_location.setdefault(fact["data"]["location"], []).append(fact)
        for location, own in sorted(by_location.items()):
            for start in range(0, len(own), batch):
                body = {
                    "confirmations": [
                        {
                            "confirmation_id": f"{fact['subject']}-{kind}",
                            "order_id": fact["order_id"],
                            "fulfillment_order_id": fact["subject"],
                            "kind": kind,
                        }
                        for fact in own[start : start + batch]
                    ]
                }
                event = api_event(CONFIRM, path={"location": location}, body=body)
                answer = self.call("fulfillment/api_confirm_fulfillment", event)
                assert answer["statusCode"] == 200, answer
                results += json.loads(answer["body"])["results"]
        return results

    def scan(self, status: str, parcels: Iterable[tuple[str, str]], at: str, batch: int = 25) -> None:
        """The carrier feed reports `status` for (carrier, tracking number) pairs."""
        wanted = list(parcels)
        for start in range(0, len(wanted), batch):
            scans = [
                {"carrier": carrier, "tracking_number": number, "status": status, "at": at}
                for carrier, number in wanted[start : start + batch]
            ]
            answer = self.call("tracking/queue_record_scans", sqs_event([{"scans": scans}]))
            assert answer == {"batchItemFailures": []}, answer

    @contextmanager
    def _within(self, function: str) -> Iterator[None]:
        if self.around is None:
            yield
            return
        with self.around(function):
            yield

    def _remember_key(self, **call: Any) -> None:
        call["context"]["conductor"] = call["params"]["Key"]

    def _notify(self, **call: Any) -> None:
        """An object that was stored is told to the queue, as the bucket is set up to."""
        key = call["context"]["conductor"]
        if call["http_response"].status_code == HTTP_OK and key.startswith("messages/"):
            self.arrived.append(key)

    def _capture(self, **call: Any) -> None:
        self.entries += json.loads(call["params"]["body"])["Entries"]

    def _remember(self, **call: Any) -> None:
        """Keep the body that is about to be sent where `_record` finds it."""
        call["context"]["conductor"] = call["params"]["body"]

    def _record(self, **call: Any) -> None:
        """A write that succeeded becomes a stream record, as in the cloud."""
        if call["http_response"].status_code == HTTP_OK:
            for put in _puts(json.loads(call["context"]["conductor"])):
                if put["TableName"] in self._tables and "v" in put["Item"]:
                    self._records.append(_stream_record(put["Item"], len(self._records)))


def _puts(request: dict[str, Any]) -> list[dict[str, Any]]:
    if "TransactItems" in request:
        return [action["Put"] for action in request["TransactItems"] if "Put" in action]
    return [request] if "Item" in request else []


def _stream_record(item: dict[str, Any], place: int) -> dict[str, Any]:
    """What Lambda gets of a write of ours: a version is written once, so the old image had the one before."""
    before = {"OldImage": {"v": {"N": str(int(item["v"]["N"]) - 1)}}}
    return {"eventID": str(place), "dynamodb": {"NewImage": item, "SequenceNumber": str(place), **before}}
