"""The one shape in which every order comes in, and the one in which it is answered.

How the amounts add up, all in minor units of one currency:

    line amount  = quantity x unit_price_minor - discount_minor
    goods        = sum of line amounts - order discount_minor + shipping_minor
    total_minor  = goods + tax_minor        prices without tax (`taxes_included` false, the default)
    total_minor  = goods                    prices with tax: `tax_minor` says how much of the total is tax

`tax_minor` of the order is the tax of its lines plus the tax on shipping, so it is never less than the sum of the
lines'. `shipping_minor` holds every charge that is not a line: postage, duties, a tip.
"""

from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from oms.kernel.identifiers import Reference, SenderReference, Sku, WithoutCard
from oms.kernel.money import MAX_MINOR
from oms.kernel.postal import PartOfAddress
from oms.kernel.text import Instant, Plain, PlainLines, UpTo
from oms.orders.goods import MAX_LINES, names_fit
from oms.orders.model import Priority

_MAX_UNITS = 1_000_000


def _email(text: str) -> str:
    name, _, domain = text.rpartition("@")
    if not name or not domain or any(character.isspace() for character in text):
        raise ValueError("is not an e-mail address")
    return text


Minor = Annotated[int, Field(ge=0, le=MAX_MINOR)]
Units = Annotated[int, Field(ge=1, le=_MAX_UNITS)]
Short = Annotated[str, Plain, UpTo(120)]
Row = Annotated[str, Plain, UpTo(200)]
Code = Annotated[str, Plain, UpTo(20)]
City = Annotated[str, Field(validate_default=True), PartOfAddress, UpTo(120, least=0)]
PostalCode = Annotated[str, Field(validate_default=True), PartOfAddress, UpTo(20, least=0)]
Email = Annotated[str, Plain, UpTo(254, least=3), AfterValidator(_email)]
Phone = Annotated[str, Plain, UpTo(40)]
CountryCode = Annotated[str, Field(pattern="^[A-Z]{2}$")]
CurrencyCode = Annotated[str, Field(pattern="^[A-Z]{3}$")]


class _Inbound(BaseModel):
    # An error that ends up in a log must not carry the body.
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class NewLine(_Inbound):
    """Units of one SKU. `external_line_id` is the sender's name of the line: cancellations and refunds point to it."""

    sku: Sku
    external_line_id: SenderReference | None = None
    quantity: Units
    unit_price_minor: Minor
    discount_minor: Minor = 0
    tax_minor: Minor = 0


class Customer(_Inbound):
    """Who ordered."""

    name: Row
    email: Email | None = None
    phone: Phone | None = None
    company: Row | None = None


class ShipTo(_Inbound):
    """Where it goes. City and postal code are needed where the country's post needs them."""

    country: CountryCode
    address_lines: Annotated[list[Row], Field(min_length=1, max_length=4)]
    city: City = ""
    region: Short | None = None
    postal_code: PostalCode = ""


class Payment(_Inbound):
    """What the sender says of the money: never a card number, only how far it is and by which kind of method."""

    status: Literal["none", "pending", "authorized", "partially_paid", "paid", "partially_refunded", "refunded"]
    method: Short | None = None
    reference: Annotated[str, Plain, UpTo(128)] | None = None


class Delivery(_Inbound):
    """What the sender promised the buyer: the service by the sender's name, ship and deliver no later than."""

    service: Short | None = None
    ship_by: Instant | None = None
    deliver_by: Instant | None = None
    pickup_location: Reference | None = None


class BillTo(_Inbound):
    """Who is billed, where that differs from whom it is sent to."""

    name: Row
    company: Row | None = None
    country: CountryCode
    address_lines: Annotated[list[Row], Field(min_length=1, max_length=4)]
    city: City = ""
    region: Short | None = None
    postal_code: Code | None = None


class NewOrder(_Inbound):
    """An order as a channel hands it over. (channel, external_order_id) names it for ever.

    `reservation` names the units that were kept for it: the id of a reservation, or the owner of one in this channel.
    One that is over, or that there never was, is no reason against the order: it gets what is available.

    `accepts_substitutes`: whether the buyer takes another article where the one ordered is short, at its price.

    `priority`: 0 (normal) to 9 (most urgent), as high as its channel may ask: who stands first in line of those
    that are promised the same day, and who is served first where the item's fairness rule says `priority`.

    `external_number` is the number that the buyer sees. `note` and `gift_message` are the buyer's own words; with
    `bill_to` they are personal data.
    """

    channel: Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,40}$")]
    external_order_id: SenderReference
    currency: CurrencyCode
    lines: Annotated[list[NewLine], Field(min_length=1, max_length=MAX_LINES)]
    shipping_minor: Minor = 0
    discount_minor: Minor = 0
    tax_minor: Minor = 0
    taxes_included: bool = False
    total_minor: Minor
    account_id: Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"), WithoutCard] | None = None
    customer: Customer
    ship_to: ShipTo
    reservation: Reference | None = None
    external_number: Reference | None = None
    placed_at: Instant | None = None
    payment: Payment | None = None
    delivery: Delivery | None = None
    accepts_substitutes: bool | None = None
    priority: Priority | None = None
    bill_to: BillTo | None = None
    note: Annotated[str, PlainLines, UpTo(2_000)] | None = None
    gift_message: Annotated[str, PlainLines, UpTo(2_000)] | None = None

    @field_validator("lines")
    @classmethod
    def _names_fit(cls, lines: list[NewLine]) -> list[NewLine]:
        if not names_fit([line.sku for line in lines]):
            raise ValueError("the SKUs of so many lines are too long; make several orders of it")
        return lines


class PromiseAnswer(BaseModel):
    """Delivery window in dates of the destination; empty when no date can be promised yet."""

    earliest_on: str | None = None
    latest_on: str | None = None


class HoldAnswer(BaseModel):
    """Why the order waits."""

    hold_id: str
    reason: str


class OrderAccepted(BaseModel):
    """What the sender is told, word for word the same on every repeat.

    `backorder_expected`: too little is there, and some of what is missing may wait by its item's policy. How many wait
    already is not counted here: an order may still be held `out_of_stock` where a cap is full.
    """

    order_id: str
    channel: str
    external_order_id: str
    status: str
    promise: PromiseAnswer
    holds: list[HoldAnswer]
    backorder_expected: bool


class WebhookIgnored(BaseModel):
    """The message arrived and asks nothing of us."""

    ignored: str


class Submission(NamedTuple):
    """The answer, and whether it had been given before."""

    answer: OrderAccepted
    replayed: bool
