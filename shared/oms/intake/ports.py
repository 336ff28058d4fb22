"""What intake needs of others, as it sees it. `oms.wiring` binds them; tests bring their own."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from oms.aws.tables import Write
from oms.intake.model import NewOrder
from oms.orders.holding import HoldSpec
from oms.orders.model import CheckFinding, Destination, Promise
from oms.orders.shapes import PersonShape
from oms.reference.model import Channel

Stock = Mapping[str, Mapping[str, int]]  # SKU -> location -> units that can be promised


class StockPort(Protocol):
    """Available to promise on a channel, for a delivery until some day; None: today.

    May be a moment old: allocation takes stock by condition later.
    """

    def counted(self, skus: Iterable[str], *, channel: str) -> Callable[[str | None], Stock]: ...


class PromisePort(Protocol):
    """The first delivery promise; empty when there is too little stock to promise a date."""

    def __call__(self, destination: Destination, lines: Mapping[str, int], stock: Stock, at: datetime) -> Promise: ...


class Verdict(Protocol):
    """What the checks say of an order that is not refused.

    `writes` are guards against what two orders can only do together (the same order twice, too many in an hour): they
    go into the order's transaction. When the condition of one fails, its label is handed to the next `check` as
    `tripped`, which answers with the hold instead. So a guard costs no read.
    """

    @property
    def holds(self) -> tuple[HoldSpec, ...]: ...
    @property
    def findings(self) -> tuple[CheckFinding, ...]: ...
    @property
    def writes(self) -> Sequence[Write]: ...


class ChecksPort(Protocol):
    """The checks of an order, as the channel's policy has them.

    `check` raises RejectedError with all faults when a check that refuses has found something.
    """

    def check(self, order: NewOrder, *, channel: Channel, at: datetime, tripped: Collection[str] = ()) -> Verdict: ...

    def short(self, wanted: Mapping[str, int], stock: Stock) -> Mapping[str, int]: ...


class CreditAnswer(Protocol):
    """What the order must wait for (nothing: it fits), and what to write with it when it is confirmed."""

    @property
    def holds(self) -> tuple[HoldSpec, ...]: ...
    @property
    def writes(self) -> Sequence[Write]: ...


class CreditPort(Protocol):
    """Exposure of customers on account. Only a confirmed order is exposure: `writes` belong to its confirmation."""

    def assess(
        self, account_id: str, amount_minor: int, currency: str, *, order_id: str, at: datetime
    ) -> CreditAnswer: ...


class PeoplePort(Protocol):
    """Where personal data goes; what comes back is a write of ciphertext."""

    def write_new(self, person_id: str, who: PersonShape) -> Write: ...

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

    False: a person has to do it. Of an order whose sender's version is newer than `version`, nothing is changed.
    """

    def __call__(
        self, order_id: str, new: NewOrder, *, gone: Mapping[str, int], version: str | None = None, by: str
    ) -> bool: ...


class ReleasePort(Protocol):
    """Lets an order go on that was held for `hold_id`."""

    def __call__(self, order_id: str, hold_id: str, *, reason: str, by: str) -> object: ...


class KeyPort(Protocol):
    """Asks a channel for one of the public keys that it signs with; None when it has none of that id."""

    def __call__(self, channel: Channel, key_id: str) -> str | None: ...
