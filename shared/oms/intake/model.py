"""The one shape in which every order comes in, and the one in which it is answered.

How the amounts add up, all in minor units of one currency:

    line amount  = quantity x unit_price_minor - discount_minor
    goods        = sum of line amounts - order discount_minor + shipping_minor
    total_minor  = goods + tax_minor        prices without tax (`taxes_included` false, the default)
    total_minor  = goods                    prices with tax: `tax_minor` says how much of the total is tax

`tax_minor` of the order is the tax of its lines plus the tax on shipping, so it is never less than the sum of the
lines'. `shipping_minor` holds every charge that is not a line: postage, duties, a tip.
"""

import unicodedata
from typing import Annotated, NamedTuple, Protocol

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

MAX_LINES = 1_000
_MAX_MINOR = 999_999_999_999_999  # 15 digits: below 2**53, so that every JSON reader keeps every minor unit
_MAX_UNITS = 1_000_000
_FORBIDDEN = frozenset({"Cc", "Cs", "Zl", "Zp"})  # control characters, lone surrogates, line and paragraph separators
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # can make a text read other than it is


def clean(text: str) -> str:
    """The text in NFC.

    Raises:
        ValueError: a control character, a lone surrogate, a direction override, or nothing but blanks.
    """
    if not (text.isascii() and text.isprintable()):
        if any(unicodedata.category(character) in _FORBIDDEN or character in _BIDI for character in text):
            raise ValueError("control characters are not allowed")
        text = unicodedata.normalize("NFC", text)
    if not text.strip():
        raise ValueError("must not be blank")
    return text


def _email(text: str) -> str:
    name, _, domain = text.rpartition("@")
    if not name or not domain or any(character.isspace() for character in text):
        raise ValueError("is not an e-mail address")
    return text


Minor = Annotated[int, Field(ge=0, le=_MAX_MINOR)]
Units = Annotated[int, Field(ge=1, le=_MAX_UNITS)]
_Text = AfterValidator(clean)
Reference = Annotated[str, Field(min_length=1, max_length=128), _Text]
Sku = Annotated[str, Field(min_length=1, max_length=64), _Text]
Short = Annotated[str, Field(min_length=1, max_length=120), _Text]
Row = Annotated[str, Field(min_length=1, max_length=200), _Text]
Code = Annotated[str, Field(min_length=1, max_length=20), _Text]
Email = Annotated[str, Field(min_length=3, max_length=254), _Text, AfterValidator(_email)]
Phone = Annotated[str, Field(min_length=1, max_length=40), _Text]
CountryCode = Annotated[str, Field(pattern="^[A-Z]{2}$")]
CurrencyCode = Annotated[str, Field(pattern="^[A-Z]{3}$")]


class _Inbound(BaseModel):
    # An error that ends up in a log must not carry the body.
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class NewLine(_Inbound):
    """Units of one SKU."""

    sku: Sku
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
    """Where it goes."""

    address_lines: Annotated[list[Row], Field(min_length=1, max_length=4)]
    city: Short
    region: Short | None = None
    postal_code: Code
    country: CountryCode


class NewOrder(_Inbound):
    """An order as a channel hands it over. (channel, external_order_id) names it for ever."""

    channel: Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,40}$")]
    external_order_id: Reference
    currency: CurrencyCode
    lines: Annotated[list[NewLine], Field(min_length=1, max_length=MAX_LINES)]
    shipping_minor: Minor = 0
    discount_minor: Minor = 0
    tax_minor: Minor = 0
    taxes_included: bool = False
    total_minor: Minor
    account_id: Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")] | None = None
    customer: Customer
    ship_to: ShipTo


class Ignored(NamedTuple):
    """A genuine message that is no new order; the sender is told that it arrived."""

    reason: str


class ChannelSecrets(NamedTuple):
    """What a channel signs with: during a rotation both are good."""

    current: str
    previous: str | None = None


class ChannelPlugin(Protocol):
    """One kind of channel: a file in `oms/intake/channels/` that ends in `PLUGIN = ...`."""

    def verify(self, headers: dict[str, str], raw: bytes, secrets: ChannelSecrets) -> bool:
        """Whether `raw` was signed with one of the secrets. Header names are lower case; never raises."""
        ...

    def parse(self, channel: str, headers: dict[str, str], document: object) -> NewOrder | Ignored:
        """The order in the message.

        Raises:
            RejectedError: it is meant to be an order and is not a valid one; `faults` name the sender's own fields.
        """
        ...


class PromiseAnswer(BaseModel):
    """Delivery window in dates of the destination; empty when no date can be promised yet."""

    earliest_on: str | None = None
    latest_on: str | None = None


class HoldAnswer(BaseModel):
    """Why the order waits."""

    hold_id: str
    reason: str


class OrderAccepted(BaseModel):
    """What the sender is told, word for word the same on every repeat."""

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
