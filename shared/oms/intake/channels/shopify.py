"""Shopify: order and refund webhooks, API 2024-10. Signature: base64(HMAC-SHA256(raw body, app client secret)).

How its amounts become ours (https://shopify.dev/docs/api/admin-rest/2024-10/resources/order):

- `discount_allocations` of a line (older: its `total_discount`) are the line's discount; what `total_discounts` has
  beyond them is the order's.
- Lines that are not shipped (gift cards, services, a warranty) are charges, like postage, duties, fees and a tip.
- Shipping is the price before discounts of the shipping lines that were not removed.
- `taxes_included` says for all prices whether the tax is inside.
- `quantity` is what was ordered, `current_quantity` what is left of it: the difference was taken off before shipping,
  except what came back in a return.

`orders/edited` and `orders/risk_assessment_changed` do not carry the order; the first asks for a fetch. Test orders
(Shopify's own "send test notification" makes them) are not shipped unless the option `test_orders` is `take`.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from oms.intake.model import NewOrder
from oms.intake.notices import (
    Arrival,
    Cancellation,
    ChannelSecrets,
    Fetch,
    Ignored,
    Notice,
    Refund,
    Shipped,
    Snapshot,
    was_fetched,
)
from oms.intake.reading import AddressNames, Document, Reader, at, note_of, read_object
from oms.intake.signatures import from_base64, signed
from oms.kernel.errors import Fault, MalformedError, RejectedError
from oms.reference.model import Channel

_TOPIC = "x-shopify-topic"
_WHOLE_ORDER = frozenset(
    f"orders/{what}" for what in ("create", "updated", "paid", "cancelled", "fulfilled", "partially_fulfilled")
)
_COMPLIANCE = frozenset({"customers/data_request", "customers/redact", "shop/redact"})
_ADDRESS = AddressNames(region=("province_code", "province"), postal_code="zip", country="country_code")
_PAYMENT = {"voided": "none", "expired": "none"}  # the others are called as ours
_ITEM = "line_items.*"
_THEIRS = {
    "external_order_id": "id",
    "external_number": "name",
    "customer": "shipping_address",
    "customer.email": "email",
    "ship_to": "shipping_address",
    "ship_to.address_lines": "shipping_address.address1",
    "ship_to.postal_code": "shipping_address.zip",
    "ship_to.region": "shipping_address.province",
    "ship_to.country": "shipping_address.country_code",
    "bill_to": "billing_address",
    "lines": "line_items",
    "lines.*": _ITEM,
    "lines.*.unit_price_minor": f"{_ITEM}.price",
    "lines.*.external_line_id": f"{_ITEM}.id",
    "payment.status": "financial_status",
    "total_minor": "total_price",
    "tax_minor": "total_tax",
    "discount_minor": "total_discounts",
    "shipping_minor": "shipping_lines",
}


_OWN_IDS = re.compile(r"(?:gid://shopify/\w+/)?\d{1,14}")


class _Reader(Reader):
    own_ids = _OWN_IDS


class Shopify:
    """The plug-in."""

    own_ids = _OWN_IDS

    def verify(self, _channel: Channel, arrival: Arrival, secrets: ChannelSecrets) -> bool:
        return signed(from_base64(arrival.headers.get("x-shopify-hmac-sha256", "")), arrival.raw, secrets)

    def message_id(self, arrival: Arrival) -> str | None:
        return arrival.headers.get("x-shopify-webhook-id") or arrival.headers.get("x-shopify-event-id")

    def parse(self, channel: Channel, headers: Mapping[str, str], raw: bytes) -> Sequence[Notice]:
        document = read_object(raw)
        topic = "orders/updated" if was_fetched(headers) else headers.get(_TOPIC, "")
        if not topic:
            raise MalformedError("the topic header is missing", faults=[Fault(_TOPIC, "is needed")])
        if topic in _WHOLE_ORDER:
            return [_order(channel, document)]
        if topic == "refunds/create":
            return [_refund(document)]
        if topic == "orders/edited":
            reader = Reader({})
            edit = reader.object(document, "order_edit")
            order_id = _needed(reader, edit, "order_id", "order_edit")
            return [Fetch(order_id)]
        if topic == "orders/delete":
            # A record may be deleted because it was done with: a person decides.
            return [Cancellation(_needed(Reader({}), document, "id"), "deleted in the shop", asked=True)]
        if topic in _COMPLIANCE:
            # The law gives it 30 days: it stays visible among the parked messages until somebody has done it.
            raise RejectedError(f"{topic}: a person must do it, see docs/operations.md", code="compliance_request")
        return [Ignored(f"topic {topic[:60]}")]


def _order(channel: Channel, order: Document) -> Notice:
    if order.get("test") is True and channel.options.get("test_orders") != "take":
        return Ignored("a test order")
    reader = _Reader(_THEIRS)
    order_id = _needed(reader, order, "id")
    version = reader.instant(order, "updated_at")
    if order.get("cancelled_at"):
        reason = reader.text(order, "cancel_reason") or "cancelled in the shop"
        try:
            return Snapshot(_new_order(reader, channel.name, order_id, order), version, cancelled=True)
        except RejectedError:  # an order that we would not take can still be cancelled
            return Cancellation(order_id, reason, version=version)
    if order.get("fulfillment_status") == "fulfilled":
        return Shipped(order_id, "the order is fulfilled already", version)
    shipped = [row for row in reader.rows(order, "line_items") if row.get("requires_shipping") is not False]
    if order.get("line_items") and not shipped and not reader.faults:
        return Ignored("nothing of it is shipped")
    new = _new_order(reader, channel.name, order_id, order)
    return Snapshot(new, version, gone=_gone(reader, order), begun=order.get("fulfillment_status") == "partial")


def _needed(reader: Reader, owner: Document, name: str, path: str = "") -> str:
    """The id, without the `gid://shopify/Order/` that the GraphQL API puts before it."""
    found = reader.identifier(owner, name, path, needed=True)
    reader.refuse()
    return str(found).rpartition("/")[2]


def _new_order(reader: Reader, channel: str, order_id: str, order: Document) -> NewOrder:
    reader.currency = reader.text(order, "currency") or ""
    lines, discounts, charges = _lines(reader, order)
    ours = {
        "channel": channel,
        "external_order_id": order_id,
        "external_number": reader.text(order, "name"),
        "placed_at": reader.instant(order, "processed_at") or reader.instant(order, "created_at"),
        "currency": reader.currency or None,
        "lines": lines,
        "shipping_minor": charges + _charges(reader, order),
        "discount_minor": max(reader.money(order, "total_discounts") - discounts, 0),
        "tax_minor": reader.money(order, "total_tax"),
        "taxes_included": order.get("taxes_included") is True,
        "total_minor": reader.money(order, "total_price"),
        "payment": _payment(reader, order),
        "delivery": _delivery(reader, order),
        "note": note_of(reader.long_text(order, "note"), _remarks(reader, order)),
        **_people(reader, order),
    }
    return reader.order(ours)


def _lines(reader: Reader, order: Document) -> tuple[list[dict[str, Any]], int, int]:
    """Lines that are shipped; the discounts of all lines; what those come to that are not shipped."""
    lines, discounts, charges = [], 0, 0
    for place, row in enumerate(reader.rows(order, "line_items")):
        path = f"line_items.{place}"
        allocations = reader.rows(row, "discount_allocations", path)
        parts = [reader.money(part, "amount", f"{path}.discount_allocations") for part in allocations]
        discount = sum(parts) if allocations else reader.money(row, "total_discount", path)
        price, quantity = reader.money(row, "price", path), reader.number(row, "quantity", path)
        discounts += discount
        if row.get("requires_shipping") is False:
            charges += price * quantity - discount
            continue
        line = {
            "sku": reader.text(row, "sku", path),
            "external_line_id": reader.identifier(row, "id", path),
            "quantity": quantity,
            "unit_price_minor": price,
            "discount_minor": discount,
            "tax_minor": sum(
                reader.money(tax, "price", f"{path}.tax_lines") for tax in reader.rows(row, "tax_lines", path)
            ),
        }
        lines.append(line)
    return lines, discounts, charges


def _gone(reader: Reader, order: Document) -> dict[str, int]:
    """Units taken off the order by line: what is no longer current and did not come back in a return."""
    returned: Counter[str] = Counter()
    for place, refund in enumerate(reader.rows(order, "refunds")):
        for row in reader.rows(refund, "refund_line_items", f"refunds.{place}"):
            if row.get("restock_type") == "return":
                returned[str(row.get("line_item_id"))] += reader.number(row, "quantity", f"refunds.{place}")
    gone = {}
    for place, row in enumerate(reader.rows(order, "line_items")):
        if row.get("current_quantity") is None or row.get("requires_shipping") is False:
            continue
        path, line_id = f"line_items.{place}", str(row.get("id"))
        units = reader.number(row, "quantity", path) - reader.number(row, "current_quantity", path)
        if units > returned[line_id]:
            gone[line_id] = units - returned[line_id]
    reader.refuse()
    return gone


def _charges(reader: Reader, order: Document) -> int:
    postage = sum(
        reader.money(row, "price", f"shipping_lines.{place}")
        for place, row in enumerate(reader.rows(order, "shipping_lines"))
        if row.get("is_removed") is not True
    )
    extra = sum(
        _shop_money(reader, order, name) for name in ("original_total_duties_set", "original_total_additional_fees_set")
    )
    return postage + extra + reader.money(order, "total_tip_received")


def _shop_money(reader: Reader, owner: Document, name: str, path: str = "") -> int:
    shop = reader.object(reader.object(owner, name, path), "shop_money", at(path, name))
    return reader.money(shop, "amount", f"{at(path, name)}.shop_money")


def _payment(reader: Reader, order: Document) -> dict[str, Any] | None:
    status = reader.text(order, "financial_status")
    gateways = order.get("payment_gateway_names")
    names = [name for name in gateways if isinstance(name, str) and name] if isinstance(gateways, list) else []
    method = ", ".join(names)[:120] or None
    return {"status": _PAYMENT.get(status, status), "method": method} if status else None


def _delivery(reader: Reader, order: Document) -> dict[str, Any] | None:
    kept = [row for row in reader.rows(order, "shipping_lines") if row.get("is_removed") is not True]
    service = reader.text(kept[0], "title", "shipping_lines.0") if kept else None
    return {"service": service} if service else None


def _remarks(reader: Reader, order: Document) -> list[str]:
    """What the buyer or the sales desk said elsewhere; names that begin with an underscore are the shop's own."""
    po_number = reader.text(order, "po_number")
    remarks = [f"PO number: {po_number}"] if po_number else []
    remarks += _pairs(reader, order, "note_attributes", "")
    for place, row in enumerate(reader.rows(order, "line_items")):
        if isinstance(row.get("properties"), list):
            remarks += _pairs(reader, row, "properties", f"line_items.{place}", f"{row.get('sku')}: ")
    return remarks


