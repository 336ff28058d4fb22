"""What locations counted, up to 500 SKUs at a time."""

from oms.entry import examples
from oms.entry.api import Answer, Api, Request
from oms.inventory.counts.model import CountResults, Counts
from oms.inventory.counts.service import take_counts
from oms.wiring import wire

api = Api("stock")


@api.route(
    "POST",
    "/v1/locations/{location}/counts",
    summary="Say what was counted: units at an instant, or differences with a name",
    scope="fulfillment:write",
    roles={"operator", "warehouse"},
    own="location",
    body=Counts,
    answers={200: CountResults},
    problems=("malformed_json", "invalid", "too_large", "conflict", "not_found"),
    example={"path": {"location": examples.LOCATION}, "body": examples.COUNTS},
)
def count_stock(request: Request) -> Answer:
    """Each row has a result of its own; sending the request again changes nothing more."""
    location = request.path["location"]
    by = f"user:{request.principal.subject}"
    counts = request.body(Counts).counts
    return Answer(200, take_counts(location, counts, by=by, desk=wire().stocktaking))


handler = api.handler
