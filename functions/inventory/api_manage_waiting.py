"""Who may wait for an item: read and set the policy, and look up what was in force."""

from oms.entry import examples
from oms.entry.api import Answer, Api, Request, parse_query
from oms.entry.conditions import if_match
from oms.inventory.waiting.policies import service
from oms.inventory.waiting.policies.model import (
    PutWaiting,
    WaitingNow,
    WaitingPolicyPage,
    WaitingPolicyQuery,
    WaitingPolicyView,
)
from oms.wiring import wire

api = Api("stock")
_READS = frozenset({"operator", "sales", "procurement", "auditor"})


@api.route(
    "GET",
    "/v1/items/{sku}/waiting-policy",
    summary="Read who may wait for an item, and how many units wait",
    scope="sourcing:read",
    roles=_READS,
    own="company",
    answers={200: WaitingNow},
    problems=("not_found",),
    example={"path": {"sku": examples.ITEM}},
)
def read_waiting_policy(request: Request) -> Answer:
    view, etag = service.read_policy(request.path["sku"], desk=wire().waiting_policy_desk)
    return Answer(200, view, {"etag": etag})


@api.route(
    "PUT",
    "/v1/items/{sku}/waiting-policy",
    summary="Set who may wait for an item: backorder or preorder, until when, how many units",
    scope="sourcing:write",
    roles={"operator"},
    own="company",
    body=PutWaiting,
    headers={"If-Match": "The ETag of the policy as you have read it, or `*`"},
    answers={200: WaitingPolicyView},
    problems=("malformed", "malformed_json", "invalid", "too_large", "not_found", "stale", "if_match_needed"),
    example={"path": {"sku": examples.ITEM}, "headers": {"If-Match": "*"}, "body": examples.WAITING_POLICY},
)
def put_waiting_policy(request: Request) -> Answer:
    view, etag = service.put_policy(
        request.path["sku"],
        request.body(PutWaiting),
        if_match=if_match(request),
        by=f"user:{request.principal.subject}",
        desk=wire().waiting_policy_desk,
    )
    return Answer(200, view, {"etag": etag})


@api.route(
    "GET",
    "/v1/items/{sku}/waiting-policy/versions",
    summary="List the policies that were ever in force for an item, the newest first",
    scope="sourcing:read",
    roles=_READS,
    own="company",
    query=WaitingPolicyQuery,
    answers={200: WaitingPolicyPage},
    problems=("malformed", "not_found"),
    example={"path": {"sku": examples.ITEM}},
)
def list_waiting_policies(request: Request) -> Answer:
    query = parse_query(WaitingPolicyQuery, request.query)
    return Answer(200, service.list_policies(request.path["sku"], query, desk=wire().waiting_policy_desk))


handler = api.handler
