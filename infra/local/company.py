"""Nordlicht & Co., a small believable company: what it sells, where it ships from, who buys on account.

Stock is chosen so that what the demo shows is known in advance: SOLD_OUT is nowhere, so its orders are backordered;
LOW lies at or below its reorder point, so the scan proposes exactly that; NEAR_LIMIT cannot buy any more on account.
"""

from datetime import time
from typing import Any

from oms.allocation.sourcing.strategy import Rule as SourcingRule
from oms.allocation.sourcing.strategy import Weights
from oms.allocation.strategies.model import StrategyDraft
from oms.credit.model import Account
from oms.entry import examples
from oms.inventory.model import Position
from oms.procurement.model import Offer, Supplier
from oms.reference.model import Channel, Client, Item, Limit, Location
from oms.validation.policies import PolicyDraft
from oms.validation.policy import Rule

ITEMS = tuple(
    Item(
        sku=sku,
        name=name,
        weight_g=weight,
        length_mm=length,
        width_mm=width,
        height_mm=height,
        serial_tracked=sku == examples.SERIAL_TRACKED,
        **({"lot_tracked": True, "shelf_days": 5} if sku == examples.LOT_TRACKED else {}),
    )
    for sku, name, weight, length, width, height in (
        ("LAMP-NORD", "Nordlicht table lamp", 1450, 220, 220, 380),
        ("LAMP-MINI", "Nordlicht mini lamp", 620, 140, 140, 210),
        ("MUG-BLUE", "Mug, cobalt blue, 0.3 l", 340, 120, 95, 100),
        ("MUG-WHITE", "Mug, white, 0.3 l", 340, 120, 95, 100),
        ("PLATE-25", "Dinner plate 25 cm", 610, 260, 260, 30),
        ("BOWL-18", "Bowl 18 cm", 480, 185, 185, 75),
        ("KAESE-GOUDA", "Käse Gouda, 500 g", 540, 150, 110, 60),
        ("KAESE-BRIE", "Käse Brie „Crème“, 250 g", 280, 120, 120, 40),
        ("ZAZOLC-TEA", "Zażółć gęślą jaźń herbal tea", 160, 140, 80, 70),
        ("PIEROGI-MIX", "Pierogi mix, Łódź recipe", 720, 210, 150, 60),
        ("ELLADA-OIL", "Ελλάδα olive oil, 0.5 l", 980, 75, 75, 290),
        ("ELLADA-HONEY", "Μέλι Ελλάδα honey, 450 g", 690, 85, 85, 120),
        ("ELLADA-OLIVES", "Ελιές Καλαμών olives, 300 g", 520, 80, 80, 110),
        ("TOWEL-BATH", "Bath towel 70 x 140, grey", 640, 320, 240, 80),
        ("TOWEL-HAND", "Hand towel 50 x 100, grey", 310, 260, 180, 60),
        ("BLANKET-WOOL", "Wool blanket 140 x 200", 1850, 420, 340, 140),
        ("CUSHION-45", "Cushion 45 x 45", 760, 450, 450, 120),
        ("CANDLE-SET", "Candle set, beeswax, 4 pieces", 430, 230, 110, 60),
        ("VASE-TALL", "Vase, tall, smoked glass", 2250, 180, 180, 420),
        ("CLOCK-WALL", "Wall clock, birch", 1120, 320, 320, 60),
        ("NOTEBOOK-A5", "Notebook A5, dotted", 290, 215, 152, 18),
        ("PEN-BRASS", "Pen, brass", 48, 142, 14, 14),
        ("BAG-TOTE", "Tote bag, organic cotton", 190, 300, 240, 20),
        ("STOOL-OAK", "Stool, oak", 4300, 420, 420, 460),
    )
)
SKUS = tuple(item.sku for item in ITEMS)

