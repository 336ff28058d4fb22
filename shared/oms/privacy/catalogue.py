"""Every field of every model, and whose data it may hold: the record of processing (GDPR article 30) as data.

A field that can hold text must stand here, or the build fails (tests/architecture/test_personal_data.py): by its name
alone where the name says it all, by model and name where it does not. docs/personal-data.md is made from this file.

| kind | what it is | where it may be |
|---|---|---|
| personal | says who somebody is, or is their own words | on the way in, and in the envelopes of this context |
| pseudonym | leads to a person only together with other data | anywhere inside, never in a public answer to strangers |
| staff | which of our people or systems did it | log rows |
| remark | words of our people: shown as such, card numbers cut down, no customer's data by instruction | log rows |
| business | nothing of a person | anywhere |
"""

from typing import Literal, NamedTuple

Kind = Literal["personal", "pseudonym", "staff", "remark", "business"]


class Purpose(NamedTuple):
    """What data is used for. `basis` is the letter of GDPR article 6(1); `fields` of a person are what it needs."""

    name: str
    what: str
    basis: str
    fields: frozenset[str]
    recipients: tuple[str, ...]
    roles: frozenset[str] = frozenset()


class Retention(NamedTuple):
    """How long personal data is kept, and from when."""

    days: int
    since: str
    why: str


WHO = frozenset({"name", "company"})
WHERE = frozenset({"address_lines", "city", "region", "postal_code", "country"})
REACH = frozenset({"email", "phone"})
WORDS = frozenset({"note", "gift_message"})
ALL = WHO | WHERE | REACH | WORDS | {"billing"}

PURPOSES = (
    Purpose(
        "delivery",
        "bring the goods to the recipient",
        "b (contract)",
        WHO | WHERE | {"phone", "gift_message"},
        ("the location that packs", "the carrier"),
        frozenset({"operator", "sales", "warehouse"}),
    ),
    Purpose(
        "customer_service",
        "answer the customer about the order",
        "b (contract)",
        WHO | WHERE | REACH | WORDS,
        ("customer service", "the channel the order came from"),
        frozenset({"operator", "sales"}),
    ),
    Purpose(
        "invoicing",
        "bill, collect and refund",
        "b (contract), c (tax law)",
        WHO | {"email", "country", "billing"},
        ("accounting", "the tax office"),
        frozenset({"finance"}),
    ),
    Purpose(
        "fraud_check",
        "tell a fraud from a customer before goods leave",
        "f (legitimate interest)",
        WHO | WHERE | REACH | {"billing"},
        ("an outside scorer, where one is bound",),
        frozenset({"operator", "finance"}),
    ),
    Purpose(
        "data_subject_request",
        "answer, correct or erase at the person's own request",
        "c (articles 15 to 20)",
        ALL,
        ("the person",),
        frozenset({"privacy_officer"}),
    ),
)
# What our own programs read a person for; each reading is in the log of accesses.
SYSTEM_PURPOSES = ("packing_list", "label", "change_of_address", "fraud_check", "notification", "draft_order")

PERSON = Retention(1_095, "the order is closed", "claims from the contract lapse after three years")
BILLING = Retention(3_650, "the order is closed", "tax law, as long as the longest of the countries served asks for")
MESSAGE = Retention(90, "the message arrived", "to replay what could not be processed")
ACCESS = Retention(730, "the access", "to answer who read whose data")
DRAFT = Retention(30, "the draft was last written or submitted", "to finish an order that somebody began to take down")
RETENTION = {"person": PERSON, "billing": BILLING, "message": MESSAGE, "access": ACCESS, "draft": DRAFT}
WHOLE = "(all)"  # a whole order


class Personal(NamedTuple):
    """A field with somebody's data: on the way in (`moved_to` says which field of Person takes it) or at rest.

    `moved_to` is WHOLE for a document with all of them, which is sealed as one.
    """

    moved_to: str
    retention: str = "person"


