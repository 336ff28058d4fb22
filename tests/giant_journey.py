"""A giant order in one process, from the posted request to delivered, held to the limits that AWS has for each call.

moto and the emulator are more patient than AWS: what goes over the wire is measured here.
"""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

from oms.allocation.model import Cancellation
from oms.aws import clients
from oms.aws.tables import commit
from oms.inventory.model import Change, Movement
from oms.kernel.time import to_text
from oms.orders.natural import order_id_of
from oms.reference.model import Item
from oms.wiring import Wiring
from tests.allocation_scene import CAUSE, position
from tests.conductor import Conductor
from tests.journey.orders import SCANNED_FROM, SCANS, STEPS, parcels_of
from tests.lambda_events import api_event

CHANNEL = "sales_desk"
ITEM_BYTES = 400 * 1024  # DynamoDB: an item
TRANSACTION_BYTES = 4 * 1024 * 1024  # DynamoDB: the items of a transaction
EVENT_BYTES = 256 * 1024  # EventBridge: an entry; SQS and Express workflows take no more of it either
ANSWER_BYTES = 6 * 1024 * 1024  # Lambda: what a function may answer


_READERS = {
    "/v1/orders/{order_id}/timeline": "orders/api_read_orders",
    "/v1/orders/{order_id}/decisions": "allocation/api_explain_orders",
}


class Limits(NamedTuple):
    """The largest of each kind that went over the wire."""

    item: int = 0
    transaction: int = 0
    event: int = 0
    answer: int = 0

    def grown(self, **sizes: int) -> "Limits":
        return self._replace(**{name: max(getattr(self, name), size) for name, size in sizes.items()})


class Watch:
    """Measures what goes over the wire, and what functions answer."""

    def __init__(self) -> None:
        self.largest = Limits()
        hooks: Any = clients.session().get_component("event_emitter")
        for write in ("PutItem", "TransactWriteItems"):
            hooks.register_first(f"before-call.dynamodb.{write}", self._items)
        hooks.register_first("before-call.events.PutEvents", self._events)
        clients._client.cache_clear()  # a client keeps the hooks that the session had when it was made

    def answered(self, answer: Any) -> None:
        self.largest = self.largest.grown(answer=len(json.dumps(answer)))

    def assert_within_limits(self) -> None:
        """AWS would have taken all of it.

        Raises:
            AssertionError: it would not.
        """
        most = self.largest
        assert most.item <= ITEM_BYTES, most
        assert most.transaction <= TRANSACTION_BYTES, most
        assert most.event <= EVENT_BYTES, most
        assert most.answer <= ANSWER_BYTES, most

    def _items(self, **call: Any) -> None:
        request = json.loads(call["params"]["body"])
        puts = [one["Put"] for one in request.get("TransactItems", []) if "Put" in one]
        sizes = [_bytes(put["Item"]) for put in (puts or [request]) if "Item" in put]
        self.largest = self.largest.grown(item=max(sizes, default=0), transaction=sum(sizes))

    def _events(self, **call: Any) -> None:
        for entry in json.loads(call["params"]["body"])["Entries"]:
            self.largest = self.largest.grown(event=sum(len(str(value).encode()) for value in entry.values()))


