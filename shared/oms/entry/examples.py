"""What the examples of the API document are about: orders that a local cloud is seeded with, by names that last.

Order ids follow from channel and external id, so they are the same on every cloud. The rest is true of a freshly
seeded local cloud alone: its secrets are fixed, and EXAMPLE-1 is its first order, so it has the first tracking number.
"""

from oms.kernel.ids import derive_id
from oms.orders.model import fulfillment_order_id

CHANNEL = "sales_desk"
LOCATION = "ber-1"
STOCKED = "MUG-BLUE"
DRIFT_ID = derive_id("exc", "drift", STOCKED, LOCATION)
SHIPPED_BY = "swift_post"
FIRST_TRACKING_NUMBER = "SW00000000017"

RELEASED, HELD, HELD_TOO, BACKORDERED = "EXAMPLE-1", "SEED-HELD-1", "SEED-HELD-2", "SEED-CANCEL-1"
TO_HOLD, TO_CHANGE, TO_CONFIRM, TO_DECLINE = "SEED-HOLD-1", "SEED-CHANGE-1", "SEED-CHANGE-2", "SEED-CHANGE-3"


def order_id(external_id: str) -> str:
    """The id of an order of the example channel."""
    return derive_id("ord", CHANNEL, external_id)


def held(external_id: str) -> dict[str, str]:
    """Where the order of this name waits for credit."""
    return {"order_id": order_id(external_id), "hold_id": derive_id("hld", order_id(external_id), "credit_limit")}


ACCOUNT_ID = "ACC-HOTEL"
TERMS = {"name": "Hotel Zur Post GmbH", "currency": "EUR", "limit_minor": 2_500_000, "parent": "GRP-POST"}
STATEMENT = {
    "as_of": "2026-11-23T06:00:00Z",
    "currency": "EUR",
    "unpaid_invoices_minor": 84_000,
    "due": [{"on": "2026-12-15", "amount_minor": 84_000}],
    "billed": [{"order_id": order_id(RELEASED), "amount_minor": 12_690}],
}
DRAFTED = "sales_desk"  # the seeded local cloud has a draft of this policy
POLICY = {
    "rules": {
        "order_size": {"mode": "hold", "params": {"amount_minor": {"EUR": 500_000}, "units": 200}},
        "payment": {"mode": "hold", "params": {"said_nothing": False}},
    },
    "note": "approval from 5,000 euros on",
}
DRAFTED_STRATEGY = "sales_desk"  # the same for sourcing
ITEM = "STOOL-OAK"
WAITING_POLICY = {
    "kind": "backorder",
    "cap": 500,
    "channel_caps": {"sales_desk": 200},
    "latest_days": 60,
    "note": "the next container is in January",
}
FAIRNESS = {"rule": "share", "shares_pct": {"marketplace": 40}, "note": "before Christmas"}
LIMITED = "lax-1"
LIMITS = {"daily_orders": 400, "daily_units": 1_500, "days_ahead": 2, "note": "two more packers"}
STRATEGY = {
    "rules": [
        {"name": "everything"},
        {
            "name": "hazmat",
            "scope": {"item_class": "hazmat"},
            "split": {"mode": "whole_lines", "max_locations": 2},
            "weights": {"split_minor": 400, "late_day_minor": 500},
        },
    ],
    "note": "dangerous goods in few parcels",
}
# What-ifs of the local cloud's seed: one that has run, one that waits.
WHAT_IF_KEY, WHAT_IF_TO_CANCEL_KEY = "EXAMPLE-WHAT-IF", "EXAMPLE-WHAT-IF-2"
WHAT_IF_ID, WHAT_IF_TO_CANCEL_ID = (derive_id("wif", "local-seed", key) for key in (WHAT_IF_KEY, WHAT_IF_TO_CANCEL_KEY))
CHANGED_BY, CHANGE_KEY = "local-seed", "example"


def changed(external_id: str) -> dict[str, str]:
    """Where the change set of the order of this name is."""
    return {
        "order_id": order_id(external_id),
        "change_id": derive_id("chg", order_id(external_id), CHANGED_BY, CHANGE_KEY),
    }


