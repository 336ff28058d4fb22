"""An order of Square, as ours: `{"order", "skus", "location"}` as the gateway puts it together.

A line names an object of the catalogue; `skus` says what SKU that has. What is sold over the counter has no
fulfillment and is none of our work; an order to be picked up goes to the address of the store where it waits.
Amounts are minor units. `version` counts up by one. https://developer.squareup.com/reference/square/objects/Order
"""

from collections.abc import Sequence
from typing import Any

from oms.intake.amounts import AmountNames, AmountReader
from oms.intake.notices import Cancellation, Ignored, Notice, Refund, Shipped, Snapshot
from oms.intake.reading import AddressNames, Document, apart, at, note_of
from oms.kernel.errors import Fault, MalformedError
from oms.reference.model import Channel

_DETAILS = {"SHIPMENT": "shipment_details", "DELIVERY": "delivery_details", "PICKUP": "pickup_details"}
_OVER = frozenset({"COMPLETED", "CANCELED", "FAILED"})
_HANDED_OVER = "it was handed over already"
_VERSION_DIGITS = 12
_ADDRESS = AddressNames(
    name=(),
    lines=("address_line_1", "address_line_2", "address_line_3", "sublocality"),
    city="locality",
    region=("administrative_district_level_1",),
    postal_code="postal_code",
    company="organization",
)
_THEIRS = {
    "external_order_id": "order.id",
    "external_number": "order.reference_id",
    "placed_at": "order.created_at",
    "currency": "order.total_money.currency",
    "total_minor": "order.total_money",
    "tax_minor": "order.total_tax_money",
    "discount_minor": "order.total_discount_money",
    "shipping_minor": "order.total_service_charge_money",
    "lines": "order.line_items",
    "lines.*.external_line_id": "order.line_items.*.uid",
    "lines.*.sku": "order.line_items.*.catalog_object_id",
    "lines.*.unit_price_minor": "order.line_items.*.gross_sales_money",
    "lines.*.discount_minor": "order.line_items.*.total_discount_money",
    "lines.*.tax_minor": "order.line_items.*.total_tax_money",
}


class _Reader(AmountReader):
    """Square's amounts are in minor units already; one without an amount is nothing."""

    names = AmountNames("amount", "currency")

    def signed(self, owner: Document, name: str, path: str = "") -> int:
        value = owner.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if value is not None:
            self.fault(at(path, name), "must be an integer")
        return 0


def read(channel: Channel, document: Document) -> Sequence[Notice]:
    """What a fetched order says.

    Raises:
        RejectedError: it is not a valid order; the faults name Square's fields.
    """
    reader = _Reader(_THEIRS)
    order = reader.object(document, "order")
    if not order:
        raise MalformedError("a fetched order has an order", faults=[Fault("order", "must be an object")])
    order_id = reader.identifier(order, "id", "order", needed=True) or ""
    version = str(reader.number(order, "version", "order")).zfill(_VERSION_DIGITS)
    total = reader.object(order, "total_money", "order")
    reader.currency = reader.text(total, "currency", "order.total_money") or ""
    refunds = _refunds(reader, order, order_id)
    reader.refuse()
    if order.get("state") == "CANCELED":
        return [Cancellation(order_id, "cancelled at Square", version=version), *refunds]
    work, why_not = _work(reader, order)
    if why_not is not None:
        return [*refunds, Shipped(order_id, why_not, version) if why_not == _HANDED_OVER else Ignored(why_not)]
    skus = reader.object(document, "skus")
    rows = [(f"order.line_items.{place}", row) for place, row in enumerate(reader.rows(order, "line_items", "order"))]
    lines = [_line(reader, row, path, skus) for path, row in rows]
    ours = {
        "channel": channel.name,
        "external_order_id": order_id,
        "external_number": reader.text(order, "reference_id", "order") or order_id,
        "placed_at": reader.instant(order, "created_at", "order"),
        "currency": reader.currency or None,
        "lines": lines,
        **_sums(reader, order, lines),
        "payment": _payment(reader, order),
        **_people(reader, document, order, work, rows),
    }
    return [Snapshot(reader.order(ours), version), *refunds]


def _work(reader: _Reader, order: Document) -> tuple[Document, str | None]:
    """The one fulfillment that is to be done; or why there is none."""
    if order.get("state") == "DRAFT":
        return {}, "it is a draft"
    works = reader.rows(order, "fulfillments", "order")
    if not works:
        return {}, "it was sold over the counter"
    open_ones = [work for work in works if str(work.get("state")) not in _OVER]
    if not open_ones:
        return {}, _HANDED_OVER
    if len(open_ones) > 1:
        reader.fault("order.fulfillments", "must be one: an order goes to one address")
    if str(open_ones[0].get("type")) not in _DETAILS:
        reader.fault("order.fulfillments.0.type", f"must be one of {', '.join(sorted(_DETAILS))}")
    return open_ones[0], None


