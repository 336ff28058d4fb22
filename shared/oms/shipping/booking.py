"""Booking: labels for all parcels of a fulfillment order in one transaction; and its undo."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict

from oms.aws import tables
from oms.aws.tables import ConditionFailedError, Write
from oms.events.fulfillment import FulfillmentOrderBooked
from oms.events.tracking import ParcelVoided
from oms.kernel.errors import ConflictError, RejectedError
from oms.kernel.ids import check_digit_mod10, derive_id
from oms.orders.lifecycle import FULFILLMENT_ORDER, PARCEL, move
from oms.orders.model import FulfillmentOrder, Parcel
from oms.orders.workload.rules import given_back
from oms.orders.workload.store import WorkloadStore
from oms.shipping.model import Choice, Numbers, RateCard, Service, Shipper
from oms.shipping.service import Desk, PlannedParcel, SelectTask, select_for
from oms.shipping.store import CAPACITY_LABEL

MAX_PARCELS = 90  # one transaction takes 100 writes: the parcels, the fulfillment order, the capacity, some room
_TRIES = 5
_BY = "system:book_parcels"
_VOIDED_BY = "system:void_parcels"
_BOOKED_OR_LATER = ("booked", "requested", "accepted", "in_progress", "incomplete", "closed")


class BookTask(SelectTask):
    """The same with the choice, one per parcel."""

    choices: tuple[Choice, ...]


class VoidTask(BaseModel):
    """Which booking to undo."""

    model_config = ConfigDict(frozen=True)
    order_id: str
    fulfillment_order_id: str


class Booked(BaseModel):
    """What BookParcels adds: `booked` with the parcels, or `held` when the fulfillment order has ended meanwhile.

    `choices` is there when the choice had to be made again.
    """

    outcome: str
    parcel_ids: tuple[str, ...] = ()
    choices: tuple[Choice, ...] | None = None


class Voided(BaseModel):
    """What VoidParcels adds; `parcel_ids` is empty afterwards."""

    outcome: str = "voided"
    parcel_ids: tuple[str, ...] = ()


def book_parcels(task: BookTask, desk: Desk, at: datetime) -> Booked:
    """Labels for all parcels: fulfillment order, parcels and taken capacity in one transaction, once.

    A service whose day is full is left out and the choice is made again.

    Raises:
        RejectedError: nobody carries it, or more parcels than one transaction takes.
        ConflictError: somebody else kept changing the fulfillment order.
    """
    if len(task.parcels) > MAX_PARCELS:
        raise RejectedError(f"{len(task.parcels)} parcels are more than {MAX_PARCELS}", code="too_many_parcels")
    choices = task.choices
    full: frozenset[tuple[str, str, str]] = frozenset()
    for _ in range(_TRIES):
        work = desk.orders.get_fulfillment_order(task.order_id, task.fulfillment_order_id)
        if work.status in _BOOKED_OR_LATER:
            return Booked(outcome="booked", parcel_ids=work.parcel_ids)
        if work.status != "open":
            return Booked(outcome="held")
        parcels = _label(task, choices, desk, at)
        try:
            tables.commit(*_booking(work, parcels, choices[0], desk, at))
        except ConditionFailedError as failed:
            if CAPACITY_LABEL in failed.labels:
                first = choices[0]
                full |= {(first.carrier, first.service, first.ship_on.isoformat())}
                choices = select_for(task, desk, at, full).choices
        except ConflictError:
            continue
        else:
            made_again = choices if choices is not task.choices else None
            return Booked(outcome="booked", parcel_ids=tuple(parcel.id for parcel in parcels), choices=made_again)
    raise ConflictError(f"fulfillment order {task.fulfillment_order_id} kept changing")


def _label(task: BookTask, choices: tuple[Choice, ...], desk: Desk, at: datetime) -> list[Parcel]:
    """The parcels with their numbers, not yet stored. Numbers of an attempt that fails stay unused."""
    return [_parcel(task, planned, choice, desk, at) for planned, choice in zip(task.parcels, choices, strict=True)]


def _parcel(task: BookTask, planned: PlannedParcel, choice: Choice, desk: Desk, at: datetime) -> Parcel:
    card, _ = _offer_of(desk, task.location, choice.carrier, choice.service, choice.ship_on)
    label = desk.carrier_of(card).book(card, choice.service, desk.store)
    return Parcel(
        id=derive_id("shp", choice.carrier, label.tracking_number),
        order_id=task.order_id,
        fulfillment_order_id=task.fulfillment_order_id,
        location=task.location,
        carrier=choice.carrier,
        service=choice.service,
        tracking_number=label.tracking_number,
        label_number=label.label_number,
        sscc=sscc(desk.shipper, desk.store),
        cost_minor=choice.cost_minor,
        currency=choice.currency,
        weight_g=planned.weight_g,
        length_mm=planned.length_mm,
        width_mm=planned.width_mm,
        height_mm=planned.height_mm,
        contents=planned.contents,
        status="draft",
        promised_on=task.promised_on.isoformat() if task.promised_on else None,
        decision=choice.decision,
    ).changed(at=at, by=_BY, what="label_purchased", why=choice.decision[0], status="label_purchased")


def sscc(shipper: Shipper, numbers: Numbers) -> str:
    """The next SSCC-18: extension digit, GS1 company prefix, serial, check digit (GS1 General Specifications 3.3.1)."""
    digits = 16 - len(shipper.gs1_prefix)
    serial = numbers.next("sscc") % 10**digits
    body = f"1{shipper.gs1_prefix}{serial:0{digits}d}"
    return body + check_digit_mod10(body)


def _booking(work: FulfillmentOrder, parcels: list[Parcel], choice: Choice, desk: Desk, at: datetime) -> list[Write]:
    parcel_ids = tuple(parcel.id for parcel in parcels)
    cost_minor = sum(parcel.cost_minor for parcel in parcels)
    ship_on = choice.ship_on.isoformat()
    booked = work.changed(
        FulfillmentOrderBooked(
            order_id=work.order_id,
            fulfillment_order_id=work.id,
            location=work.location,
            parcel_ids=list(parcel_ids),
            carrier=choice.carrier,
            service=choice.service,
            cost_minor=cost_minor,
            currency=choice.currency,
        ),
        at=at,
        by=_BY,
        why=choice.decision[0] if choice.decision else None,
        status=move(FULFILLMENT_ORDER, work.status, "book"),
        parcel_ids=parcel_ids,
        carrier=choice.carrier,
        service=choice.service,
        cost_minor=cost_minor,
        currency=choice.currency,
        ship_by=ship_on,
    )
    writes = [desk.orders.write(booked), *(desk.orders.write(parcel) for parcel in parcels)]
    _, service = _offer_of(desk, work.location, choice.carrier, choice.service, choice.ship_on)
    if service.daily_capacity is not None:
        writes.append(
            desk.store.take_capacity(
                work.location,
                choice.carrier,
                choice.service,
                ship_on,
                parcels=len(parcels),
                limit=service.daily_capacity,
            )
        )
    return writes


def void_parcels(task: VoidTask, desk: Desk, at: datetime) -> Voided:
    """Undo a booking: parcels voided, capacity given back, the fulfillment order open again. Nothing booked: a no-op.

    The carrier is told after our books say so: a label that stays unused costs less than a voided one on a parcel.

    Raises:
        ConflictError: somebody else kept changing the fulfillment order.
    """
    for _ in range(_TRIES):
        work = desk.orders.get_fulfillment_order(task.order_id, task.fulfillment_order_id)
        if work.status != "booked":
            return Voided(parcel_ids=work.parcel_ids)
        parcels = [
            parcel for parcel in desk.orders.parcels(work.parcel_ids).values() if parcel.status == "label_purchased"
        ]
        try:
            tables.commit(desk.orders.write(_unbooked(work, at)), *_voiding(work, parcels, desk, at))
        except ConflictError:
            continue
        _tell_carrier(work, parcels, desk)
        return Voided()
    raise ConflictError(f"fulfillment order {task.fulfillment_order_id} kept changing")


def _unbooked(work: FulfillmentOrder, at: datetime) -> FulfillmentOrder:
    return work.changed(
        at=at,
        by=_VOIDED_BY,
        what="unbooked",
        why="workflow_undone",
        status=move(FULFILLMENT_ORDER, work.status, "unbook"),
        parcel_ids=(),
        carrier=None,
        service=None,
        cost_minor=0,
        ship_by=None,
    )


def _voiding(work: FulfillmentOrder, parcels: list[Parcel], desk: Desk, at: datetime) -> list[Write]:
    writes = [
        desk.orders.write(
            parcel.changed(
                ParcelVoided(order_id=parcel.order_id, parcel_id=parcel.id, reason="workflow_undone"),
                at=at,
                by=_VOIDED_BY,
                why="workflow_undone",
                status=move(PARCEL, parcel.status, "void"),
            )
        )
        for parcel in parcels
    ]
    return [*writes, *_room_back([(work, parcels)], desk)]


def _room_back(taken_back: Iterable[tuple[FulfillmentOrder, Sequence[Parcel]]], desk: Desk) -> list[Write]:
    """Writes that give the room of voided parcels back: one per capacity, since a transaction changes an item once."""
    room: Counter[tuple[str, str, str, str]] = Counter()
    for work, parcels in taken_back:
        if work.carrier and work.service and work.ship_by and parcels and _is_counted(work, desk):
            room[work.location, work.carrier, work.service, work.ship_by] += len(parcels)
    return [
        desk.store.give_capacity(*key, parcels=parcels)
        for key, parcels in room.items()
        if desk.store.capacity_used(*key) >= parcels
    ]


def _is_counted(work: FulfillmentOrder, desk: Desk) -> bool:
    """Whether the service has a capacity; a service that has left its card may have had one."""
    offer = _offer_of_work(work, desk)
    return offer is None or offer[1].daily_capacity is not None


def _tell_carrier(work: FulfillmentOrder, parcels: Sequence[Parcel], desk: Desk) -> None:
    offer = _offer_of_work(work, desk) if parcels else None
    if offer is not None:
        desk.carrier_of(offer[0]).void([parcel.tracking_number for parcel in parcels])


def _offer_of_work(work: FulfillmentOrder, desk: Desk) -> tuple[RateCard, Service] | None:
    """What a fulfillment order was booked on, None when that was withdrawn since: an undo must not fail over it."""
    if not (work.carrier and work.service and work.ship_by):
        return None
    try:
        return _offer_of(desk, work.location, work.carrier, work.service, date.fromisoformat(work.ship_by[:10]))
    except RejectedError:
        return None


class Bookings:
    """What work holds besides its order, for those who take it back: of its location's day, its carrier's, labels."""

    def __init__(self, desk: Callable[[], Desk], workload: WorkloadStore) -> None:
        self._desk = desk
        self._workload = workload

    def give_back_writes(self, taken_back: Sequence[tuple[FulfillmentOrder, Sequence[Parcel]]]) -> list[Write]:
        """To be committed with the voiding of these parcels and the end of this work; nothing when it took no room."""
        room = _room_back(taken_back, self._desk()) if any(parcels for _, parcels in taken_back) else []
        return [*room, *self._workload.give_back(given_back(work for work, _ in taken_back))]

    def tell_carriers(self, taken_back: Sequence[tuple[FulfillmentOrder, Sequence[Parcel]]]) -> None:
        """After the commit: a label that stays unused costs less than a voided one on a parcel."""
        for work, parcels in taken_back:
            if parcels:
                _tell_carrier(work, parcels, self._desk())


def _offer_of(desk: Desk, location: str, carrier: str, service: str, ship_on: date) -> tuple[RateCard, Service]:
    """The card and service of a choice.

    Raises:
        RejectedError: the card was withdrawn after the choice (code `rate_card_gone`).
    """
    country = desk.locations[location].country
    for card in desk.cards.values():
        if card.carrier == carrier and country in card.origins and card.valid_on(ship_on):
            for offered in card.services:
                if offered.code == service:
                    return card, offered
    raise RejectedError(f"no card of {carrier} offers {service} on {ship_on}", code="rate_card_gone")
