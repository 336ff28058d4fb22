"""The partners of the demo: warehouses that work off their queues, carriers that scan. They see what real ones see."""

import json
import random
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from typing import Any, Self

from infra.local.cloud import Cloud
from oms.kernel.time import to_text
from oms.wiring import Wiring

STEPS = ("accepted", "picked", "packed", "shipped")
BATCH = 10  # confirmations in one call, messages in one receive, entries in one put
SCANS_PER_EVENT = 20
JOURNEY = ("in_transit", "out_for_delivery", "delivered")
TWICE = 0.05  # carriers repeat themselves


class PartnerError(Exception):
    """Baton refused what a partner did; the run cannot be right any more."""


@dataclass
class Warehouse:
    """One location: receives released work, confirms each step, tells the carrier what is on the dock."""

    cloud: Cloud
    location: str
    dock: SimpleQueue[str]
    over: threading.Event
    shipped: int = 0

    @property
    def queue_url(self) -> str:
        return str(
            self.cloud.outputs[f"Location{''.join(part.capitalize() for part in self.location.split('-'))}QueueUrl"]
        )

    def work(self) -> None:
        """Until the demo is over."""
        queue = self.cloud.client("sqs")
        while not self.over.is_set():
            answer = queue.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=BATCH, WaitTimeSeconds=1)
            messages = answer.get("Messages", [])
            facts = [fact for message in messages for fact in json.loads(message["Body"])["facts"]]
            released = [fact for fact in facts if fact["type"] == "FulfillmentOrderReleased"]
            for start in range(0, len(released), BATCH):
                self._confirm(released[start : start + BATCH])
            if messages:
                queue.delete_message_batch(
                    QueueUrl=self.queue_url,
                    Entries=[
                        {"Id": str(place), "ReceiptHandle": message["ReceiptHandle"]}
                        for place, message in enumerate(messages)
                    ],
                )

    def _confirm(self, released: list[dict[str, Any]]) -> None:
        for step in STEPS:
            confirmations = [
                {
                    "confirmation_id": f"{fact['subject']}-{step}",
                    "order_id": fact["order_id"],
                    "fulfillment_order_id": fact["subject"],
                    "kind": step,
                }
                for fact in released
            ]
            path = f"/v1/locations/{self.location}/confirmations"
            token = self.cloud.token("warehouse")
            reply = self.cloud.api("POST", path, json={"confirmations": confirmations}, token=token)
            if reply.status != 200:  # noqa: PLR2004  OK
                raise PartnerError(f"{self.location} could not confirm {step!r}: {reply.status} {reply.body!r}")
        for fact in released:
            self.shipped += 1
            for parcel_id in fact["data"]["parcel_ids"]:
                self.dock.put(parcel_id)


@dataclass
class CarrierFeed:
    """All carriers at once: collects parcels from the docks and reports their journey, packed, sometimes twice."""

    cloud: Cloud
    wiring: Wiring
    dock: SimpleQueue[str]
    over: threading.Event
    chance: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311  a demo, not a secret
    scans: int = 0

    def work(self) -> None:
        """Until the demo is over."""
        while not self.over.is_set():
            parcel_ids = self._collect()
            parcels = self.wiring.orders.parcels(parcel_ids).values()
            for status in JOURNEY if parcels else ():
                at = to_text(datetime.now(UTC))
                scans = [
                    {
                        "carrier": parcel.carrier,
                        "tracking_number": parcel.tracking_number,
                        "status": status,
                        "at": at,
                    }
                    for parcel in parcels
                ]
                repeated = [scan for scan in scans if self.chance.random() < TWICE]
                self._report([*scans, *repeated])

    def _collect(self) -> list[str]:
        found: list[str] = []
        try:
            found.append(self.dock.get(timeout=0.5))
            while len(found) < BATCH * SCANS_PER_EVENT:
                found.append(self.dock.get_nowait())
        except Empty:
            pass  # what is there is all there is for now
        return found

    def _report(self, scans: list[dict[str, Any]]) -> None:
        self.scans += len(scans)
        by_carrier: dict[str, list[dict[str, Any]]] = {}
        for scan in scans:
            by_carrier.setdefault(scan["carrier"], []).append(scan)
        entries = [
            {
                "EventBusName": self.cloud.outputs["BusName"],
                "Source": f"carrier.{carrier}",
                "DetailType": "CarrierStatus",
                "Detail": json.dumps({"scans": own[start : start + SCANS_PER_EVENT]}),
            }
            for carrier, own in by_carrier.items()
            for start in range(0, len(own), SCANS_PER_EVENT)
        ]
        for start in range(0, len(entries), BATCH):
            answer = self.cloud.client("events").put_events(Entries=entries[start : start + BATCH])
            if answer["FailedEntryCount"]:
                raise PartnerError(f"the bus refused {answer['FailedEntryCount']} scans: {answer['Entries']}")


class Partners:
    """All partners at work while the block runs; whatever one of them raises is raised at its end."""

    def __init__(self, cloud: Cloud, wiring: Wiring, locations: Iterable[str]) -> None:
        self.over = threading.Event()
        dock: SimpleQueue[str] = SimpleQueue()
        self.warehouses = [Warehouse(cloud, location, dock, self.over) for location in locations]
        self.carriers = CarrierFeed(cloud, wiring, dock, self.over)
        self._pool = ThreadPoolExecutor(len(self.warehouses) + 1, thread_name_prefix="partner")
        self._at_work: list[Any] = []

    def __enter__(self) -> Self:
        jobs = [*(warehouse.work for warehouse in self.warehouses), self.carriers.work]
        self._at_work = [self._pool.submit(job) for job in jobs]
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._pool.shutdown()
        self.check()

    def check(self) -> None:
        """Raise what a partner raised, as soon as anybody asks."""
        for one in self._at_work:
            if one.done() and (error := one.exception()):
                raise error
