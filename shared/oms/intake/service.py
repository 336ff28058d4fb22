"""Take an order in: check it, promise a date, put the person away, store it; two AWS calls when all is well.

An order is one for ever by (channel, external order id): its id is derived from the two, and the put of the order is
conditional. Whoever comes second, even after the order has been delivered, is told what the first was told.
"""

import contextlib
import random
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from oms.aws import tables
from oms.aws.tables import ConditionFailedError, Write
from oms.intake.model import NewOrder, OrderAccepted, Submission
from oms.intake.ports import ChecksPort, CreditPort, PeoplePort, PromisePort, StockPort
from oms.intake.rules import (
    Decision,
    accept,
    body_text,
    destination_of,
    first_answer,
    given_out_from,
    may_be_backordered,
    person_id_of,
    person_text,
    units_by_sku,
    with_own,
)
from oms.intake.store import Claim, ClaimStore
from oms.inventory.reservations.model import Reservation
from oms.inventory.reservations.rules import named
from oms.inventory.reservations.store import ReservationStore
from oms.inventory.shelf import standing
from oms.kernel.errors import ConflictError, Fault, NotFoundError, RejectedError, StateError, TransientError, Why
from oms.kernel.time import Clock
from oms.orders.holding import HoldSpec, remorse
from oms.orders.mayship import MayShip, ToShip
from oms.orders.model import Order
from oms.orders.natural import order_id_of
from oms.orders.shapes import Someone
from oms.orders.store import OrderStore
from oms.reference.model import Channel, bundles_among
from oms.reference.store import ReferenceStore

TRIES = 5  # a decision is made anew when the account changed meanwhile
_CANONICAL = "canonical"


@dataclass(frozen=True)
class IntakeDesk:
    """The collaborators of intake."""

    reference: ReferenceStore
    orders: OrderStore
    claims: ClaimStore
    checks: ChecksPort
    stock: StockPort
    reservations: ReservationStore
    may_ship: Callable[[ToShip], MayShip]
    promise: PromisePort
    credit: CreditPort
    people: PeoplePort
    clock: Clock


def submit_order(new: NewOrder, *, claim: Claim, by: str, desk: IntakeDesk) -> Submission:
    """Take in a canonical order under an idempotency key, completed in the transaction that stores the order.

    Raises:
        RejectedError: refused, nothing is stored and the key is free again; or the key or the order id is taken by
            something else (`idempotency_key_reused`, `order_exists_differently`).
        InFlightError: the same key is being worked on.
        TransientError: nothing is lost; the same request can be sent again.
    """
    answered = desk.claims.begin(claim, fingerprint_of(new, desk), desk.clock())
    if answered is not None:
        return Submission(OrderAccepted.model_validate_json(answered), replayed=True)

    def completion(answer: OrderAccepted) -> Write:
        return desk.claims.complete_write(claim, answer.model_dump_json())

    try:
        submission = _take_same(new, completion=completion, by=by, desk=desk)
    except (RejectedError, TransientError):
        # Free the key at once; if that fails too, its deadline frees it. If the order was stored after all, its
        # transaction has completed the claim, and this condition fails.
        with contextlib.suppress(TransientError):
            desk.claims.release(claim)
        raise
    return submission


def _take_same(new: NewOrder, *, completion: Callable[[OrderAccepted], Write], by: str, desk: IntakeDesk) -> Submission:
    """Store the order, or find the very same one; the claim is completed either way."""
    channel = _channel(new.channel, desk)
    if channel.kind != _CANONICAL:
        raise RejectedError(f"{new.channel} takes signed webhooks only", code="channel_not_canonical")
    submission, differs = _take(new, channel, completion=completion, by=by, desk=desk)
    if differs:
        raise order_exists_differently(submission.answer.order_id)
    if submission.replayed:
        tables.commit(completion(submission.answer))
    return submission


def order_exists_differently(order_id: str) -> StateError:
    """The refusal of an order whose number another one has. Who may send orders of the channel may see that one."""
    text = f"the external order id is taken by order {order_id}, which differs"
    fault = Fault("external_order_id", f"is taken by order {order_id}")
    why = Why(
        "order_exists_differently",
        text,
        f"read it at /v1/orders/{order_id}; change it there (…/changes), or send this one under another id",
    )
    return StateError(text, code="order_exists_differently", faults=[fault], why=[why])


def _channel(name: str, desk: IntakeDesk) -> Channel:
    channel = desk.reference.channels().get(name)
    if channel is None:
        raise NotFoundError("there is no such channel", code="unknown_channel", faults=[Fault("channel", "is unknown")])
    return channel


def _take(
    new: NewOrder, channel: Channel, *, completion: Callable[[OrderAccepted], Write], by: str, desk: IntakeDesk
) -> tuple[Submission, bool]:
    """Store the order, or find that it is there already; and whether what is there had another body."""
    tripped: set[str] = set()
    for attempt in range(1, TRIES + 1):
        try:
            return _take_once(new, channel, completion, by, desk, tripped)
        except ConflictError as error:
            if isinstance(error, ConditionFailedError):
                tripped.update(error.labels)
            if attempt == TRIES:
                raise
            pause(attempt)
    raise AssertionError("unreachable: the last try returns or raises")


