"""Magento / Adobe Commerce: the order of `GET /V1/orders`, of an event, and of a webhook; credit memos of events.

Two ways in are signed, both RSA-SHA256 over the raw body, base64:

- Adobe I/O Events: `x-adobe-digital-signature-1` and `-2`; the `x-adobe-public-key1-path` headers name the keys, which
  the channel has under these names (https://developer.adobe.com/events/docs/guides/sdk/sdk-signature-verification).
- Adobe Commerce webhooks: `x-adobe-commerce-webhook-signature`; the public key is the channel's current or previous
  secret (https://developer.adobe.com/commerce/extensibility/webhooks/signature-verification).

An event whose fields were cut down to less than an order asks for a fetch. Magento Open Source sends nothing: poll it.

How its amounts become ours, all without tax and in the currency of the order:

- `row_total` is before discounts; `discount_amount` of the order is negative and holds the lines' and shipping's.
- Discount tax compensation puts back tax that was inside of a discount. Gift cards, store credit and reward points are
  ways to pay: the total is with them.
- A configurable product is one line, by the SKU that was chosen; a bundle is what is in it.
- What is virtual or downloaded is a charge; fixed product taxes (WEEE) and gift wrap are charges too.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from oms.intake.model import NewOrder
from oms.intake.notices import Arrival, Cancellation, ChannelSecrets, Fetch, Ignored, Notice, Refund, Shipped, Snapshot
from oms.intake.reading import AddressNames, Document, Reader, apart, at, note_of, read_object, settled
from oms.intake.signatures import from_base64, signed_by_key
from oms.kernel.errors import RejectedError
from oms.kernel.money import share
from oms.reference.model import Channel

_WEBHOOK = "x-adobe-commerce-webhook-signature"
_NOT_SHIPPED = {"virtual", "downloadable", "giftcard"}
_STREET = 4
_ADDRESS = AddressNames(
    name=(),
    parts_of_name=("prefix", "firstname", "middlename", "lastname", "suffix"),
    lines=tuple(f"street.{place}" for place in range(_STREET)),
    region=("region_code", "region"),
    postal_code="postcode",
    country="country_id",
    phone="telephone",
)
_CREDITS = ("gift_cards_amount", "customer_balance_amount", "reward_currency_amount")
_WRAP = ("gw_price", "gw_items_price", "gw_card_price")
_WRAP_TAX = ("gw_tax_amount", "gw_items_tax_amount", "gw_card_tax_amount")
_THEIRS = {
    "external_order_id": "entity_id",
    "external_number": "increment_id",
    "currency": "order_currency_code",
    "customer": "shipping_address",
    "customer.email": "customer_email",
    "ship_to": "shipping_address",
    "ship_to.address_lines": "shipping_address.street",
    "ship_to.postal_code": "shipping_address.postcode",
    "ship_to.country": "shipping_address.country_id",
    "lines": "items",
    "lines.*.quantity": "items.*.qty_ordered",
    "lines.*.external_line_id": "items.*.item_id",
    "lines.*.unit_price_minor": "items.*.row_total",
    "lines.*.discount_minor": "items.*.discount_amount",
    "lines.*.tax_minor": "items.*.tax_amount",
    "delivery.service": "shipping_description",
    "note": "customer_note",
    "total_minor": "grand_total",
    "tax_minor": "tax_amount",
    "discount_minor": "discount_amount",
    "shipping_minor": "shipping_amount",
}


class Magento:
    """The plug-in."""

    def verify(self, _channel: Channel, arrival: Arrival, secrets: ChannelSecrets) -> bool:
        headers = arrival.headers
        if _WEBHOOK in headers:
            given = from_base64(headers[_WEBHOOK])
            keys = [key for key in (secrets.current, secrets.previous) if key]
            return any(signed_by_key(given, arrival.raw, key) for key in keys)
        given_by_key = (
            (headers.get(f"x-adobe-public-key{place}-path", ""), headers.get(f"x-adobe-digital-signature-{place}", ""))
            for place in (1, 2)
        )
        return any(
            signed_by_key(from_base64(given), arrival.raw, secrets.keys.get(name, "")) for name, given in given_by_key
        )

    def message_id(self, arrival: Arrival) -> str | None:
        return arrival.headers.get("x-adobe-event-id")

    def parse(self, channel: Channel, _headers: Mapping[str, str], raw: bytes) -> Sequence[Notice]:
        document = read_object(raw)
        reader = Reader(_THEIRS)
        kind, value = _opened(reader, document)
        reader.refuse()
        if "creditmemo" in kind:
            return [_refund(reader, value)]
        if kind and "order_save" not in kind and "order_place" not in kind:
            return [Ignored(f"event {kind[-60:]}")]
        return [_order(reader, channel, value)]


def _opened(reader: Reader, document: Document) -> tuple[str, Document]:
    """The kind of the event and its object, out of the envelopes that the ways in have."""
    event = reader.object(document, "event") or document  # I/O Events journal form
    kind = reader.text(event, "type") or ""
    value = reader.object(event, "data") or event
    value = reader.object(value, "value") or value
    return kind, reader.object(value, "order") or value


def _order(reader: Reader, channel: Channel, order: Document) -> Notice:
    rows = reader.rows(order, "items")
    order_id = reader.identifier(order, "entity_id")
    if order_id is None and rows:
        order_id = reader.identifier(rows[0], "order_id", "items.0")
    if order_id is None:
        reader.fault("entity_id", "is needed")
    reader.refuse()
    if "grand_total" not in order or not rows:
        return Fetch(str(order_id))
    version = reader.instant(order, "updated_at", naive_utc=True)
    state = reader.text(order, "state") or ""
    if state in ("canceled", "closed"):
        try:
            return Snapshot(_new_order(reader, channel.name, str(order_id), order), version, cancelled=True)
        except RejectedError:  # an order that we would not take can still be cancelled
            return Cancellation(str(order_id), state, version=version)
    if state == "complete":
        return Shipped(str(order_id), "the order is complete already", version)
    if order.get("is_virtual") in (1, True, "1"):
        return Ignored("nothing of it is shipped")
    new = _new_order(reader, channel.name, str(order_id), order)
    lines = {line.external_line_id for line in new.lines}
    gone = {line: units for line, units in _gone(reader, rows).items() if line in lines}
    begun = any(reader.number(row, "qty_shipped", f"items.{place}") for place, row in enumerate(rows))
    return Snapshot(new, version, gone=gone, begun=begun)


def _new_order(reader: Reader, channel: str, order_id: str, order: Document) -> NewOrder:
    reader.currency = reader.text(order, "order_currency_code") or ""
    lines, charges, of_lines = _lines(reader, reader.rows(order, "items"))
    extension = reader.object(order, "extension_attributes")

    def extra(names: Sequence[str]) -> int:
        return sum(reader.money(order, name) or reader.money(extension, name, "extension_attributes") for name in names)

    wrap = extra(_WRAP) + reader.signed(order, "shipping_discount_tax_compensation_amount")
    ours = {
        "channel": channel,
        "external_order_id": order_id,
        "external_number": reader.first(order, ("increment_id", "real_order_id")),
        "placed_at": reader.instant(order, "created_at", naive_utc=True),
        "currency": reader.currency or None,
        "lines": lines,
        "shipping_minor": charges + wrap + reader.money(order, "shipping_amount"),
        "discount_minor": max(-reader.signed(order, "discount_amount") - of_lines, 0),
        "tax_minor": reader.money(order, "tax_amount") + extra(_WRAP_TAX),
        "total_minor": reader.money(order, "grand_total") + extra(_CREDITS),
        "payment": _payment(reader, order),
        **_shipping(reader, order),
    }
    return reader.order(settled(ours))


def _lines(reader: Reader, rows: Sequence[Document]) -> tuple[list[dict[str, Any]], int, int]:
    """The lines that are shipped, what the others come to, and the discounts of all."""
    items = _items(reader, rows)
    parents = {item.inside for item in items if item.inside}
    bundles = {item.id for item in items if item.kind == "bundle"} & parents
    lines, charges, discounts = [], 0, 0
    for place, item in enumerate(items):
        if item.id in bundles or (item.inside and item.inside not in bundles):
            continue  # a bundle is what is in it; a configurable product is its outer row
        discounts += item.discount
        if item.kind in _NOT_SHIPPED:
            charges += item.before - item.discount + item.extra
            continue
        price, rounding = apart(item.before, item.units)
        charges += max(item.extra, 0)
        line = {
            "sku": reader.text(rows[place], "sku", f"items.{place}"),
            "external_line_id": item.id,
            "quantity": item.units,
            "unit_price_minor": price,
            "discount_minor": rounding + item.discount + max(-item.extra, 0),
            "tax_minor": item.tax,
        }
        lines.append(line)
    return lines, charges, discounts


class _Item(NamedTuple):
    """One row: amounts of all its units, `extra` what is neither goods, discount nor tax."""

    id: str | None
    inside: str | None
    kind: str
    units: int
    before: int
    discount: int
    tax: int
    extra: int


def _items(reader: Reader, rows: Sequence[Document]) -> list[_Item]:
    """The rows; the amounts of a bundle that has one price for all go to what is in it."""
    found = [_item(reader, row, f"items.{place}") for place, row in enumerate(rows)]
    for bundle in [item for item in found if item.kind == "bundle" and item.id]:
        places = [place for place, item in enumerate(found) if item.inside == bundle.id]
        if not places or any(found[place].before for place in places):
            continue
        weights = [max(found[place].units, 1) for place in places]
        amounts = (bundle.before, bundle.discount, bundle.tax, bundle.extra)
        columns = zip(*(share(amount, weights) for amount in amounts), strict=True)
        for place, (before, discount, tax, extra) in zip(places, columns, strict=True):
            found[place] = found[place]._replace(before=before, discount=discount, tax=tax, extra=extra)
    return found


def _item(reader: Reader, row: Document, path: str) -> _Item:
    compensation = reader.signed(row, "discount_tax_compensation_amount", path)
    virtual = "virtual" if row.get("is_virtual") in (1, True, "1") else None
    return _Item(
        id=reader.identifier(row, "item_id", path),
        inside=reader.identifier(row, "parent_item_id", path),
        kind=virtual or reader.text(row, "product_type", path) or "simple",
        units=reader.number(row, "qty_ordered", path),
        before=reader.money(row, "row_total", path),
        discount=reader.money(row, "discount_amount", path),
        tax=reader.money(row, "tax_amount", path),
        extra=compensation + reader.money(row, "weee_tax_applied_row_amount", path),
    )


def _gone(reader: Reader, rows: Sequence[Document]) -> dict[str, int]:
    """Units that will not be shipped: cancelled, or paid back beyond what was shipped."""
    gone = {}
    for place, row in enumerate(rows):
        path = f"items.{place}"
        refunded, shipped = reader.number(row, "qty_refunded", path), reader.number(row, "qty_shipped", path)
        units = reader.number(row, "qty_canceled", path) + max(refunded - shipped, 0)
        item = reader.identifier(row, "item_id", path)
        if units and item:
            gone[item] = units
    reader.refuse()
    return gone


def _payment(reader: Reader, order: Document) -> dict[str, Any]:
    payment = reader.object(order, "payment")
    total, paid = reader.money(order, "grand_total"), reader.money(order, "total_paid")
    refunded = reader.money(order, "total_refunded")
    waiting = reader.text(order, "state") in ("pending_payment", "payment_review", "holded")
    if refunded:
        status = "refunded" if refunded >= max(paid, total) else "partially_refunded"
    elif paid and not waiting:
        status = "paid" if paid >= total else "partially_paid"
    elif reader.money(payment, "amount_authorized", "payment") and not waiting:
        status = "authorized"
    else:
        status = "pending" if waiting else "none"
    return {
        "status": status,
        "method": reader.text(payment, "method", "payment"),
        "reference": reader.text(payment, "last_trans_id", "payment"),
    }


def _shipping(reader: Reader, order: Document) -> dict[str, Any]:
    """Where it goes and by what: in REST an assignment of the extension, in events one of the addresses."""
    extension = reader.object(order, "extension_attributes")
    assignments = reader.rows(extension, "shipping_assignments", "extension_attributes")
    shipping = reader.object(assignments[0], "shipping", "shipping_assignments.0") if assignments else {}
    addresses = {reader.text(row, "address_type", "addresses"): row for row in reader.rows(order, "addresses")}
    found = (
        reader.object(shipping, "address", "shipping")
        or addresses.get("shipping")
        or reader.object(order, "shipping_address")
    )
    if not found:
        reader.fault("shipping_address", "is needed: nothing can be sent without it")
        return {}
    address = _flat(reader, found, "shipping_address")
    billing = _flat(
        reader, reader.object(order, "billing_address") or addresses.get("billing") or {}, "billing_address"
    )
    person = reader.person(address, _ADDRESS, "shipping_address")
    ship_to = reader.address(address, _ADDRESS, "shipping_address")
    email = reader.text(order, "customer_email") or reader.text(found, "email", "shipping_address")
    service = reader.text(order, "shipping_description") or reader.text(shipping, "method", "shipping")
    pickup = reader.text(extension, "pickup_location_code", "extension_attributes")
    gift = reader.object(extension, "gift_message", "extension_attributes")
    return {
        "customer": {**person, "email": email},
        "ship_to": ship_to,
        "bill_to": reader.bill_to(billing, _ADDRESS, "billing_address", {**person, **ship_to}),
        "delivery": {"service": service, "pickup_location": pickup} if service or pickup else None,
        "note": note_of(reader.long_text(order, "customer_note"), _remarks(reader, order)),
        "gift_message": reader.long_text(gift, "message", "gift_message"),
    }


def _remarks(reader: Reader, order: Document) -> list[str]:
    number = reader.text(reader.object(order, "payment"), "po_number", "payment")
    return [f"PO number: {number}"] if number else []


def _flat(reader: Reader, address: Document, path: str) -> Document:
    """The address with a field for each of its street lines."""
    street = address.get("street")
    if street is None or isinstance(street, str):
        return {**address, "street.0": street}
    if isinstance(street, list) and all(isinstance(line, str | None) for line in street):
        lines = [line for line in street if line]
        joined = [*lines[: _STREET - 1], ", ".join(lines[_STREET - 1 :])]
        return {**address, **{f"street.{place}": line for place, line in enumerate(joined)}}
    reader.fault(at(path, "street"), "must be a list of texts")
    return address


def _refund(reader: Reader, memo: Document) -> Notice:
    order_id = reader.identifier(memo, "order_id", needed=True)
    refund_id = reader.first(memo, ("entity_id", "increment_id"))
    if refund_id is None:
        reader.fault("entity_id", "is needed")
    reader.currency = reader.text(memo, "order_currency_code") or ""
    amount = reader.money(memo, "grand_total")
    units = {}
    for place, row in enumerate(reader.rows(memo, "items")):
        quantity = reader.number(row, "qty", f"items.{place}")
        if quantity:
            units[str(reader.identifier(row, "order_item_id", f"items.{place}", needed=True))] = quantity
    reader.refuse()
    return Refund(str(order_id), str(refund_id), amount, reader.currency, units)


PLUGIN = Magento()
