"""WooCommerce: `order.*` webhooks, REST v3 bodies. Signature: base64(HMAC-SHA256(raw body, webhook secret)).

How its amounts become ours (https://woocommerce.github.io/woocommerce-rest-api-docs/#order-properties):

- Amounts of lines, fees and shipping never contain tax, whatever `prices_include_tax` says; taxes stand beside them.
- A line says its amounts only: `subtotal` before discounts, `total` after.
- Fees are charges; a negative one is a discount of the order.

WooCommerce does not repeat a delivery that failed, so a channel of this kind should be polled too. Its first message,
a ping that is a form with the webhook's number in it, is not signed and wants to be answered 200, nothing else.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from oms.intake.model import NewOrder
from oms.intake.notices import (
    Arrival,
    Cancellation,
    ChannelSecrets,
    Ignored,
    Notice,
    Refund,
    Shipped,
    Snapshot,
    was_fetched,
)
from oms.intake.reading import AddressNames, Document, Reader, apart, at, note_of, read_object, settled
from oms.intake.signatures import from_base64, signed
from oms.kernel.errors import Fault, MalformedError, RejectedError
from oms.reference.model import Channel

_TOPIC = "x-wc-webhook-topic"
_SIGNATURE = "x-wc-webhook-signature"
_PING = re.compile(rb"webhook_id=\d{1,12}\Z")
_WHOLE_ORDER = frozenset({"order.created", "order.updated", "order.restored"})
_OVER = {"cancelled", "refunded", "trash"}
_NOT_YET = {"auto-draft", "checkout-draft", "failed"}
_UNPAID = {"pending", "on-hold"}
_ADDRESS = AddressNames(name=(), lines=("address_1", "address_2"), region=("state",), postal_code="postcode")
_PICKUP = ("local_pickup", "pickup_location")
_THEIRS = {
    "external_order_id": "id",
    "external_number": "number",
    "customer": "shipping",
    "customer.name": "shipping.last_name",
    "customer.email": "billing.email",
    "customer.phone": "billing.phone",
    "ship_to": "shipping",
    "ship_to.address_lines": "shipping.address_1",
    "ship_to.postal_code": "shipping.postcode",
    "ship_to.region": "shipping.state",
    "bill_to": "billing",
    "lines": "line_items",
    "lines.*.external_line_id": "line_items.*.id",
    "lines.*.unit_price_minor": "line_items.*.subtotal",
    "lines.*.discount_minor": "line_items.*.total",
    "lines.*.tax_minor": "line_items.*.total_tax",
    "payment.method": "payment_method_title",
    "payment.reference": "transaction_id",
    "delivery": "shipping_lines",
    "note": "customer_note",
    "total_minor": "total",
    "tax_minor": "total_tax",
    "discount_minor": "fee_lines",
    "shipping_minor": "shipping_total",
}


class WooCommerce:
    """The plug-in."""

    def verify(self, _channel: Channel, arrival: Arrival, secrets: ChannelSecrets) -> bool:
        return signed(from_base64(arrival.headers.get(_SIGNATURE, "")), arrival.raw, secrets)

    def is_ping(self, arrival: Arrival) -> bool:
        """Whether WooCommerce only tries the address, as it does before it turns the webhook on."""
        return _SIGNATURE not in arrival.headers and _PING.match(arrival.raw) is not None

    def message_id(self, arrival: Arrival) -> str | None:
        return arrival.headers.get("x-wc-webhook-delivery-id")

    def parse(self, channel: Channel, headers: Mapping[str, str], raw: bytes) -> Sequence[Notice]:
        document = read_object(raw)
        topic = "order.updated" if was_fetched(headers) else headers.get(_TOPIC, "")
        if not topic:
            raise MalformedError("the topic header is missing", faults=[Fault(_TOPIC, "is needed")])
        reader = Reader(_THEIRS)
        if topic == "order.deleted":
            order_id = _order_id(reader, document)
            # A record may be deleted because it was done with: a person decides.
            return [Cancellation(order_id, "deleted in the shop", asked=True)]
        return _notices(reader, channel, document) if topic in _WHOLE_ORDER else [Ignored(f"topic {topic[:60]}")]


def _order_id(reader: Reader, order: Document) -> str:
    found = reader.identifier(order, "id", needed=True)
    reader.refuse()
    return str(found)


def _notices(reader: Reader, channel: Channel, order: Document) -> list[Notice]:
    order_id, status = _order_id(reader, order), reader.text(order, "status")
    version = _time(reader, order, "date_modified")
    reader.currency = reader.text(order, "currency") or ""
    if status in _NOT_YET:
        return [Ignored(f"the order is {status}")]
    if status == "completed":
        return [*_refunds(reader, order_id, order), Shipped(order_id, "the order is completed already", version)]
    if status in _OVER:
        try:
            over: Notice = Snapshot(_new_order(reader, channel.name, order_id, order), version, cancelled=True)
        except RejectedError:  # an order that we would not take can still be cancelled
            return [Cancellation(order_id, str(status), version=version)]
        return [over, *_refunds(reader, order_id, order)]
    new = _new_order(reader, channel.name, order_id, order)
    return [Snapshot(new, version), *_refunds(reader, order_id, order)]


def _time(reader: Reader, owner: Document, name: str) -> str | None:
    """The `_gmt` form, which is UTC without saying so; the other is in the shop's own time."""
    return reader.instant(owner, f"{name}_gmt", naive_utc=True)


