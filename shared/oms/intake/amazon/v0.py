"""An order of the Orders API v0, as the gateway puts it together: `{"order", "orderItems", "address"}`.

`ItemPrice` is the price of all units of the line. Whether tax is inside the prices differs by marketplace (US: on top,
EU: inside); `OrderTotal` decides. https://developer-docs.amazon.com/sp-api/docs/orders-api-v0-reference
"""

from collections.abc import Sequence
from typing import Any

from oms.intake.amazon.model import GONE, OWN_IDS, WAITING, Charges, Wanted, notices, settled, tax_inside
from oms.intake.amounts import AmountNames, AmountReader
from oms.intake.notices import Notice
from oms.intake.reading import AddressNames, Document, apart, note_of
from oms.kernel.errors import Fault, MalformedError
from oms.reference.model import Channel

_STATES = {
    "Pending": WAITING,
    "PendingAvailability": WAITING,
    "Shipped": GONE,
    "InvoiceUnconfirmed": GONE,  # Brazil: shipped, the invoice is not confirmed
    "Unfulfillable": "Amazon says it cannot be fulfilled",
    "Canceled": "cancelled",
}
_ADDRESS = AddressNames(
    name=("Name",),
    parts_of_name=(),
    company="CompanyName",
    lines=("AddressLine1", "AddressLine2", "AddressLine3", "District", "Municipality"),
    city="City",
    region=("StateOrRegion", "County"),
    postal_code="PostalCode",
    country="CountryCode",
    phone="Phone",
)
_THEIRS = {
    "external_order_id": "order.AmazonOrderId",
    "external_number": "order.AmazonOrderId",
    "placed_at": "order.PurchaseDate",
    "currency": "order.OrderTotal.CurrencyCode",
    "total_minor": "order.OrderTotal",
    "lines": "orderItems",
    "lines.*.sku": "orderItems.*.SellerSKU",
    "lines.*.external_line_id": "orderItems.*.OrderItemId",
    "lines.*.quantity": "orderItems.*.QuantityOrdered",
    "lines.*.unit_price_minor": "orderItems.*.ItemPrice",
    "lines.*.tax_minor": "orderItems.*.ItemTax",
    "customer.name": "address.ShippingAddress.Name",
    "customer.company": "address.ShippingAddress.CompanyName",
    "customer.phone": "address.ShippingAddress.Phone",
    "customer.email": "order.BuyerInfo.BuyerEmail",
    "ship_to": "address.ShippingAddress",
    "ship_to.address_lines": "address.ShippingAddress.AddressLine1",
    "ship_to.city": "address.ShippingAddress.City",
    "ship_to.region": "address.ShippingAddress.StateOrRegion",
    "ship_to.postal_code": "address.ShippingAddress.PostalCode",
    "ship_to.country": "address.ShippingAddress.CountryCode",
    "delivery.ship_by": "order.LatestShipDate",
    "delivery.deliver_by": "order.LatestDeliveryDate",
    "delivery.service": "order.ShipServiceLevel",
    "delivery.pickup_location": "orderItems.0.StoreChainStoreId",
    "payment.method": "order.PaymentMethod",
}


class _Reader(AmountReader):
    own_ids = OWN_IDS
    names = AmountNames("Amount", "CurrencyCode")


def read(channel: Channel, document: Document) -> Sequence[Notice]:
    """What a fetched order says.

    Raises:
        RejectedError: it is not a valid order; the faults name Amazon's fields.
    """
    reader = _Reader(_THEIRS)
    order = reader.object(document, "order")
    if not order:
        raise MalformedError("a fetched order has an order", faults=[Fault("order", "must be an object")])
    order_id = reader.identifier(order, "AmazonOrderId", "order", needed=True)
    version = reader.instant(order, "LastUpdateDate", "order")
    state = reader.text(order, "OrderStatus", "order") or ""
    reader.refuse()
    done = settled(order_id or "", state, _STATES, theirs=order.get("FulfillmentChannel") == "AFN", version=version)
    if done is not None:
        return done
    reader.currency = reader.text(reader.object(order, "OrderTotal", "order"), "CurrencyCode") or ""
    rows = [(f"orderItems.{place}", row) for place, row in enumerate(reader.rows(document, "orderItems"))]
    # Amazon keeps a cancelled item on the order, with none ordered.
    rows = [(path, row) for path, row in rows if reader.number(row, "QuantityOrdered", path)]
    lines = [_line(reader, row, path) for path, row in rows]
    charges = Charges(
        shipping_minor=sum(_shipping(reader, row, path) for path, row in rows),
        tax_minor=sum(_taxes(reader, row, path) for path, row in rows),
        total_minor=reader.amount(order, "OrderTotal", "order"),
    )
    ours = {
        "external_order_id": order_id,
        "external_number": order_id,
        "placed_at": reader.instant(order, "PurchaseDate", "order"),
        "currency": reader.currency or None,
        "lines": lines,
        **charges._asdict(),
        "taxes_included": tax_inside(lines, charges),
        "payment": _payment(reader, order),
        "delivery": _delivery(reader, order, rows),
        **_people(reader, document, order, rows),
    }
    return notices(reader, channel, ours, version, _wanted(reader, rows), begun=state == "PartiallyShipped")


