"""What an order must show to be checked. Any shape with these fields will do: contexts do not import each other."""

from collections.abc import Sequence
from typing import Protocol


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
