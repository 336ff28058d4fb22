"""An order of eBay's Fulfillment API, as ours.

`lineItemCost` is of all units, before discounts; a price that eBay converted for display is taken as it was before
(`convertedFromValue`); tax that eBay collects and remits is not in the order's total and none of ours. A seller who
gives listings no SKU may name other fields in the channel's option `sku_from`, such as `sku,legacyItemId`.
https://developer.ebay.com/api-docs/sell/fulfillment/types/sel:Order
"""

import re
from collections.abc import Sequence
from typing import Any

from oms.intake.amounts import AmountNames, AmountReader
from oms.intake.notices import Cancellation, Ignored, Notice, Refund, Shipped, Snapshot
from oms.intake.reading import AddressNames, Document, apart, note_of
from oms.reference.model import Channel

_PAID = {
    "PAID": "paid",
    "PENDING": "pending",
    "FAILED": "none",
    "FULLY_REFUNDED": "refunded",
    "PARTIALLY_REFUNDED": "partially_refunded",
}
_ADDRESS = AddressNames(
    name=("fullName",),
    parts_of_name=(),
    company="companyName",
    lines=("addressLine1", "addressLine2"),
    city="city",
    region=("stateOrProvince", "county"),
    postal_code="postalCode",
    country="countryCode",
    phone="phoneNumber",
)
_SHIP_TO = "fulfillmentStartInstructions.0.shippingStep.shipTo"
_SHIPPED = "eBay says it was shipped already"
_THEIRS = {
    "external_order_id": "orderId",
    "external_number": "orderId",
    "placed_at": "creationDate",
    "currency": "pricingSummary.total.currency",
    "total_minor": "pricingSummary.total",
    "tax_minor": "pricingSummary.tax",
    "shipping_minor": "pricingSummary.deliveryCost",
    "discount_minor": "pricingSummary.priceDiscount",
    "lines": "lineItems",
    "lines.*.external_line_id": "lineItems.*.lineItemId",
    "lines.*.unit_price_minor": "lineItems.*.lineItemCost",
    "lines.*.discount_minor": "lineItems.*.discountedLineItemCost",
    "lines.*.tax_minor": "lineItems.*.taxes",
    "customer.name": f"{_SHIP_TO}.fullName",
    "customer.company": f"{_SHIP_TO}.companyName",
    "customer.email": f"{_SHIP_TO}.email",
    "customer.phone": f"{_SHIP_TO}.primaryPhone.phoneNumber",
    "ship_to": f"{_SHIP_TO}.contactAddress",
    "ship_to.address_lines": f"{_SHIP_TO}.contactAddress.addressLine1",
    "ship_to.region": f"{_SHIP_TO}.contactAddress.stateOrProvince",
    "ship_to.postal_code": f"{_SHIP_TO}.contactAddress.postalCode",
    "ship_to.country": f"{_SHIP_TO}.contactAddress.countryCode",
    "payment": "orderPaymentStatus",
    "note": "buyerCheckoutNotes",
}


OWN_IDS = re.compile(r"\d{14}")  # of an item; those of orders have fewer digits


class _Reader(AmountReader):
    own_ids = OWN_IDS

    def sized(self, owner: Document, name: str, path: str) -> int:
        """An amount without its sign: eBay writes discounts below zero."""
        return abs(self.signed_amount(owner, name, path))