LOCATIONS = (
    Location(
        id="ber-1",
        name="Berlin",
        country="DE",
        postal_code="12099",
        latitude=52.458,
        longitude=13.401,
        time_zone="Europe/Berlin",
        cutoff=time(15, 0),
        holidays=frozenset({"2026-12-25", "2027-01-01"}),
        gln="4012345000009",
    ),
    Location(
        id="lon-1",
        name="London",
        country="GB",
        postal_code="E16 2QU",
        latitude=51.508,
        longitude=0.034,
        time_zone="Europe/London",
        cutoff=time(16, 0),
        holidays=frozenset({"2026-12-25", "2026-12-28", "2027-01-01"}),
        gln="5012345000008",
    ),
    Location(
        id="nyc-1",
        name="New York",
        country="US",
        postal_code="11222",
        latitude=40.728,
        longitude=-73.951,
        time_zone="America/New_York",
        cutoff=time(14, 0),
        working_days=frozenset({0, 1, 2, 3, 4, 5}),
        holidays=frozenset({"2026-11-26", "2026-12-25", "2027-01-01"}),
        gln="0812345000009",
    ),
    Location(
        id="lax-1",
        name="Los Angeles",
        country="US",
        postal_code="90058",
        latitude=34.000,
        longitude=-118.213,
        time_zone="America/Los_Angeles",
        cutoff=time(13, 0),
        handling_days=2,
        holidays=frozenset({"2026-11-26", "2026-12-25", "2027-01-01"}),
        gln="0812345000016",
    ),
)

CHANNELS = (
    # Told of stock once a day: nobody answers for these shops on a laptop, so nothing is sent before somebody asks.
    Channel(name="shopify_eu", kind="shopify", currencies=frozenset({"EUR", "GBP"}), push_minutes=1440),
    Channel(name="shopify_us", kind="shopify", currencies=frozenset({"USD"}), push_minutes=1440),
    Channel(name="amazon_us", kind="amazon", currencies=frozenset({"USD"}), options={"seller_id": "A3TH9S8BH6GOGM"}),
    Channel(
        name="ebay_de",
        kind="ebay",
        currencies=frozenset({"EUR"}),
        options={"notification_url": "https://oms.example.com/v1/channels/ebay_de/webhooks"},
    ),
    Channel(name="sales_desk", kind="canonical", currencies=frozenset({"EUR", "GBP", "USD"}), most_priority=9),
    Channel(name="marketplace", kind="canonical", currencies=frozenset({"EUR", "GBP", "USD"})),
)
SIGNED_CHANNELS = ("shopify_eu", "shopify_us", "ebay_de")

# Machines by client id; an account's own ids are made by its user pool, these stand in the event samples.
CLIENTS = {
    "wms-ber-1": Client(
        name="Warehouse system of Berlin", roles=frozenset({"warehouse"}), locations=frozenset({"ber-1"})
    ),
    "price-robot": Client(
        name="Robot that asks too often", roles=frozenset({"auditor"}), limit=Limit(burst=30, per_minute=60)
    ),
}

ACCOUNTS = (
    Account(id="GRP-POST", name="Post Hotels Group", currency="EUR", limit_minor=6_000_000, children=1),
    Account(
        id="ACC-ATELIER",
        name="Atelier Lumière SARL",
        currency="EUR",
        limit_minor=500_000,
        unpaid_invoices_minor=497_000,
    ),
    Account(id="ACC-HOTEL", name="Hotel Zur Post GmbH", currency="EUR", limit_minor=2_000_000, parent="GRP-POST"),
    Account(id="ACC-HARBOUR", name="Harbour Stores Ltd", currency="GBP", limit_minor=1_200_000),
    Account(id="ACC-PRAIRIE", name="Prairie Home Inc.", currency="USD", limit_minor=1_500_000),
)
NEAR_LIMIT = "ACC-ATELIER"  # has room for 30 euro

# What the sales desk thinks of doing: whoever looks at an order sees what it would have changed.
DRAFTED = examples.DRAFTED
POLICY_DRAFT = PolicyDraft(rules={"order_size": Rule(params={"lines": 200})}, note="long orders are looked at")

