"""What several contexts need of another one and may not import; `oms.wiring` binds it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol

from oms.orders.holding import HoldSpec
from oms.orders.model import FulfillmentOrder, Order, Parcel

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

    def moved_writes(self, before: Order, after: Order) -> list[Any]:
        """Writes that move the exposure by what the change is worth, whatever the limit says; commit them with it."""

    def reassess(self, before: Order, after: Order) -> CreditAnswer:
        """Whether an order still fits the limits when it is changed, confirmed at last, or opened again.

        `writes` hold the answer up against what happens meanwhile.
        """


class WantedLine(Protocol):
    """One line as its sender has it."""

    @property
    def sku(self) -> str: ...
    @property
    def external_line_id(self) -> str | None: ...
    @property
    def quantity(self) -> int: ...
    @property
    def unit_price_minor(self) -> int: ...
    @property
    def discount_minor(self) -> int: ...
    @property
    def tax_minor(self) -> int: ...


class WantedPlace(Protocol):
    """Where the sender wants it to go."""

    @property
    def address_lines(self) -> Sequence[str]: ...
    @property
    def city(self) -> str: ...
    @property
    def region(self) -> str | None: ...
    @property
    def postal_code(self) -> str: ...
    @property
    def country(self) -> str: ...


class WantedCustomer(Protocol):
    """Whom the sender names."""

    @property
    def name(self) -> str: ...
    @property
    def email(self) -> str | None: ...
    @property
    def phone(self) -> str | None: ...
    @property
    def company(self) -> str | None: ...


class WantedOrder(Protocol):
    """An order as its sender has it now. `oms.intake.model.NewOrder` is one."""

    @property
    def currency(self) -> str: ...
    @property
    def lines(self) -> Sequence[WantedLine]: ...
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
    @property
    def customer(self) -> WantedCustomer: ...
    @property
    def ship_to(self) -> WantedPlace: ...
    @property
    def payment(self) -> Any: ...
    @property
    def delivery(self) -> Any: ...


class News(NamedTuple):
    """What a sender says of an order that we know.

    `version` is the sender's: one that is not greater than the order's changes nothing. `gone` are units that the
    sender took off, by external line id, whether or not the lines still count them. `fingerprint` is the keyed hash of
    the body (`Order.body_hash`).
    """

    wanted: WantedOrder
    version: str | None
    fingerprint: str
    gone: Mapping[str, int] = {}


class Amended(NamedTuple):
    """What became of it.

    `unchanged`: it says what we know; `stale`: we know something newer; `updated`: done; `cancelled`: nothing of the
    order is left; `held`: not (all) possible any more, a person must look (hold `channel_changed` or
    `cancellation_asked`); `too_late`: the order has ended. `note` says what, without personal data.
    """

    order_id: str
    outcome: Literal["unchanged", "stale", "updated", "cancelled", "held", "too_late"]
    note: str | None = None


# Writes to be committed together with the order's change (such as the message's row), told what became of it.
WithIt = Callable[[Amended], Sequence[Any]]


class AmendPort(Protocol):
    """Changes that a channel asks for (context amending). Each commits once, `with_it` included, whatever came out.

    All raise NotFoundError for an order that does not exist, and ConflictError when others kept writing first.
    """

    def amend(self, order_id: str, news: News, *, by: str, with_it: WithIt) -> Amended:
        """Make the order what its sender says it is now, as far as no location is at work on it."""
        ...

    def cancel(
        self,
        order_id: str,
        units: Mapping[str, int] | None,
        *,
        reason: str,
        version: str | None,
        by: str,
        with_it: WithIt,
    ) -> Amended:
        """The sender has cancelled the order, or units of it by external line id: take back what can be."""
        ...

    def ask_to_cancel(self, order_id: str, *, reason: str, version: str | None, by: str, with_it: WithIt) -> Amended:
        """The buyer asks: hold the order (`cancellation_asked`) until a person decides."""
        ...