CHANGE = {
    "reason": "customer_request",
    "note": "Wants one more, and it is a gift",
    "edits": [
        {"kind": "set_quantity", "number": 1, "quantity": 2},
        {"kind": "discount", "discount_minor": 500},
    ],
}

ORDER_ID = order_id(RELEASED)
FULFILLMENT_ORDER_ID = fulfillment_order_id(ORDER_ID, 1, LOCATION)
SHIPMENT_ID = derive_id("shp", SHIPPED_BY, FIRST_TRACKING_NUMBER)
# Import jobs of the local cloud's seed: one that has run (dry), one that waits for its file.
SEED = "local-seed"
IMPORT_KEY, IMPORT_TO_CANCEL_KEY = "EXAMPLE-IMPORT", "EXAMPLE-IMPORT-2"
IMPORT_ID, IMPORT_TO_CANCEL_ID = derive_id("imp", SEED, IMPORT_KEY), derive_id("imp", SEED, IMPORT_TO_CANCEL_KEY)
# Of ORDER_ID until 2100, signed with the local cloud's pepper (infra/local/dev_secrets.py; a test makes it anew).
TRACKING_TOKEN = "b3JkX3Foendta3Z1NzQ0eTNmZTRidWUzdW4yN21wLjQxMDI0NDQ4MDBoD-gSEBi7qn0KQGsUFsSZ"  # noqa: S105  opens one example order of a cloud on loopback

CART, CART_TOO = "SEED-CART-1", "SEED-CART-2"


def reservation_id(owner: str) -> str:
    """The reservation of a cart of the example channel."""
    return derive_id("rsv", CHANNEL, owner)


RESERVED, RESERVED_TOO = reservation_id(CART), reservation_id(CART_TOO)
RESERVATION = {
    "channel": CHANNEL,
    "owner": "CART-1002",
    "lines": [{"sku": "MUG-BLUE", "quantity": 1}],
    "ships_to": {"country": "DE", "postal_area": "101"},
}
COUNTS = {"counts": [{"sku": "MUG-BLUE", "delta": 1, "id": "found-behind-the-shelf-17"}]}
BUYER = {"name": "Zoë Krüger", "email": "zoe@example.com", "phone": "+49 30 1234567"}
NEW_ORDER = {
    "channel": CHANNEL,
    "external_order_id": "EXAMPLE-1001",
    "currency": "EUR",
    "lines": [
        {"sku": "LAMP-NORD", "quantity": 1, "unit_price_minor": 12900, "discount_minor": 900, "tax_minor": 2280},
        {"sku": "MUG-BLUE", "quantity": 4, "unit_price_minor": 1450, "tax_minor": 1102},
    ],
    "shipping_minor": 690,
    "tax_minor": 3513,
    "total_minor": 22003,
    "customer": BUYER,
    "ship_to": {
        "address_lines": ["Schönhauser Allee 44a"],
        "city": "Berlin",
        "postal_code": "10435",
        "country": "DE",
    },
}

# Drafts of CHANNEL that the local cloud is seeded with; the last one the example writes first.
DRAFT, DRAFT_TO_SUBMIT, DRAFT_TO_DELETE, NEW_DRAFT = "EXAMPLE-1", "EXAMPLE-2", "EXAMPLE-3", "EXAMPLE-4"
DRAFT_ORDER = {"currency": "EUR", "customer": {"name": "Zoë Krüger"}, "lines": [{"sku": "LAMP-NORD", "quantity": 2}]}