def _pairs(reader: Reader, owner: Document, name: str, path: str, prefix: str = "") -> list[str]:
    found = []
    for row in reader.rows(owner, name, path):
        key, value = reader.text(row, "name", at(path, name)), reader.text(row, "value", at(path, name))
        if key and value and not key.startswith("_"):
            found.append(f"{prefix}{key}: {value}")
    return found


def _people(reader: Reader, order: Document) -> dict[str, Any]:
    address = reader.object(order, "shipping_address")
    if not address:
        reader.fault("shipping_address", "is needed: nothing can be sent without it")
        return {}
    account = reader.object(order, "customer")
    person = reader.person(address, _ADDRESS, "shipping_address")
    phone = person["phone"] or reader.text(order, "phone") or reader.text(account, "phone", "customer")
    email = reader.first(order, ("email", "contact_email")) or reader.text(account, "email", "customer")
    ship_to = reader.address(address, _ADDRESS, "shipping_address")
    billing = reader.object(order, "billing_address")
    return {
        "customer": {**person, "phone": phone, "email": email},
        "ship_to": ship_to,
        "bill_to": reader.bill_to(billing, _ADDRESS, "billing_address", {**person, **ship_to}),
    }


def _refund(refund: Document) -> Notice:
    reader = Reader({})
    order_id, refund_id = _needed(reader, refund, "order_id"), _needed(reader, refund, "id")
    given = [
        row
        for row in reader.rows(refund, "transactions")
        if row.get("kind") == "refund" and row.get("status") == "success"
    ]
    if not given:
        return Ignored("a refund that moved no money")
    reader.currency = reader.text(given[0], "currency", "transactions.0") or ""
    units: Counter[str] = Counter()
    for place, row in enumerate(reader.rows(refund, "refund_line_items")):
        path = f"refund_line_items.{place}"
        units[str(reader.identifier(row, "line_item_id", path, needed=True))] += reader.number(row, "quantity", path)
    amount = sum(reader.money(row, "amount", "transactions") for row in given)
    reader.refuse()
    return Refund(order_id, refund_id, amount, reader.currency, dict(units))


PLUGIN = Shopify()
