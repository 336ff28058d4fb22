"""Etsy: `order.*` webhooks name a receipt, which is fetched (Open API v3, getShopReceipt). Standard Webhooks signature.

How a receipt's amounts become ours (https://developers.etsy.com/documentation/reference#operation/getShopReceipt):

- Every amount is a number with its divisor and currency.
- `price` of a transaction is a unit's; discounts are the order's; gift wrap is a charge, like shipping.
- VAT is inside the prices or on top of them: the grand total tells.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from oms.intake.model import NewOrder
from oms.intake.notices import Arrival, Cancellation, ChannelSecrets, Fetch, Ignored, Notice, Refund, Shipped, Snapshot
from oms.intake.reading import AddressNames, Document, Reader, at, note_of, read_object, settled
from oms.intake.signatures import standard_webhook
from oms.kernel.errors import RejectedError
from oms.kernel.money import exponent
from oms.reference.model import Channel

_RECEIPT = re.compile(r"/receipts/(\d{1,20})(?:[/?#]|\Z)", re.ASCII)
_SECOND_MS = 1_000
_CANCELLED = {"canceled", "cancelled", "fully refunded"}
_NOT_YET = {"payment processing", "unpaid"}
_ADDRESS = AddressNames(
    lines=("first_line", "second_line"), region=("state",), postal_code="zip", country="country_iso"
)
_ROW = "transactions.*"
_THEIRS = {
    "external_order_id": "receipt_id",
    "customer": "receipt",
    "customer.name": "name",
    "customer.email": "buyer_email",
    "ship_to.address_lines": "first_line",
    "ship_to.city": "city",
    "ship_to.region": "state",
    "ship_to.postal_code": "zip",
    "ship_to.country": "country_iso",
    "lines": "transactions",
    "lines.*.external_line_id": f"{_ROW}.transaction_id",
    "lines.*.unit_price_minor": f"{_ROW}.price",
    "payment.method": "payment_method",
    "note": "message_from_buyer",
    "total_minor": "grandtotal",
    "tax_minor": "total_tax_cost",
    "discount_minor": "discount_amt",
    "shipping_minor": "total_shipping_cost",
}


class Etsy:
    """The plug-in."""

    def verify(self, _channel: Channel, arrival: Arrival, secrets: ChannelSecrets) -> bool:
        return standard_webhook(arrival, secrets)

    def message_id(self, arrival: Arrival) -> str | None:
        return arrival.headers.get("webhook-id")

    def parse(self, channel: Channel, _headers: Mapping[str, str], raw: bytes) -> Sequence[Notice]:
        document = read_object(raw)
        reader = Reader(_THEIRS)
        if "receipt_id" in document:
            return _notices(reader, channel, document)
        kind = reader.text(document, "event_type") or ""
        if not kind.lower().replace("_", ".").startswith("order."):
            reader.refuse()
            return [Ignored(f"event {kind[:60]}")]
        named = _RECEIPT.search(reader.text(document, "resource_url") or "")
        if named is None:
            reader.fault("resource_url", "must name a receipt")
        reader.refuse()
        return [Fetch(named.group(1))] if named else []


def _notices(reader: Reader, channel: Channel, receipt: Document) -> list[Notice]:
    order_id = reader.identifier(receipt, "receipt_id", needed=True)
    status = (reader.text(receipt, "status") or "").lower()
    grand = reader.object(receipt, "grandtotal")
    reader.currency = reader.text(grand, "currency_code", "grandtotal") or ""
    version = reader.epoch(receipt, "updated_timestamp", unit_ms=_SECOND_MS)
    refunds = _refunds(reader, str(order_id), receipt)
    reader.refuse()
    if status in _CANCELLED:
        try:
            over: Notice = Snapshot(_new_order(reader, channel.name, receipt), version, cancelled=True)
        except RejectedError:  # an order that we would not take can still be cancelled
            return [Cancellation(str(order_id), status, version=version)]
        return [over, *refunds]
    if status in _NOT_YET:
        return [Ignored(f"the order is {status}")]
    if receipt.get("is_shipped") is True:
        return [*refunds, Shipped(str(order_id), "the order is shipped already", version)]
    rows = reader.rows(receipt, "transactions")
    if rows and all(row.get("is_digital") is True for row in rows):
        return [Ignored("nothing of it is shipped")]
    return [Snapshot(_new_order(reader, channel.name, receipt), version), *refunds]


def _money(reader: Reader, owner: Document, name: str, path: str = "") -> int:
    """Minor units of `{amount, divisor, currency_code}`; none is nothing."""
    money = reader.object(owner, name, path)
    if not money:
        return 0
    where = at(path, name)
    amount, divisor = reader.number(money, "amount", where), reader.number(money, "divisor", where)
    scaled = amount * int(10 ** exponent(reader.currency))
    if divisor == 0 or scaled % divisor:
        reader.fault(where, "must come to whole minor units")
        return 0
    return scaled // divisor


def _new_order(reader: Reader, channel: str, receipt: Document) -> NewOrder:
    lines, digital = _lines(reader, receipt)
    amounts = sum(line["quantity"] * line["unit_price_minor"] for line in lines)
    charges = digital + _money(reader, receipt, "total_shipping_cost") + _money(reader, receipt, "gift_wrap_price")
    discount, total = _money(reader, receipt, "discount_amt"), _money(reader, receipt, "grandtotal")
    tax, vat = _money(reader, receipt, "total_tax_cost"), _money(reader, receipt, "total_vat_cost")
    inside = vat > 0 and amounts + charges - discount + tax == total
    ours = {
        "channel": channel,
        "external_order_id": reader.identifier(receipt, "receipt_id", needed=True),
        "placed_at": reader.epoch(receipt, "created_timestamp", unit_ms=_SECOND_MS),
        "currency": reader.currency or None,
        "lines": lines,
        "shipping_minor": charges + (tax if inside else 0),
        "discount_minor": discount,
        "tax_minor": tax + vat,
        "taxes_included": inside,
        "total_minor": total,
        "customer": {
            **reader.person(receipt, _ADDRESS),
            "email": reader.text(receipt, "buyer_email"),
        },
        "ship_to": reader.address(receipt, _ADDRESS),
        "payment": _payment(reader, receipt),
        "delivery": _delivery(reader, receipt),
        "note": note_of(reader.long_text(receipt, "message_from_buyer"), _remarks(reader, receipt)),
        "gift_message": reader.long_text(receipt, "gift_message"),
    }
    return reader.order(settled(ours))


def _lines(reader: Reader, receipt: Document) -> tuple[list[dict[str, Any]], int]:
    """The lines that are shipped, and what the others (downloads) come to."""
    lines, digital = [], 0
    for place, row in enumerate(reader.rows(receipt, "transactions")):
        path = f"transactions.{place}"
        quantity, price = reader.number(row, "quantity", path), _money(reader, row, "price", path)
        if row.get("is_digital") is True:
            digital += quantity * price
            continue
        line = {
            "sku": reader.text(row, "sku", path),
            "external_line_id": reader.identifier(row, "transaction_id", path),
            "quantity": quantity,
            "unit_price_minor": price,
            "discount_minor": 0,
        }
        lines.append(line)
    return lines, digital


def _payment(reader: Reader, receipt: Document) -> dict[str, Any]:
    status = (reader.text(receipt, "status") or "").lower()
    if "refunded" in status:
        paid = "refunded" if status.startswith("fully") else "partially_refunded"
    else:
        paid = "paid" if receipt.get("is_paid") is True else "pending"
    return {"status": paid, "method": reader.text(receipt, "payment_method")}


def _delivery(reader: Reader, receipt: Document) -> dict[str, Any] | None:
    dates = [
        reader.epoch(row, "expected_ship_date", f"transactions.{place}", unit_ms=_SECOND_MS)
        for place, row in enumerate(reader.rows(receipt, "transactions"))
    ]
    services = [
        reader.text(row, "shipping_upgrade", "transactions") or reader.text(row, "shipping_method", "transactions")
        for row in reader.rows(receipt, "transactions")
    ]
    service = next((service for service in services if service), None)
    ship_by = min((date for date in dates if date), default=None)
    return {"service": service, "ship_by": ship_by} if service or ship_by else None


def _remarks(reader: Reader, receipt: Document) -> list[str]:
    """Personalisation and what was chosen for a line."""
    remarks = []
    for place, row in enumerate(reader.rows(receipt, "transactions")):
        for chosen in reader.rows(row, "variations", f"transactions.{place}"):
            path = f"transactions.{place}.variations"
            name, value = reader.text(chosen, "formatted_name", path), reader.text(chosen, "formatted_value", path)
            if name and value:
                remarks.append(f"{row.get('sku')}: {name}: {value}")
    return remarks


def _refunds(reader: Reader, order_id: str, receipt: Document) -> list[Notice]:
    """Refunds have no id of their own: their time names them."""
    found: list[Notice] = []
    for place, row in enumerate(reader.rows(receipt, "refunds")):
        path = f"refunds.{place}"
        name = reader.identifier(row, "created_timestamp", path, needed=True)
        found.append(Refund(order_id, str(name), _money(reader, row, "amount", path), reader.currency))
    return found


PLUGIN = Etsy()
