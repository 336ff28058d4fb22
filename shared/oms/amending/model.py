"""Change sets: what is to be different about an order, what that would mean, and what became of it."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from oms.kernel.identifiers import Sku
from oms.kernel.money import MAX_MINOR
from oms.kernel.postal import PartOfAddress
from oms.kernel.text import Plain, Remark, UpTo
from oms.orders.model import CheckFinding, Destination, Priority, Promise, Value

_Minor = Annotated[int, Field(ge=0, le=MAX_MINOR)]
_Number = Annotated[int, Field(ge=1, le=100_000)]
_Units = Annotated[int, Field(ge=1, le=1_000_000)]
_Short = Annotated[str, Plain, UpTo(120)]
_Row = Annotated[str, Plain, UpTo(200)]


class _Inbound(BaseModel):
    # An error that ends up in a log must not carry the body: it may name a person.
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class AddLine(_Inbound):
    """Units of a SKU that the order does not have yet, or at another price."""

    kind: Literal["add_line"]
    sku: Sku
    quantity: _Units
    unit_price_minor: _Minor
    discount_minor: _Minor = 0
    tax_minor: _Minor = 0


class SetQuantity(_Inbound):
    """So many units of a line, 0 to take it off.

    Fewer units take their share of the line's discount and tax with them. More units cost the line's price and its rate
    of tax, unless `tax_minor` says the line's tax.
    """

    kind: Literal["set_quantity"]
    number: _Number
    quantity: Annotated[int, Field(ge=0, le=1_000_000)]
    tax_minor: _Minor | None = None


class Place(_Inbound):
    """Where it goes instead. City and postal code are needed where the country's post needs them."""

    country: Annotated[str, Field(pattern="^[A-Z]{2}$")]
    address_lines: Annotated[list[_Row], Field(min_length=1, max_length=4)]
    city: Annotated[str, Field(validate_default=True), PartOfAddress, UpTo(120, least=0)] = ""
    region: _Short | None = None
    postal_code: Annotated[str, Field(validate_default=True), PartOfAddress, UpTo(20, least=0)] = ""


class ChangeAddress(_Inbound):
    """Another address, and another recipient if `name` is given. Everything not released is sourced again."""

    kind: Literal["ship_to"]
    ship_to: Place
    name: _Row | None = None


class ChangeDelivery(_Inbound):
    """Another delivery service, and what it costs if that is different. Tax on shipping follows its price."""

    kind: Literal["delivery_service"]
    service: _Short
    shipping_minor: _Minor | None = None


class ChangeDiscount(_Inbound):
    """The discount of the order, or of the line `number`: the amount that it is, not by how much it changes."""

    kind: Literal["discount"]
    discount_minor: _Minor
    number: _Number | None = None


class ChangePriority(_Inbound):
    """How urgent it is, 0 (normal) to 9, whatever its channel may ask. What waits for stock stands in line anew."""

    kind: Literal["priority"]
    priority: Priority


Edit = Annotated[
    AddLine | SetQuantity | ChangeAddress | ChangeDelivery | ChangeDiscount | ChangePriority,
    Field(discriminator="kind"),
]


class NewChangeSet(_Inbound):
    """What is to be different, made together or not at all. `note` is shown in the timeline: no personal data."""

    reason: Literal["customer_request", "price_correction", "address_correction", "substitution", "other"]
    note: Remark | None = None
    edits: Annotated[list[Edit], Field(min_length=1, max_length=100)]


class KeptEdit(Value):
    """An edit as it is kept: `fields` without the address, of which only the destination is."""

    kind: str
    fields: dict[str, int | str | None]


class ChangeSet(Value):
    """`pending -> confirmed | declined | expired`. `person_id` is whom the order goes to once it is confirmed."""

    id: str
    order_id: str
    status: str = "pending"
    reason: str
    note: str | None = None
    edits: tuple[KeptEdit, ...]
    fingerprint: str
    destination: Destination | None = None
    person_id: str | None = None
    requested_by: str
    requested_at: str
    expires_at: str
    decided_by: str | None = None
    decided_at: str | None = None
    version: int = 1


class Money(Value):
    """The amounts of an order, and what is more in the second than in the first."""

    before_minor: int
    after_minor: int
    difference_minor: int


class Price(Value):
    """How the amounts change. `goods` are the lines less their own discounts."""

    currency: str
    goods: Money
    discount: Money
    shipping: Money
    tax: Money
    total: Money


class LineChange(Value):
    """Units of a line that are wanted, before and after. `number` of an added line is the one it will get."""

    number: int
    sku: str
    before: int
    after: int


class CreditChange(Value):
    """What the customer's exposure changes by. `waits_for`: why it does not fit (codes of holds)."""

    account_id: str
    difference_minor: int
    fits: bool
    waits_for: tuple[str, ...] = ()


class StockChange(Value):
    """Units of a SKU that have to be found, how many can be promised now, and how many are missing then."""

    sku: str
    wanted: int
    available: int
    short: int


class PromiseChange(Value):
    """The delivery window, before and after."""

    before: Promise
    after: Promise


class Preview(Value):
    """What the change set would do to the order as it is now.

    `taken_back`: fulfillment orders that are made anew. `waits_for`: what the order would wait for (codes of holds),
    because a check finds something that the change brings about. `findings`: all that the checks find of it, and what
    drafts of policies would have done (`draft_…`).
    """

    lines: tuple[LineChange, ...]
    price: Price
    credit: CreditChange | None
    stock: tuple[StockChange, ...]
    promise: PromiseChange
    taken_back: tuple[str, ...]
    waits_for: tuple[str, ...] = ()
    findings: tuple[CheckFinding, ...] = ()


class WhyNot(Value):
    """Why it is not possible now, and what would make it possible."""

    code: str
    message: str
    possible: str


class ChangeSetView(Value):
    """A change set. While it is pending: what it would do (`preview`), or why it can no longer be made (`why_not`)."""

    id: str
    order_id: str
    status: str
    reason: str
    note: str | None
    edits: tuple[KeptEdit, ...]
    destination: Destination | None
    requested_by: str
    requested_at: str
    expires_at: str
    decided_by: str | None
    decided_at: str | None
    preview: Preview | None = None
    why_not: tuple[WhyNot, ...] = ()


class Declined(_Inbound):
    """Why a change set is not made; shown in the timeline."""

    reason: Remark


class Confirmed(_Inbound):
    """Make it. `over_credit_limit`: why finance lets it exceed the account's limit; shown in the timeline."""

    over_credit_limit: Remark | None = None
