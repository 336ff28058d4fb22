"""What an order must show to be checked. Any shape with these fields will do: contexts do not import each other."""

from collections.abc import Sequence
from typing import Protocol

from oms.orders.shapes import Contact, LineFigures, OrderFigures, PostalPlace


class BillingToCheck(Protocol):
    """Who pays, when that is somebody else."""

    @property
    def name(self) -> str: ...
    @property
    def country(self) -> str: ...


class PaymentToCheck(Protocol):
    """How far the money is."""

    @property
    def status(self) -> str: ...
    @property
    def method(self) -> str | None: ...


class DeliveryToCheck(Protocol):
    """What was promised to the buyer."""

    @property
    def service(self) -> str | None: ...
    @property
    def pickup_location(self) -> str | None: ...


class OrderToCheck(OrderFigures, Protocol):
    """One order, amounts in minor units of its currency."""

    @property
    def channel(self) -> str: ...
    @property
    def lines(self) -> Sequence[LineFigures]: ...
    @property
    def account_id(self) -> str | None: ...
    @property
    def placed_at(self) -> str | None: ...
    @property
    def customer(self) -> Contact: ...
    @property
    def ship_to(self) -> PostalPlace: ...
    @property
    def bill_to(self) -> BillingToCheck | None: ...
    @property
    def payment(self) -> PaymentToCheck | None: ...
    @property
    def delivery(self) -> DeliveryToCheck | None: ...