def read(channel: Channel, order: Document) -> Sequence[Notice]:
    """What a fetched order says.

    Raises:
        RejectedError: it is not a valid order; the faults name eBay's fields.
    """
    reader = _Reader(_THEIRS)
    order_id = reader.identifier(order, "orderId", needed=True) or ""
    version = reader.instant(order, "lastModifiedDate")
    summary = reader.object(order, "pricingSummary")
    total = reader.object(summary, "total", "pricingSummary")
    if total.get("convertedFromCurrency"):
        reader.names = AmountNames("convertedFromValue", "convertedFromCurrency")
    reader.currency = reader.text(total, reader.names.currency, "pricingSummary.total") or ""
    cancel = reader.object(order, "cancelStatus")
    refunds = _refunds(reader, order, order_id)
    reader.refuse()
    if cancel.get("cancelState") == "CANCELED":
        return [Cancellation(order_id, _why(reader, cancel), version=version), *refunds]
    instruction, why_not = _instruction(reader, order)
    if why_not is not None:
        return [*refunds, Shipped(order_id, why_not, version) if why_not == _SHIPPED else Ignored(why_not)]
    rows = [(f"lineItems.{place}", row) for place, row in enumerate(reader.rows(order, "lineItems"))]
    reduced = [_reduced(reader, row, path) for path, row in rows]
    skus = channel.options.get("sku_from", "sku").split(",")
    lines = [_line(reader, row, path, less, skus) for (path, row), less in zip(rows, reduced, strict=True)]
    ours = {
        "channel": channel.name,
        "external_order_id": order_id,
        "external_number": order_id,
        "placed_at": reader.instant(order, "creationDate"),
        "currency": reader.currency or None,
        "lines": lines,
        **_sums(reader, summary, sum(reduced)),
        "payment": _payment(reader, order),
        "delivery": _delivery(reader, instruction, rows),
        **_people(reader, order, instruction, rows),
    }
    begun = order.get("orderFulfillmentStatus") == "IN_PROGRESS"
    found: list[Notice] = [Snapshot(reader.order(ours), version, begun=begun)]
    if _asked(reader, cancel):
        found.append(Cancellation(order_id, _why(reader, cancel), asked=True, version=version))
    return [*found, *refunds]


def _instruction(reader: _Reader, order: Document) -> tuple[Document, str | None]:
    """How it is to be sent; or why it is none of our work."""
    if order.get("orderFulfillmentStatus") == "FULFILLED":
        return {}, _SHIPPED
    instructions = reader.rows(order, "fulfillmentStartInstructions")
    kinds = [each.get("fulfillmentInstructionsType") for each in instructions]
    if kinds and all(kind in ("DIGITAL", "FULFILLED_BY_EBAY") for kind in kinds):
        return {}, "nothing of it is shipped by us"
    places = {str(reader.object(each, "shippingStep").get("shipTo")) for each in instructions}
    if len(places) > 1:
        reader.fault("fulfillmentStartInstructions", "must lead to one address")
    return (instructions[0] if instructions else {}), None


def _reduced(reader: _Reader, row: Document, path: str) -> int:
    """What promotions take off a line."""
    if not row.get("discountedLineItemCost"):
        return 0
    return max(reader.amount(row, "lineItemCost", path) - reader.amount(row, "discountedLineItemCost", path), 0)


def _line(reader: _Reader, row: Document, path: str, reduced: int, skus: Sequence[str]) -> dict[str, Any]:
    units = reader.number(row, "quantity", path)
    price, rounding = apart(reader.amount(row, "lineItemCost", path), units)
    taxes = [
        reader.amount(tax, "amount", f"{path}.taxes.{place}")
        for place, tax in enumerate(reader.rows(row, "taxes", path))
    ]
    return {
        "sku": reader.first(row, skus, path),
        "external_line_id": reader.identifier(row, "lineItemId", path),
        "quantity": units,
        "unit_price_minor": price,
        "discount_minor": rounding + reduced,
        "tax_minor": 0 if row.get("ebayCollectAndRemitTaxes") else sum(taxes),
    }


def _sums(reader: _Reader, summary: Document, reduced: int) -> dict[str, int]:
    """The order's own sums; `priceDiscount` includes what the lines were reduced by."""
    path = "pricingSummary"
    adjustment = reader.signed_amount(summary, "adjustment", path)
    charges = reader.amount(summary, "deliveryCost", path) + reader.amount(summary, "fee", path)
    return {
        "shipping_minor": max(charges - reader.sized(summary, "deliveryDiscount", path) + max(adjustment, 0), 0),
        "discount_minor": max(reader.sized(summary, "priceDiscount", path) - reduced, 0) + max(-adjustment, 0),
        "tax_minor": reader.amount(summary, "tax", path),
        "total_minor": reader.amount(summary, "total", path),
    }


