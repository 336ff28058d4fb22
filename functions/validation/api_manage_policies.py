"""What orders are checked for, by channel: read it, draft a change, publish it."""

from oms.entry import examples
from oms.entry.api import Answer, Api, Request
from oms.validation import policies
from oms.validation.policies import PolicyDraft, PolicyPage, PolicyView
from oms.wiring import wire

api = Api("policies")
_MANAGES = {"operator"}


@api.route(
    "GET",
    "/v1/policies",
    summary="List the policies in force, the drafts, and all checks with what can be set",
    scope="policies:read",
    roles={"operator", "sales", "finance", "auditor"},
    own="company",
    answers={200: PolicyPage},
)
def list_policies(_: Request) -> Answer:
    return Answer(200, policies.list_policies(desk=wire().policy_desk))


@api.route(
    "PUT",
    "/v1/policies/{policy}/draft",
    summary="Draft a policy: orders show what it would have done, and go on as before",
    scope="policies:write",
    roles=_MANAGES,
    own="company",
    body=PolicyDraft,
    answers={200: PolicyView},
    problems=("malformed_json", "invalid", "too_large", "not_found"),
    example={"path": {"policy": "default"}, "body": examples.POLICY},
)
def draft_policy(request: Request) -> Answer:
    draft = request.body(PolicyDraft)
    by = f"user:{request.principal.subject}"
    return Answer(200, policies.draft_policy(request.path["policy"], draft, by=by, desk=wire().policy_desk))


@api.route(
    "POST",
    "/v1/policies/{policy}/publish",
    summary="Put the draft of a policy in force",
    scope="policies:write",
    roles=_MANAGES,
    own="company",
    answers={200: PolicyView},
    problems=("not_found", "conflict"),
    example={"path": {"policy": examples.DRAFTED}},
)
def publish_policy(request: Request) -> Answer:
    by = f"user:{request.principal.subject}"
    return Answer(200, policies.publish_policy(request.path["policy"], by=by, desk=wire().policy_desk))


@api.route(
    "DELETE",
    "/v1/policies/{policy}/draft",
    summary="Drop the draft of a policy",
    scope="policies:write",
    roles=_MANAGES,
    own="company",
    answers={204: "text/plain"},
    problems=("conflict",),
    example={"path": {"policy": "marketplace"}},
)
def drop_draft(request: Request) -> Answer:
    policies.drop_draft(request.path["policy"], desk=wire().policy_desk)
    return Answer(204)


handler = api.handler
