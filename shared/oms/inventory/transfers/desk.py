"""What every step of a transfer does: read what it is about, look at who asks, write it whole, and lose races."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from oms.aws.tables import Write, commit
from oms.events.fact import Fact, FactData
from oms.inventory.model import Cause, Position, PositionKey
from oms.inventory.serials.store import SerialStore
from oms.inventory.store import StockStore
from oms.inventory.supply.store import SupplyStore
from oms.inventory.tracing.store import LotStore
from oms.inventory.transfers import rules
from oms.inventory.transfers.lifecycle import TRANSFER
from oms.inventory.transfers.model import KEPT_LOG, Transfer, TransferLine
from oms.inventory.transfers.rules import Stepped
from oms.inventory.transfers.store import TransferStore
from oms.kernel.errors import Fault, NotFoundError, RejectedError, StaleError, StateError, Why
from oms.kernel.time import Clock, from_text
from oms.orders.lifecycle import check_listed
from oms.reference.model import Location

ANY = "*"


@dataclass(frozen=True)
class TransferDesk:
    """The collaborators."""

    transfers: TransferStore
    stock: StockStore
    supplies: SupplyStore
    lots: LotStore
    serials: SerialStore
    locations: Callable[[], Mapping[str, Location]]
    clock: Clock


class Caller(NamedTuple):
    """Who asks, for which locations they may speak, and which version they have seen (the tag of `If-Match`)."""

    by: str
    at: Callable[[str], bool]
    if_match: str = ""


class Step(NamedTuple):
    """A transfer, what a step does to it, the positions on which that was decided, and what is written with it."""

    before: Transfer
    stepped: Stepped
    seen: Mapping[PositionKey, Position]
    cause: Cause
    stock_facts: Iterable[Fact] = ()
    more: Sequence[Write] = ()
    receipt_id: str = ""


def read_transfer(transfer_id: str, *, desk: TransferDesk) -> Transfer:
    """One transfer.

    Raises:
        NotFoundError: there is none.
    """
    found = desk.transfers.find(transfer_id)
    if found is None:
        raise NotFoundError(f"there is no transfer {transfer_id}")
    return found


def positions(wanted: Iterable[PositionKey], desk: TransferDesk) -> dict[PositionKey, Position]:
    """The positions of a step, read for sure.

    Raises:
        StateError: a SKU is not kept there any more.
    """
    keys = list(wanted)
    found = desk.stock.positions_at(keys)
    missing = [f"{sku} is not kept at {place}" for sku, place in keys if (sku, place) not in found]
    if missing:
        raise StateError.because(Why("not_kept", "; ".join(missing), "open the position first"))
    return found


def write(step: Step, *said: FactData, desk: TransferDesk, **changes: object) -> Transfer:
    """Commit a step: the transfer, the stock, and what is to come of the lines that moved; the transfer after it.

    Raises:
        ConflictError: somebody else wrote first.
        ShortStockError: less is there than the step takes.
    """
    before, lines = step.before, step.stepped.lines
    news = rules.supply_news(before, before.model_copy(update={"lines": lines}), step.receipt_id)
    after = before.model_copy(update={"log": before.log[-KEPT_LOG:]}).changed(
        *said,
        *news,
        at=from_text(step.cause.at),
        by=step.cause.by,
        why=step.cause.why,
        what="+".join(type(fact).__name__ for fact in said) or "TransferChanged",
        lines=lines,
        **{"status": rules.status_of(lines), **changes},
    )
    check_listed(TRANSFER, before.status, after.status)
    was = {line.sku: line for line in before.lines}
    coming = [line for line in step.stepped.moved if _on_its_way(line, before) != _on_its_way(was[line.sku], before)]
    stock = desk.stock.writes(step.stepped.movements, step.seen, step.cause, facts=step.stock_facts)
    commit(*desk.transfers.writes(after, before, coming), *stock, *step.more)
    return after


def _on_its_way(line: TransferLine, transfer: Transfer) -> tuple[int, str | None]:
    return transfer.to_come(line), line.due_on


def check_seen(transfer: Transfer, caller: Caller) -> None:
    """Refuse what was decided on another picture of the transfer.

    Raises:
        StaleError: so it is.
    """
    if caller.if_match not in ("", ANY, tag_of(transfer.version)):
        now = {"units": sum(line.units for line in transfer.lines), "version": transfer.version}
        raise StaleError("the transfer has changed since you read it").with_current(tag_of(transfer.version), **now)


def tag_of(version: int) -> str:
    """The entity tag of a transfer."""
    return f'"{version}"'


def refusal(transfer: Transfer, message: str, possible: str) -> StateError:
    """The state of the transfer does not allow it."""
    return StateError.because(Why(f"transfer_{transfer.status}", message, possible))


def refuse(faults: Sequence[Fault]) -> None:
    """Refuse fields that are not valid.

    Raises:
        RejectedError: code `invalid`: there are any.
    """
    if faults:
        raise RejectedError(f"{len(faults)} field(s) are not valid", code="invalid", faults=faults)
