"""What would have been: past orders under another strategy, beside what happened."""

from oms.allocation.whatif import service
from oms.allocation.whatif.model import NewWhatIf, PictureLinks, WhatIfView
from oms.entry import examples
from oms.entry.api import Answer, Api, Request
from oms.wiring import wire

api = Api("sourcing")
_READS = frozenset({"operator", "sales", "finance", "procurement", "auditor"})
_MANAGES = frozenset({"operator"})


@api.route(
    "POST",
    "/v1/sourcing/what-if",
    summary="Replay the orders of the last days through a strategy: its draft, or a version",
    scope="sourcing:write",
    roles=_MANAGES,
    own="company",
    body=NewWhatIf,
    headers={"Idempotency-Key": "Required. The same key of the same caller names the same what-if."},
    answers={202: WhatIfView},
    problems=(
        "malformed_json",
        "missing_idempotency_key",
        "idempotency_key_reused",
        "invalid",
        "too_large",
        "not_found",
    ),
    example={
        "headers": {"Idempotency-Key": "example-what-if"},
        "body": {"strategy": "default", "version": 1, "days": 1},
    },
)
def start_what_if(request: Request) -> Answer:
    new = request.body(NewWhatIf)
    by, key = f"user:{request.principal.subject}", request.idempotency_key()
    return Answer(202, service.start_what_if(new, key=key, by=by, desk=wire().what_ifs))


@api.route(
    "GET",
    "/v1/sourcing/what-if/{what_if_id}",
    summary="See how far a what-if is, and what came out: cost, parcels, distance, lateness, stock-outs",
    scope="sourcing:read",
    roles=_READS,
    own="company",
    answers={200: WhatIfView},
    problems=("not_found",),
    example={"path": {"what_if_id": examples.WHAT_IF_ID}},
)
def read_what_if(request: Request) -> Answer:
    return Answer(200, service.read_what_if(request.path["what_if_id"], desk=wire().what_ifs))


@api.route(
    "GET",
    "/v1/sourcing/what-if/{what_if_id}/picture",
    summary="Get links to the picture of a what-if, as SVG and as PNG",
    scope="sourcing:read",
    roles=_READS,
    own="company",
    answers={200: PictureLinks},
    problems=("not_found", "wrong_state"),
    example={"path": {"what_if_id": examples.WHAT_IF_ID}},
)
def link_what_if_picture(request: Request) -> Answer:
    return Answer(200, service.link_picture(request.path["what_if_id"], desk=wire().what_ifs))


@api.route(
    "POST",
    "/v1/sourcing/what-if/{what_if_id}/cancel",
    summary="Cancel a what-if: no further piece of it is begun",
    scope="sourcing:write",
    roles=_MANAGES,
    own="company",
    answers={200: WhatIfView},
    problems=("not_found", "wrong_state"),
    example={"path": {"what_if_id": examples.WHAT_IF_TO_CANCEL_ID}},
)
def cancel_what_if(request: Request) -> Answer:
    by = f"user:{request.principal.subject}"
    return Answer(200, service.cancel_what_if(request.path["what_if_id"], by=by, desk=wire().what_ifs))


handler = api.handler
