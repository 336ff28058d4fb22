"""Reservations of carts and orders: keep units for a while, extend, freeze while the buyer pays, change, release."""

from oms.entry import examples
from oms.entry.api import Answer, Api, Request
from oms.inventory.reservations import service
from oms.inventory.reservations.model import (
    AskReservation,
    ChangeReservation,
    ReleaseReservation,
    ReservationView,
    view_of,
)
from oms.wiring import wire

api = Api("reservations")
ROLES = {"operator", "sales", "channel"}
PATH = "/v1/reservations/{reservation_id}"


@api.route(
    "POST",
    "/v1/reservations",
    summary="Keep units for a cart or an order, or change what is kept for it",
    scope="orders:write",
    roles=ROLES,
    own="channel",
    body=AskReservation,
    answers={200: ReservationView},
    headers={"Idempotency-Key": "Required. The same key with the same body changes nothing more."},
    problems=(
        "malformed_json",
        "missing_idempotency_key",
        "idempotency_key_reused",
        "invalid",
        "unknown_channel",
        "unknown_sku",
        "channel_paused",
        "short_stock",
        "wrong_state",
        "too_large",
        "conflict",
    ),
    example={"headers": {"Idempotency-Key": "cart-1002-1"}, "body": examples.RESERVATION},
)
def reserve_stock(request: Request) -> Answer:
    """An owner has one reservation: asked again it is updated, and its own units count as free for it."""
    by = f"user:{request.principal.subject}"
    asked = request.body(AskReservation)
    done = service.reserve(asked, key=request.idempotency_key(), by=by, desk=wire().reservation_desk)
    return Answer(200, view_of(done.reservation), {"idempotent-replayed": "true"} if done.replayed else {})


@api.route(
    "GET",
    PATH,
    summary="Read a reservation as it is now",
    scope="orders:read",
    roles=ROLES,
    own="reservation",
    answers={200: ReservationView},
    problems=("not_found",),
    example={"path": {"reservation_id": examples.RESERVED}},
)
def read_reservation(request: Request) -> Answer:
    found = service.read_reservation(request.path["reservation_id"], desk=wire().reservation_desk)
    return Answer(200, view_of(found))


@api.route(
    "PATCH",
    PATH,
    summary="Set the quantities of some lines of a reservation; 0 takes a line off",
    scope="orders:write",
    roles=ROLES,
    own="reservation",
    body=ChangeReservation,
    answers={200: ReservationView},
    problems=(
        "malformed_json",
        "invalid",
        "not_found",
        "unknown_channel",
        "unknown_sku",
        "channel_paused",
        "short_stock",
        "wrong_state",
        "too_large",
        "conflict",
    ),
    example={"path": {"reservation_id": examples.RESERVED}, "body": {"lines": [{"sku": "MUG-BLUE", "quantity": 2}]}},
)
def change_reservation(request: Request) -> Answer:
    by = f"user:{request.principal.subject}"
    change = request.body(ChangeReservation)
    done = service.change_lines(request.path["reservation_id"], change, by=by, desk=wire().reservation_desk)
    return Answer(200, view_of(done))


@api.route(
    "POST",
    PATH + "/touch",
    summary="Extend a reservation: its owner is active",
    scope="orders:write",
    roles=ROLES,
    own="reservation",
    answers={200: ReservationView},
    problems=("not_found", "unknown_channel", "channel_paused", "wrong_state", "conflict"),
    example={"path": {"reservation_id": examples.RESERVED}},
)
def touch_reservation(request: Request) -> Answer:
    by = f"user:{request.principal.subject}"
    return Answer(200, view_of(service.touch(request.path["reservation_id"], by=by, desk=wire().reservation_desk)))


@api.route(
    "POST",
    PATH + "/freeze",
    summary="Stop a reservation's clock while the buyer pays",
    scope="orders:write",
    roles=ROLES,
    own="reservation",
    answers={200: ReservationView},
    problems=("not_found", "unknown_channel", "channel_paused", "wrong_state", "conflict"),
    example={"path": {"reservation_id": examples.RESERVED}},
)
def freeze_reservation(request: Request) -> Answer:
    """It lasts until the longest time that a payment may take in this channel, and no longer."""
    by = f"user:{request.principal.subject}"
    return Answer(200, view_of(service.freeze(request.path["reservation_id"], by=by, desk=wire().reservation_desk)))


@api.route(
    "POST",
    PATH + "/thaw",
    summary="Let a reservation's clock run again",
    scope="orders:write",
    roles=ROLES,
    own="reservation",
    answers={200: ReservationView},
    problems=("not_found", "unknown_channel", "channel_paused", "wrong_state", "conflict"),
    example={"path": {"reservation_id": examples.RESERVED}},
)
def thaw_reservation(request: Request) -> Answer:
    by = f"user:{request.principal.subject}"
    return Answer(200, view_of(service.thaw(request.path["reservation_id"], by=by, desk=wire().reservation_desk)))


@api.route(
    "POST",
    PATH + "/release",
    summary="Give the units of a reservation back",
    scope="orders:write",
    roles=ROLES,
    own="reservation",
    body=ReleaseReservation,
    answers={200: ReservationView},
    problems=("malformed_json", "invalid", "not_found", "wrong_state", "conflict"),
    example={"path": {"reservation_id": examples.RESERVED_TOO}, "body": {"reason": "abandoned"}},
)
def release_reservation(request: Request) -> Answer:
    by = f"user:{request.principal.subject}"
    reason = request.body(ReleaseReservation).reason
    done = service.release(request.path["reservation_id"], reason=reason, by=by, desk=wire().reservation_desk)
    return Answer(200, view_of(done))


handler = api.handler