def _line(reader: _Reader, row: Document, path: str, skus: Document) -> dict[str, Any]:
    units = reader.number(row, "quantity", path)
    price, rounding = apart(reader.amount(row, "gross_sales_money", path), units)
    return {
        "sku": reader.text(skus, str(row.get("catalog_object_id")), "skus"),
        "external_line_id": reader.text(row, "uid", path),
        "quantity": units,
        "unit_price_minor": price,
        "discount_minor": rounding + reader.amount(row, "total_discount_money", path),
        "tax_minor": reader.amount(row, "total_tax_money", path),
    }


def _sums(reader: _Reader, order: Document, lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Discounts of the order are on its lines already. Whether tax is inside the prices is told by the sums."""
    charges = reader.amount(order, "total_service_charge_money", "order")
    charges += reader.amount(order, "total_tip_money", "order")
    tax = reader.amount(order, "total_tax_money", "order")
    total = reader.amount(order, "total_money", "order")
    goods = charges + sum(line["quantity"] * line["unit_price_minor"] - line["discount_minor"] for line in lines)
    return {
        "shipping_minor": charges,
        "tax_minor": tax,
        "taxes_included": tax > 0 and total == goods,
        "total_minor": total,
    }


def _payment(reader: _Reader, order: Document) -> dict[str, Any]:
    due = reader.object(order, "net_amount_due_money", "order")
    tenders = reader.rows(order, "tenders", "order")
    owed = reader.amount(order, "net_amount_due_money", "order")
    status = "pending"
    if tenders:
        status = "partially_paid" if due and owed else "paid"
    first = tenders[0] if tenders else {}
    return {
        "status": status,
        "method": reader.text(first, "type", "order.tenders.0"),
        "reference": reader.first(first, ("payment_id", "id"), "order.tenders.0"),
    }


def _people(
    reader: _Reader, document: Document, order: Document, work: Document, rows: Sequence[tuple[str, Document]]
) -> dict[str, Any]:
    kind = str(work.get("type"))
    name = _DETAILS.get(kind, "shipment_details")
    path = f"order.fulfillments.0.{name}"
    details = reader.object(work, name, "order.fulfillments.0")
    recipient = reader.object(details, "recipient", path)
    address, place = reader.object(recipient, "address", f"{path}.recipient"), f"{path}.recipient.address"
    if kind == "PICKUP":
        address, place = reader.object(reader.object(document, "location"), "address", "location"), "location.address"
    if not address:
        reader.fault(place, "is needed: nothing can be sent without it")
    person = reader.person(address, _ADDRESS, place)
    notes = [text for path, row in rows for text in _wishes(reader, row, path)]
    said = [reader.text(details, each, path) for each in ("shipping_note", "dropoff_notes", "note")]
    return {
        "customer": {
            "name": reader.text(recipient, "display_name", f"{path}.recipient") or person["name"],
            "company": None if kind == "PICKUP" else person["company"],
            "email": reader.text(recipient, "email_address", f"{path}.recipient"),
            "phone": reader.text(recipient, "phone_number", f"{path}.recipient"),
        },
        "ship_to": reader.address(address, _ADDRESS, place),
        "delivery": {
            "service": reader.first(details, ("shipping_type", "carrier"), path) or kind.lower(),
            "ship_by": reader.instant(details, "expected_shipped_at", path),
            "deliver_by": reader.instant(details, "deliver_at", path) or reader.instant(details, "pickup_at", path),
            "pickup_location": reader.text(order, "location_id", "order") if kind == "PICKUP" else None,
        },
        "note": note_of(None, [text for text in (*said, *notes) if text]),
    }


def _wishes(reader: _Reader, row: Document, path: str) -> list[str]:
    """What the buyer wants of a line beyond its SKU; what it costs is in the line's amount."""
    modifiers = [
        text
        for place, each in enumerate(reader.rows(row, "modifiers", path))
        if (text := reader.text(each, "name", f"{path}.modifiers.{place}"))
    ]
    named = f"{reader.text(row, 'name', path) or 'item'}: {', '.join(modifiers)}"
    note = reader.text(row, "note", path)
    return ([named] if modifiers else []) + ([note] if note else [])


def _refunds(reader: _Reader, order: Document, order_id: str) -> list[Notice]:
    """Money that went back; a refund that is pending, rejected or failed is none."""
    found: list[Notice] = []
    for place, row in enumerate(reader.rows(order, "refunds", "order")):
        path = f"order.refunds.{place}"
        name = reader.identifier(row, "id", path, needed=True) or ""
        amount = reader.amount(row, "amount_money", path)
        if row.get("status") in ("APPROVED", "COMPLETED"):
            found.append(Refund(order_id, name, amount, reader.currency))
    return found
