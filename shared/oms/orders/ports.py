"""What several contexts need of another one and may not import; `oms.wiring` binds it."""

from collections.abc import Sequence
from typing import Any, Protocol

from oms.orders.holding import HoldSpec
from oms.orders.model import FulfillmentOrder, Order, Parcel
from oms.orders.shapes import Contact, LineFigures, OrderFigures, PostalPlace

TakenBack = Sequence[tuple[FulfillmentOrder, Sequence[Parcel]]]  # each with those of its parcels that are voided now


class BookingsPort(Protocol):
    """What bookings hold outside of their orders (context shipping)."""

    def give_back_writes(self, taken_back: TakenBack) -> list[Any]:
        """Writes to be committed with the voiding of the parcels."""

    def tell_carriers(self, taken_back: TakenBack) -> None:
        """After the commit: the labels are not used."""


class CreditAnswer(Protocol):
    """Whether a changed order fits the limits, what it must wait for if not, and what to write with it if it does."""

    @property
    def fits(self) -> bool: ...
    @property
    def holds(self) -> tuple[HoldSpec, ...]: ...
    @property
    def writes(self) -> Sequence[Any]: ...


class ExposurePort(Protocol):
    """What a customer on account owes for orders (context credit). An order that is not on account costs nothing."""

    def exposure_writes(self, order: Order) -> list[Any]:
        """Let an order in whatever the limit says: a person has decided."""

    def moved_writes(self, before: Order, after: Order, *, let_in_by: str | None = None) -> list[Any]:
        """Writes that move the exposure by what the change is worth, whatever the limit says; commit them with it.

        `let_in_by` is the person who decided so: the order is not asked for its credit again.
        """

    def reassess(self, before: Order, after: Order) -> CreditAnswer:
        """Whether an order still fits the limits when it is changed, confirmed at last, or opened again.

        `writes` hold the answer up against what happens meanwhile.
        """


class WantedLine(LineFigures, Protocol):
    """One line as its sender has it."""

    @property
    def external_line_id(self) -> str | None: ...


class WantedCustomer(Contact, Protocol):
    """Whom the sender names."""

    @property
    def company(self) -> str | None: ...


class WantedOrder(OrderFigures, Protocol):
    """An order as its sender has it now. `oms.intake.model.NewOrder` is one."""

    @property
    def lines(self) -> Sequence[WantedLine]: ...
    @property
    def customer(self) -> WantedCustomer: ...
    @property
    def ship_to(self) -> PostalPlace: ...
    @property
    def delivery(self) -> Any: ...
