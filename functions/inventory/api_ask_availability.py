"""What a shop may promise of its SKUs, and when it would be with the buyer."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from oms.entry.api import Answer, Api, Request
from oms.inventory.supply.availability import Asked, availability
from oms.inventory.supply.model import Availability
from oms.kernel.identifiers import named
from oms.wiring import wire

api = Api("stock")
_MOST = 20


def _names(text: str) -> str:
    names = [named(name) for name in text.split(",")]
    if len(names) > _MOST or len(set(names)) < len(names):
        raise ValueError(f"name {_MOST} SKUs at most, each once")
    return ",".join(names)


class AvailabilityQuery(BaseModel):
    """Which SKUs (up to 20, with commas between), how many of each, where to, on which channel."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sku: Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_names)]
    quantity: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    channel: Annotated[str, Field(min_length=1, max_length=64), AfterValidator(named)]


@api.route(
    "GET",
    "/v1/availability",
    summary="Ask what can be promised of SKUs, by date, and when it would be delivered",
    scope="orders:read",
    roles={"operator", "sales", "procurement", "auditor", "channel"},
    own="channel",
    query=AvailabilityQuery,
    answers={200: Availability},
    problems=("malformed", "unknown_channel", "unknown_sku"),
    example={"query": {"sku": "MUG-BLUE,LAMP-NORD", "quantity": "2", "country": "DE", "channel": "sales_desk"}},
)
def ask_availability(request: Request) -> Answer:
    query = request.asked(AvailabilityQuery)
    asked = Asked(tuple(query.sku.split(",")), query.quantity, query.country, query.channel)
    return Answer(200, availability(asked, desk=wire().availability_desk))


handler = api.handler
