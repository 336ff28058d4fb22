"""Read a SKU's stock, location by location."""

from oms.entry.api import Answer, Api, Request
from oms.inventory import service
from oms.inventory.model import StockView
from oms.wiring import wire

api = Api("stock")


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


handler = api.handler
