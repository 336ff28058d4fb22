"""The given payloads of the senders that are orders or say something of one, as messages of a channel."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from oms.reference.model import Channel
from tests.shared_data import shared_path

_CURRENCIES = frozenset({"USD", "EUR", "GBP", "CAD"})
_FETCHED = {"x-baton-fetched": "1"}


class Sample(NamedTuple):
    """One message: where it is from, its headers, its document."""

    name: str
    headers: Mapping[str, str]
    document: Any

    @property
    def raw(self) -> bytes:
        return json.dumps(self.document).encode()


def channel_of(kind: str) -> Channel:
    """A channel that takes test orders too: most given ones are."""
    return Channel(name=kind, kind=kind, currencies=_CURRENCIES, options={"test_orders": "take"})


def samples(kind: str) -> list[Sample]:
    """What is given of this sender, none where the data is not here."""
    folder = shared_path("2_order_source_payloads", "given", kind)
    return list(_SENDERS[kind](folder)) if folder else []


def _read(path: Path) -> Any:
    return json.loads(path.read_text())


def _shopify(folder: Path) -> Iterator[Sample]:
    webhooks = folder / "webhooks_2024-10"
    for path in sorted([*webhooks.glob("orders.*.json"), *webhooks.glob("refunds.*.json")]):
        document = _read(path)
        topic = document["headers"]["x-shopify-topic"]
        yield Sample(f"{path.stem} (webhook)", {"x-shopify-topic": topic}, document["body"])
    for name in ("order.json", "orders.json", "order_with_transaction.json"):
        document = _read(folder / "go-shopify" / name)
        for place, order in enumerate(document.get("orders") or [document["order"]]):
            yield Sample(f"{name} {place}", {"x-shopify-topic": "orders/updated"}, order)


def _woocommerce(folder: Path) -> Iterator[Sample]:
    for path in sorted(folder.rglob("*.json")):
        if "orders" not in path.name and "fetch-order-response" not in path.name:
            continue
        for place, order in enumerate(_orders_in(_read(path), "line_items")):
            yield Sample(f"{path.name} {place}", {"x-wc-webhook-topic": "order.updated"}, order)


def _walmart(folder: Path) -> Iterator[Sample]:
    for path in sorted((folder / "us_orders").glob("*responses_200*.json")):
        for place, order in enumerate(_orders_in(_read(path), "orderLines")):
            yield Sample(f"{path.name} {place}", {}, order)


def _magento(folder: Path) -> Iterator[Sample]:
    """What is given are fields and their types; the order is filled in by them, the examples are taken as they are."""
    for name in ("create-events_23", "custom-event-fields_27", "send-data_25", "tax-use-cases_29"):
        yield Sample(name, {}, _read(folder / f"adobe_commerce_{name}.json"))
    for name in ("events-reference_05", "events-reference_15", "events-reference_19"):
        document = _read(folder / f"adobe_commerce_{name}.json")
        yield Sample(f"{name} (types)", {}, document)
        order = _filled(document.get("order", document))
        addresses = [{**each, "address_type": kind} for each in order.get("addresses", []) for kind in _PLACES]
        order |= {"addresses": addresses} if addresses else {"shipping_address": order["billing_address"]}
        yield Sample(f"{name} (filled in)", {}, order)


_PLACES = ("shipping", "billing")
# Where the type alone does not make a value that an order could have.
_EXAMPLES: Mapping[str, Any] = {
    "order_currency_code": "EUR", "country_id": "DE", "state": "processing", "product_type": "simple",
    "customer_email": "ada@example.com", "email": "ada@example.com", "is_virtual": 0, "parent_item_id": None,
    "created_at": "2026-11-22 19:28:02", "updated_at": "2026-11-23 09:00:00", "discount_amount": "0.0000",
    "qty_canceled": 0, "qty_refunded": 0, "gift_cards_amount": "0.0000", "total_refunded": "0.0000",
    "qty_ordered": "2.0000", "total_paid": None,
}  # fmt: skip


def _filled(described: Any, name: str = "") -> Any:
    """A document with the fields of a description of types."""
    if isinstance(described, dict):
        return {key: _filled(value, key) for key, value in described.items()}
    if isinstance(described, list):
        return [_filled(value, name) for value in described]
    examples: Mapping[str, Any] = {"float": "1.0000", "int": 1, "string": name, "bool": True, "string[]": [name]}
    return _EXAMPLES.get(name, examples.get(str(described)))


def _ebay(folder: Path) -> Iterator[Sample]:
    for path in sorted(folder.glob("*.json")):
        for place, order in enumerate(_orders_in(_read(path), "lineItems")):
            yield Sample(f"{path.name} {place}", _FETCHED, order)


def _square(folder: Path) -> Iterator[Sample]:
    for path in sorted(folder.glob("*Order*.json")):
        document = _read(path)
        if path.stem.endswith("Event"):
            yield Sample(path.name, {}, document)
        elif "Response" in path.name:
            for place, order in enumerate(_orders_in(document, "line_items")):
                yield Sample(f"{path.name} {place}", _FETCHED, {"order": order})
                if order.get("state") == "OPEN":
                    yield Sample(f"{path.name} {place} (to be shipped)", _FETCHED, _shipped(order))


def _shipped(order: Any) -> Any:
    """All given orders of Square are sold over the counter: here as one that is sent, with SKUs of the catalogue."""
    address = {"address_line_1": "500 Electric Ave", "locality": "New York", "postal_code": "10003", "country": "US"}
    recipient = {"display_name": "Ada Lovelace", "address": address}
    work = {"type": "SHIPMENT", "state": "PROPOSED", "shipment_details": {"recipient": recipient}}
    lines = [{"catalog_object_id": f"VARIATION-{place}", **row} for place, row in enumerate(order["line_items"])]
    skus = {row["catalog_object_id"]: f"SKU-{place}" for place, row in enumerate(lines)}
    return {"order": {**order, "line_items": lines, "fulfillments": [work]}, "skus": skus, "location": {}}


def _bigcommerce(folder: Path) -> Iterator[Sample]:
    for path in sorted(folder.glob("webhooks/*/store*order*.json")):
        yield Sample(path.name, {}, _read(path)["body"])
    answers = folder / "orders.v2.oas2.yml"
    products = _read(answers / "components_responses_orderProductsCollection_Resp_response.json")
    places = _read(answers / "components_responses_orderShippingAddressCollection_Resp_response.json")
    for path in (
        answers / "components_responses_order_Resp_response.json",
        answers / "components_responses_orderCollection_Resp_response.json",
        answers / "components_responses_actual-order-response_schema.json",
    ):
        for place, order in enumerate(_orders_in(_read(path), "status_id")):
            # The given answers are of different orders: put together as the gateway does.
            whole = {"order": order, "products": products, "shipping_addresses": places, "refunds": []}
            yield Sample(f"{path.name} {place}", _FETCHED, whole)


def _amazon(folder: Path) -> Iterator[Sample]:
    notification = folder / "notifications" / "OrderChangeNotification_0.json"
    yield Sample(notification.name, {}, _read(notification))
    v0 = folder / "orders_v0"
    items = [
        each for path in sorted(v0.glob("*orderItems_200*.json")) for each in _orders_in(_read(path), "OrderItems")
    ]
    places = [each for path in sorted(v0.glob("*address_200*")) for each in _orders_in(_read(path), "ShippingAddress")]
    for path in sorted([*v0.glob("get__orders_v0_orders_200*.json"), *v0.glob("*orderId_200*.json")]):
        for place, order in enumerate(_orders_in(_read(path), "OrderStatus")):
            # The given answers are of different orders: put together as the gateway does.
            for row, rows in enumerate(items):
                whole = {"order": order, "orderItems": rows["OrderItems"], "address": places[0]}
                yield Sample(f"{path.name} {place} with items {row}", _FETCHED, whole)


def _orders_in(document: Any, mark: str) -> Iterator[Any]:
    """The objects in a document that have the field which makes one an order."""
    if isinstance(document, dict):
        if mark in document:
            yield document
        else:
            for value in document.values():
                yield from _orders_in(value, mark)
    elif isinstance(document, list):
        for value in document:
            yield from _orders_in(value, mark)


_SENDERS: Mapping[str, Callable[[Path], Iterator[Sample]]] = {
    "amazon": _amazon,
    "bigcommerce": _bigcommerce,
    "ebay": _ebay,
    "magento": _magento,
    "shopify": _shopify,
    "square": _square,
    "walmart": _walmart,
    "woocommerce": _woocommerce,
}
KINDS = tuple(_SENDERS)
