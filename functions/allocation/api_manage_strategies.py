"""Who ships and what is dear: read the strategies, draft a change, publish it, look up what was in force."""

from oms.allocation.strategies import service
from oms.allocation.strategies.model import StrategyDraft, StrategyPage, StrategyView, VersionPage, VersionQuery
from oms.entry import examples
from oms.entry.api import Answer, Api, Request, parse_query
from oms.entry.conditions import if_match
from oms.kernel.errors import NotFoundError
from oms.wiring import wire

api = Api("sourcing")
_READS = frozenset({"operator", "sales", "finance", "procurement", "auditor"})
_MANAGES = frozenset({"operator"})
_SEEN = {"If-Match": "The ETag of the draft as you have read it, or `*`; not for a new one"}


@api.route(
    "GET",
    "/v1/sourcing/strategies",
    summary="List the sourcing strategies in force, and the drafts",
    scope="sourcing:read",
    roles=_READS,
    own="company",
    answers={200: StrategyPage},
)
def list_strategies(_: Request) -> Answer:
    return Answer(200, service.list_strategies(desk=wire().strategy_desk))


@api.route(
    "GET",
    "/v1/sourcing/strategies/{strategy}/draft",
    summary="Read the draft of a sourcing strategy",
    scope="sourcing:read",
    roles=_READS,
    own="company",
    answers={200: StrategyView},
    problems=("not_found",),
    example={"path": {"strategy": examples.DRAFTED_STRATEGY}},
)
def read_strategy_draft(request: Request) -> Answer:
    view, etag = service.read_draft(request.path["strategy"], desk=wire().strategy_desk)
    return Answer(200, view, {"etag": etag})


@api.route(
    "PUT",
    "/v1/sourcing/strategies/{strategy}/draft",
    summary="Draft a sourcing strategy: it decides nothing until it is published",
    scope="sourcing:write",
    roles=_MANAGES,
    own="company",
    body=StrategyDraft,
    headers=_SEEN,
    answers={200: StrategyView},
    problems=(
        "malformed",
        "malformed_json",
        "invalid",
        "too_large",
        "not_found",
        "stale",
        "if_match_needed",
    ),
    example={"path": {"strategy": "default"}, "body": examples.STRATEGY},
)
def draft_strategy(request: Request) -> Answer:
    view, etag = service.draft_strategy(
        request.path["strategy"],
        request.body(StrategyDraft),
        if_match=if_match(request),
        by=f"user:{request.principal.subject}",
        desk=wire().strategy_desk,
    )
    return Answer(200, view, {"etag": etag})


@api.route(
    "DELETE",
    "/v1/sourcing/strategies/{strategy}/draft",
    summary="Drop the draft of a sourcing strategy",
    scope="sourcing:write",
    roles=_MANAGES,
    own="company",
    answers={204: "text/plain"},
    problems=("conflict",),
    example={"path": {"strategy": "marketplace"}},
)
def drop_strategy_draft(request: Request) -> Answer:
    service.drop_draft(request.path["strategy"], desk=wire().strategy_desk)
    return Answer(204)


@api.route(
    "POST",
    "/v1/sourcing/strategies/{strategy}/publish",
    summary="Put the draft of a sourcing strategy in force",
    scope="sourcing:write",
    roles=_MANAGES,
    own="company",
    headers={"If-Match": "The ETag of the draft as you have read it, or `*`"},
    answers={200: StrategyView},
    problems=("malformed", "not_found", "conflict", "stale", "if_match_needed", "invalid"),
    example={"path": {"strategy": examples.DRAFTED_STRATEGY}, "headers": {"If-Match": "*"}},
)
def publish_strategy(request: Request) -> Answer:
    view = service.publish_strategy(
        request.path["strategy"],
        if_match=if_match(request),
        by=f"user:{request.principal.subject}",
        desk=wire().strategy_desk,
    )
    return Answer(200, view)


@api.route(
    "GET",
    "/v1/sourcing/strategies/{strategy}/versions",
    summary="List what was published under the name of a sourcing strategy, the newest first",
    scope="sourcing:read",
    roles=_READS,
    own="company",
    query=VersionQuery,
    answers={200: VersionPage},
    problems=("malformed", "not_found"),
    example={"path": {"strategy": "default"}},
)
def list_strategy_versions(request: Request) -> Answer:
    query = parse_query(VersionQuery, request.query)
    return Answer(200, service.list_versions(request.path["strategy"], query, desk=wire().strategy_desk))


@api.route(
    "GET",
    "/v1/sourcing/strategies/{strategy}/versions/{version}",
    summary="Read one version of a sourcing strategy as it was published",
    scope="sourcing:read",
    roles=_READS,
    own="company",
    answers={200: StrategyView},
    problems=("not_found",),
    example={"path": {"strategy": "default", "version": "1"}},
)
def read_strategy_version(request: Request) -> Answer:
    version = request.path["version"]
    if not (version.isascii() and version.isdigit()) or len(version) > service.DIGITS:
        raise NotFoundError("there is no such version")
    return Answer(200, service.read_version(request.path["strategy"], int(version), desk=wire().strategy_desk))


handler = api.handler
