"""The main job in one process: real handlers, real tables (moto or the emulator), hand-made delivery between them.

The conductor does what streams, the bus, queues and Step Functions do in the cloud: it carries. It decides nothing, so
what the handlers do here they do there; the journey test on the local cloud proves that the wiring carries the same.
Used by the in-process journey test, by the crash-point tests of the whole journey and by `make bench`.
"""

import base64
import importlib
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from oms.aws import clients
from oms.wiring import Wiring
from tests.lambda_events import api_event, sqs_event

TASKS = (
    "fulfillment/task_plan_parcels",
    "shipping/task_select_carrier",
    "shipping/task_book_parcels",
    "fulfillment/task_write_packing_lists",
    "fulfillment/task_release_fulfillment",
)
TO_ALLOCATION = {"OrderConfirmed", "OrderReallocationRequested", "FulfillmentOrderRejected", "FulfillmentOrderShorted"}
CONFIRM = "POST /v1/locations/{location}/confirmations"


class Conductor:
    """Carries messages until nothing moves. `around` wraps every handler call (meters, crash points)."""

    def __init__(self, wiring: Wiring, around: Callable[[str], Any] | None = None) -> None:
        self.wiring = wiring
        self.around = around
        self.entries: list[dict[str, Any]] = []  # bus entries not delivered yet
        self.released: list[dict[str, Any]] = []  # facts on the locations' queues
        self.published: list[dict[str, Any]] = []
        self._iterators: dict[str, str] = {}
        clients.session().register("before-call.events.PutEvents", self._capture)
        self._streams: Any = clients.session().create_client("dynamodbstreams")

    def call(self, function: str, event: Any) -> Any:
        """Call a handler as Lambda would."""
        handler = importlib.import_module(f"functions.{function.replace('/', '.')}").handler
        with self._within(function):
            return handler(event, None)

    def pump(self) -> None:
        """Deliver until streams and bus are quiet."""
        while True:
            records = list(self._new_records())
            for start in range(0, len(records), 100):
                answer = self.call("orders/stream_publish_facts", {"Records": records[start : start + 100]})
                assert answer == {"batchItemFailures": []}
            if not self.entries:
                return
            entries, self.entries = self.entries, []
            self._deliver(entries)

    def _deliver(self, entries: list[dict[str, Any]]) -> None:
        details = [(entry["DetailType"], json.loads(entry["Detail"])) for entry in entries]
        self.published += [fact for _, detail in details for fact in detail["facts"]]
        wanted = [detail for kind, detail in details if kind in TO_ALLOCATION]
        for start in range(0, len(wanted), 10):
            answer = self.call("allocation/queue_allocate_orders", sqs_event(wanted[start : start + 10]))
            assert answer == {"batchItemFailures": []}
        for kind, detail in details:
            if kind == "OrderAllocated":
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

    def _capture(self, **call: Any) -> None:
        self.entries += json.loads(call["params"]["body"])["Entries"]

    def _new_records(self) -> Iterator[dict[str, Any]]:
        for setting in ("ORDERS_TABLE", "PROCUREMENT_TABLE"):
            table = self.wiring.setting(setting)
            if table not in self._iterators:
                arn = clients.dynamodb().describe_table(TableName=table)["Table"]["LatestStreamArn"]
                shard = self._streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
                self._iterators[table] = self._streams.get_shard_iterator(
                    StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
                )["ShardIterator"]
            while True:
                answer = self._streams.get_records(ShardIterator=self._iterators[table])
                self._iterators[table] = answer["NextShardIterator"]
                if not answer["Records"]:
                    break
                yield from (_as_lambda_sends(record) for record in answer["Records"])


def _as_lambda_sends(record: dict[str, Any]) -> dict[str, Any]:
    """The stream API gives bytes; Lambda gives base64 text."""
    return json.loads(json.dumps(record, default=_text))  # type: ignore[no-any-return]


def _text(value: Any) -> str:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)
