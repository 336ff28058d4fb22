"""Shopify: `orders/create` webhooks, API 2024-10. Signature: base64(HMAC-SHA256(raw body, app client secret)).

How its amounts become ours (https://shopify.dev/docs/api/admin-rest/2024-10/resources/order):

- `discount_allocations` of a line (older: its `total_discount`) are the line's discount; what `total_discounts` has
  beyond them is the order's.
- Shipping is the price before discounts of the shipping lines that were not removed, with duties and tip.
- `taxes_included` says for all prices whether the tax is inside.
"""

import base64
import binascii
import hmac
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from oms.intake.model import NewOrder
from oms.intake.notices import Arrival, ChannelSecrets, Ignored, Notice, Snapshot
from oms.kernel.errors import Fault, MalformedError, RejectedError
from oms.kernel.json import read_json
from oms.kernel.money import to_minor
from oms.reference.model import Channel

_TOPIC = "x-shopify-topic"
_SIGNATURE = "x-shopify-hmac-sha256"
# Where one of our fields stands in a Shopify order, so that a fault names the field that the sender knows.
_THEIRS = {
    "external_order_id": "id",
    "ship_to": "shipping_address",
    "lines": "line_items",
    "address_lines": "address1",
    "postal_code": "zip",
    "region": "province",
    "country": "country_code",
    "total_minor": "total_price",
    "tax_minor": "total_tax",
    "discount_minor": "total_discounts",
    "shipping_minor": "shipping_lines",
    "unit_price_minor": "price",
}


class Shopify:
    """The plug-in."""

    def verify(self, _channel: Channel, arrival: Arrival, secrets: ChannelSecrets) -> bool:
        try:
            given = base64.b64decode(arrival.headers.get(_SIGNATURE, ""), validate=True)
        except (binascii.Error, ValueError):
            return False
        good = [_signature(secret, arrival.raw) for secret in (secrets.current, secrets.previous) if secret]
        matches = [hmac.compare_digest(given, signature) for signature in good]
        return any(matches)

    def message_id(self, arrival: Arrival) -> str | None:
        return arrival.headers.get("x-shopify-event-id") or arrival.headers.get("x-shopify-webhook-id")

    def parse(self, channel: Channel, headers: Mapping[str, str], raw: bytes) -> Sequence[Notice]:
        document = read_json(raw)
        topic = headers.get(_TOPIC, "")
        if not topic:
            raise MalformedError("the topic header is missing", faults=[Fault(_TOPIC, "is needed")])
        if topic != "orders/create":
            return [Ignored(f"topic {topic[:60]}")]
        if not isinstance(document, dict):
            raise MalformedError("an order is a JSON object", faults=[Fault("body", "must be an object")])
        if document.get("cancelled_at"):
            return [Ignored("the order is cancelled already")]
        return [Snapshot(_Reader().order(channel.name, document))]


def _signature(secret: str, raw: bytes) -> bytes:
    return hmac.digest(secret.encode(), raw, "sha256")


