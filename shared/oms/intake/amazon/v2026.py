"""An order of the Orders API 2026-01-01, which tells everything in one answer.

Its proceeds are broken down by kind (ITEM, SHIPPING, GIFT_WRAP, COD_FEE, OTHER, TAX, DISCOUNT), for the order and for
each item. Source: models/orders-api-model/orders_2026-01-01.json of amzn/selling-partner-api-models.
"""

from collections.abc import Sequence
from typing import Any

from oms.intake.amazon.model import GONE, OWN_IDS, WAITING, Charges, Wanted, notices, settled, tax_inside
from oms.intake.amounts import AmountNames, AmountReader
from oms.intake.notices import Notice
from oms.intake.reading import AddressNames, Document, apart, at, note_of
from oms.reference.model import Channel

_STATES = {
    "PENDING": WAITING,
    "PENDING_AVAILABILITY": WAITING,
    "SHIPPED": GONE,
    "UNFULFILLABLE": "Amazon says it cannot be fulfilled",
    "CANCELLED": "cancelled",
}
_CHARGES = ("SHIPPING", "GIFT_WRAP", "COD_FEE", "OTHER")
_ADDRESS = AddressNames(
    name=("name",),
    parts_of_name=(),
    company="companyName",
    lines=("addressLine1", "addressLine2", "addressLine3", "municipality"),
    city="city",
    region=("stateOrRegion", "districtOrCounty"),
    postal_code="postalCode",
    country="countryCode",
    phone="phone",
)
_PLACE = "recipient.deliveryAddress"
_THEIRS = {
    "external_order_id": "orderId",
    "external_number": "orderId",
    "placed_at": "createdTime",
    "currency": "proceeds.grandTotal.currencyCode",
    "total_minor": "proceeds.grandTotal",
    "lines": "orderItems",
    "lines.*.sku": "orderItems.*.product.sellerSku",
    "lines.*.external_line_id": "orderItems.*.orderItemId",
    "lines.*.quantity": "orderItems.*.quantityOrdered",
    "lines.*.unit_price_minor": "orderItems.*.product.price.unitPrice",
    "customer.name": f"{_PLACE}.name",
    "customer.company": f"{_PLACE}.companyName",
    "customer.phone": f"{_PLACE}.phone",
    "customer.email": "buyer.buyerEmail",
    "ship_to": _PLACE,
    "ship_to.address_lines": f"{_PLACE}.addressLine1",
    "ship_to.city": f"{_PLACE}.city",
    "ship_to.region": f"{_PLACE}.stateOrRegion",
    "ship_to.postal_code": f"{_PLACE}.postalCode",
    "ship_to.country": f"{_PLACE}.countryCode",
    "delivery.service": "fulfillment.fulfillmentServiceLevel",
}


class _Reader(AmountReader):
    own_ids = OWN_IDS
    names = AmountNames("amount", "currencyCode")

    def parts(self, owner: Document, path: str) -> dict[str, int]:
        """The breakdown of proceeds by kind and by `kind.subtype`; a discount is positive however Amazon signs it."""
        found: dict[str, int] = {}
        proceeds, within = self.object(owner, "proceeds", path), at(path, "proceeds")
        for place, row in enumerate(self.rows(proceeds, "breakdowns", within)):
            where = f"{within}.breakdowns.{place}"
            kind = self.text(row, "type", where) or ""
            amount = self.signed_amount(row, "subtotal", where)
            found[kind] = found.get(kind, 0) + (abs(amount) if kind == "DISCOUNT" else amount)
            for part, detail in enumerate(self.rows(row, "detailedBreakdowns", where)):
                subkind = f"{kind}.{detail.get('subtype')}"
                value = self.signed_amount(detail, "value", f"{where}.detailedBreakdowns.{part}")
                found[subkind] = found.get(subkind, 0) + value
        return found


def read(channel: Channel, document: Document) -> Sequence[Notice]:
    """What a fetched order says.

    Raises:
        RejectedError: it is not a valid order; the faults name Amazon's fields.
    """
    reader = _Reader(_THEIRS)
    order_id = reader.identifier(document, "orderId", needed=True)
    version = reader.instant(document, "lastUpdatedTime")
    work = reader.object(document, "fulfillment")
    state = reader.text(work, "fulfillmentStatus", "fulfillment") or ""
    reader.refuse()
    done = settled(order_id or "", state, _STATES, theirs=work.get("fulfilledBy") == "AMAZON", version=version)
    if done is not None:
        return done
    proceeds = reader.object(document, "proceeds")
    reader.currency = reader.text(reader.object(proceeds, "grandTotal", "proceeds"), "currencyCode") or ""
    rows = [(f"orderItems.{place}", row) for place, row in enumerate(reader.rows(document, "orderItems"))]
    rows = [(path, row) for path, row in rows if reader.number(row, "quantityOrdered", path)]
    lines = [_line(reader, row, path) for path, row in rows]
    parts = [reader.parts(row, path) for path, row in rows]
    tip = reader.parts(document, "").get("DELIVERY_TIP", 0)
    charges = Charges(
        shipping_minor=tip + sum(part.get(kind, 0) for part in parts for kind in _CHARGES),
        tax_minor=sum(part.get("TAX", 0) for part in parts),
        total_minor=reader.amount(proceeds, "grandTotal", "proceeds"),
    )
    ours = {
        "external_order_id": order_id,
        "external_number": order_id,
        "placed_at": reader.instant(document, "createdTime"),
        "currency": reader.currency or None,
        "lines": lines,
        **charges._asdict(),
        "taxes_included": tax_inside(lines, charges),
        "payment": {"status": "pending" if _on_delivery(reader, rows) else "paid"},
        "delivery": _delivery(reader, work),
        **_people(reader, document, rows),
    }
    return notices(reader, channel, ours, version, _wanted(reader, rows), begun=state == "PARTIALLY_SHIPPED")


