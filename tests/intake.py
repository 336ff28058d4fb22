"""A small company on moto for tests of intake, and orders to send it. Shipping and stock are doubles."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from functions.intake.api_receive_webhooks import handler as receive
from functions.intake.queue_process_messages import handler as process
from infra.local.dev_secrets import CHANNEL_SECRETS
from oms.aws import clients, tables
from oms.aws.tables import Key
from oms.credit.model import Account
from oms.intake.ports import Stock
from oms.intake.service import IntakeDesk
from oms.intake.store import ClaimStore
from oms.orders.model import Destination, Promise
from oms.reference.model import Channel, Item
from oms.validation.service import Checks
from oms.validation.store import GuardStore
from oms.wiring import Wiring
from tests.aws import moto_cloud
from tests.lambda_events import bucket_event, shopify_event, sqs_event

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
SECRET = CHANNEL_SECRETS["shopify_eu"]["current"]
ON_HAND = {"LAMP": 10, "MUG": 100, "STOOL": 0}
LIMIT = 100_000


class TestClock:
    """A clock that stands still until it is moved."""

    __test__ = False

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_time(self, **by: float) -> None:
        self.now += timedelta(**by)


class StockDouble:
    """Stock as allocation will show it: one batch get."""

    def counted(self, skus: Iterable[str], *, channel: str) -> Callable[[str | None], Stock]:
        assert channel
        rows = tables.get_many([Key("baton-inventory", f"STOCK#{sku}", "LOC#ber-1") for sku in skus], consistent=False)
        stock = {key.pk.removeprefix("STOCK#"): {"ber-1": row["available"]} for key, row in rows.items()}
        return lambda _: stock


def promise_double(destination: Destination, lines: Mapping[str, int], stock: Stock, at: datetime) -> Promise:
    """Two to four days from now, or no date when stock is short."""
    if destination.country and any(sum(stock.get(sku, {}).values()) < units for sku, units in lines.items()):
        return Promise()
    day = at.date()
    return Promise(earliest_on=(day + timedelta(days=2)).isoformat(), latest_on=(day + timedelta(days=4)).isoformat())


def open_desk(wiring: Wiring) -> IntakeDesk:
    """Intake with our doubles, put where the handlers find it."""
    desk = IntakeDesk(
        reference=wiring.reference,
        orders=wiring.orders,
        claims=ClaimStore(wiring.setting("ORDERS_TABLE")),
        checks=Checks(
            reference=wiring.reference,
            served_countries=lambda: {"DE", "GB", "US"},
            guards=GuardStore(wiring.setting("ORDERS_TABLE")),
            fingerprint=wiring.people.fingerprint,
        ),
        stock=StockDouble(),
        reservations=wiring.reservations,
        may_ship=wiring.may_ship,
        promise=promise_double,
        credit=wiring.credit,
        people=wiring.people,
        clock=wiring.clock,
    )
    wiring.intake = desk
    return desk


def found_company(wiring: Wiring) -> None:
    """Items, stock, channels, two accounts."""
    for sku, units in ON_HAND.items():
        wiring.reference.put_item(Item(sku=sku, name=sku, weight_g=500, length_mm=100, width_mm=100, height_mm=100))
        stock = {"pk": f"STOCK#{sku}", "sk": "LOC#ber-1", "available": units}
        tables.commit(tables.put("baton-inventory", stock, condition="attribute_not_exists(pk)", label=sku))
    channels = (
        Channel(name="shopify_eu", kind="shopify", currencies=frozenset({"EUR"})),
        Channel(name="sales_desk", kind="canonical", currencies=frozenset({"EUR"})),
        Channel(name="closed", kind="canonical", currencies=frozenset({"EUR"}), active=False),
    )
    for channel in channels:
        wiring.reference.put_setting("CHANNEL", channel.name, channel)
    wiring.accounts.put(Account(id="ACME", currency="EUR", limit_minor=LIMIT))
    wiring.accounts.put(Account(id="DOLLAR", currency="USD", limit_minor=LIMIT))


@contextmanager
def company(clock: TestClock) -> Iterator[Wiring]:
    with moto_cloud(clock) as wiring:
        found_company(wiring)
        open_desk(wiring)
        yield wiring


def canonical(**changes: Any) -> dict[str, Any]:
    """2 lamps at 50.00 less 4.00, 1 mug at 10.00, postage 5.00, tax 21.09: 132.09 in all. Each order has its buyer."""
    number = changes.get("external_order_id", "A-1")
    own = f"buyer.{str(number).encode(errors='replace').hex()[:40]}@example.com"
    email = "Zoe@Example.com" if number == "A-1" else own
    return {
        "channel": "sales_desk",
        "external_order_id": "A-1",
        "currency": "EUR",
        "lines": [
            {"sku": "LAMP", "quantity": 2, "unit_price_minor": 5000, "discount_minor": 400, "tax_minor": 1824},
            {"sku": "MUG", "quantity": 1, "unit_price_minor": 1000, "tax_minor": 190},
        ],
        "shipping_minor": 500,
        "tax_minor": 2109,
        "total_minor": 13209,
        "customer": {"name": "Zoë Krüger", "email": email, "phone": "+49 30 123", "company": "Nordlicht"},
        "ship_to": {
            "address_lines": ["Schönhauser Allee 44a"],
            "city": "Berlin",
            "postal_code": "10435",
            "country": "DE",
        },
        **changes,
    }


def shopify(**changes: Any) -> dict[str, Any]:
    """1 lamp and 4 mugs with tax inside, postage 6.90. Each order has its buyer."""
    return {
        "id": 5678901234567,
        "currency": "EUR",
        "email": "zoe@example.com" if "id" not in changes else f"zoe+{changes['id']}@example.com",
        "taxes_included": True,
        "total_discounts": "0.00",
        "total_price": "193.90",
        "total_tax": "30.96",
        "line_items": [
            {"sku": "LAMP", "quantity": 1, "price": "129.00", "tax_lines": [{"price": "20.60"}]},
            {"sku": "MUG", "quantity": 4, "price": "14.50", "tax_lines": [{"price": "9.26"}]},
        ],
        "shipping_lines": [{"price": "6.90", "tax_lines": [{"price": "1.10"}]}],
        "shipping_address": {
            "name": "Zoë Krüger",
            "address1": "Schönhauser Allee 44a",
            "city": "Berlin",
            "zip": "10435",
            "country_code": "DE",
            "phone": "+49 30 123",
        },
        **changes,
    }


def hook(order: Any, secret: str = SECRET, topic: str = "orders/create", channel: str = "shopify_eu") -> dict[str, Any]:
    """A shop posts a message: it is archived."""
    return receive(shopify_event(channel, order, secret, topic), None)


def archived() -> list[str]:
    """The keys of the archive."""
    return [row["Key"] for row in clients.s3().list_objects_v2(Bucket="baton-archive").get("Contents", [])]


def work_off(*keys: str, receives: int = 1, together: bool = True) -> list[str]:
    """The queue delivers archived messages, all unless told which; the numbers of those that come again."""
    batches = [list(keys or archived())] if together else [[key] for key in keys or archived()]
    failed = []
    for batch in batches:
        answer = process(sqs_event(map(bucket_event, batch), receives=receives), None)
        failed += [row["itemIdentifier"] for row in answer["batchItemFailures"]]
    return failed


def message_rows() -> dict[str, Any]:
    """The rows of the message log by message id."""
    rows = map(tables.from_wire, clients.dynamodb().scan(TableName="baton-messages")["Items"])
    return {row["pk"].rpartition("#")[2]: row for row in rows}


def count(table: str, prefix: str) -> int:
    """Items of a table whose partition key starts so."""
    return sum(row["pk"]["S"].startswith(prefix) for row in scanned(table))


def scanned(table: str) -> Iterator[Any]:
    """All items of a table."""
    for page in clients.dynamodb().get_paginator("scan").paginate(TableName=f"baton-{table}"):
        yield from page["Items"]


def everything_stored() -> str:
    """All tables as text, deflated documents opened: what a canary must not be found in."""
    import zlib  # noqa: PLC0415

    texts = []
    for table in ("orders", "people", "customers", "inventory", "procurement", "messages"):
        for row in scanned(table):
            if "doc" in row:
                texts.append(zlib.decompress(row["doc"]["B"]).decode())
            texts.append(repr(row))
    return "\n".join(texts)


def body_of(answer: Mapping[str, Any]) -> Any:
    return json.loads(answer["body"])
