"""Units that go from one location to another: planned, made ready, shipped, received, cancelled."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from oms.entry import examples
from oms.entry.api import Answer, Api, Request
from oms.entry.conditions import if_match
from oms.inventory.supply.model import Place
from oms.inventory.transfers import listing, moves, service
from oms.inventory.transfers.desk import Caller, read_transfer, tag_of
from oms.inventory.transfers.model import (
    CancelTransfer,
    Direction,
    PutTransfer,
    ReceiveTransfer,
    ShipTransfer,
    Status,
    Transfer,
    TransferPage,
    TransferView,
    view_of,
)
from oms.wiring import wire

api = Api("stock")
_ONE = "/v1/transfers/{transfer_id}"
_PLANNERS = {"operator", "procurement"}
_MOVERS = {"operator", "warehouse"}
_READERS = {"operator", "warehouse", "procurement", "auditor"}
_STEP = ("not_found", "wrong_state", "stale", "conflict", "malformed")
_BODY = (*_STEP, "malformed_json", "invalid", "too_large")
_SERIALS = ("serials_differ", "serial_elsewhere")
_SEEN = {"If-Match": "The ETag of the transfer as you have read it, or `*` for however it is now"}


class TransferQuery(BaseModel):
    """Which transfers: those of a location (or of all that are yours), going one way, in a state (or not ended)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    location: Place | None = None
    direction: Direction | None = None
    status: Status | None = None
    cursor: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    limit: Annotated[int, Field(ge=1, le=50)] = 20


def _caller(request: Request) -> Caller:
    return Caller(f"user:{request.principal.subject}", request.principal.may_see_location, if_match(request))


def _shown(transfer: Transfer, status: int = 200) -> Answer:
    return Answer(status, view_of(transfer), {"etag": tag_of(transfer.version)})


@api.route(
    "GET",
    "/v1/transfers",
    summary="List transfers by location and state, the newest first; without a state those that have not ended",
    scope="orders:read",
    roles=_READERS,
    own="locations",
    query=TransferQuery,
    answers={200: TransferPage},
    problems=("malformed", "bad_cursor"),
    example={"query": {"location": examples.LOCATION, "direction": "outgoing", "limit": "10"}},
)
def list_transfers(request: Request) -> Answer:
    query = request.asked(TransferQuery)
    asked = listing.Asked(query.location, query.direction, query.status, request.principal.locations)
    page = listing.list_transfers(asked, cursor=query.cursor, limit=query.limit, desk=wire().transfer_desk)
    return Answer(200, page)


@api.route(
    "GET",
    _ONE,
    summary="Read a transfer: of each line what is committed, in transit, received, damaged and lost",
    scope="orders:read",
    roles=_READERS,
    own="transfer",
    answers={200: TransferView},
    problems=("not_found",),
    example={"path": {"transfer_id": examples.TRANSFER}},
)
def show_transfer(request: Request) -> Answer:
    return _shown(read_transfer(request.path["transfer_id"], desk=wire().transfer_desk))


@api.route(
    "PUT",
    _ONE,
    summary="Plan a transfer, edit a draft, or move the date of what is in transit",
    scope="procurement:write",
    roles=_PLANNERS,
    own="company",
    body=PutTransfer,
    headers={"If-Match": "The ETag of the transfer as you have read it, or `*`; not for a new one"},
    answers={200: TransferView, 201: TransferView},
    problems=(*_BODY, "if_match_needed"),
    example={"path": {"transfer_id": examples.NEW_TRANSFER}, "body": examples.TRANSFER_PLAN},
)
def put_transfer(request: Request) -> Answer:
    wanted = request.body(PutTransfer)
    name = request.path["transfer_id"]
    transfer, made = service.put_transfer(name, wanted, caller=_caller(request), desk=wire().transfer_desk)
    return _shown(transfer, 201 if made else 200)


@api.route(
    "POST",
    f"{_ONE}/ready",
    summary="Commit all units of a draft at its source, or none",
    scope="procurement:write",
    roles=_PLANNERS,
    own="transfer",
    headers=_SEEN,
    answers={200: TransferView},
    problems=(*_STEP, "short_stock"),
    example={"path": {"transfer_id": examples.TRANSFER_TO_READY}},
)
def ready_transfer(request: Request) -> Answer:
    caller, desk = _caller(request), wire().transfer_desk
    return _shown(service.ready_transfer(request.path["transfer_id"], caller=caller, desk=desk))


@api.route(
    "POST",
    f"{_ONE}/shipments",
    summary="Say that units have left the source, those named or all that is committed; a shipment counts once",
    scope="fulfillment:write",
    roles=_MOVERS,
    own="transfer",
    body=ShipTransfer,
    headers=_SEEN,
    answers={200: TransferView},
    problems=(*_BODY, "short_stock", "id_reused", "serials_needed", *_SERIALS),
    example={"path": {"transfer_id": examples.TRANSFER_TO_SHIP}, "body": examples.TRANSFER_SHIPMENT},
)
def ship_transfer(request: Request) -> Answer:
    shipment = request.body(ShipTransfer)
    caller, desk = _caller(request), wire().transfer_desk
    return _shown(moves.ship_transfer(request.path["transfer_id"], shipment, caller=caller, desk=desk))


@api.route(
    "POST",
    f"{_ONE}/receipts",
    summary="Say what the destination found: sound, damaged, lost and surplus units; a receipt counts once",
    scope="fulfillment:write",
    roles=_MOVERS,
    own="transfer",
    body=ReceiveTransfer,
    headers=_SEEN,
    answers={200: TransferView},
    problems=(*_BODY, "id_reused", "short_stock", *_SERIALS),
    example={"path": {"transfer_id": examples.TRANSFER_TO_RECEIVE}, "body": examples.TRANSFER_RECEIPT},
)
def receive_transfer(request: Request) -> Answer:
    receipt = request.body(ReceiveTransfer)
    caller, desk = _caller(request), wire().transfer_desk
    return _shown(moves.receive_transfer(request.path["transfer_id"], receipt, caller=caller, desk=desk))


@api.route(
    "POST",
    f"{_ONE}/cancel",
    summary="Cancel what has not left; what is committed for it is free again",
    scope="procurement:write",
    roles=_PLANNERS,
    own="transfer",
    body=CancelTransfer,
    headers=_SEEN,
    answers={200: TransferView},
    problems=_BODY,
    example={"path": {"transfer_id": examples.TRANSFER_TO_CANCEL}, "body": {"reason": "Sold out at the source"}},
)
def cancel_transfer(request: Request) -> Answer:
    reason = request.body(CancelTransfer).reason
    caller, desk = _caller(request), wire().transfer_desk
    return _shown(service.cancel_transfer(request.path["transfer_id"], reason, caller=caller, desk=desk))


handler = api.handler
