"""What amending needs of other contexts, as it sees it. `oms.wiring` binds them."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from oms.amending.store import ChangeStore
from oms.kernel.time import Clock
from oms.orders.holding import HoldSpec
from oms.orders.mayship import MayShip, ToShip
from oms.orders.model import CheckFinding, Destination, FulfillmentOrder, Line, Order, Parcel, Promise
from oms.orders.ports import ExposurePort
from oms.orders.shapes import PersonShape, PostalPlace
from oms.orders.store import OrderStore
from oms.reference.store import ReferenceStore

Stock = Mapping[str, Mapping[str, int]]  # SKU -> location -> units that can be promised


class RecallPort(Protocol):
    """Takes fulfillment orders back from locations, and units out of the queue for stock (context allocation)."""

    def parcels_of(self, works: Iterable[FulfillmentOrder]) -> dict[str, Parcel]: ...

    def take(
        self,
        works: Sequence[FulfillmentOrder],
        queued: Sequence[tuple[Line, int]],
        parcels: Mapping[str, Parcel],
        *,
        reason: str,
        by: str,
        at: datetime,
    ) -> Any:
        """All of it in one transaction, or TooLargeError."""

    def commit(self, before: Order, header: Order, recall: Any, *more: Any) -> None:
        """The header as made from `before`, what was taken back and `more`, all or nothing."""


class PeoplePort(Protocol):
    """Where personal data is (context privacy)."""

    def read(self, person_id: str, *, purpose: str) -> PersonShape: ...

    def write_new(self, person_id: str, who: PersonShape) -> Any: ...

    def discard_write(self, person_id: str) -> Any: ...

    def fingerprint(self, text: str) -> str: ...


class StockPort(Protocol):
    """Available to promise on a channel, for a delivery until some day (None: today); may be a moment old."""

    def counted(self, skus: Iterable[str], *, channel: str) -> Callable[[str | None], Stock]: ...


class PromisePort(Protocol):
    """A delivery promise; empty when there is too little stock to promise a date."""

    def __call__(self, destination: Destination, lines: Mapping[str, int], stock: Stock, at: datetime) -> Promise: ...


class Verdict(Protocol):
    """What the checks say of an edit that they do not refuse."""

    @property
    def holds(self) -> tuple[HoldSpec, ...]: ...
    @property
    def findings(self) -> tuple[CheckFinding, ...]: ...


class ChecksPort(Protocol):
    """The checks that an edit can fail, as the channel's policy has them (context validation)."""

    def recheck(self, before: Order, after: Order, *, place: PostalPlace | None, at: datetime) -> Verdict:
        """RejectedError with all faults when a check that refuses finds something that the edit brings about."""
        ...


@dataclass(frozen=True)
class AmendingDesk:
    """The collaborators of amending."""

    orders: OrderStore
    changes: ChangeStore
    recall: RecallPort
    exposure: ExposurePort
    people: PeoplePort
    stock: StockPort
    may_ship: Callable[[ToShip], MayShip]
    promise: PromisePort
    checks: ChecksPort
    reference: ReferenceStore
    served_countries: Callable[[], Collection[str]]
    clock: Clock