class _Reader:
    """Reads one order and collects what is wrong with it."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.currency = ""

    def order(self, channel: str, order: Mapping[str, Any]) -> NewOrder:
        currency = order.get("currency")
        self.currency = currency if isinstance(currency, str) else ""
        lines = [self.line(row, f"line_items.{place}") for place, row in enumerate(self.rows(order, "line_items"))]
        discount = self.money(order, "total_discounts") - sum(line["discount_minor"] for line in lines)
        ours = {
            "channel": channel,
            "external_order_id": self.external_id(order.get("id")),
            "currency": currency,
            "lines": lines,
            "shipping_minor": self.charges(order),
            "discount_minor": max(discount, 0),
            "tax_minor": self.money(order, "total_tax"),
            "taxes_included": order.get("taxes_included") is True,
            "total_minor": self.money(order, "total_price"),
            **self.people(order),
        }
        if self.faults:
            raise RejectedError(f"{len(self.faults)} field(s) are not valid", code="invalid", faults=self.faults)
        try:
            return NewOrder.model_validate(ours)
        except ValidationError as error:
            faults = [Fault(_their_path(row["loc"]), row["msg"]) for row in error.errors(include_url=False)]
            raise RejectedError(f"{len(faults)} field(s) are not valid", code="invalid", faults=faults) from None

    def line(self, row: Mapping[str, Any], path: str) -> dict[str, Any]:
        allocations = self.rows(row, "discount_allocations", path)
        discount = sum(self.money(part, "amount", f"{path}.discount_allocations") for part in allocations)
        return {
            "sku": _text(row.get("sku")),
            "quantity": row.get("quantity"),
            "unit_price_minor": self.money(row, "price", path),
            "discount_minor": discount if allocations else self.money(row, "total_discount", path),
            "tax_minor": self.taxes(row, path),
        }

    def charges(self, order: Mapping[str, Any]) -> int:
        postage = sum(
            self.money(row, "price", f"shipping_lines.{place}")
            for place, row in enumerate(self.rows(order, "shipping_lines"))
            if row.get("is_removed") is not True
        )
        duties = self.shop_money(order, "original_total_duties_set")
        return postage + duties + self.money(order, "total_tip_received")

    def taxes(self, row: Mapping[str, Any], path: str) -> int:
        return sum(self.money(tax, "price", f"{path}.tax_lines") for tax in self.rows(row, "tax_lines", path))

    def people(self, order: Mapping[str, Any]) -> dict[str, Any]:
        address = order.get("shipping_address")
        if not isinstance(address, dict):
            self.faults.append(Fault("shipping_address", "is needed: nothing can be sent without it"))
            return {}
        name = _text(address.get("name")) or " ".join(
            part for part in (_text(address.get("first_name")), _text(address.get("last_name"))) if part
        )
        customer = {
            "name": name,
            "email": _text(order.get("email")) or _text(order.get("contact_email")),
            "phone": _text(address.get("phone")) or _text(order.get("phone")),
            "company": _text(address.get("company")),
        }
        ship_to = {
            "address_lines": [
                part for part in (_text(address.get("address1")), _text(address.get("address2"))) if part
            ],
            "city": _text(address.get("city")),
            "region": _text(address.get("province_code")) or _text(address.get("province")),
            "postal_code": _text(address.get("zip")),
            "country": address.get("country_code"),
        }
        return {"customer": customer, "ship_to": ship_to}

    def external_id(self, value: Any) -> str | None:
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return str(value)
        self.faults.append(Fault("id", "must be a positive integer"))
        return None

    def rows(self, owner: Mapping[str, Any], name: str, path: str = "") -> list[Mapping[str, Any]]:
        value = owner.get(name)
        if value is None:
            return []
        if isinstance(value, list) and all(isinstance(row, dict) for row in value):
            return value
        self.faults.append(Fault(_join(path, name), "must be a list of objects"))
        return []

    def shop_money(self, owner: Mapping[str, Any], name: str) -> int:
        value = owner.get(name)
        shop = value.get("shop_money") if isinstance(value, dict) else None
        return self.money(shop, "amount", f"{name}.shop_money") if isinstance(shop, dict) else 0

    def money(self, owner: Mapping[str, Any], name: str, path: str = "") -> int:
        """Minor units of an amount; none is nothing. What cannot be read is a fault and counts zero."""
        value = owner.get(name)
        if value is None:
            return 0
        try:
            amount = to_minor(str(value), self.currency)
        except ValueError as error:
            self.faults.append(Fault(_join(path, name), str(error)))
            return 0
        if amount < 0:
            self.faults.append(Fault(_join(path, name), "must not be negative"))
        return amount


def _text(value: Any) -> str | None:
    """Shopify writes an absent text as null or as the empty text; what is no text stays, for the model to refuse."""
    return value or None if isinstance(value, str) or value is None else value


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _their_path(location: tuple[int | str, ...]) -> str:
    """`ship_to.address_lines.0` as `shipping_address.address1`."""
    parts = [_THEIRS.get(part, part) if isinstance(part, str) else str(part) for part in location]
    if "address1" in parts:
        parts = parts[: parts.index("address1") + 1]
    return ".".join(parts)


PLUGIN = Shopify()
