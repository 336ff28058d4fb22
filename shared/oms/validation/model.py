"""What an order must show to be checked. Any shape with these fields will do: contexts do not import each other."""

from collections.abc import Sequence
from typing import Annotated, Protocol

from pydantic import BaseModel, ConfigDict, Field


class LineToCheck(Protocol):
    """One line's figures."""

    @property
    def sku(self) -> str: ...
    @property
    def quantity(self) -> int: ...
    @property
    def unit_price_minor(self) -> int: ...
    @property
    def discount_minor(self) -> int: ...
    @property
    def tax_minor(self) -> int: ...


class AddressToCheck(Protocol):
    """Where it goes."""

    @property
    def country(self) -> str: ...


class OrderToCheck(Protocol):
    """One order's figures, in minor units of its currency."""

    @property
    def ship_to(self) -> AddressToCheck: ...
    @property
    def currency(self) -> str: ...
    @property
    def lines(self) -> Sequence[LineToCheck]: ...
    @property
    def shipping_minor(self) -> int: ...
    @property
    def discount_minor(self) -> int: ...
    @property
    def tax_minor(self) -> int: ...
    @property
    def taxes_included(self) -> bool: ...
    @property
    def total_minor(self) -> int: ...


class HoldDecision(BaseModel):
    """What a person says about a hold. The reason is kept in the order's log with the person's id."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)

    reason: Annotated[
        str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$")
    ]


class HoldOutcome(BaseModel):
    """What became of a hold: `released` or `rejected`. The same for every repeat."""

    order_id: str
    hold_id: str
    outcome: str