def pause(attempt: int) -> None:
    """Wait a moment before deciding anew, longer each time."""
    time.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311  jitter, not a secret


def _take_once(
    new: NewOrder,
    channel: Channel,
    completion: Callable[[OrderAccepted], Write],
    by: str,
    desk: IntakeDesk,
    tripped: Collection[str],
) -> tuple[Submission, bool]:
    order_id = order_id_of(new.channel, new.external_order_id)
    try:
        order, writes = decide(new, channel, by, desk, tripped=tripped)
        answer = first_answer(order)
        tables.commit(*writes, completion(answer))
    except (RejectedError, ConflictError):
        # The rules may have changed since the order was taken; what was answered then still holds.
        found = desk.orders.find(order_id)
        if found is None:
            raise
        return Submission(first_answer(found), replayed=True), found.body_hash != fingerprint_of(new, desk)
    return Submission(answer, replayed=False), False


def decide(
    new: NewOrder,
    channel: Channel,
    by: str,
    desk: IntakeDesk,
    *,
    tripped: Collection[str],
    version: str | None = None,
    gone: Mapping[str, int] = {},
    also: Iterable[HoldSpec] = (),
) -> tuple[Order, list[Write]]:
    """All checks, and the writes of one transaction: order, person, guards, exposure.

    Args:
        new: the order.
        channel: where it comes from.
        by: who sends it.
        desk: the collaborators.
        tripped: labels of the guards that were in the way before; see `Verdict`.
        version: the sender's own version of the order.
        gone: units that the sender took off the order already, by external line id.
        also: holds beyond those that the checks ask for.

    Raises:
        RejectedError: refused.
    """
    if not channel.active:
        raise RejectedError("the channel is paused", code="channel_paused")
    _refuse_too_urgent(new, channel)
    at = desk.clock()
    verdict = desk.checks.check(new, channel=channel, at=at, tripped=tripped)
    wanted = units_by_sku(new, gone)
    reservation = _reservation(new, desk)
    there = desk.stock.counted(wanted, channel=new.channel)
    holds = (*verdict.holds, *also, *remorse(channel.remorse_minutes, at, new.placed_at))
    exposure = list[Write]()
    if new.account_id is not None:
        order_id = order_id_of(new.channel, new.external_order_id)
        credit = desk.credit.assess(new.account_id, new.total_minor, new.currency, order_id=order_id, at=at)
        holds, exposure = (*holds, *credit.holds), [*credit.writes]
    items = desk.reference.items(wanted)
    asked = ToShip(new.channel, new.account_id is not None, destination_of(new), frozenset(wanted))
    may, begins = desk.may_ship(asked), given_out_from(items.values(), new.channel, at)
    stock, promise = standing(
        lambda day: may.stock(with_own(there(day), reservation), wanted),
        lambda stock: desk.promise(destination_of(new), wanted, stock, begins),
        lambda promise: promise.latest_on,
    )
    decision = Decision(
        promise=promise,
        backorder_expected=may_be_backordered(desk.checks.short(wanted, stock), items, new.channel, at.date()),
        holds=holds,
        findings=verdict.findings,
        reservation_id=reservation.id if reservation else None,
        bundles=bundles_among(items),
    )
    order = accept(
        new,
        decision,
        fingerprint=fingerprint_of(new, desk),
        person_hash=desk.people.fingerprint(person_text(new)),
        at=at,
        by=by,
        version=version,
        gone=gone,
    )
    counted = exposure if order.status == "confirmed" else []  # credit is looked at again when a hold goes
    return order, [desk.orders.write(order), _person(new, order.id, desk), *verdict.writes, *counted]


def _refuse_too_urgent(new: NewOrder, channel: Channel) -> None:
    """Nobody jumps the queue: a channel's orders are as urgent as the channel may say."""
    if (new.priority or 0) > channel.most_priority:
        fault = Fault("priority", f"is {new.priority}; {channel.name} may ask for {channel.most_priority} at the most")
        raise RejectedError(
            "the order is more urgent than its channel may ask", code="priority_not_allowed", faults=[fault]
        )


def _reservation(new: NewOrder, desk: IntakeDesk) -> Reservation | None:
    """The reservation that an order names, as it is now. Another channel's is as if there were none."""
    if new.reservation is None:
        return None
    found = desk.reservations.find(named(new.channel, new.reservation))
    return found if found is not None and found.channel == new.channel else None


def fingerprint_of(new: NewOrder, desk: IntakeDesk) -> str:
    """A keyed hash of the whole order: tells a repeat from a change."""
    return desk.people.fingerprint(body_text(new))


def _person(new: NewOrder, order_id: str, desk: IntakeDesk) -> Write:
    customer, place = new.customer, new.ship_to
    who = Someone(
        name=customer.name,
        email=customer.email,
        phone=customer.phone,
        company=customer.company,
        address_lines=place.address_lines,
        city=place.city,
        region=place.region,
        postal_code=place.postal_code,
        country=place.country,
        billing=new.bill_to.model_dump_json(exclude_none=True) if new.bill_to else None,
        note=new.note,
        gift_message=new.gift_message,
    )
    return desk.people.write_new(person_id_of(order_id), who)
