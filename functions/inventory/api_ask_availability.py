"""What a shop may promise of its SKUs, and when it would be with the buyer."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from oms.entry.api import Answer, Api, Request
from oms.inventory.supply.availability import Asked, availability
from oms.inventory.supply.model import Availability
from oms.kernel.identifiers import named
from oms.orders.model import Destination
from oms.reference.geography import is_country, postal_area
from oms.wiring import wire

api = Api("stock")
_MOST = 20


def _names(text: str) -> str:
    names = [named(name) for name in text.split(",")]
    if len(names) > _MOST or len(set(names)) < len(names):
        raise ValueError(f"name {_MOST} SKUs at most, each once")
    return ",".join(names)


def _country(code: str) -> str:
    if not is_country(code):
        raise ValueError("is not a country that post goes to")
    return code


class AvailabilityQuery(BaseModel):
    """Which SKUs (up to 20, with commas between), how many of each, where to, on which channel.

    `postal_code` (its first three letters and digits count) and `on_account` tell rules that ask how far it is, or who
    buys; without them it is the middle of the country, and a consumer.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    sku: Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_names)]
    quantity: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$"), AfterValidator(_country)]
    postal_code: Annotated[str, Field(max_length=16, pattern=r"^[A-Za-z0-9 -]*$")] = ""
    channel: Annotated[str, Field(min_length=1, max_length=64), AfterValidator(named)]
    on_account: bool = False

    @property
    def asked(self) -> Asked:
        to = Destination(country=self.country, postal_area=postal_area(self.postal_code))
        return Asked(tuple(self.sku.split(",")), self.quantity, to, self.channel, self.on_account)


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
    return Answer(200, availability(request.asked(AvailabilityQuery).asked, desk=wire().availability_desk))


handler = api.handler
