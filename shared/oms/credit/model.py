"""A customer account with what it owes and may owe, and what each order has to do with it."""

from collections.abc import Mapping
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from oms.kernel.identifiers import WithoutCard
from oms.kernel.text import Clean, Instant

Minor = Annotated[int, Field(ge=0, le=999_999_999_999_999)]
AccountId = Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"), WithoutCard]
Day = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]
LEVELS = 3  # customer, group, company


class Terms(BaseModel):
    """What was agreed. Without `limit_minor` this level sets no limit; that of `parent` may still.

    Invoices are overdue `grace_days` after their due day; up to `tolerated_overdue_minor` that stops nothing. `blocked`
    is a person's decision: no order on account, whatever the limit.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: Annotated[str, Field(max_length=200)] = ""
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    limit_minor: Minor | None = None
    parent: AccountId | None = None
    grace_days: Annotated[int, Field(ge=0, le=365)] = 0
    tolerated_overdue_minor: Minor = 0
    blocked: bool = False


class Due(BaseModel):
    """Unpaid invoices of one due day."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    on: Day
    amount_minor: Minor


class Account(BaseModel):
    """A customer who buys on account, a group of them, or a company; amounts in minor units of `currency`.

    The three exposures are those of the account and of all below it. `own_invoices_minor`, `due` and `statement_as_of`
    are of the account alone, as its last statement said. `children` are the accounts directly below it, `grandchildren`
    those below them: how far down it reaches, so that nothing is put above it that would be one level too many.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    name: str = ""
    currency: str
    limit_minor: int | None = Field(default=None, ge=0)
    parent: str | None = None
    grace_days: int = 0
    tolerated_overdue_minor: int = 0
    blocked: bool = False
    open_orders_minor: int = Field(default=0, ge=0)
    unbilled_minor: int = Field(default=0, ge=0)
    unpaid_invoices_minor: int = Field(default=0, ge=0)
    own_invoices_minor: int = Field(default=0, ge=0)
    due: tuple[Due, ...] = ()
    statement_as_of: str | None = None
    children: int = 0
    grandchildren: int = 0
    version: int = 0

    @property
    def levels_below(self) -> int:
        """Levels of accounts below this one."""
        return (self.children > 0) + (self.grandchildren > 0)

    @property
    def exposure_minor(self) -> int:
        """Open invoices + unbilled shipped + open orders."""
        return self.open_orders_minor + self.unbilled_minor + self.unpaid_invoices_minor


class Chain(NamedTuple):
    """An account and those above it, nearest first: each has a say."""

    accounts: tuple[Account, ...]

    @property
    def own(self) -> Account:
        return self.accounts[0]


class Ledger(NamedTuple):
    """What one order has to do with its account.

    `live_minor` is worth of what was not cancelled, `shipped_minor` of what left, `billed_minor` of what the ERP has
    billed: all absolute, so that telling it twice changes nothing. `billed_as_of` is the statement that said so.
    `ended`: the order is completed or cancelled.
    """

    order_id: str
    live_minor: int
    shipped_minor: int = 0
    billed_minor: int = 0
    ended: bool = False
    let_in_by: str | None = None
    version: int = 1
    billed_as_of: str = ""

    @property
    def unbilled_minor(self) -> int:
        return max(self.shipped_minor - self.billed_minor, 0)

    @property
    def open_minor(self) -> int:
        """What is ordered and neither shipped nor billed ahead of that."""
        ahead = max(self.billed_minor - self.shipped_minor, 0)
        return max(self.live_minor - self.shipped_minor - ahead, 0)


class Billed(BaseModel):
    """How much of an order has been billed to date, credit notes taken off."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    order_id: Annotated[str, Field(min_length=1, max_length=64), Clean, WithoutCard]
    amount_minor: Minor


class Statement(BaseModel):
    """What the ERP says of an account at `as_of`: absolute figures. Sent again, or late, it does no harm.

    `billed` are orders billed since the statement before, or all that are not paid: each with its total to date.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    as_of: Instant
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    unpaid_invoices_minor: Minor
    due: Annotated[list[Due], Field(max_length=400)] = []
    billed: Annotated[list[Billed], Field(max_length=1_000)] = []


class LevelView(BaseModel):
    """One level of the hierarchy with its limit and what is left of it."""

    account_id: str
    name: str
    limit_minor: int | None
    open_orders_minor: int
    unbilled_minor: int
    unpaid_invoices_minor: int
    exposure_minor: int
    room_minor: int | None
    blocked: bool


class OrderExposure(BaseModel):
    """An order that counts. `let_in_by` took it over the limit; the order's timeline has the reason."""

    order_id: str
    open_minor: int
    unbilled_minor: int
    billed_minor: int
    let_in_by: str | None


class AccountView(BaseModel):
    """An account: what it may still order, and why no more."""

    account_id: str
    name: str
    currency: str
    limit_minor: int | None
    parent: str | None
    grace_days: int
    tolerated_overdue_minor: int
    blocked: bool
    overdue_minor: int
    statement_as_of: str | None
    room_minor: int | None
    levels: list[LevelView]
    orders: list[OrderExposure]
    version: int


class Answered(NamedTuple):
    """Which levels refuse, and why: the hold's reason, with words without a name."""

    reason: str
    note: str


Change = Mapping[str, int]  # attribute of the account -> by how much