# Published at set-up, so that every decision names the version that it was made by.
STRATEGY = StrategyDraft(rules=(SourcingRule(name="everything"),), note="the cheapest, proven")
STRATEGY_DRAFT = StrategyDraft(
    rules=(SourcingRule(name="few_parcels", weights=Weights(split_minor=600)),), note="offices want one parcel"
)
DRAFTED_STRATEGY = examples.DRAFTED_STRATEGY

SOLD_OUT = "STOOL-OAK"
# (SKU, location): what the reorder scan finds, and nothing else. Stock outlasts many demos everywhere else.
LOW = (
    ("KAESE-BRIE", "ber-1"),
    ("PIEROGI-MIX", "ber-1"),
    ("ELLADA-OIL", "lon-1"),
    ("BLANKET-WOOL", "nyc-1"),
    ("VASE-TALL", "lax-1"),
)
# Kept at two locations only, so that an order of both ships from two.
ONLY_AT = {"CLOCK-WALL": ("ber-1", "nyc-1"), "TOWEL-BATH": ("lon-1", "lax-1")}
ON_HAND = 5_000
REORDER_POINT = 40
ORDER_UP_TO = 400
INCOMING = 600  # of the article that is sold out, so that the scan has nothing to add


def positions() -> list[Position]:
    """The opening stock."""
    return [
        Position(
            sku=sku,
            location=location.id,
            on_hand=_on_hand(sku, location.id),
            reorder_point=REORDER_POINT,
            order_up_to=ORDER_UP_TO,
            incoming=INCOMING if sku == SOLD_OUT else 0,
        )
        for sku in SKUS
        for location in LOCATIONS
        if location.id in ONLY_AT.get(sku, (location.id,))
    ]


def _on_hand(sku: str, location: str) -> int:
    if sku == SOLD_OUT:
        return 0
    return REORDER_POINT if (sku, location) in LOW else ON_HAND


def _offers(prefixes: tuple[str, ...], currency: str, lead_time_days: int, pack: int) -> tuple[Offer, ...]:
    return tuple(
        Offer(
            sku=sku,
            moq=5 * pack,
            pack=pack,
            lead_time_days=lead_time_days,
            unit_cost_minor=190 + 130 * place,
            currency=currency,
        )
        for place, sku in enumerate(SKUS)
        if sku.startswith(prefixes)
    )


SUPPLIERS = (
    Supplier(
        id="SUP-LICHTHAUS",
        name="Lichthaus Thüringen GmbH",
        country="DE",
        offers=_offers(("LAMP", "CANDLE", "CLOCK"), "EUR", 12, 4),
    ),
    Supplier(
        id="SUP-PORCELANA",
        name="Porcelana Bolesławiec sp. z o.o.",
        country="PL",
        offers=_offers(("MUG", "PLATE", "BOWL", "VASE"), "EUR", 18, 6),
    ),
    Supplier(
        id="SUP-DELIKATES",
        name="Delikates Łódź sp. z o.o.",
        country="PL",
        offers=_offers(("KAESE", "ZAZOLC", "PIEROGI"), "EUR", 5, 12),
    ),
    Supplier(
        id="SUP-ELAIONAS",
        name="Ελαιώνας Καλαμάτας",
        country="GR",
        offers=_offers(("ELLADA",), "EUR", 21, 12),
    ),
    Supplier(
        id="SUP-MILLHOUSE",
        name="Millhouse Textiles & Wood Ltd",
        country="GB",
        offers=_offers(("TOWEL", "BLANKET", "CUSHION", "NOTEBOOK", "PEN", "BAG", "STOOL"), "GBP", 14, 10),
    ),
)

# What the examples of the API document read and receive.
SUPPLY: dict[str, Any] = {
    "kind": "purchase_order",
    "reference": "PO-EXAMPLE-1",
    "supplier": "SUP-PORCELANA",
    "sku": "MUG-BLUE",
    "location": "ber-1",
    "units": 500,
    "due_on": "2027-02-01",
    "confirmed": True,
}
