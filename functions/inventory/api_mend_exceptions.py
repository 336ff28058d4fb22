"""What of the stock somebody must look at, and the recorded correction of books that do not add up."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from oms.entry import examples
from oms.entry.api import Answer, Api, Request, parse_query
from oms.inventory.drift.mending import correct_drift
from oms.inventory.drift.model import Correction
from oms.inventory.exceptions import service
from oms.inventory.exceptions.model import ExceptionKind, ExceptionPage, ExceptionStatus, ExceptionView
from oms.wiring import wire

api = Api("stock")


class ExceptionQuery(BaseModel):
    """Which exceptions."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: ExceptionKind | None = None
    status: ExceptionStatus = "open"
    cursor: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


@api.route(
    "GET",
    "/v1/exceptions",
    summary="List what of the stock somebody must look at: books, shortfalls, and serials that do not fit",
    scope="orders:read",
    roles={"operator", "warehouse", "procurement", "auditor"},
    own="locations",
    query=ExceptionQuery,
    answers={200: ExceptionPage},
    problems=("malformed", "bad_cursor"),
    example={"query": {"status": "open", "limit": "20"}},
)
def list_exceptions(request: Request) -> Answer:
    query = parse_query(ExceptionQuery, request.query)
    page = service.list_exceptions(
        kind=query.kind,
        status=query.status,
        cursor=query.cursor,
        limit=query.limit,
        store=wire().exceptions,
        locations=request.principal.locations,
    )
    return Answer(200, page)


@api.route(
    "POST",
    "/v1/exceptions/{exception_id}/correct",
    summary="Put a position right whose books do not add up, by one recorded movement",
    scope="fulfillment:write",
    roles={"operator"},
    own="company",
    body=Correction,
    answers={200: ExceptionView},
    problems=("not_found", "malformed_json", "invalid", "too_large", "wrong_state", "short_stock", "conflict"),
    example={
        "path": {"exception_id": examples.DRIFT_ID},
        "body": {"trust": "balance", "note": "Counted this morning"},
    },
)
def correct_exception(request: Request) -> Answer:
    """Sending it again answers the same and moves nothing more."""
    by = f"user:{request.principal.subject}"
    correction = request.body(Correction)
    return Answer(200, correct_drift(request.path["exception_id"], correction, by=by, desk=wire().drift_desk))


handler = api.handler
