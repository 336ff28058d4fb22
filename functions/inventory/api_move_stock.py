"""The ledger: one position, the movements that change it, its history, and what is kept back of it."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from oms.entry import examples
from oms.entry.api import Answer, Api, Request, parse_query
from oms.entry.conditions import if_match
from oms.inventory.model import Position, StockLevel, level_of
from oms.inventory.moving import service
from oms.inventory.moving.model import Moved, MovementPage, NewMovement, PositionLevels
from oms.inventory.moving.rules import check_kind
from oms.wiring import wire

api = Api("stock")
_POSITION = "/v1/stock/{sku}/locations/{location}"
_READERS = {"operator", "sales", "warehouse", "finance", "procurement", "auditor"}
_WRITE = (
    "not_found",
    "malformed",
    "malformed_json",
    "invalid",
    "too_large",
    "conflict",
    "stale",
    "if_match_needed",
    "short_stock",
)
_SEEN = "The ETag of the position as you have read it, or `*` for however it is now"


class MovementQuery(BaseModel):
    """Which part of the history."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cursor: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    limit: Annotated[int, Field(ge=1, le=50)] = 20


def _key(request: Request) -> tuple[str, str]:
    return request.path["sku"], request.path["location"]


def _shown(position: Position, status: int = 200) -> Answer:
    return Answer(status, level_of(position), {"etag": f'"{position.version}"'})


@api.route(
    "GET",
    _POSITION,
    summary="Read the stock of a SKU at one location; the ETag is for writes that must know what they change",
    scope="orders:read",
    roles=_READERS,
    own="location",
    answers={200: StockLevel},
    problems=("not_found",),
    example={"path": {"sku": examples.STOCKED, "location": examples.LOCATION}},
)
def read_position(request: Request) -> Answer:
    return _shown(service.read_position(_key(request), stock=wire().stock))


@api.route(
    "POST",
    f"{_POSITION}/movements",
    summary="Post one movement, once per key, if the position is as you have seen it",
    scope="fulfillment:write",
    roles={"operator", "warehouse", "procurement"},
    own="location",
    body=NewMovement,
    headers={
        "Idempotency-Key": "Needed: a request that comes again under it gets the first answer and moves nothing",
        "If-Match": f"{_SEEN}. An adjustment needs this, or `expected`",
    },
    answers={201: Moved},
    problems=(
        *_WRITE,
        "quantity_changed",
        "missing_idempotency_key",
        "idempotency_key_reused",
        "lot_needed",
        "lot_blocked",
        "serials_needed",
        "serial_elsewhere",
    ),
    example={
        "path": {"sku": examples.STOCKED, "location": examples.LOCATION},
        "headers": {"Idempotency-Key": "goods-in-1"},
        "body": {"kind": "received", "units": 24, "ref": "DN-4711"},
    },
)
def post_movement(request: Request) -> Answer:
    key = request.idempotency_key()
    new = request.body(NewMovement)
    check_kind(new.kind, request.principal.roles)
    by = f"user:{request.principal.subject}"
    posted = service.Posted(_key(request), new, if_match(request) or None, key, by)
    done = service.post_movement(posted, stock=wire().stock, lots=wire().lot_desk, clock=wire().clock)
    return Answer(201, done, {"etag": f'"{done.position.version}"'})


@api.route(
    "GET",
    f"{_POSITION}/movements",
    summary="List the movements of a position, newest first: who moved what, why, and what for",
    scope="orders:read",
    roles=_READERS,
    own="location",
    query=MovementQuery,
    answers={200: MovementPage},
    problems=("not_found", "malformed", "bad_cursor"),
    example={"path": {"sku": examples.STOCKED, "location": examples.LOCATION}, "query": {"limit": "10"}},
)
def list_movements(request: Request) -> Answer:
    query = parse_query(MovementQuery, request.query)
    page = service.list_movements(
        _key(request),
        cursor=query.cursor,
        limit=query.limit,
        stock=wire().stock,
        all_refs=request.principal.unbound,
    )
    return Answer(200, page)


@api.route(
    "PUT",
    _POSITION,
    summary="Open a position, or set its safety stock, reorder point, order-up-to and the units of single channels",
    scope="fulfillment:write",
    roles={"operator", "procurement"},
    own="location",
    body=PositionLevels,
    headers={"If-Match": f"{_SEEN}; needed when the position is open already"},
    answers={200: StockLevel, 201: StockLevel},
    problems=(*_WRITE, "unknown_sku"),
    example={
        "path": {"sku": examples.STOCKED, "location": examples.LOCATION},
        "headers": {"If-Match": "*"},
        "body": {"safety_stock": 2, "reorder_point": 20, "order_up_to": 80, "channels": {"sales_desk": 5}},
    },
)
def set_levels(request: Request) -> Answer:
    position, opened = service.set_levels(
        _key(request),
        request.body(PositionLevels),
        if_match=if_match(request) or None,
        by=f"user:{request.principal.subject}",
        stock=wire().stock,
        reference=wire().reference,
        clock=wire().clock,
    )
    return _shown(position, 201 if opened else 200)


handler = api.handler