def _new_order(reader: Reader, channel: str, order_id: str, order: Document) -> NewOrder:
    lines = [_line(reader, row, f"line_items.{place}") for place, row in enumerate(reader.rows(order, "line_items"))]
    fees = [reader.signed(row, "total", f"fee_lines.{n}") for n, row in enumerate(reader.rows(order, "fee_lines"))]
    ours = {
        "channel": channel,
        "external_order_id": order_id,
        "external_number": reader.text(order, "number"),
        "placed_at": _time(reader, order, "date_created"),
        "currency": reader.currency or None,
        "lines": lines,
        "shipping_minor": reader.money(order, "shipping_total") + sum(fee for fee in fees if fee > 0),
        "discount_minor": -sum(fee for fee in fees if fee < 0),
        "tax_minor": reader.money(order, "total_tax"),
        "total_minor": reader.money(order, "total"),
        "payment": _payment(reader, order),
        "delivery": _delivery(reader, order),
        "note": note_of(reader.long_text(order, "customer_note"), _remarks(reader, order)),
        **_people(reader, order),
    }
    return reader.order(settled(ours))


def _line(reader: Reader, row: Document, path: str) -> dict[str, Any]:
    quantity = reader.number(row, "quantity", path)
    before, after = reader.money(row, "subtotal", path), reader.money(row, "total", path)
    price, rounding = apart(before, quantity)
    return {
        "sku": reader.text(row, "sku", path),
        "external_line_id": reader.identifier(row, "id", path),
        "quantity": quantity,
        "unit_price_minor": price,
        "discount_minor": rounding + before - after,
        "tax_minor": reader.money(row, "total_tax", path),
    }


def _payment(reader: Reader, order: Document) -> dict[str, Any]:
    if reader.text(order, "status") == "refunded":
        status = "refunded"
    elif reader.text(order, "status") in _UNPAID:
        status = "pending"
    elif _time(reader, order, "date_paid") is None:
        status = "none"  # to be worked on without it, such as cash on delivery
    else:
        status = "partially_refunded" if order.get("refunds") else "paid"
    return {
        "status": status,
        "method": reader.first(order, ("payment_method_title", "payment_method")),
        "reference": reader.text(order, "transaction_id"),
    }


def _delivery(reader: Reader, order: Document) -> dict[str, Any] | None:
    for place, row in enumerate(reader.rows(order, "shipping_lines")):
        path = f"shipping_lines.{place}"
        service, method = reader.text(row, "method_title", path), reader.text(row, "method_id", path) or ""
        pickup = method.startswith(_PICKUP)
        return {"service": service, "pickup_location": (_meta(reader, row, path) or service) if pickup else None}
    return None


def _meta(reader: Reader, row: Document, path: str) -> str | None:
    """Where a block-checkout order is picked up."""
    pairs = reader.rows(row, "meta_data", path)
    found = (reader.text(pair, "value", path) for pair in pairs if pair.get("key") == "pickup_location")
    return next(found, None)


def _remarks(reader: Reader, order: Document) -> list[str]:
    """What the buyer chose for a line, such as an engraving; `_…` is the shop's own and `pa_…` part of the SKU."""
    remarks = []
    for place, row in enumerate(reader.rows(order, "line_items")):
        path = at(f"line_items.{place}", "meta_data")
        for pair in reader.rows(row, "meta_data", f"line_items.{place}"):
            key, value = pair.get("key"), pair.get("value")
            if isinstance(key, str) and isinstance(value, str) and not key.startswith(("_", "pa_")) and value:
                shown = reader.text(pair, "display_key", path) or key
                remarks.append(f"{row.get('sku')}: {shown}: {value}")
    return remarks


def _people(reader: Reader, order: Document) -> dict[str, Any]:
    billing, shipping = reader.object(order, "billing"), reader.object(order, "shipping")
    path = "shipping"
    if not reader.text(shipping, "address_1", path):  # "ship to the billing address only"
        path, shipping = "billing", billing
    person = reader.person(shipping, _ADDRESS, path)
    ship_to = reader.address(shipping, _ADDRESS, path)
    return {
        "customer": {
            **person,
            "phone": person["phone"] or reader.text(billing, "phone", "billing"),
            "email": reader.text(billing, "email", "billing"),
        },
        "ship_to": ship_to,
        "bill_to": reader.bill_to(billing, _ADDRESS, "billing", {**person, **ship_to}),
    }


def _refunds(reader: Reader, order_id: str, order: Document) -> list[Notice]:
    """Refunds have no topic of their own; an order lists all it had, without the lines."""
    found: list[Notice] = []
    for place, row in enumerate(reader.rows(order, "refunds")):
        path = f"refunds.{place}"
        refund_id = reader.identifier(row, "id", path, needed=True)
        found.append(Refund(order_id, str(refund_id), abs(reader.signed(row, "total", path)), reader.currency))
    reader.refuse()
    return found


PLUGIN = WooCommerce()
