"""An order of BigCommerce's V2 API with its products, addresses and refunds, as ours.

Amounts carry four decimals, with and without tax. What the buyer pays adds up with tax inside, so that is what is
taken, rounded to the minor unit; what rounding leaves over (less than a unit for each amount) goes to the discount or
to shipping. `discount_amount` and `coupon_discount` include what `applied_discounts` says of each product.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from typing import Any

from oms.intake.notices import Cancellation, Ignored, Notice, Refund, Shipped, Snapshot
from oms.intake.reading import AddressNames, Document, Reader, apart, at, note_of
from oms.kernel.errors import Fault, MalformedError
from oms.kernel.money import exponent
from oms.kernel.time import to_text
from oms.reference.model import Channel

# https://developer.bigcommerce.com/docs/rest-management/orders/order-status
_CANCELLED = frozenset({4, 5, 6})  # refunded, cancelled, declined
_NOT_OURS = {
    0: "the checkout is not finished",
    2: "it was shipped already",
    10: "it was completed already",
}
_SHIPPED = frozenset({2, 10})
_WAITS_FOR_MONEY = 7
_PARTLY_SHIPPED = 3
_PAID = {
    "authorized": "authorized",
    "held for review": "pending",
    "capture pending": "authorized",
    "captured": "paid",
    "paid": "paid",
    "pending": "pending",
    "declined": "none",
    "void": "none",
    "void pending": "none",
    "partially refunded": "partially_refunded",
    "refunded": "refunded",
}
_ADDRESS = AddressNames(
    lines=("street_1", "street_2"),
    region=("state",),
    postal_code="zip",
    country="country_iso2",
)
_CHARGES = ("shipping_cost_inc_tax", "handling_cost_inc_tax", "wrapping_cost_inc_tax")
_SHIP_TO = "shipping_addresses.0"
_THEIRS = {
    "external_order_id": "order.id",
    "external_number": "order.id",
    "placed_at": "order.date_created",
    "currency": "order.default_currency_code",
    "total_minor": "order.total_inc_tax",
    "tax_minor": "order.total_tax",
    "shipping_minor": "order.shipping_cost_inc_tax",
    "discount_minor": "order.discount_amount",
    "lines": "products",
    "lines.*.external_line_id": "products.*.id",
    "lines.*.unit_price_minor": "products.*.total_inc_tax",
    "lines.*.tax_minor": "products.*.total_tax",
    "lines.*.discount_minor": "products.*.applied_discounts",
    "customer": _SHIP_TO,
    "ship_to": _SHIP_TO,
    "ship_to.address_lines": f"{_SHIP_TO}.street_1",
    "ship_to.region": f"{_SHIP_TO}.state",
    "ship_to.postal_code": f"{_SHIP_TO}.zip",
    "ship_to.country": f"{_SHIP_TO}.country_iso2",
    "bill_to": "order.billing_address",
    "delivery.service": f"{_SHIP_TO}.shipping_method",
    "payment.method": "order.payment_method",
    "payment.reference": "order.payment_provider_id",
    "note": "order.customer_message",
}


class _Reader(Reader):
    def rounded(self, owner: Document, name: str, path: str) -> int:
        """Minor units of an amount with four decimals, half up; not negative."""
        value = owner.get(name)
        if value is None or value == "":
            return 0
        try:
            amount = Decimal(str(value)) if isinstance(value, str | int | Decimal) else None
            scaled = amount.scaleb(exponent(self.currency)) if amount is not None and amount.is_finite() else None
            if scaled is not None and 0 <= scaled < 10**15:
                return int(scaled.quantize(Decimal(1), ROUND_HALF_UP))
        except InvalidOperation:
            pass
        self.fault(at(path, name), "must be an amount, not negative")
        return 0

    def when(self, owner: Document, name: str, path: str) -> str | None:
        """`Tue, 05 Mar 2019 21:40:11 +0000` as UTC text."""
        written = self.text(owner, name, path)
        if written is None:
            return None
        try:
            return to_text(parsedate_to_datetime(written))
        except (ValueError, OverflowError):
            self.fault(at(path, name), "must be a date as in RFC 2822, with its offset")
            return None


def read(channel: Channel, document: Document) -> Sequence[Notice]:
    """What a fetched order says.

    Raises:
        RejectedError: it is not a valid order; the faults name BigCommerce's fields.
    """
    reader = _Reader(_THEIRS)
    order = reader.object(document, "order")
    if not order:
        raise MalformedError("a fetched order has an order", faults=[Fault("order", "must be an object")])
    order_id = reader.identifier(order, "id", "order", needed=True) or ""
    version = reader.when(order, "date_modified", "order")
    reader.currency = reader.first(order, ("default_currency_code", "currency_code"), "order") or ""
    refunds = _refunds(reader, document, order_id)
    status = reader.number(order, "status_id", "order")
    reader.refuse()
    if status in _CANCELLED:
        return [Cancellation(order_id, f"BigCommerce status {status}", version=version), *refunds]
    why_not = _NOT_OURS.get(status) or ("it was archived" if order.get("is_deleted") is True else None)
    why_not = why_not or ("nothing of it is shipped" if order.get("order_is_digital") is True else None)
    if why_not is not None:
        return [*refunds, Shipped(order_id, why_not, version) if status in _SHIPPED else Ignored(why_not)]
    rows = [(f"products.{place}", row) for place, row in enumerate(reader.rows(document, "products"))]
    granted = [_granted(reader, row, path) for path, row in rows]
    lines = [_line(reader, row, path, less) for (path, row), less in zip(rows, granted, strict=True)]
    address, path = _address(reader, document)
    ship_to = reader.address(address, _ADDRESS, path)
    customer = reader.person(address, _ADDRESS, path)
    billing = reader.object(order, "billing_address", "order")
    place = {**ship_to, "name": customer["name"], "company": customer["company"]}
    ours = {
        "channel": channel.name,
        "external_order_id": order_id,
        "external_number": order_id,
        "placed_at": reader.when(order, "date_created", "order"),
        "currency": reader.currency or None,
        "lines": lines,
        **_sums(reader, order, lines, sum(granted)),
        "taxes_included": True,
        "customer": {**customer, "email": _email(reader, address, path, billing)},
        "ship_to": ship_to,
        "bill_to": reader.bill_to(billing, _ADDRESS, "order.billing_address", place),
        "payment": _payment(reader, order, status),
        "delivery": {"service": reader.text(address, "shipping_method", path)},
        **_words(reader, order, document, (address, billing)),
    }
    return [Snapshot(reader.order(ours), version, begun=status == _PARTLY_SHIPPED), *refunds]


def _granted(reader: _Reader, row: Document, path: str) -> int:
    """The product's share of the order's discounts; never more than it costs."""
    parts = reader.rows(row, "applied_discounts", path)
    granted = sum(
        reader.rounded(part, "amount", f"{path}.applied_discounts.{place}") for place, part in enumerate(parts)
    )
    return min(granted, reader.rounded(row, "total_inc_tax", path))


def _line(reader: _Reader, row: Document, path: str, granted: int) -> dict[str, Any]:
    units = reader.number(row, "quantity", path)
    price, rounding = apart(reader.rounded(row, "total_inc_tax", path), units)
    return {
        "sku": reader.text(row, "sku", path),
        "external_line_id": reader.identifier(row, "id", path),
        "quantity": units,
        "unit_price_minor": price,
        "discount_minor": rounding + granted,
        "tax_minor": reader.rounded(row, "total_tax", path),
    }


def _sums(reader: _Reader, order: Document, lines: Sequence[dict[str, Any]], on_lines: int) -> dict[str, int]:
    shipping = sum(reader.rounded(order, name, "order") for name in _CHARGES)
    granted = reader.rounded(order, "discount_amount", "order") + reader.rounded(order, "coupon_discount", "order")
    total = reader.rounded(order, "total_inc_tax", "order")
    net = sum(line["quantity"] * line["unit_price_minor"] - line["discount_minor"] for line in lines)
    discount = max(granted - on_lines, 0)
    over = net + shipping - discount - total
    credit = reader.rounded(order, "store_credit_amount", "order")
    credit += reader.rounded(order, "gift_certificate_amount", "order")
    # Rounding; and what was paid with credit, where the total is what was left to pay.
    if min(abs(over), abs(over - credit)) <= len(lines) + len(_CHARGES):
        discount, shipping = discount + max(over, 0), shipping + max(-over, 0)
    return {
        "shipping_minor": shipping,
        "discount_minor": discount,
        "tax_minor": reader.rounded(order, "total_tax", "order"),
        "total_minor": total,
    }


def _address(reader: _Reader, document: Document) -> tuple[Document, str]:
    """The one place that items go to; the others stand in the order with none."""
    found = [
        (f"shipping_addresses.{place}", row) for place, row in enumerate(reader.rows(document, "shipping_addresses"))
    ]
    used = [(path, row) for path, row in found if row.get("items_total")] or found[:1]
    if len(used) > 1:
        reader.fault("shipping_addresses", "must be one: an order goes to one address")
    if not used:
        reader.fault("shipping_addresses", "is needed: nothing can be sent without it")
        return {}, _SHIP_TO
    return used[0][1], used[0][0]


def _email(reader: _Reader, address: Document, path: str, billing: Document) -> str | None:
    return reader.text(address, "email", path) or reader.text(billing, "email", "order.billing_address")


def _payment(reader: _Reader, order: Document, status: int) -> dict[str, Any]:
    said = (reader.text(order, "payment_status", "order") or "").lower()
    return {
        "status": _PAID.get(said, said) if said else ("pending" if status == _WAITS_FOR_MONEY else "none"),
        "method": reader.text(order, "payment_method", "order"),
        "reference": reader.text(order, "payment_provider_id", "order"),
    }


def _words(
    reader: _Reader, order: Document, document: Document, addresses: Sequence[Document]
) -> dict[str, str | None]:
    """The buyer's message, what the shop's own fields of the address hold (how to deliver, say), and gift wraps."""
    fields = [
        f"{field.get('name')}: {value}"
        for owner in addresses
        for field in reader.rows(owner, "form_fields")
        if isinstance(value := field.get("value"), str) and value.strip()
    ]
    products = reader.rows(document, "products")
    wraps = [
        f"Gift wrap for {row.get('sku')}: {wrap}" for row in products if (wrap := reader.text(row, "wrapping_name"))
    ]
    said = [text for row in products if (text := reader.long_text(row, "wrapping_message"))]
    return {
        "note": note_of(reader.long_text(order, "customer_message", "order"), dict.fromkeys([*fields, *wraps])),
        "gift_message": note_of(None, dict.fromkeys(said)),
    }


def _refunds(reader: _Reader, document: Document, order_id: str) -> list[Notice]:
    found: list[Notice] = []
    for place, row in enumerate(reader.rows(document, "refunds")):
        path = f"refunds.{place}"
        name = reader.identifier(row, "id", path, needed=True) or ""
        amount = reader.rounded(row, "total_amount", path)
        units = {
            line: reader.number(item, "quantity", f"{path}.items.{number}")
            for number, item in enumerate(reader.rows(row, "items", path))
            if item.get("item_type") == "PRODUCT"
            and (line := reader.identifier(item, "item_id", f"{path}.items.{number}"))
        }
        found.append(Refund(order_id, name, amount, reader.currency, units))
    return found