WEBHOOK = {
    "id": 5678901234567,
    "currency": "EUR",
    "email": "zoe@example.com",
    "taxes_included": True,
    "total_discounts": "0.00",
    "total_price": "193.90",
    "total_tax": "30.96",
    "line_items": [
        {"sku": "LAMP-NORD", "quantity": 1, "price": "129.00", "tax_lines": [{"price": "20.60"}]},
        {"sku": "MUG-BLUE", "quantity": 4, "price": "14.50", "tax_lines": [{"price": "9.26"}]},
    ],
    "shipping_lines": [{"price": "6.90", "tax_lines": [{"price": "1.10"}]}],
    "shipping_address": {
        "name": "Zoë Krüger",
        "address1": "Schönhauser Allee 44a",
        "city": "Berlin",
        "zip": "10435",
        "country_code": "DE",
        "phone": "+49 30 1234567",
    },
}
# Over WEBHOOK as the documentation page writes it (`JSON.stringify(body, null, 2)`), with the local channel's secret.
WEBHOOK_SIGNATURE = "xSfxRV7kweOa5FRYstKVmnLQTn9E+0YkigBa5QzkiwY="

CONFIRMATIONS = {
    "confirmations": [
        {
            "confirmation_id": "wms-000001",
            "fulfillment_order_id": FULFILLMENT_ORDER_ID,
            "order_id": ORDER_ID,
            "kind": "accepted",
            "at": "2026-11-23T09:30:00.000Z",
        }
    ]
}

# A message that the local cloud is seeded with, as it is parked: nobody sells this article.
PARKED_WEBHOOK = {
    **WEBHOOK,
    "id": 5678901234001,
    "total_price": "6.90",
    "total_tax": "1.10",
    "line_items": [{"sku": "NOT-OURS", "quantity": 1, "price": "0.00"}],
}
# Follows from channel, sender's id and content, keyed with the local pepper (a test makes it anew).
PARKED_MESSAGE_ID = "msg_maowsb3uflr2gxdmp7i44vhma4"

IMPORT_CSV = """\
external_order_id;currency;customer_name;address_1;city;postal_code;country;sku;quantity;unit_price;shipping;total
EXAMPLE-2001;EUR;Zoë Krüger;Schönhauser Allee 44a;Berlin;10435;DE;LAMP-NORD;1;129.00;6.90;150.40
EXAMPLE-2001;;;;;;;MUG-BLUE;1;14.50;;
EXAMPLE-2002;EUR;Ada Lovelace;12 Hauptstraße;Berlin;10827;DE;MUG-GREEN-UNKNOWN;2;14.50;6.90;35.90
"""

SUPPLY, NEW_SUPPLY = "PO-EXAMPLE-1.1", "PO-EXAMPLE-2.1"
SUPPLY_LINE = {
    "kind": "purchase_order",
    "reference": "PO-EXAMPLE-2",
    "supplier": "SUP-PORCELANA",
    "sku": "MUG-BLUE",
    "location": LOCATION,
    "units": 240,
    "due_on": "2027-03-01",
    "confirmed": True,
}
RECEIPT = {"receipt_id": "GR-EXAMPLE-1", "units": 10}

# Transfers of the local cloud's seed, each as far as its operation needs it; the last one the example makes.
TRANSFER, TRANSFER_TO_READY, TRANSFER_TO_SHIP, TRANSFER_TO_RECEIVE, TRANSFER_TO_CANCEL, NEW_TRANSFER = (
    f"TR-EXAMPLE-{number}" for number in range(1, 7)
)
TRANSFER_PLAN = {
    "source": LOCATION,
    "destination": "lon-1",
    "lines": [{"sku": "MUG-BLUE", "units": 24}, {"sku": "LAMP-NORD", "units": 6}],
    "due_on": "2027-01-15",
}
LOT_TRACKED, LOT = "KAESE-BRIE", "L2611-A"
SERIAL_TRACKED, SERIAL = "CLOCK-WALL", "CW-000123"
TRANSFER_SHIPMENT = {"shipment_id": "TRUCK-17", "lines": [{"sku": "MUG-BLUE", "units": 24}], "due_on": "2027-01-16"}
TRANSFER_RECEIPT = {
    "receipt_id": "DOCK-4-0815",
    "lines": [
        {"sku": "MUG-BLUE", "received": 22, "damaged": 2, "reason": "broken"},
        {"sku": "LAMP-NORD", "received": 5},
    ],
}
