"""Who is served first of an item that is scarce: read and set the policy, and look up what was in force."""

from oms.allocation.fairness import service
from oms.allocation.fairness.model import FairnessPage, FairnessQuery, FairnessView, PutFairness
from oms.entry import examples
from oms.entry.api import Answer, Api, Request, parse_query
from oms.entry.conditions import if_match
from oms.wiring import wire

api = Api("sourcing")
_READS = frozenset({"operator", "sales", "auditor"})


@api.route(
    "GET",
    "/v1/items/{sku}/fairness",
    summary="Read who is served first of an item that is scarce (`*`: of all others)",
    scope="sourcing:read",
    roles=_READS,
    own="company",
    answers={200: FairnessView},
    problems=("not_found",),
    example={"path": {"sku": examples.ITEM}},
)
def read_fairness(request: Request) -> Answer:
    view, etag = service.read_policy(request.path["sku"], desk=wire().fairness_desk)
    return Answer(200, view, {"etag": etag})


@api.route(
    "PUT",
    "/v1/items/{sku}/fairness",
    summary="Set who is served first of an item that is scarce (`*`: of all others)",
    scope="sourcing:write",
    roles={"operator"},
    own="company",
    body=PutFairness,
    headers={"If-Match": "The ETag of the policy as you have read it, or `*`"},
    answers={200: FairnessView},
    problems=("malformed", "malformed_json", "invalid", "too_large", "not_found", "stale", "if_match_needed"),
    example={"path": {"sku": examples.ITEM}, "headers": {"If-Match": "*"}, "body": examples.FAIRNESS},
)
def put_fairness(request: Request) -> Answer:
    view, etag = service.put_policy(
        request.path["sku"],
        request.body(PutFairness),
        if_match=if_match(request),
        by=f"user:{request.principal.subject}",
        desk=wire().fairness_desk,
    )
    return Answer(200, view, {"etag": etag})


@api.route(
    "GET",
    "/v1/items/{sku}/fairness/versions",
    summary="List the rules that were ever in force for an item (`*`: for all others), the newest first",
    scope="sourcing:read",
    roles=_READS,
    own="company",
    query=FairnessQuery,
    answers={200: FairnessPage},
    problems=("malformed", "not_found"),
    example={"path": {"sku": examples.ITEM}},
)
def list_fairness(request: Request) -> Answer:
    query = parse_query(FairnessQuery, request.query)
    return Answer(200, service.list_policies(request.path["sku"], query, desk=wire().fairness_desk))


handler = api.handler
