"""What a notice asks of an order, decided from the order that is there, never from the order of arrival.

| the sender says | we know no such order | we know it |
|---|---|---|
| the whole order | created, or on record as cancelled | newer: taken over; older: stale; the same: repeat |
| cancelled | not yet: it may be on its way | cancelled as far as it can be |
| the buyer asks to cancel | not yet | held for a person |
| money given back | not yet | noted, once per refund; all of it before all has left: held |
| shipped | nothing to do | by us: as it should be; not by us: held, so that it is not shipped twice |

A payment that goes back before all has left holds the order too. What we changed of an order ourselves is not undone by
a sender who repeats itself; what the sender changes beside it is for a person.

Versions are compared as texts. Without one, what differs is news. With the same one, what is further on is news.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from oms.aws import tables
from oms.aws.tables import Write
from oms.events.fact import FactData
from oms.events.orders import OrderChanged, OrderHeld, OrderUpdated, RefundReported
from oms.intake.messages.differences import BY_HAND, DELIVERY, PAID, PAYMENT, differences, further
from oms.intake.messages.stops import (
    PAYMENT_HOLD,
    SHIPPED_HOLD,
    SHIPPED_NOTE,
    must_stop_shipped,
    stops,
    stops_of_refund,
)
from oms.intake.model import NewOrder
from oms.intake.notices import Cancellation, Ignored, Notice, Refund, Shipped, Snapshot
from oms.intake.ports import AmendPort, CancelPort, ReleasePort
from oms.intake.rules import (
    accept_cancelled,
    delivery_hash_of,
    goods_hash_of,
    person_text,
)
from oms.intake.service import IntakeDesk, decide, fingerprint_of
from oms.kernel.errors import RejectedError, TransientError
from oms.orders.holding import HoldSpec, hold_id_of, opened, with_holds
from oms.orders.lifecycle import TERMINAL_ORDER_STATES
from oms.orders.model import Order, RequestedDelivery
from oms.orders.natural import order_id_of
from oms.orders.store import OrderStore
from oms.reference.model import Channel

CHANGED_HOLD = "channel_changed"
ASKED_HOLD = "cancellation_asked"
CANCELLED_BY_CHANNEL = "channel"
WORK_BEGUN = "the channel cancelled, and work has begun"
_CODE = re.compile(r"[A-Za-z]{1,30}([_-][A-Za-z]{1,30}){0,3}")


class OrderUnknownError(TransientError):
    """The order that the message is about has not come in yet."""

    reason = "order_unknown"

    def __init__(self, order_id: str) -> None:
        super().__init__(f"the order {order_id} has not come in yet")
        self.order_ids = (order_id,)


class Step(NamedTuple):
    """What one notice came to, and what is still to be written for it."""

    outcome: str
    order_id: str | None = None
    writes: tuple[Write, ...] = ()
    detail: str | None = None


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
    """Decides on notices. What it does itself (cancel, amend, release) does nothing when it is done again."""

    intake: IntakeDesk
    cancel: CancelPort
    amend: AmendPort
    release: ReleasePort

    def step(self, notice: Notice, channel: Channel, known: Known, *, tripped: Collection[str]) -> Step:
        """What the notice comes to.

        Raises:
            RejectedError: it cannot be done, ever.
            OrderUnknownError: the order is not there yet.
            TransientError: later.
        """
        by = f"channel:{channel.name}"
        if isinstance(notice, Snapshot):
            order = known.get(order_id_of(channel.name, notice.order.external_order_id))
            if order is None:
                return self._first(notice, channel, by, tripped=tripped)
            return self._again(order, notice, by)
        if isinstance(notice, Ignored):
            return Step("ignored", detail=notice.reason)
        if isinstance(notice, Shipped):
            return self._shipped(known.get(order_id_of(channel.name, notice.external_order_id)), notice, by)
        if isinstance(notice, Cancellation | Refund):
            order_id = order_id_of(channel.name, notice.external_order_id)
            order = known.get(order_id)
            if order is None:
                raise OrderUnknownError(order_id)
            return (
                self._cancellation(order, notice, by)
                if isinstance(notice, Cancellation)
                else self._refund(order, notice, by)
            )
        raise RejectedError(f"a {type(notice).__name__} asks nothing that can be done", code="not_fetchable")

    def _first(self, said: Snapshot, channel: Channel, by: str, *, tripped: Collection[str]) -> Step:
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
        also = [HoldSpec(SHIPPED_HOLD, SHIPPED_NOTE)] if said.begun else []
        order, writes = decide(
            new, channel, by, self.intake, tripped=tripped, version=said.version, gone=said.gone, also=also
        )
        return Step("created", order.id, tuple(writes))

    def _again(self, order: Order, said: Snapshot, by: str) -> Step:
        """The sender repeats an order that we know."""
        person_hash = self.intake.people.fingerprint(person_text(said.order))
        changed = differences(order, said.order, said.gone, person_hash=person_hash)
        cancels = said.cancelled and order.status != "cancelled"
        if said.version is not None and said.version < (order.external_version or ""):
            return Step("stale", order.id)
        if cancels:
            return self._cancelled(order, said, changed & {PAYMENT}, by)
        held_for = stops(order, said, self.intake.orders)
        word = _word(said, person_hash)
        if not held_for and not _is_news(order, said, changed):
            unknown = any(getattr(order, name) != text for name, text in word.items())
            return Step("repeat", order.id, self._noted(order, said, by, **word) if unknown else ())
        return self._taken_over(order, said, changed, held_for, word, by)

    def _cancelled(self, order: Order, said: Snapshot, taken: frozenset[str], by: str) -> Step:
        """Cancel, and note what the sender says of the payment beside it: a repeat would note it too.

        Where locations are at work on all of it, a person hears of it: they may still stop it.
        """
        done = self.cancel(order.id, units=None, reason=CANCELLED_BY_CHANNEL, by=by)
        now = self.intake.orders.get(order.id)
        if done:
            fields = _fields(now, said.order, taken)
            return Step("cancelled", order.id, self._noted(now, said, by, taken=taken, **fields))
        if now.status not in TERMINAL_ORDER_STATES:
            spec = HoldSpec(ASKED_HOLD, note=WORK_BEGUN)
            return Step("held", order.id, self._noted(now, said, by, specs=[spec]), WORK_BEGUN)
        return Step(
            "too_late", order.id, self._noted(now, said, by, what="CancelledTooLate"), "nothing can be cancelled"
        )

    def _taken_over(
        self,
        order: Order,
        said: Snapshot,
        changed: frozenset[str],
        held_for: Sequence[HoldSpec],
        word: Mapping[str, str | None],
        by: str,
    ) -> Step:
        """Amend what the sender changed; where work or an edit of ours forbids it, a person decides."""
        ours = _edited_by_us(order)
        by_hand = changed & (BY_HAND | {DELIVERY} if ours else BY_HAND)
        ended = order.status in TERMINAL_ORDER_STATES
        if by_hand and not ended and not ours:
            self._claimed(order, said, by)
            if self.amend(order.id, said.order, gone=said.gone, version=said.version, by=by):
                by_hand = frozenset()
        if PAYMENT in changed and said.order.payment and said.order.payment.status in PAID and not ended:
            self._release(order, PAYMENT_HOLD, by)
        now = self.intake.orders.get(order.id)
        if said.version is not None and said.version < (now.external_version or ""):
            return Step("stale", order.id, detail="a newer one was taken over meanwhile")
        taken = changed - by_hand
        fields = {**_fields(now, said.order, taken), **word}
        detail = ", ".join(sorted(changed)) or "nothing but the version"
        specs = list(held_for)
        if by_hand and not ended:
            beside = ", and we had changed the order" if ours else ""
            specs.append(HoldSpec(CHANGED_HOLD, f"the channel changed: {', '.join(sorted(by_hand))}{beside}"))
        if specs:
            return Step("held", order.id, self._noted(now, said, by, specs=specs, taken=taken, **fields), detail)
        if by_hand:
            what = "ChangedTooLate"
            return Step("too_late", order.id, self._noted(now, said, by, what=what, taken=taken, **fields), detail)
        return Step("updated", order.id, self._noted(now, said, by, taken=taken, **fields), detail)

    def _claimed(self, order: Order, said: Snapshot, by: str) -> None:
        """Put down the version before goods or person are amended, in another transaction: an older one stops there.

        Raises:
            ConflictError: the order is another one by now.
        """
        if said.version is not None and said.version > (order.external_version or ""):
            tables.commit(*self._noted(order, said, by))

    def _shipped(self, order: Order | None, said: Shipped, by: str) -> Step:
        if order is None or not must_stop_shipped(order, self.intake.orders):
            return Step("ignored", order.id if order else None, detail=said.reason)
        return self._held(order, SHIPPED_HOLD, SHIPPED_NOTE, by)

    def _cancellation(self, order: Order, said: Cancellation, by: str) -> Step:
        if said.version is not None and said.version < (order.external_version or ""):
            return Step("stale", order.id)
        units = _by_number(order, said.units) if said.units is not None else None
        if order.status == "cancelled" or units == {}:
            return Step("repeat", order.id, detail="it is cancelled already")
        if said.asked:
            return self._held(order, ASKED_HOLD, f"the buyer asks: {_coded(said.reason)}", by)
        if self.cancel(order.id, units=units, reason=_coded(said.reason), by=by):
            return Step("cancelled", order.id)
        if order.status in TERMINAL_ORDER_STATES:
            return Step("too_late", order.id, detail=f"the order is {order.status}")
        return self._held(order, ASKED_HOLD, WORK_BEGUN, by)

    def _held(self, order: Order, reason: str, note: str, by: str) -> Step:
        if order.status in TERMINAL_ORDER_STATES:
            return Step("too_late", order.id, detail=f"the order is {order.status}")
        at = self.intake.clock()
        held = _with_hold(order, HoldSpec(reason, note=note[:200]), by, at)
        return Step("held", order.id, (self.intake.orders.write(held),) if held is not order else ())

    def _refund(self, order: Order, said: Refund, by: str) -> Step:
        if any(row.what == RefundReported.__name__ and row.why == said.refund_id for row in order.log):
            return Step("repeat", order.id)
        fact = RefundReported(
            order_id=order.id,
            refund_id=said.refund_id,
            amount_minor=said.amount_minor,
            currency=said.currency,
            units=dict(said.units),
        )
        at = self.intake.clock()
        holds, held = with_holds(order, stops_of_refund(order, said, self.intake.orders), at=at)
        noted = order.changed(fact, *held, at=at, by=by, why=said.refund_id, what=type(fact).__name__, holds=holds)
        return Step("refund_noted", order.id, (self.intake.orders.write(noted),))

    def _release(self, order: Order, reason: str, by: str) -> None:
        hold_id = hold_id_of(order.id, reason)
        if any(hold.id == hold_id for hold in order.holds):
            self.release(order.id, hold_id, reason="the channel reports the payment", by=by)

    def _noted(
        self,
        order: Order,
        said: Snapshot,
        by: str,
        *,
        specs: Sequence[HoldSpec] = (),
        taken: frozenset[str] = frozenset(),
        what: str | None = None,
        **fields: Any,
    ) -> tuple[Write, ...]:
        """The write of the header that knows the sender's version; nothing is said when nothing happened."""
        at = self.intake.clock()
        if said.version is not None:
            fields["external_version"] = max(said.version, order.external_version or "")
        facts: list[FactData] = []
        if taken:
            status = fields.get("payment_status", order.payment_status)
            facts.append(OrderUpdated(order_id=order.id, changed=sorted(taken), payment_status=status))
        holds, held = with_holds(order, specs, at=at)
        if held:
            fields["holds"] = holds
            facts += held
        if facts or what:
            changed = order.changed(*facts, at=at, by=by, why=said.version, what=what, **fields)
        elif fields:
            changed = order.model_copy(update={**fields, "version": order.version + 1, "facts": ()})
        else:
            return ()
        return (self.intake.orders.write(changed),)