def _line(reader: _Reader, row: Document, path: str) -> dict[str, Any]:
    units = reader.number(row, "QuantityOrdered", path)
    price, rounding = apart(reader.amount(row, "ItemPrice", path), units)
    return {
        "sku": reader.text(row, "SellerSKU", path),
        "external_line_id": reader.text(row, "OrderItemId", path),
        "quantity": units,
        "unit_price_minor": price,
        "discount_minor": rounding + reader.amount(row, "PromotionDiscount", path),
        "tax_minor": max(
            reader.amount(row, "ItemTax", path) - reader.amount(row, "PromotionDiscountTax", path),
            0,
        ),
    }


def _shipping(reader: _Reader, row: Document, path: str) -> int:
    """Postage, gift wrap and the fee for cash on delivery, less what was granted on them."""
    gift = reader.object(row, "BuyerInfo", path)
    charged = reader.amount(row, "ShippingPrice", path) + reader.amount(row, "CODFee", path)
    granted = reader.amount(row, "ShippingDiscount", path) + reader.amount(row, "CODFeeDiscount", path)
    return max(charged + reader.amount(gift, "GiftWrapPrice", f"{path}.BuyerInfo") - granted, 0)


def _taxes(reader: _Reader, row: Document, path: str) -> int:
    gift = reader.object(row, "BuyerInfo", path)
    taxed = reader.amount(row, "ItemTax", path) + reader.amount(row, "ShippingTax", path)
    less = reader.amount(row, "PromotionDiscountTax", path) + reader.amount(row, "ShippingDiscountTax", path)
    return max(taxed + reader.amount(gift, "GiftWrapTax", f"{path}.BuyerInfo") - less, 0)


def _payment(reader: _Reader, order: Document) -> dict[str, Any]:
    """Amazon lets an order be shipped only when it has the money, except for cash on delivery."""
    method = reader.text(order, "PaymentMethod", "order")
    details = order.get("PaymentMethodDetails")
    named = [part for part in details if isinstance(part, str) and part] if isinstance(details, list) else []
    return {"status": "pending" if method == "COD" else "paid", "method": ", ".join(named)[:120] or method}


def _delivery(reader: _Reader, order: Document, rows: Sequence[tuple[str, Document]]) -> dict[str, Any]:
    stores = [store for path, row in rows if (store := reader.text(row, "StoreChainStoreId", path))]
    return {
        "service": reader.first(order, ("ShipServiceLevel", "ShipmentServiceLevelCategory"), "order"),
        "ship_by": reader.instant(order, "LatestShipDate", "order"),
        "deliver_by": reader.instant(order, "LatestDeliveryDate", "order"),
        "pickup_location": stores[0] if stores and order.get("IsISPU") is True else None,
    }


def _people(
    reader: _Reader, document: Document, order: Document, rows: Sequence[tuple[str, Document]]
) -> dict[str, Any]:
    path = "address.ShippingAddress"
    answer = reader.object(document, "address")
    address = reader.object(answer, "ShippingAddress", "address")
    if not address:
        reader.fault(path, "is needed: nothing can be sent without it")
    buyer = reader.object(order, "BuyerInfo", "order")
    person = reader.person(address, _ADDRESS, path)
    tax = reader.object(buyer, "BuyerTaxInfo", "order.BuyerInfo")
    person["name"] = person["name"] or reader.text(buyer, "BuyerName", "order.BuyerInfo")
    person["company"] = person["company"] or reader.text(tax, "CompanyLegalName", "order.BuyerInfo.BuyerTaxInfo")
    person["email"] = reader.text(buyer, "BuyerEmail", "order.BuyerInfo")
    gifts = [(reader.object(row, "BuyerInfo", path), row, f"{path}.BuyerInfo") for path, row in rows]
    said = [text for gift, _, where in gifts if (text := reader.long_text(gift, "GiftMessageText", where))]
    return {
        "customer": person,
        "ship_to": reader.address(address, _ADDRESS, path),
        "note": note_of(None, [*_wishes(reader, answer), *_extras(reader, buyer, gifts)]),
        "gift_message": note_of(None, dict.fromkeys(said)),
    }


def _wishes(reader: _Reader, answer: Document) -> list[str]:
    """How the buyer wants it delivered."""
    wishes = reader.object(answer, "DeliveryPreferences", "address")
    names = ("DropOffLocation", "AddressInstructions")
    return [text for name in names if (text := reader.text(wishes, name, "address.DeliveryPreferences"))]


def _extras(reader: _Reader, buyer: Document, gifts: Sequence[tuple[Document, Document, str]]) -> list[str]:
    """What a person needs to know and no field of ours holds."""
    number = reader.text(buyer, "PurchaseOrderNumber", "order.BuyerInfo")
    wraps = [(reader.text(gift, "GiftWrapLevel", where), row.get("SellerSKU")) for gift, row, where in gifts]
    ordered = [f"Purchase order {number}"] if number else []
    return ordered + [f"Gift wrap for {sku}: {wrap}" for wrap, sku in wraps if wrap]


def _wanted(reader: _Reader, rows: Sequence[tuple[str, Document]]) -> Wanted | None:
    units: dict[str, int] = {}
    reasons: list[str] = []
    for path, row in rows:
        asked = reader.object(row, "BuyerRequestedCancel", path)
        if str(asked.get("IsBuyerRequestedCancel")).lower() == "true":
            line = reader.text(row, "OrderItemId", path) or ""
            units[line] = reader.number(row, "QuantityOrdered", path)
            reasons.append(reader.text(asked, "BuyerCancelReason", f"{path}.BuyerRequestedCancel") or "")
    return Wanted(units, next(filter(None, reasons), "the buyer asks")) if units else None
