"""What a notice asks of an order, decided from the order that is there, never from the order of arrival.

| the sender says | we know no such order | we know it |
|---|---|---|
| the whole order | created, or on record as cancelled | newer: taken over; older: stale; the same: repeat |
| cancelled | not yet: it may be on its way | cancelled as far as it can be |
| the buyer asks to cancel | not yet | held for a person |
| money given back | not yet | noted, once per refund |

What becomes of an order that we know is the work of the port `AmendPort`; here is decided which of its verbs is meant.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from oms.aws.tables import Write
from oms.events.orders import RefundReported
from oms.intake.notices import Cancellation, Ignored, Notice, Refund, Snapshot
from oms.intake.rules import accept_cancelled, order_id_of
from oms.intake.service import IntakeDesk, decide, fingerprint_of
from oms.kernel.errors import RejectedError, TransientError
from oms.orders.model import Order
from oms.orders.ports import Amended, AmendPort
from oms.orders.ports import News as Said
from oms.orders.store import OrderStore
from oms.reference.model import Channel

CANCELLED_BY_CHANNEL = "cancelled by the channel"


class OrderUnknownError(TransientError):
    """The order that the message is about has not come in yet."""

    reason = "order_unknown"

    def __init__(self, order_id: str) -> None:
        super().__init__(f"the order {order_id} has not come in yet")
        self.order_ids = (order_id,)


class Step(NamedTuple):
    """What one notice came to, and what is still to be written for it; `written`: that is done, the row included."""

    outcome: str
    order_id: str | None = None
    writes: tuple[Write, ...] = ()
    detail: str | None = None
    written: bool = False


RowOf = Callable[[Step], Sequence[Write]]


class Known:
    """Orders by id, read together when first asked for, and again after they may have changed."""

    def __init__(self, orders: OrderStore, wanted: Iterable[str | None]) -> None:
        self._orders = orders
        self._wanted = {order_id for order_id in wanted if order_id}
        self._found: dict[str, Order] | None = None

    def get(self, order_id: str) -> Order | None:
        if self._found is None:
            self._found = self._orders.get_many(self._wanted) if self._wanted else {}
        if order_id in self._wanted:
            return self._found.get(order_id)
        return self._orders.find(order_id)

    def forget(self, order_id: str | None) -> None:
        """The order may be another one now."""
        self._wanted.discard(order_id or "")


@dataclass(frozen=True)
class News:
    """Decides on notices, and has what is known changed."""

    intake: IntakeDesk
    changes: AmendPort

    def step(self, notice: Notice, channel: Channel, known: Known, *, tripped: Collection[str], row_of: RowOf) -> Step:
        """What the notice comes to. `row_of` is written with what is changed here, told what it came to.

        Raises:
            RejectedError: it cannot be done, ever.
            OrderUnknownError: the order is not there yet.
            TransientError: later.
        """
        by = f"channel:{channel.name}"
        if isinstance(notice, Ignored):
            return Step("ignored", detail=notice.reason)
        if isinstance(notice, Snapshot):
            order = known.get(order_id_of(channel.name, notice.order.external_order_id))
            if order is None:
                return self._first(notice, channel, by, tripped)
            return self._again(order, notice, by, row_of)
        if not isinstance(notice, Cancellation | Refund):
            raise RejectedError(f"a {type(notice).__name__} asks nothing that can be done", code="not_fetchable")
        order_id = order_id_of(channel.name, notice.external_order_id)
        order = known.get(order_id)
        if order is None:
            raise OrderUnknownError(order_id)
        if isinstance(notice, Refund):
            return self._refund(order, notice, by)
        return self._cancellation(order, notice, by, row_of)

    def _first(self, said: Snapshot, channel: Channel, by: str, tripped: Collection[str]) -> Step:
        new = said.order
        units = sum(line.quantity - said.gone.get(line.external_line_id or "", 0) for line in new.lines)
        if said.cancelled or units <= 0:
            order = accept_cancelled(
                new,
                fingerprint=fingerprint_of(new, self.intake),
                at=self.intake.clock(),
                by=by,
                version=said.version,
                reason=CANCELLED_BY_CHANNEL,
            )
            write = self.intake.orders.write(order)
            return Step("cancelled", order.id, (write,), "cancelled before it was known")
        order, writes = decide(new, channel, by, self.intake, tripped=tripped, version=said.version, gone=said.gone)
        return Step("created", order.id, tuple(writes))

    def _again(self, order: Order, said: Snapshot, by: str, row_of: RowOf) -> Step:
        """The sender repeats an order that we know."""

        def with_it(amended: Amended) -> Sequence[Write]:
            return row_of(_step_of(amended))

        if said.cancelled:
            done = self.changes.cancel(
                order.id, None, reason=CANCELLED_BY_CHANNEL, version=said.version, by=by, with_it=with_it
            )
        else:
            news = Said(said.order, said.version, fingerprint_of(said.order, self.intake), said.gone)
            done = self.changes.amend(order.id, news, by=by, with_it=with_it)
        return _step_of(done)

    def _cancellation(self, order: Order, said: Cancellation, by: str, row_of: RowOf) -> Step:
        def with_it(amended: Amended) -> Sequence[Write]:
            return row_of(_step_of(amended))

        if said.asked:
            done = self.changes.ask_to_cancel(
                order.id, reason=said.reason, version=said.version, by=by, with_it=with_it
            )
        else:
            done = self.changes.cancel(
                order.id, said.units, reason=said.reason, version=said.version, by=by, with_it=with_it
            )
        return _step_of(done)

    def _refund(self, order: Order, said: Refund, by: str) -> Step:
        """Note it on the order: the money itself is the sender's affair."""
        if any(row.what == RefundReported.__name__ and row.why == said.refund_id for row in order.log):
            return Step("repeat", order.id)
        fact = RefundReported(
            order_id=order.id,
            refund_id=said.refund_id,
            amount_minor=said.amount_minor,
            currency=said.currency,
            units=dict(said.units),
        )
        noted = order.changed(fact, at=self.intake.clock(), by=by, why=said.refund_id)
        return Step("refund_noted", order.id, (self.intake.orders.write(noted),))


def _step_of(amended: Amended) -> Step:
    outcome = "repeat" if amended.outcome == "unchanged" else amended.outcome
    return Step(outcome, amended.order_id, detail=amended.note, written=True)
