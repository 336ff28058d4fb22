"""List what suppliers were ordered to send to our buyers."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from oms.entry.api import Answer, Api, Request, parse_query
from oms.procurement import purchases
from oms.procurement.model import PurchasePage
from oms.wiring import wire

api = Api("procurement")


class PurchaseQuery(BaseModel):
    """Whose purchases."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    supplier: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
    cursor: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


@api.route(
    "GET",
    "/v1/purchases",
    summary="List what a supplier was ordered to send to our buyers, the newest first",
    scope="procurement:read",
    roles={"operator", "procurement", "finance", "auditor"},
    own="company",
    query=PurchaseQuery,
    answers={200: PurchasePage},
    problems=("malformed", "bad_cursor"),
    example={"query": {"supplier": "acme", "limit": "20"}},
)
def list_purchases(request: Request) -> Answer:
    query = parse_query(PurchaseQuery, request.query)
    page = purchases.list_purchases(
        query.supplier, cursor=query.cursor, limit=query.limit, procurement=wire().procurement
    )
    return Answer(200, page)


handler = api.handler