_NAME, _PLACE = ("name", "company"), ("address_lines", "city", "region", "postal_code")
PERSONAL: dict[tuple[str, str], Personal] = {
    **{("Customer", field): Personal(field) for field in (*_NAME, "email", "phone")},
    **{("ShipTo", field): Personal(field) for field in _PLACE},
    **{("BillTo", field): Personal("billing", "billing") for field in (*_NAME, *_PLACE)},
    ("NewOrder", "note"): Personal("note"),
    ("NewOrder", "gift_message"): Personal("gift_message"),
    # A change of address that the customer asked for, on its way to a new envelope.
    **{("Place", field): Personal(field) for field in _PLACE},
    ("ChangeAddress", "name"): Personal("name"),
    **{("Person", field): Personal(field) for field in (*_NAME, *_PLACE, "email", "phone", "note", "gift_message")},
    ("Person", "billing"): Personal("billing", "billing"),
    # An order that is being written: the whole of it, sealed as one.
    ("PutDraft", "order"): Personal(WHOLE, "draft"),
    ("DraftView", "order"): Personal(WHOLE, "draft"),
    # What a reader is shown, masked or for a purpose.
    **{("PersonView", field): Personal(field) for field in (*_NAME, *_PLACE, "email", "phone", "note", "gift_message")},
    **{("BillingView", field): Personal("billing", "billing") for field in (*_NAME, *_PLACE)},
}

# Names that say different things on different models.
BY_MODEL: dict[tuple[str, str], Kind] = {
    **dict.fromkeys(
        (("Account", "name"), ("AccountView", "name"), ("LevelView", "name"), ("Terms", "name"), ("Supplier", "name")),
        "business",  # companies; a sole trader's is public in a register
    ),
    **{
        (model, name): "business"
        for model in ("Fairness", "PutFairness")
        for name in ("account_ranks", "ranks", "shares_pct")
    },
    **{(model, "channel_caps"): "business" for model in ("MayWait", "PutWaiting")},
    **dict.fromkeys((("WaitingAnswer", "why_not"), ("WaitingNow", "waiting_by_channel")), "business"),
    **{
        (model, "name"): "business"
        for model in (
            "Channel", "CheckView", "Client", "Edition", "FairnessPolicy", "Item", "Location", "LocationLimits",
            "Policy", "PolicyView", "Service", "Strategy", "StrategyView", "TrackedLine", "WaitingPolicy",
        )
    },
    ("Location", "postal_code"): "business",  # our own places
    ("RateCard", "region"): "business",
    ("CountedBasket", "region"): "business",  # a country and the first character of a postal code
    ("PriceShard", "prices"): "business",
    ("CountPlace", "key"): "business",  # the name of a file, and its columns
    ("CountPlace", "header"): "business",
    ("Kept", "of"): "business",  # a SKU
    ("Item", "channel_shelf_days"): "business",
    **{("Filters", name): "business" for name in ("capabilities", "countries", "networks")},
    **dict.fromkeys((("Rule", "name"), ("Scope", "region")), "business"),
    **{("DecisionRecord", name): "business" for name in ("rule", "prices", "passed_over", "again_by", "planned")},
    **{("DecisionRecord", name): "business" for name in ("ships_from", "split", "speaks_for", "why_refused")},
    **{("TriedFallback", name): "business" for name in ("how", "why_not")},  # our own words, of lines and locations
    **dict.fromkeys((("Rule", "suppliers"), ("Location", "transfer_days"), ("Line", "transfers")), "business"),
    ("LineView", "transfers"): "business",
    **dict.fromkeys((("FulfillmentLine", "instead_of"), ("Item", "substitutes"), ("LineView", "sent_as")), "business"),
    # What a what-if goes on from and comes to: SKUs, locations and counts, by day and by order id.
    **{("State", name): "business" for name in ("hour", "late", "spots", "workload")},
    **{("State", name): "pseudonym" for name in ("taken", "waits", "asked", "instead")},
    **{("Results", name): "business" for name in ("days", "fallbacks")},
    **{("PictureLinks", name): "business" for name in ("png_url", "svg_url")},
    ("WhatIfView", "why"): "remark",
    **dict.fromkeys((("Excluded", "why"), ("Scored", "parts")), "business"),
    **{(model, "destination"): "business" for model in ("PutTransfer", "Transfer", "TransferView")},  # our own place
    **{("TransferReceived", name): "business" for name in ("damaged", "lost", "over", "received")},  # SKUs
    **{(model, "lots"): "business" for model in ("CountResult", "FulfillmentLine", "Posting", "StockExpired")},
    # Who has a thing is found by its serial number in an order only.
    **{
        (model, "serials"): "business"
        for model in (
            "ConfirmedLine", "Count", "FulfillmentLine", "NewMovement", "Posting", "ReceiveSupply", "ReceivedUnits",
            "ShippedUnits", "TransferLine", "TransferLineView",
        )
    },
    **{(model, "unknown"): "business" for model in ("CountResult", "ExceptionView", "Finding")},  # serials
    **dict.fromkeys((("SerialView", "serial"), ("ReceivedUnits", "lost_serials")), "business"),
    **{("TransferView", name): "business" for name in ("receipts", "shipments")},
    ("NewOrder", "reservation"): "pseudonym",  # the shop's number of a cart
    **dict.fromkeys((("LineQuery", "after"), ("WaitingLine", "next_after")), "pseudonym"),  # with an order's number
    **{(model, "why"): "business" for model in ("PromiseMove", "PromiseRow")},  # codes
    **{
        (model, "note"): "remark"
        for model in (
            "CancelOrder", "ChangeSet", "ChangeSetView", "Correction", "Edition", "FairnessPolicy", "FairnessView",
            "Hold", "LimitsView", "LocationLimits", "NewChangeSet", "NewHold", "NewMovement", "Policy", "PolicyDraft",
            "PolicyView", "PutFairness", "PutLimits", "PutTransfer", "PutWaiting", "Strategy", "StrategyDraft",
            "StrategyView", "Transfer", "TransferView", "WaitingNow", "WaitingPolicy", "WaitingPolicyView",
        )
    },
    **{
        (model, "why"): "remark"
        for model in ("Entry", "ImportView", "LogRow", "MovementView", "TimelineRow")
    },
    **{
        (model, "reason"): "remark"
        for model in ("BlockLot", "CancelTransfer", "ChangeSet", "ChangeSetView", "Declined", "HoldDecision", "LotView")
    },
    **{
        (model, "reason"): "business"  # codes
        for model in (
            "CarrierScan", "ChannelLevelsFailed", "ChannelPollFailed", "CheckView", "Confirmation", "ExceptionTask",
            "ExceptionView", "Finding", "StockDrifted",
            "FulfillmentOrderParked", "FulfillmentOrderRejected", "FulfillmentOrderWithdrawn", "Hold", "HoldAnswer",
            "MessageView", "OrderCancelled", "OrderHeld", "OrderHoldOverdue", "OrderHoldReleased",
            "OrderPromiseChanged", "OrderRejected",
            "ParcelVoided", "ReplayOrder", "Reservation", "ReservationView", "Rule",
        )
    },
}  # fmt: skip