def _line(reader: _Reader, row: Document, path: str) -> dict[str, Any]:
    units = reader.number(row, "quantityOrdered", path)
    product = reader.object(row, "product", path)
    parts = reader.parts(row, path)
    price, rounding = apart(parts.get("ITEM", 0), units)
    return {
        "sku": reader.text(product, "sellerSku", f"{path}.product"),
        "external_line_id": reader.text(row, "orderItemId", path),
        "quantity": units,
        "unit_price_minor": price,
        "discount_minor": rounding + parts.get("DISCOUNT", 0),
        "tax_minor": parts.get("TAX.ITEM", parts.get("TAX", 0)),
    }


def _on_delivery(reader: _Reader, rows: Sequence[tuple[str, Document]]) -> bool:
    return any(
        "cashOnDelivery" in reader.object(reader.object(work, "shipping"), "shippingConstraints")
        for work in (reader.object(row, "fulfillment", path) for path, row in rows)
    )


def _delivery(reader: _Reader, work: Document) -> dict[str, Any]:
    windows = {name: reader.object(work, name, "fulfillment") for name in ("shipByWindow", "deliverByWindow")}
    return {
        "service": reader.text(work, "fulfillmentServiceLevel", "fulfillment"),
        "ship_by": reader.instant(windows["shipByWindow"], "latestDateTime", "fulfillment.shipByWindow"),
        "deliver_by": reader.instant(windows["deliverByWindow"], "latestDateTime", "fulfillment.deliverByWindow"),
    }


def _people(reader: _Reader, document: Document, rows: Sequence[tuple[str, Document]]) -> dict[str, Any]:
    recipient = reader.object(document, "recipient")
    address = reader.object(recipient, "deliveryAddress", "recipient")
    if not address:
        reader.fault(_PLACE, "is needed: nothing can be sent without it")
    buyer = reader.object(document, "buyer")
    person = reader.person(address, _ADDRESS, _PLACE)
    person["name"] = person["name"] or reader.text(buyer, "buyerName", "buyer")
    person["company"] = person["company"] or reader.text(buyer, "buyerCompanyName", "buyer")
    person["email"] = reader.text(buyer, "buyerEmail", "buyer")
    number = reader.text(buyer, "buyerPurchaseOrderNumber", "buyer")
    wishes = reader.object(recipient, "deliveryPreference", "recipient")
    names = ("dropOffLocation", "addressInstruction")
    said = [text for name in names if (text := reader.text(wishes, name, "recipient.deliveryPreference"))]
    gifts = [_gift(reader, row, path) for path, row in rows]
    skus = [reader.object(row, "product", path).get("sellerSku") for path, row in rows]
    wraps = [
        f"Gift wrap for {sku}: {wrap}"
        for sku, gift in zip(skus, gifts, strict=True)
        if (wrap := reader.text(gift, "giftWrapLevel"))
    ]
    messages = [text for gift in gifts if (text := reader.long_text(gift, "giftMessage"))]
    return {
        "customer": person,
        "ship_to": reader.address(address, _ADDRESS, _PLACE),
        "note": note_of(None, [*said, *([f"Purchase order {number}"] if number else []), *wraps]),
        "gift_message": note_of(None, dict.fromkeys(messages)),
    }


def _gift(reader: _Reader, row: Document, path: str) -> Document:
    work = reader.object(row, "fulfillment", path)
    return reader.object(reader.object(work, "packing", path), "giftOption", path)


def _wanted(reader: _Reader, rows: Sequence[tuple[str, Document]]) -> Wanted | None:
    """A request of the buyer that nobody has carried out yet."""
    units: dict[str, int] = {}
    reasons: list[str] = []
    for path, row in rows:
        where = f"{path}.cancellation"
        cancellation = reader.object(row, "cancellation", path)
        asked = reader.object(cancellation, "cancellationRequest", where)
        if asked and not reader.object(cancellation, "cancellationExecution", where):
            units[reader.text(row, "orderItemId", path) or ""] = reader.number(row, "quantityOrdered", path)
            reasons.append(reader.text(asked, "cancelReason", f"{where}.cancellationRequest") or "")
    return Wanted(units, next(filter(None, reasons), "the buyer asks")) if units else None
