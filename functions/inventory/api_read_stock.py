"""Read a SKU's stock, location by location, and who waits for it."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from oms.entry.api import Answer, Api, Request
from oms.inventory import service
from oms.inventory.model import StockView
from oms.inventory.waiting.model import WaitingLine
from oms.inventory.waiting.service import read_line
from oms.wiring import wire

api = Api("stock")


class LineQuery(BaseModel):
    """A page: how many places, and the `next_after` of the page before."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: Annotated[int, Field(ge=1, le=500)] = 100
    after: Annotated[str, Field(max_length=200, pattern=r"^[A-Za-z0-9_#:.+-]+$")] | None = None


@api.route(
    "GET",
    "/v1/stock/{sku}",
    summary="Read the stock of a SKU at every location that keeps it",
    scope="orders:read",
    roles={"operator", "sales", "warehouse", "finance", "procurement", "auditor"},
    own="locations",
    answers={200: StockView},
    problems=("not_found",),
    example={"path": {"sku": "MUG-BLUE"}},
)
def read_stock(request: Request) -> Answer:
    found = service.read_stock(request.path["sku"], stock=wire().stock, locations=request.principal.locations)
    return Answer(200, found)


@api.route(
    "GET",
    "/v1/stock/{sku}/waiting",
    summary="Read who waits for a SKU, first served first",
    scope="orders:read",
    roles={"operator", "sales", "procurement", "auditor"},
    own="company",
    query=LineQuery,
    answers={200: WaitingLine},
    example={"path": {"sku": "MUG-BLUE"}},
)
def read_waiting(request: Request) -> Answer:
    query = request.asked(LineQuery)
    found = read_line(request.path["sku"], after=query.after, limit=query.limit, lines=wire().waiting_lines)
    return Answer(200, found)


handler = api.handler
