"""What of the stock somebody must look at: one entry per kind and position, open or resolved."""

from typing import Literal

from oms.events.fact import FactData
from oms.events.inventory import StockDrifted, StockExceptionClosed
from oms.kernel.ids import derive_id
from oms.orders.model import Aggregate, Value

ExceptionKind = Literal["shortfall", "drift", "serials"]
ExceptionStatus = Literal["open", "resolved"]
Trusted = Literal["balance", "movements"]
KINDS: tuple[ExceptionKind, ...] = ("drift", "serials", "shortfall")
# What a person can do about any of the kind; of a shortfall also to cancel who holds the units.
ACTIONS: dict[str, tuple[str, ...]] = {
    "shortfall": ("receive", "count"),
    "drift": ("correct", "count"),
    "serials": ("count",),
}
KEPT_LOG = 50


class Holder(Value):
    """Who holds committed units of a position: an order, by its work at the location, or a transfer from there."""

    kind: Literal["order", "transfer"]
    id: str
    units: int


class Finding(Value):
    """What is wrong with a position. `stored` is what its books say, `proved` what they should say, by bucket.

    `entry` is a line of the journal that its history does not have, for version `entry_version`. `missing` serials were
    not counted, `unknown` ones should not have been there. `holders` have the units of which there are too few;
    `other_units` are those of `other_holders`, and of such as their movements do not name any more.
    """

    kind: ExceptionKind
    sku: str
    location: str
    reason: str
    what: str
    version: int
    stored: tuple[tuple[str, int], ...] = ()
    proved: tuple[tuple[str, int], ...] = ()
    entry: str | None = None
    entry_version: int = 0
    missing: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    holders: tuple[Holder, ...] = ()
    other_holders: int = 0
    other_units: int = 0

    @property
    def actions(self) -> tuple[str, ...]:
        """What a person can do that may help; the rest is the system's."""
        if self.kind != "shortfall":
            return ACTIONS[self.kind]
        kinds = {holder.kind for holder in self.holders}
        orders = ("cancel_orders",) if "order" in kinds or self.other_units or not kinds else ()
        return (*ACTIONS[self.kind], *orders, *(("cancel_transfers",) if "transfer" in kinds else ()))

    @property
    def exception_id(self) -> str:
        return exception_id(self.kind, self.sku, self.location)


class StockException(Aggregate):
    """The exception of a kind at a position: opened again when it happens again, with its history in the log.

    `trusted` is the side that a correction took as right, where one resolved it.
    """

    id: str
    finding: Finding
    status: ExceptionStatus
    since: str
    resolved_by: str | None = None
    resolved_at: str | None = None
    trusted: Trusted | None = None

    @property
    def subject(self) -> str:
        return self.id

    @property
    def of_order(self) -> None:
        """It is about a position, not about an order."""
        return


class ExceptionView(Value):
    """An exception as the API shows it; `actions` is what can be done about it now.

    Of a shortfall `holders` have the units, as of when it was last looked at, at the latest a quarter of an hour ago;
    `other_units` are held by `other_holders` and by such as cannot be named.
    """

    exception_id: str
    kind: ExceptionKind
    status: ExceptionStatus
    sku: str
    location: str
    reason: str
    what: str
    since: str
    stored: dict[str, int]
    proved: dict[str, int]
    actions: tuple[str, ...]
    missing: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    holders: tuple[Holder, ...] = ()
    other_holders: int = 0
    other_units: int = 0
    resolved_by: str | None = None
    resolved_at: str | None = None


class ExceptionPage(Value):
    """Exceptions by kind, oldest first; `next_cursor` is absent on the last page."""

    exceptions: tuple[ExceptionView, ...]
    next_cursor: str | None = None


def exception_id(kind: ExceptionKind, sku: str, location: str) -> str:
    return derive_id("exc", kind, sku, location)


def opening_facts(finding: Finding) -> tuple[FactData, ...]:
    """What the bus hears when it is opened: a shortfall was said by the movement that made it."""
    if finding.kind != "drift":
        return ()
    return (
        StockDrifted(
            sku=finding.sku,
            location=finding.location,
            exception_id=finding.exception_id,
            reason=finding.reason,
            stored=dict(finding.stored),
            proved=dict(finding.proved),
        ),
    )


def closing_fact(exception: StockException, by: str) -> StockExceptionClosed:
    finding = exception.finding
    return StockExceptionClosed(
        sku=finding.sku,
        location=finding.location,
        exception_id=exception.id,
        kind=finding.kind,
        resolved_by=by,
    )


def view_of(exception: StockException) -> ExceptionView:
    finding = exception.finding
    return ExceptionView(
        exception_id=exception.id,
        kind=finding.kind,
        status=exception.status,
        sku=finding.sku,
        location=finding.location,
        reason=finding.reason,
        what=finding.what,
        since=exception.since,
        stored=dict(finding.stored),
        proved=dict(finding.proved),
        actions=finding.actions if exception.status == "open" else (),
        holders=finding.holders,
        other_holders=finding.other_holders,
        other_units=finding.other_units,
        missing=finding.missing,
        unknown=finding.unknown,
        resolved_by=exception.resolved_by,
        resolved_at=exception.resolved_at,
    )
