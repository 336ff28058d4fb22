"""How an accepted order comes to life, and what its sender is told."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple

from oms.events.orders import OrderCancelled, OrderConfirmed, OrderHeld, OrderSubmitted
from oms.intake.model import HoldAnswer, NewOrder, OrderAccepted, PromiseAnswer
from oms.inventory.reservations.model import Reservation
from oms.inventory.waiting.joining import caps_on, why_not_join
from oms.inventory.waiting.model import Head
from oms.kernel.ids import derive_id
from oms.kernel.json import write_json
from oms.kernel.time import to_text
from oms.orders.bundles import Components
from oms.orders.holding import HoldSpec, opened
from oms.orders.lifecycle import MAX_DWELL, ORDER, move
from oms.orders.model import CheckFinding, Destination, FirstAnswer, Line, Order, Promise, RequestedDelivery
from oms.orders.natural import order_id_of
from oms.reference.geography import postal_area
from oms.reference.model import Item


class Decision(NamedTuple):
    """What the checks found out, beyond that nothing refuses the order. `bundles`: what the SKUs that are one hold."""

    promise: Promise
    backorder_expected: bool
    holds: tuple[HoldSpec, ...] = ()
    findings: tuple[CheckFinding, ...] = ()
    reservation_id: str | None = None
    bundles: Mapping[str, Components] = {}


def person_id_of(order_id: str) -> str:
    return derive_id("per", order_id)


def body_text(order: NewOrder) -> str:
    """The same for every spelling of the same order (order of keys, white space, Unicode form).

    Which reservation its units come from is no part of what was ordered.
    """
    left_out = {"reservation"} if order.priority is not None else {"reservation", "priority"}  # it came later
    return order.model_dump_json(exclude=left_out)


def person_text(order: NewOrder) -> str:
    """Everything personal in the order, the same for every spelling of it."""
    return order.model_dump_json(include={"customer", "ship_to", "bill_to", "note", "gift_message"})


def destination_of(order: NewOrder) -> Destination:
    return Destination(country=order.ship_to.country, postal_area=postal_area(order.ship_to.postal_code))


def given_out_from(items: Iterable[Item], channel: str, at: datetime) -> datetime:
    """When all of some items may leave: now, or with the last preorder among them, at the first instant of its day."""
    days = [item.waiting.release_on for item in items if item.waiting.embargoed(channel, at.date())]
    return max([at, *(datetime.combine(day, time(), UTC) for day in days if day is not None)])


def may_be_backordered(short: Mapping[str, int], items: Mapping[str, Item], channel: str, today: date) -> bool:
    """Whether some of the units that are short may wait, as allocation will decide, for all that their items say.

    How many wait already is not read: of a cap only that is known that the order alone would exceed it.
    """
    return any(
        why_not_join(item.waiting, channel, units, caps_on(item.waiting, channel, Head(sku)), today) is None
        for sku, units in short.items()
        if (item := items.get(sku)) is not None
    )


def units_by_sku(order: NewOrder, gone: Mapping[str, int] = {}) -> dict[str, int]:
    """Units wanted in all, without those that are `gone`; a SKU may stand on several lines."""
    units: dict[str, int] = {}
    for line in order.lines:
        off = min(gone.get(line.external_line_id or "", 0), line.quantity)
        units[line.sku] = units.get(line.sku, 0) + line.quantity - off
    return {sku: wanted for sku, wanted in units.items() if wanted}


def goods_hash_of(order: NewOrder, gone: Mapping[str, int] = {}) -> str:
    """Equal for what a sender says twice of units, prices and charges, in whatever order; no personal data.

    With units taken off (`gone`), the sums follow from them in each system's own way and are left out.
    """
    lines = sorted(
        [
            line.sku,
            line.external_line_id or "",
            line.quantity - min(gone.get(line.external_line_id or "", 0), line.quantity),
            line.unit_price_minor,
            *([] if gone else [line.discount_minor, line.tax_minor]),
        ]
        for line in order.lines
    )
    sums = [] if gone else [order.shipping_minor, order.discount_minor, order.tax_minor, order.total_minor]
    return _hash([order.currency, lines, sums])


def delivery_hash_of(order: NewOrder) -> str | None:
    """The same for what the sender says of the delivery."""
    return _hash(order.delivery.model_dump()) if order.delivery else None


def _hash(said: Any) -> str:
    return hashlib.sha256(write_json(said).encode()).hexdigest()[:16]


def with_own(
    stock: Mapping[str, Mapping[str, int]], reservation: Reservation | None
) -> Mapping[str, Mapping[str, int]]:
    """What is available to the owner of a reservation: its own units are."""
    if reservation is None or not reservation.live:
        return stock
    own = {sku: dict(places) for sku, places in stock.items()}  # of a line as it is sold: a bundle is one
    for line in reservation.lines:
        for location, units in reservation.places(line).items() if line.sku in own else ():
            own[line.sku][location] = own[line.sku].get(location, 0) + units
    return own


def accept(
    new: NewOrder,
    decision: Decision,
    *,
    fingerprint: str,
    at: datetime,
    by: str,
    version: str | None = None,
    person_hash: str | None = None,
    gone: Mapping[str, int] = {},
) -> Order:
    """Version 1: confirmed, or waiting for the holds that block its confirmation.

    `fingerprint` is a keyed hash of the body: who repeats the order is told from who changes it; `person_hash` is one
    of the personal data alone. `version` is the sender's own; `gone` are units that it took off the order already, by
    external line id.
    """
    submitted = _submitted(new, decision.promise, fingerprint, person_hash, version, at)
    lines = tuple(_without(_made_of(line, decision.bundles), gone) for line in submitted.lines)
    submitted = submitted.model_copy(update={"lines": lines, "goods_hash": goods_hash_of(new, gone)})
    order_id = submitted.id
    holds = opened(order_id, decision.holds, at)
    waits = any("confirm" in hold.blocks for hold in holds)
    status = move(ORDER, "submitted", "hold" if waits else "confirm")
    submitted = submitted.model_copy(
        update={
            "holds": holds,
            "findings": decision.findings,
            "reservation_id": decision.reservation_id,
            "watch_at": min(
                [to_text(at + MAX_DWELL[f"order.{status}"]), *(hold.expires_at for hold in holds if hold.expires_at)]
            ),
            "first_answer": FirstAnswer(
                status=status,
                promise=decision.promise,
                holds=tuple((hold.id, hold.reason) for hold in holds),
                backorder_expected=decision.backorder_expected,
            ),
        }
    )
    came_in = _came_in(submitted)
    held = [OrderHeld(order_id=order_id, hold_id=h.id, reason=h.reason, blocks=list(h.blocks)) for h in holds]
    why = ", ".join(hold.reason for hold in holds) or None
    if waits:
        return submitted.changed(came_in, *held, at=at, by=by, why=why, status=status)
    confirmed = OrderConfirmed(order_id=order_id, attempt=1)
    return submitted.changed(came_in, *held, confirmed, at=at, by=by, why=why, status=status)


def accept_cancelled(
    new: NewOrder, *, fingerprint: str, at: datetime, by: str, version: str | None = None, reason: str
) -> Order:
    """Version 1 of an order that its sender had cancelled before we heard of it: on record, and at an end.

    Older messages that come later find it and change nothing. No work begins and no person is kept for it.
    """
    submitted = _submitted(new, Promise(), fingerprint, None, version, at)
    lines = tuple(line.model_copy(update={"open": 0, "cancelled": line.quantity}) for line in submitted.lines)
    units = sum(line.quantity for line in lines)
    return submitted.changed(
        _came_in(submitted),
        OrderCancelled(order_id=submitted.id, reason=reason, units=units),
        at=at,
        by=by,
        why=reason,
        status=move(ORDER, "submitted", "cancel"),
        lines=lines,
    )


def _made_of(line: Line, bundles: Mapping[str, Components]) -> Line:
    """A bundle keeps the components that it had when it was sold."""
    return line.model_copy(update={"components": bundles[line.sku]}) if line.sku in bundles else line


def _without(line: Line, gone: Mapping[str, int]) -> Line:
    off = min(gone.get(line.external_line_id or "", 0), line.quantity)
    return line.model_copy(update={"open": line.quantity - off, "cancelled": off}) if off else line


def _submitted(
    new: NewOrder, promise: Promise, fingerprint: str, person_hash: str | None, version: str | None, at: datetime
) -> Order:
    order_id = order_id_of(new.channel, new.external_order_id)
    now = to_text(at)
    return Order(
        id=order_id,
        channel=new.channel,
        external_order_id=new.external_order_id,
        status="submitted",
        currency=new.currency,
        lines=_lines(new),
        shipping_minor=new.shipping_minor,
        discount_minor=new.discount_minor,
        tax_minor=new.tax_minor,
        taxes_included=new.taxes_included,
        total_minor=new.total_minor,
        person_id=person_id_of(order_id),
        account_id=new.account_id,
        destination=destination_of(new),
        promise=promise,
        submitted_at=now,
        entered_at=now,
        watch_at=now,
        body_hash=fingerprint,
        person_hash=person_hash,
        goods_hash=goods_hash_of(new),
        delivery_hash=delivery_hash_of(new),
        external_number=new.external_number,
        external_version=version,
        placed_at=new.placed_at,
        payment_status=new.payment.status if new.payment else "none",
        payment_method=new.payment.method if new.payment else None,
        delivery=RequestedDelivery(**new.delivery.model_dump()) if new.delivery else None,
        accepts_substitutes=new.accepts_substitutes,
        priority=new.priority or 0,
    )


def _came_in(order: Order) -> OrderSubmitted:
    return OrderSubmitted(
        order_id=order.id,
        channel=order.channel,
        external_order_id=order.external_order_id,
        currency=order.currency,
        total_minor=order.total_minor,
        holds=[hold.reason for hold in order.holds],
    )


def _lines(new: NewOrder) -> tuple[Line, ...]:
    return tuple(
        Line(
            number=number,
            sku=line.sku,
            quantity=line.quantity,
            unit_price_minor=line.unit_price_minor,
            discount_minor=line.discount_minor,
            tax_minor=line.tax_minor,
            external_line_id=line.external_line_id,
            open=line.quantity,
        )
        for number, line in enumerate(new.lines, start=1)
    )


def first_answer(order: Order) -> OrderAccepted:
    """What the sender was told at acceptance, however far the order has got since."""
    first = order.first_answer or FirstAnswer(
        status=order.status,
        promise=order.promise,
        holds=tuple((hold.id, hold.reason) for hold in order.holds),
    )
    return OrderAccepted(
        order_id=order.id,
        channel=order.channel,
        external_order_id=order.external_order_id,
        status=first.status,
        promise=PromiseAnswer(earliest_on=first.promise.earliest_on, latest_on=first.promise.latest_on),
        holds=[HoldAnswer(hold_id=hold_id, reason=reason) for hold_id, reason in first.holds],
        backorder_expected=first.backorder_expected,
    )
