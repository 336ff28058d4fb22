"""List the open purchase proposals."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from oms.entry.api import Answer, Api, Request, parse_query
from oms.procurement import service
from oms.procurement.model import ProposalPage
from oms.wiring import wire

api = Api("procurement")


class ProposalQuery(BaseModel):
    """Which proposals."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    location: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")] | None = None
    cursor: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


@api.route(
    "GET",
    "/v1/purchase-proposals",
    summary="List the open purchase proposals, by location and SKU",
    scope="procurement:read",
    roles={"operator", "procurement", "finance", "auditor"},
    own="locations",
    query=ProposalQuery,
    answers={200: ProposalPage},
    problems=("malformed", "bad_cursor"),
    example={"query": {"location": "ber-1", "limit": "20"}},
)
def list_proposals(request: Request) -> Answer:
    query = parse_query(ProposalQuery, request.query)
    page = service.list_proposals(
        location=query.location,
        cursor=query.cursor,
        limit=query.limit,
        procurement=wire().procurement,
        locations=request.principal.locations,
    )
    return Answer(200, page)


handler = api.handler
