"""Lots and serials: where one is, where it went, and that a lot must not be sold."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from oms.entry import examples
from oms.entry.api import Answer, Api, Request
from oms.inventory.serials.model import SerialView
from oms.inventory.tracing import service
from oms.inventory.tracing.model import BlockLot, LotUsePage, LotView
from oms.wiring import wire

api = Api("stock")
_LOT = "/v1/stock/{sku}/lots/{lot_id}"
_READERS = {"operator", "procurement", "auditor"}
_PATH = {"sku": examples.LOT_TRACKED, "lot_id": examples.LOT}


class TraceQuery(BaseModel):
    """Where to go on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cursor: Annotated[str, Field(min_length=1, max_length=200)] | None = None


@api.route(
    "GET",
    _LOT,
    summary="Read a lot: when it expires, whether it is blocked, and where its units lie",
    scope="orders:read",
    roles=_READERS,
    own="company",
    answers={200: LotView},
    problems=("not_found",),
    example={"path": _PATH},
)
def read_lot(request: Request) -> Answer:
    return Answer(200, service.read_lot(request.path["sku"], request.path["lot_id"], desk=wire().tracing_desk))


@api.route(
    "GET",
    f"{_LOT}/uses",
    summary="Trace a lot: which orders got it, from where, and when",
    scope="orders:read",
    roles=_READERS,
    own="company",
    query=TraceQuery,
    answers={200: LotUsePage},
    problems=("not_found", "malformed", "bad_cursor"),
    example={"path": _PATH},
)
def trace_lot(request: Request) -> Answer:
    cursor = request.asked(TraceQuery).cursor
    page = service.trace_lot(request.path["sku"], request.path["lot_id"], cursor=cursor, desk=wire().tracing_desk)
    return Answer(200, page)


@api.route(
    "POST",
    f"{_LOT}/block",
    summary="Block a lot: all its units are set apart, wherever they lie, and what comes in of it",
    scope="fulfillment:write",
    roles={"operator"},
    own="company",
    body=BlockLot,
    answers={200: LotView},
    problems=("not_found", "malformed_json", "invalid", "too_large", "conflict"),
    example={"path": _PATH, "body": {"reason": "Recalled by its maker"}},
)
def block_lot(request: Request) -> Answer:
    reason, by = request.body(BlockLot).reason, f"user:{request.principal.subject}"
    path = request.path
    return Answer(200, service.block_lot(path["sku"], path["lot_id"], reason, by=by, desk=wire().tracing_desk))


@api.route(
    "POST",
    f"{_LOT}/unblock",
    summary="Let what comes in of a lot be sold again; what was set apart is cleared by movements",
    scope="fulfillment:write",
    roles={"operator"},
    own="company",
    answers={200: LotView},
    problems=("not_found", "conflict"),
    example={"path": _PATH},
)
def unblock_lot(request: Request) -> Answer:
    return Answer(200, service.unblock_lot(request.path["sku"], request.path["lot_id"], desk=wire().tracing_desk))


@api.route(
    "GET",
    "/v1/stock/{sku}/serials/{serial}",
    summary="Read a thing by its serial number: where it is, or for which order it left, and what happened before",
    scope="orders:read",
    roles=_READERS,
    own="company",
    answers={200: SerialView},
    problems=("not_found",),
    example={"path": {"sku": examples.SERIAL_TRACKED, "serial": examples.SERIAL}},
)
def read_serial(request: Request) -> Answer:
    return Answer(200, service.read_serial(request.path["sku"], request.path["serial"], desk=wire().tracing_desk))


handler = api.handler