def _coded(reason: str) -> str:
    """A sender's reason if it is a code: its own words, or the buyer's, may name anybody and stay in the archive."""
    return reason if _CODE.fullmatch(reason) else CANCELLED_BY_CHANNEL


def _is_news(order: Order, said: Snapshot, changed: frozenset[str]) -> bool:
    """Whether something that is not older is newer."""
    if said.version is None:
        return bool(changed)
    if said.version == (order.external_version or ""):
        return (PAYMENT in changed and further(order, said.order)) or bool(changed & BY_HAND)
    return True


def _word(said: Snapshot, person_hash: str) -> dict[str, Any]:
    """What the sender said last, as it is remembered."""
    return {
        "person_hash": person_hash,
        "goods_hash": goods_hash_of(said.order, said.gone),
        "delivery_hash": delivery_hash_of(said.order),
    }


def _edited_by_us(order: Order) -> bool:
    """Whether somebody but the sender changed the order."""
    rows = (row for row in order.log if OrderChanged.__name__ in row.what.split("+"))
    return any(not row.by.startswith("channel:") for row in rows)


def _fields(order: Order, new: NewOrder, taken: frozenset[str]) -> dict[str, Any]:
    """The fields of the header that are taken over as they are."""
    fields: dict[str, Any] = {}
    if PAYMENT in taken and new.payment:
        fields |= {"payment_status": new.payment.status, "payment_method": new.payment.method}
    if DELIVERY in taken and new.delivery:
        fields["delivery"] = RequestedDelivery(**new.delivery.model_dump())
    if order.external_number is None and new.external_number is not None:
        fields["external_number"] = new.external_number
    return fields


def _by_number(order: Order, units: Mapping[str, int]) -> dict[int, int]:
    """Units still to be cancelled, by line number: what the sender names by its own line id, less what is done.

    Raises:
        RejectedError: code `unknown_line`.
    """
    numbers = {line.external_line_id: line for line in order.lines if line.external_line_id}
    unknown = sorted(set(units) - set(numbers))
    if unknown:
        raise RejectedError(f"the order has no line {', '.join(unknown)[:60]}", code="unknown_line")
    left = {numbers[name].number: count - numbers[name].cancelled for name, count in units.items()}
    return {number: count for number, count in left.items() if count > 0}


def _with_hold(order: Order, spec: HoldSpec, by: str, at: datetime) -> Order:
    """The order with the hold; the same order when one for this reason is open already."""
    if any(hold.reason == spec.reason for hold in order.holds):
        return order
    (hold,) = opened(order.id, [spec], at)
    fact = OrderHeld(order_id=order.id, hold_id=hold.id, reason=hold.reason, blocks=list(hold.blocks))
    return order.changed(fact, at=at, by=by, why=spec.reason, holds=(*order.holds, hold))