def _bytes(item: dict[str, Any]) -> int:
    """As DynamoDB counts: names and values; binary without its base64."""
    total = 0
    for name, typed in item.items():
        ((kind, value),) = typed.items()
        total += len(name) + (len(value) * 3 // 4 if kind == "B" else len(json.dumps(value)))
    return total


def catalogue(wiring: Wiring, skus: list[str], places: list[str], *, units: int = 5) -> None:
    """Items of a kilogram at most, the SKUs dealt out to the places in turn, `units` of each."""
    kept = [(sku, places[place % len(places)]) for place, sku in enumerate(skus)]
    for sku in skus:
        wiring.reference.put_item(
            Item(sku=sku, name=f"Thing {sku}", weight_g=300, length_mm=90, width_mm=60, height_mm=40)
        )
    for start in range(0, len(kept), 90):
        some = kept[start : start + 90]
        opened = [Movement("opened", key, Change(on_hand=units)) for key in some]
        commit(*wiring.stock.writes(opened, {key: position(*key, 0) for key in some}, CAUSE))


def giant(number: str, skus: list[str], **more: Any) -> dict[str, Any]:
    """The body of an order of two units of each SKU."""
    lines: list[dict[str, Any]] = [
        {"sku": sku, "external_line_id": f"{number}-{place}", "quantity": 2, "unit_price_minor": 100 + place % 900}
        for place, sku in enumerate(skus)
    ]
    return {
        "channel": CHANNEL,
        "external_order_id": number,
        "currency": "EUR",
        "lines": lines,
        "total_minor": sum(2 * line["unit_price_minor"] for line in lines),
        "customer": {"name": "Zoë Krüger", "email": f"{number}@example.com"},
        "ship_to": {
            "address_lines": ["Schönhauser Allee 44a"],
            "city": "Berlin",
            "postal_code": "10435",
            "country": "DE",
        },
        **more,
    }


class Journey:
    """One giant order; `phase` is told what begins."""

    def __init__(self, wiring: Wiring, conductor: Conductor, phase: Callable[[str], None] = lambda _: None) -> None:
        self.wiring = wiring
        self.conductor = conductor
        self.phase = phase
        self.watch = Watch()
        self.order_id = ""

    def submit(self, body: dict[str, Any]) -> None:
        self.phase("intake")
        event = api_event("POST /v1/orders", headers={"idempotency-key": body["external_order_id"]}, body=body)
        answer = self._called("intake/api_submit_orders", event)
        assert answer["statusCode"] == 201, answer
        self.order_id = order_id_of(CHANNEL, body["external_order_id"])

    def allocate_and_release(self) -> None:
        self.phase("fulfill")
        self.conductor.pump()

    def ship(self) -> None:
        """The locations do their work, one fulfillment order to a request."""
        self.phase("confirm")
        released = [fact for fact in self.conductor.released if fact["order_id"] == self.order_id]
        for step in STEPS:
            results = self.conductor.confirm(step, released, 1)
            assert {result["outcome"] for result in results} == {"applied"}, results
            self.conductor.pump()

    def deliver(self) -> None:
        self.phase("track")
        numbers = [(parcel.carrier, parcel.tracking_number) for parcel in parcels_of(self.wiring, [self.order_id])]
        for hour, status in enumerate(SCANS):
            self.conductor.scan(status, numbers, to_text(SCANNED_FROM + timedelta(hours=hour)), 25)
            self.conductor.pump()

    def cancel(self) -> Cancellation:
        self.phase("cancel")
        path, body = {"order_id": self.order_id}, {"reason": "other"}
        answer = self._called(
            "allocation/api_cancel_orders", api_event("POST /v1/orders/{order_id}/cancel", path=path, body=body)
        )
        assert answer["statusCode"] == 200, answer
        return Cancellation.model_validate_json(answer["body"])

    def read(self) -> dict[str, Any]:
        """The order as the API shows it; its timeline and its decisions are read, too."""
        self.phase("read")
        path = {"order_id": self.order_id}
        for route in ("/v1/orders/{order_id}/timeline", "/v1/orders/{order_id}/decisions"):
            answer = self._called(_READERS[route], api_event(f"GET {route}", path=path))
            assert answer["statusCode"] == 200, answer
        answer = self._called("orders/api_read_orders", api_event("GET /v1/orders/{order_id}", path=path))
        assert answer["statusCode"] == 200, answer
        shown: dict[str, Any] = json.loads(answer["body"])
        return shown

    def _called(self, function: str, event: dict[str, Any]) -> Any:
        answer = self.conductor.call(function, event)
        self.watch.answered(answer)
        return answer
