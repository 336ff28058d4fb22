"""What intake needs of others, as it sees it. `oms.wiring` binds them; tests bring their own."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from oms.aws.tables import Write
from oms.intake.model import NewOrder
from oms.orders.model import Destination, Promise
from oms.reference.model import Channel

Stock = Mapping[str, Mapping[str, int]]  # SKU -> location -> units that can be promised


class StockPort(Protocol):
    """Available to promise; may be a moment old: allocation takes stock by condition later."""

    def available(self, skus: Iterable[str]) -> Stock: ...


class PromisePort(Protocol):
    """The first delivery promise; empty when there is too little stock to promise a date."""

    def __call__(self, destination: Destination, lines: Mapping[str, int], stock: Stock, at: datetime) -> Promise: ...


class ChecksPort(Protocol):
    """The checks that refuse an order."""

    def check(self, order: NewOrder, *, channel: Channel, country: str) -> None: ...

    def short(self, wanted: Mapping[str, int], stock: Stock) -> Mapping[str, int]: ...


class CreditAnswer(Protocol):
    """Whether an order fits the limit, and what to write with it if it does."""

    @property
    def fits(self) -> bool: ...
    @property
    def writes(self) -> Sequence[Write]: ...


class CreditPort(Protocol):
    """Exposure of customers on account."""

    def assess(self, account_id: str, amount_minor: int, currency: str) -> CreditAnswer: ...


class PeoplePort(Protocol):
    """Where personal data goes; what comes back is a write of ciphertext."""

    def write_new(
        self,
        person_id: str,
        *,
        name: str,
        email: str | None,
        phone: str | None,
        company: str | None,
        address_lines: Sequence[str],
        city: str,
        region: str | None,
        postal_code: str,
        country: str,
        billing: str | None = None,
        note: str | None = None,
        gift_message: str | None = None,
    ) -> Write: ...

    def fingerprint(self, text: str) -> str: ...


class FetchPort(Protocol):
    """Asks a channel for one of its orders; None when it has none of that name."""

    def __call__(self, channel: Channel, external_order_id: str) -> bytes | None: ...


class CancelPort(Protocol):
    """Cancels an order, or `units` of it by line number, as far as it can still be done; repeating it does no more.

    False: nothing could be cancelled any more.
    """

    def __call__(self, order_id: str, *, units: Mapping[int, int] | None, reason: str, by: str) -> bool: ...


class AmendPort(Protocol):
    """Makes the goods and the person of an order what its channel says they are; repeating it does no more.

    False: a person has to do it.
    """

    def __call__(self, order_id: str, new: NewOrder, *, gone: Mapping[str, int], by: str) -> bool: ...


class ReleasePort(Protocol):
    """Lets an order go on that was held for `hold_id`."""

    def __call__(self, order_id: str, hold_id: str, *, reason: str, by: str) -> object: ...
