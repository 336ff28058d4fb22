r"""Walmart Marketplace (US): order events and the order of API v3.

Signature: `WM_SEC.SIGNATURE` = base64(HMAC-SHA256(`METHOD\nPATH?QUERY\nTIMESTAMP\nsha256hex(body)`)), with
`WM_SEC.TIMESTAMP` near to now. Events say too little to ship by, so they ask for a fetch; only the buyer's wish to
cancel is taken from the event itself. How an order's amounts become ours
(https://developer.walmart.com/us-marketplace/docs/order-management-api-overview):

- Charges are a line's, not a unit's: PRODUCT is the goods, a negative one a discount, every other is a charge.
- The order says no total: it is what the charges and their taxes come to.
- Status is per line: cancelled units are gone, an order all shipped or delivered needs nothing more of us.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from oms.intake.model import NewOrder
from oms.intake.notices import Arrival, Cancellation, ChannelSecrets, Fetch, Ignored, Notice, Refund, Shipped, Snapshot
from oms.intake.reading import AddressNames, Document, Reader, apart, read_object
from oms.intake.signatures import fresh, from_base64, signed
from oms.reference.model import Channel

_MILLISECONDS = 13  # digits of a time in milliseconds since 1970
_ASKED = "INTENT_TO_CANCEL"
_CHANGED = frozenset({"PO_CREATED", "PO_LINE_AUTOCANCELLED", "FRAUD_CANCEL"})
_CANCELLED = frozenset({"Cancelled", "Canceled"})
_DONE = frozenset({"Shipped", "Delivered"})
_HOME = "S2H"
_ADDRESS = AddressNames(region=("state",), postal_code="postalCode")
# Walmart writes ISO 3166 alpha-3: its markets, and what US addresses have for a country.
_COUNTRIES = {"USA": "US", "CAN": "CA", "MEX": "MX", "CHL": "CL", "PRI": "PR", "GUM": "GU", "VIR": "VI", "ASM": "AS"}
_PLACE = "shippingInfo.postalAddress"
_ROW = "orderLines.orderLine"
_THEIRS = {
    "external_order_id": "purchaseOrderId",
    "external_number": "customerOrderId",
    "customer": _PLACE,
    "customer.email": "customerEmailId",
    "customer.phone": "shippingInfo.phone",
    "ship_to": _PLACE,
    "ship_to.address_lines": f"{_PLACE}.address1",
    "ship_to.region": f"{_PLACE}.state",
    "ship_to.postal_code": f"{_PLACE}.postalCode",
    "delivery.service": "shippingInfo.methodCode",
    "lines": _ROW,
    "lines.*.sku": f"{_ROW}.*.item.sku",
    "lines.*.quantity": f"{_ROW}.*.orderLineQuantity.amount",
    "lines.*.external_line_id": f"{_ROW}.*.lineNumber",
    "currency": f"{_ROW}.0.charges.charge.0.chargeAmount.currency",
}


class Walmart:
    """The plug-in."""

    def verify(self, _channel: Channel, arrival: Arrival, secrets: ChannelSecrets) -> bool:
        stamp = arrival.headers.get("wm_sec.timestamp", "")
        seconds = stamp[:-3] if len(stamp) == _MILLISECONDS else stamp
        if not fresh(seconds, arrival.at):
            return False
        target = f"{arrival.path}?{arrival.query}" if arrival.query else arrival.path
        material = "\n".join((arrival.method, target, stamp, hashlib.sha256(arrival.raw).hexdigest()))
        given = from_base64(arrival.headers.get("wm_sec.signature", ""))
        return signed(given, material.encode("utf-8", "surrogatepass"), secrets)

    def message_id(self, arrival: Arrival) -> str | None:
        return arrival.headers.get("wm_sec.event_id")

    def parse(self, channel: Channel, _headers: Mapping[str, str], raw: bytes) -> Sequence[Notice]:
        document = read_object(raw)
        reader = Reader(_THEIRS)
        if "source" in document or "payload" in document:
            return [_event(reader, document)]
        return _notices(reader, channel, reader.object(document, "order") or document)


def _event(reader: Reader, event: Document) -> Notice:
    source, payload = reader.object(event, "source"), reader.object(event, "payload")
    order = reader.object(payload, "order", "payload") or payload
    kind = reader.text(payload, "subEventType", "payload") or reader.text(source, "eventType", "source") or ""
    if kind not in _CHANGED and kind != _ASKED:
        reader.refuse()
        return Ignored(f"event {kind[:60]}")
    order_id = reader.identifier(order, "purchaseOrderId", "payload", needed=True)
    reader.refuse()
    if kind in _CHANGED:
        return Fetch(str(order_id))
    return Cancellation(str(order_id), "the buyer asks to cancel", asked=True)


def _notices(reader: Reader, channel: Channel, order: Document) -> list[Notice]:
    order_id = reader.identifier(order, "purchaseOrderId", needed=True)
    if reader.text(reader.object(order, "shipNode"), "type", "shipNode") == "WFSFulfilled":
        return [Ignored("Walmart fulfills it")]
    rows = reader.rows(reader.object(order, "orderLines"), "orderLine", "orderLines")
    states = [_units_by_status(reader, row, f"{_ROW}.{place}") for place, row in enumerate(rows)]
    reader.currency = _currency(reader, rows)
    refunds = _refunds(reader, str(order_id), rows)
    reader.refuse()
    all_statuses = {status for units in states for status in units}
    if all_statuses and all_statuses <= _DONE | _CANCELLED and all_statuses & _DONE:
        return [*refunds, Shipped(str(order_id), "the order is shipped already")]
    new = _new_order(reader, channel.name, order, rows)
    changed = [reader.epoch(row, "statusDate", f"{_ROW}.{place}") for place, row in enumerate(rows)]
    if all_statuses and all_statuses <= _CANCELLED:
        return [Snapshot(new, _latest(changed), cancelled=True), *refunds]
    gone = {
        str(line.external_line_id): sum(units[status] for status in _CANCELLED)
        for line, units in zip(new.lines, states, strict=True)
    }
    gone = {line: units for line, units in gone.items() if units}
    return [Snapshot(new, _latest(changed), gone=gone, begun=bool(all_statuses & _DONE)), *refunds]


def _latest(instants: Sequence[str | None]) -> str | None:
    return max((instant for instant in instants if instant), default=None)


def _units_by_status(reader: Reader, row: Document, path: str) -> Counter[str]:
    units: Counter[str] = Counter()
    statuses = reader.object(row, "orderLineStatuses", path)
    for status in reader.rows(statuses, "orderLineStatus", f"{path}.orderLineStatuses"):
        quantity = reader.object(status, "statusQuantity", path)
        name = reader.text(status, "status", f"{path}.orderLineStatuses")
        units[name or ""] += reader.number(quantity, "amount", f"{path}.statusQuantity")
    return units


def _charges(reader: Reader, row: Document, path: str) -> Sequence[Document]:
    return reader.rows(reader.object(row, "charges", path), "charge", f"{path}.charges")


def _currency(reader: Reader, rows: Sequence[Document]) -> str:
    for place, row in enumerate(rows):
        for charge in _charges(reader, row, f"{_ROW}.{place}"):
            return reader.text(reader.object(charge, "chargeAmount"), "currency", "chargeAmount") or ""
    return ""


def _new_order(reader: Reader, channel: str, order: Document, rows: Sequence[Document]) -> NewOrder:
    lines, charges, taxes = [], 0, 0
    for place, row in enumerate(rows):
        line, charge, tax = _line(reader, row, f"{_ROW}.{place}")
        lines.append(line)
        charges, taxes = charges + charge, taxes + tax
    amounts = sum(line["quantity"] * line["unit_price_minor"] - line["discount_minor"] for line in lines)
    replaced = reader.text(order, "originalCustomerOrderID")
    ours = {
        "channel": channel,
        "external_order_id": reader.identifier(order, "purchaseOrderId", needed=True),
        "external_number": reader.text(order, "customerOrderId"),
        "placed_at": reader.epoch(order, "orderDate"),
        "currency": reader.currency or None,
        "lines": lines,
        "shipping_minor": charges,
        "tax_minor": taxes,
        "total_minor": amounts + charges + taxes,
        "payment": {"status": "authorized"},  # Walmart charges the buyer when we say that it is shipped
        "note": f"Replacement for order {replaced}" if replaced else None,
        **_shipping(reader, order, rows),
    }
    return reader.order(ours)


def _line(reader: Reader, row: Document, path: str) -> tuple[dict[str, Any], int, int]:
    """The line, its charges that are no goods, and all its taxes."""
    goods = discount = goods_tax = charges = taxes = 0
    for place, charge in enumerate(_charges(reader, row, path)):
        where = f"{path}.charges.charge.{place}"
        amount = reader.signed(reader.object(charge, "chargeAmount", where), "amount", f"{where}.chargeAmount")
        tax_amount = reader.object(reader.object(charge, "tax", where), "taxAmount", f"{where}.tax")
        tax = reader.money(tax_amount, "amount", f"{where}.tax.taxAmount")
        taxes += tax
        if amount < 0:
            discount -= amount
        elif reader.text(charge, "chargeType", where) == "PRODUCT":
            goods, goods_tax = goods + amount, goods_tax + tax
        else:
            charges += amount
    quantity = reader.number(reader.object(row, "orderLineQuantity", path), "amount", f"{path}.orderLineQuantity")
    price, rounding = apart(goods, quantity)
    line = {
        "sku": reader.text(reader.object(row, "item", path), "sku", f"{path}.item"),
        "external_line_id": reader.identifier(row, "lineNumber", path, needed=True),
        "quantity": quantity,
        "unit_price_minor": price,
        "discount_minor": rounding + discount,
        "tax_minor": goods_tax,
    }
    return line, charges, taxes


def _shipping(reader: Reader, order: Document, rows: Sequence[Document]) -> dict[str, Any]:
    shipping = reader.object(order, "shippingInfo")
    address = reader.object(shipping, "postalAddress", "shippingInfo")
    ship_to = reader.address(address, _ADDRESS, _PLACE)
    country = ship_to.get("country")
    fulfillment = reader.object(rows[0], "fulfillment", f"{_ROW}.0") if rows else {}
    at_store = reader.text(fulfillment, "fulfillmentOption", _ROW) not in (None, _HOME)
    return {
        "customer": {
            **reader.person(address, _ADDRESS, _PLACE),
            "phone": reader.text(shipping, "phone", "shippingInfo"),
            "email": reader.text(order, "customerEmailId"),
        },
        "ship_to": {**ship_to, "country": _COUNTRIES.get(country or "", country)},
        "delivery": {
            "service": reader.text(shipping, "methodCode", "shippingInfo"),
            "ship_by": reader.epoch(shipping, "estimatedShipDate", "shippingInfo"),
            "deliver_by": reader.epoch(shipping, "estimatedDeliveryDate", "shippingInfo"),
            "pickup_location": reader.text(fulfillment, "storeId", _ROW) if at_store else None,
        },
    }


def _refunds(reader: Reader, order_id: str, rows: Sequence[Document]) -> list[Notice]:
    found: list[Notice] = []
    for place, row in enumerate(rows):
        path = f"{_ROW}.{place}.refund"
        refund = reader.object(row, "refund", f"{_ROW}.{place}")
        charges = reader.rows(reader.object(refund, "refundCharges", path), "refundCharge", f"{path}.refundCharges")
        if not charges:
            continue
        amount = sum(_refunded(reader, each, path) for each in charges)
        name = reader.text(refund, "refundId", path) or f"line-{reader.text(row, 'lineNumber')}"
        found.append(Refund(order_id, name, amount, reader.currency))
    return found


def _refunded(reader: Reader, row: Document, path: str) -> int:
    """Goods and tax of one refunded charge; Walmart writes them with either sign."""
    charge = reader.object(row, "charge", path)
    tax = reader.object(reader.object(charge, "tax", path), "taxAmount", path)
    amount = reader.object(charge, "chargeAmount", path)
    return abs(reader.signed(amount, "amount", path)) + abs(reader.signed(tax, "amount", path))


PLUGIN = Walmart()
