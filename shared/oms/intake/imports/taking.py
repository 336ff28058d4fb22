"""Take in the orders of one chunk; each gives a result, and what was taken before a crash is known for it."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from oms.aws import tables
from oms.intake.imports.model import OrderResult, RowFault
from oms.intake.imports.reading import Entry
from oms.intake.model import NewOrder
from oms.intake.service import TRIES, IntakeDesk, decide, fingerprint_of, order_exists_differently, pause
from oms.kernel.errors import ConflictError, RejectedError
from oms.orders.model import Order
from oms.orders.natural import order_id_of
from oms.reference.model import Channel

_TOLD = 20
_LOOKS_EVERY = 10  # orders, about half a second: then a worker looks whether its job goes on


class Taker(NamedTuple):
    """How the orders of one job are taken: `by` names the job, so that its orders are known for its own."""

    channel: Channel
    by: str
    dry_run: bool
    desk: IntakeDesk

    def result(self, entry: Entry) -> OrderResult:
        """What becomes of one order.

        Raises:
            TransientError: later; nothing is lost, nothing is doubled.
        """
        if entry.order is None:
            return refused(entry, entry.code, "the order cannot be read", entry.faults)
        try:
            return self._checked(entry, entry.order) if self.dry_run else self._taken(entry, entry.order)
        except RejectedError as error:
            faults = [entry.located(fault) for fault in error.faults[:_TOLD]]
            return refused(entry, error.code, str(error), faults)

    def skipped(self, entries: Sequence[Entry]) -> list[OrderResult]:
        """Orders that are not begun any more; those that the job had taken before are said to be taken."""
        wanted = [order_id_of(self.channel.name, each.external_order_id) for each in entries if each.external_order_id]
        ours = {} if self.dry_run else self.desk.orders.get_many(wanted)
        results: list[OrderResult] = []
        for entry in entries:
            order = ours.get(order_id_of(self.channel.name, entry.external_order_id or ""))
            if order is not None and self._is_ours(order):
                results.append(_taken(entry, order))
            else:
                results.append(OrderResult(row=entry.row, external_order_id=entry.external_order_id, outcome="skipped"))
        return results

    def _checked(self, entry: Entry, new: NewOrder) -> OrderResult:
        found = self.desk.orders.find(order_id_of(new.channel, new.external_order_id))
        if found is not None:
            return self._repeated(entry, new, found)
        order, _ = decide(new, self.channel, self.by, self.desk, tripped=())
        return OrderResult(
            row=entry.row,
            external_order_id=new.external_order_id,
            outcome="would_take",
            order_id=order.id,
            holds=[hold.reason for hold in order.holds],
        )

    def _taken(self, entry: Entry, new: NewOrder) -> OrderResult:
        tripped: set[str] = set()
        for attempt in range(1, TRIES + 1):
            try:
                order, writes = decide(new, self.channel, self.by, self.desk, tripped=tripped)
                tables.commit(*writes)
            except (RejectedError, ConflictError) as error:
                found = self.desk.orders.find(order_id_of(new.channel, new.external_order_id))
                if found is not None:
                    return self._repeated(entry, new, found)
                tripped.update(getattr(error, "labels", ()))
                if isinstance(error, RejectedError) or attempt == TRIES:
                    raise
                pause(attempt)
            else:
                return _taken(entry, order)
        raise AssertionError("unreachable: the last try returns or raises")

    def _repeated(self, entry: Entry, new: NewOrder, found: Order) -> OrderResult:
        if self._is_ours(found) and found.body_hash == fingerprint_of(new, self.desk):
            return _taken(entry, found)
        if found.body_hash != fingerprint_of(new, self.desk):
            error = order_exists_differently(found.id)
            faults = [entry.located(fault) for fault in error.faults]
            return refused(entry, error.code, str(error), faults).model_copy(update={"order_id": found.id})
        return OrderResult(
            row=entry.row, external_order_id=new.external_order_id, outcome="repeated", order_id=found.id
        )

    def _is_ours(self, order: Order) -> bool:
        return bool(order.log) and order.log[0].by == self.by


def take_all(
    entries: Iterable[Entry], taker: Taker, *, stop: Callable[[int], bool], ended: Callable[[], bool]
) -> tuple[list[OrderResult], bool]:
    """The results of all entries, and whether they end the job.

    After the refusal where `stop` says so the rest is skipped, and so it is once the job has `ended` elsewhere.
    """
    rest = list(entries)
    results: list[OrderResult] = []
    refusals = 0
    while rest:
        if results and not len(results) % _LOOKS_EVERY and ended():
            return [*results, *taker.skipped(rest)], False
        entry = rest.pop(0)
        result = taker.result(entry)
        results.append(result)
        refusals += result.outcome == "refused"
        if result.outcome == "refused" and stop(refusals):
            return [*results, *taker.skipped(rest)], True
    return results, False


def refused(entry: Entry, code: str, message: str, faults: Iterable[RowFault]) -> OrderResult:
    return OrderResult(
        row=entry.row,
        external_order_id=entry.external_order_id,
        outcome="refused",
        code=code,
        message=message,
        faults=[fault.view for fault in faults],
    )


def _taken(entry: Entry, order: Order) -> OrderResult:
    holds = [reason for _, reason in order.first_answer.holds] if order.first_answer else []
    return OrderResult(
        row=entry.row, external_order_id=entry.external_order_id, outcome="taken", order_id=order.id, holds=holds
    )