_NAMES: dict[Kind, str] = {
    "pseudonym": (
        "account_id body_hash external_number external_order_id external_order_ids fingerprint order_id order_ids"
        " person_hash person_id postal_area reference subject tracking_number tracking_token tracking_url url"
    ),
    "staff": "by decided_by let_in_by requested_by resolved_by",
    # Our own words about a case; the tests of each context look for clear text in them.
    "remark": "detail error file_name message problem undo_error",
    "business": (
        "action actions amount_minor as_of at before blocked blocks cancelling carrier challengeResponse"
        " changed channel channels check classes code columns components country currencies currency cursor data"
        " decision delimiter deliver_by disposable effect entry etag excluded_locations express external_version"
        " failed_step failing faults field fields free_mail gln good gs1_prefix hazmat hidden high_minor holds"
        " holidays id ignored incident kind kinds label_number later levels lines location locations mapping method"
        " missing named next_before next_cursor not_to number_prefix off on on_error on_expiry only_to"
        " options origins outcome over_credit_limit owner params parent part_of payment_method pickup_location place"
        " plugin possible proved purpose rates ref refuses_with regions release_by remote_areas roles route"
        " rules service ship_by short_picks silent since sku skus source sscc state statement_as_of status stored"
        " supplier taken_back term time time_zone to type units unsourced until version waiting waits_for watermark"
        " weights what zones delivery_hash goods_hash decided_in kept_to"
        " digest from_location to_location under_way"
        " capabilities constraint fallback inputs instead_of networks relaxed strategy words"
    ),
}
BY_NAME: dict[str, Kind] = {name: kind for kind, names in _NAMES.items() for name in names.split()}


# What such a name says is no text of anybody's: an id of ours, a time, a code.
_SUFFIXES = ("_id", "_ids", "_at", "_on", "_until", "_since", "_code", "_status", "_currency", "_version", "_cursor")


def kind_of(model: str, field: str) -> Kind | None:
    """What a field may hold; None when nobody has said."""
    if (model, field) in PERSONAL:
        return "personal"
    known = BY_MODEL.get((model, field)) or BY_NAME.get(field)
    return known or ("business" if field.endswith(_SUFFIXES) else None)


def purpose_of(name: str) -> Purpose | None:
    return next((purpose for purpose in PURPOSES if purpose.name == name), None)