def _payment(reader: _Reader, order: Document) -> dict[str, Any]:
    status = reader.text(order, "orderPaymentStatus") or ""
    payments = reader.rows(reader.object(order, "paymentSummary"), "payments", "paymentSummary")
    first = payments[0] if payments else {}
    return {
        "status": _PAID.get(status, status),
        "method": reader.text(first, "paymentMethod", "paymentSummary.payments.0"),
        "reference": reader.text(first, "paymentReferenceId", "paymentSummary.payments.0"),
    }


def _delivery(reader: _Reader, instruction: Document, rows: Sequence[tuple[str, Document]]) -> dict[str, Any]:
    step = reader.object(instruction, "shippingStep")
    carrier, service = (reader.text(step, name) for name in ("shippingCarrierCode", "shippingServiceCode"))
    orders = [(reader.object(row, "lineItemFulfillmentInstructions", path), path) for path, row in rows]
    ship_by = [at for each, path in orders if (at := reader.instant(each, "shipByDate", path))]
    pickup = reader.object(instruction, "pickupStep")
    return {
        "service": " ".join(part for part in (carrier, service) if part) or None,
        "ship_by": min(ship_by, default=None),
        "deliver_by": reader.instant(instruction, "maxEstimatedDeliveryDate", "fulfillmentStartInstructions.0"),
        "pickup_location": reader.text(pickup, "merchantLocationKey"),
    }


def _people(
    reader: _Reader, order: Document, instruction: Document, rows: Sequence[tuple[str, Document]]
) -> dict[str, Any]:
    step = reader.object(instruction, "shippingStep")
    recipient = reader.object(step, "shipTo")
    if not recipient:
        reader.fault(_SHIP_TO, "is needed: nothing can be sent without it")
    phone = reader.text(reader.object(recipient, "primaryPhone", _SHIP_TO), "phoneNumber", _SHIP_TO)
    place = reader.address(reader.object(recipient, "contactAddress", _SHIP_TO), _ADDRESS, f"{_SHIP_TO}.contactAddress")
    # Without it on the label the hub of the Global Shipping Program cannot tell whose parcel it is.
    hub = reader.text(step, "shipToReferenceId")
    if hub and not any(hub in line for line in place["address_lines"]):
        place["address_lines"].append(f"Reference #{hub}")
    gifts = [reader.object(row, "giftDetails", path) for path, row in rows]
    said = [text for gift in gifts if (text := reader.long_text(gift, "message"))]
    return {
        "customer": {
            "name": reader.text(recipient, "fullName", _SHIP_TO),
            "company": reader.text(recipient, "companyName", _SHIP_TO),
            "email": reader.text(recipient, "email", _SHIP_TO),
            "phone": phone,
        },
        "ship_to": place,
        "note": note_of(reader.long_text(order, "buyerCheckoutNotes"), []),
        "gift_message": note_of(None, dict.fromkeys(said)),
    }


def _asked(reader: _Reader, cancel: Document) -> bool:
    return cancel.get("cancelState") == "IN_PROGRESS" and any(
        each.get("cancelInitiator") == "BUYER" for each in reader.rows(cancel, "cancelRequests", "cancelStatus")
    )


def _why(reader: _Reader, cancel: Document) -> str:
    requests = reader.rows(cancel, "cancelRequests", "cancelStatus")
    reasons = [each.get("cancelReason") or each.get("cancelInitiator") for each in requests]
    return next((reason[:120] for reason in reasons if isinstance(reason, str) and reason), "cancelled at eBay")


def _refunds(reader: _Reader, order: Document, order_id: str) -> list[Notice]:
    """Money that went back; one that is still pending or failed is none."""
    path = "paymentSummary.refunds"
    found: list[Notice] = []
    for place, row in enumerate(reader.rows(reader.object(order, "paymentSummary"), "refunds", "paymentSummary")):
        where = f"{path}.{place}"
        amount = reader.amount(row, "amount", where)
        name = reader.first(row, ("refundId", "refundReferenceId"), where)
        if row.get("refundStatus") == "REFUNDED" and name and amount:
            found.append(Refund(order_id, name, amount, reader.currency))
    return found
