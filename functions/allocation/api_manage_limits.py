"""How much work a location takes a day: read and set it, and see how full its days are."""

from oms.allocation.limits import service
from oms.allocation.limits.model import LimitsPage, LimitsQuery, LimitsView, PutLimits, WorkloadQuery, WorkloadView
from oms.entry import examples
from oms.entry.api import Answer, Api, Request, parse_query
from oms.entry.conditions import if_match
from oms.wiring import wire

api = Api("sourcing")
_READS = frozenset({"operator", "sales", "warehouse", "auditor"})


@api.route(
    "GET",
    "/v1/locations/{location}/limits",
    summary="Read how much work a location takes a day",
    scope="sourcing:read",
    roles=_READS,
    own="location",
    answers={200: LimitsView},
    problems=("not_found",),
    example={"path": {"location": examples.LIMITED}},
)
def read_limits(request: Request) -> Answer:
    view, etag = service.read_limits(request.path["location"], desk=wire().limits_desk)
    return Answer(200, view, {"etag": etag})


@api.route(
    "PUT",
    "/v1/locations/{location}/limits",
    summary="Set how much work a location takes a day, and how far ahead",
    scope="sourcing:write",
    roles={"operator"},
    own="location",
    body=PutLimits,
    headers={"If-Match": "The ETag of the limits as you have read them, or `*`"},
    answers={200: LimitsView},
    problems=("malformed", "malformed_json", "invalid", "too_large", "not_found", "stale", "if_match_needed"),
    example={"path": {"location": examples.LIMITED}, "headers": {"If-Match": "*"}, "body": examples.LIMITS},
)
def put_limits(request: Request) -> Answer:
    view, etag = service.put_limits(
        request.path["location"],
        request.body(PutLimits),
        if_match=if_match(request),
        by=f"user:{request.principal.subject}",
        desk=wire().limits_desk,
    )
    return Answer(200, view, {"etag": etag})


@api.route(
    "GET",
    "/v1/locations/{location}/limits/versions",
    summary="List the limits that were ever in force at a location, the newest first",
    scope="sourcing:read",
    roles=_READS,
    own="location",
    query=LimitsQuery,
    answers={200: LimitsPage},
    problems=("malformed", "not_found"),
    example={"path": {"location": examples.LIMITED}},
)
def list_limits(request: Request) -> Answer:
    query = parse_query(LimitsQuery, request.query)
    return Answer(200, service.list_limits(request.path["location"], query, desk=wire().limits_desk))


@api.route(
    "GET",
    "/v1/locations/{location}/workload",
    summary="Read how full the next working days of a location are",
    scope="sourcing:read",
    roles=_READS,
    own="location",
    query=WorkloadQuery,
    answers={200: WorkloadView},
    problems=("malformed", "not_found"),
    example={"path": {"location": examples.LIMITED}, "query": {"days": "5"}},
)
def read_workload(request: Request) -> Answer:
    query = parse_query(WorkloadQuery, request.query)
    return Answer(200, service.read_workload(request.path["location"], query, desk=wire().limits_desk))


handler = api.handler
