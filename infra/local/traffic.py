"""A hundred orders as shops and a sales desk would send them; what becomes of each is known before it is sent."""

import base64
import hmac
import itertools
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from infra.local import company
from infra.local.cloud import Cloud, Reply
from oms.orders.natural import order_id_of

SOLD_OUT_EVERY = 20  # orders
OVER_LIMIT_EVERY = 25
DESK_EVERY = 5
PRICES = {sku: 490 + 350 * place for place, sku in enumerate(company.SKUS)}
US_TAX_PCT = 8


@dataclass(frozen=True)
class Place:
    """Where somebody lives, and which shop and currency that means."""

    name: str
    street: str
    city: str
    postal_code: str
    country: str
    region: str | None = None

    @property
    def shop(self) -> str:
        return "shopify_us" if self.country == "US" else "shopify_eu"

    @property
    def currency(self) -> str:
        return {"US": "USD", "GB": "GBP"}.get(self.country, "EUR")


PLACES = (
    Place("Jürgen Groß", "Schönhauser Allee 12", "Berlin", "10119", "DE"),
    Place("Zażółć Gęślowa", "ul. Święty Marcin 5", "Poznań", "61-803", "PL"),
    Place("Ελένη Παπαδοπούλου", "Οδός Ερμού 44", "Αθήνα", "105 63", "GR"),
    Place("Amélie Lefèvre", "12 rue de l'Échiquier", "Paris", "75010", "FR"),
    Place("Niamh O'Brien", "4 Abbey Street", "London", "SE1 3NJ", "GB"),
    Place("Callum Fraser", "18 Rose Street", "Edinburgh", "EH2 2NG", "GB"),
    Place("Grace Hopper", "350 5th Ave", "New York", "10118", "US", "NY"),
    Place("Ana García", "1200 Mission St", "San Francisco", "94103", "US", "CA"),
    Place("Bob Nguyen", "88 Michigan Ave", "Chicago", "60601", "US", "IL"),
    Place("Søren Åkesson", "Vesterbrogade 3", "København", "1620", "DK"),
)


@dataclass(frozen=True)
class Purchase:
    """One order to send; `expected` is the state in which it must end."""

    channel: str
    external_id: str
    body: bytes
    expected: str
    signed: bool

    @property
    def order_id(self) -> str:
        """The id that its order has, or will have: it follows from the natural key."""
        return order_id_of(self.channel, self.external_id)


def purchases(count: int, run: int) -> Iterator[Purchase]:
    """`count` orders; the same for the same `run`."""
    chance = random.Random(run)  # noqa: S311  a demo, not a secret
    for number in range(1, count + 1):
        place = PLACES[number % len(PLACES)]
        external = run * 100_000 + number
        if number % OVER_LIMIT_EVERY == 0:
            yield desk_purchase(external, PLACES[0], [("CLOCK-WALL", 2)], "held", account=company.NEAR_LIMIT)
            continue
        expected = "completed"
        lines = [(sku, chance.randint(1, 3)) for sku in chance.sample(_sellable(), chance.choice((1, 1, 2, 2, 3)))]
        if number % SOLD_OUT_EVERY == 0:
            lines, expected = [(company.SOLD_OUT, 1)], "backordered"
        if number % DESK_EVERY == 1:
            yield desk_purchase(external, place, lines, expected, account=None)
        else:
            yield shopify_purchase(external, place, lines, expected)


def send(cloud: Cloud, purchase: Purchase) -> Reply:
    """Send one order the way its channel does."""
    if not purchase.signed:
        return cloud.api(
            "POST",
            "/v1/orders",
            body=purchase.body,
            token=cloud.token("sales"),
            headers={"content-type": "application/json", "idempotency-key": purchase.external_id},
        )
    channel = cloud.outputs["channels"][purchase.channel]
    digest = hmac.digest(channel["secret"].encode(), purchase.body, "sha256")
    return cloud.fetch(
        "POST",
        channel["url"],
        body=purchase.body,
        headers={
            "content-type": "application/json",
            "x-shopify-topic": "orders/create",
            "x-shopify-hmac-sha256": base64.b64encode(digest).decode(),
            "x-shopify-webhook-id": f"{purchase.channel}-{purchase.external_id}",
            "x-shopify-shop-domain": f"{purchase.channel.replace('_', '-')}.example",
            "x-shopify-api-version": "2024-10",
        },
    )


def _sellable() -> Sequence[str]:
    low = {sku for sku, _ in company.LOW}
    return [sku for sku in company.SKUS if sku != company.SOLD_OUT and sku not in low]


def desk_purchase(
    external: int, place: Place, lines: Sequence[tuple[str, int]], expected: str, *, account: str | None
) -> Purchase:
    """An order as the sales desk submits it, on account if one is named."""
    goods = sum(PRICES[sku] * quantity for sku, quantity in lines)
    document = {
        "channel": "sales_desk",
        "external_order_id": f"SD-{external}",
        "currency": place.currency,
        "lines": [{"sku": sku, "quantity": quantity, "unit_price_minor": PRICES[sku]} for sku, quantity in lines],
        "shipping_minor": 590,
        "total_minor": goods + 590,
        "taxes_included": True,
        **({"account_id": account} if account else {}),
        "customer": {"name": place.name, "email": f"customer{external}@example.com"},
        "ship_to": {
            "address_lines": [place.street],
            "city": place.city,
            "postal_code": place.postal_code,
            "country": place.country,
            **({"region": place.region} if place.region else {}),
        },
    }
    return Purchase("sales_desk", f"SD-{external}", _bytes(document), expected, signed=False)


def shopify_purchase(external: int, place: Place, lines: Sequence[tuple[str, int]], expected: str) -> Purchase:
    """The fields of Shopify's `orders/create` (API 2024-10) that matter to an order, with sums that add up."""
    goods = sum(PRICES[sku] * quantity for sku, quantity in lines)
    postage, included = 690, place.country != "US"
    line_taxes = [0 if included else PRICES[sku] * quantity * US_TAX_PCT // 100 for sku, quantity in lines]
    tax = sum(line_taxes)
    numbers = itertools.count(external * 10)
    first, _, last = place.name.partition(" ")
    document = {
        "id": external,
        "admin_graphql_api_id": f"gid://shopify/Order/{external}",
        "name": f"#{external}",
        "created_at": "2026-11-23T09:00:00+01:00",
        "currency": place.currency,
        "email": f"customer{external}@example.com",
        "financial_status": "paid",
        "taxes_included": included,
        "total_line_items_price": _decimal(goods),
        "total_discounts": "0.00",
        "subtotal_price": _decimal(goods),
        "total_tax": _decimal(tax),
        "total_price": _decimal(goods + postage + tax),
        "line_items": [
            {
                "id": next(numbers),
                "sku": sku,
                "quantity": quantity,
                "price": _decimal(PRICES[sku]),
                "total_discount": "0.00",
                "discount_allocations": [],
                "tax_lines": [] if included else [{"title": "State tax", "price": _decimal(line_tax), "rate": 0.08}],
                "requires_shipping": True,
            }
            for (sku, quantity), line_tax in zip(lines, line_taxes, strict=True)
        ],
        "shipping_lines": [{"title": "Standard", "price": _decimal(postage), "discounted_price": _decimal(postage)}],
        "shipping_address": {
            "first_name": first,
            "last_name": last,
            "name": place.name,
            "address1": place.street,
            "city": place.city,
            "zip": place.postal_code,
            "country_code": place.country,
            "province_code": place.region,
        },
    }
    return Purchase(place.shop, str(external), _bytes(document), expected, signed=True)


def _decimal(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02d}"


def _bytes(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()
