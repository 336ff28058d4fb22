"""Draft orders of the sales desk: write one down bit by bit, see what it still lacks, submit it."""

from oms.entry import examples
from oms.entry.api import Answer, Api, Request
from oms.entry.problems import ORDER_PROBLEMS
from oms.intake.drafts import service
from oms.intake.drafts.model import DraftView, PutDraft
from oms.intake.model import OrderAccepted
from oms.wiring import wire

api = Api("drafts")
_PATH = "/v1/channels/{channel}/drafts/{draft_id}"
_ROLES = frozenset({"operator", "sales"})
_PROBLEMS = ("malformed", "unknown_channel", "channel_not_canonical")


@api.route(
    "PUT",
    _PATH,
    summary="Write a draft order over the version that you have seen",
    scope="orders:write",
    roles=_ROLES,
    own="channel",
    body=PutDraft,
    answers={200: DraftView},
    problems=(*_PROBLEMS, "wrong_state"),
    example={
        "path": {"channel": examples.CHANNEL, "draft_id": examples.NEW_DRAFT},
        "body": {"version": 0, "order": examples.DRAFT_ORDER},
    },
)
def put_draft(request: Request) -> Answer:
    put, by = request.body(PutDraft), f"user:{request.principal.subject}"
    return Answer(200, service.put_draft(*_of(request), put, by=by, desk=wire().drafts))


@api.route(
    "GET",
    _PATH,
    summary="Read a draft order and what it still lacks",
    scope="orders:read",
    roles=_ROLES,
    own="channel",
    answers={200: DraftView},
    problems=_PROBLEMS,
    example={"path": {"channel": examples.CHANNEL, "draft_id": examples.DRAFT}},
)
def read_draft(request: Request) -> Answer:
    by = f"user:{request.principal.subject}"
    return Answer(200, service.read_draft(*_of(request), by=by, desk=wire().drafts))


@api.route(
    "DELETE",
    _PATH,
    summary="Delete a draft order",
    scope="orders:write",
    roles=_ROLES,
    own="channel",
    answers={204: "text/plain"},
    problems=(*_PROBLEMS, "wrong_state"),
    example={"path": {"channel": examples.CHANNEL, "draft_id": examples.DRAFT_TO_DELETE}},
)
def delete_draft(request: Request) -> Answer:
    service.delete_draft(*_of(request), desk=wire().drafts)
    return Answer(204)


@api.route(
    "POST",
    f"{_PATH}/submit",
    summary="Submit a draft order; submitted again, it is answered the same",
    scope="orders:write",
    roles=_ROLES,
    own="channel",
    answers={201: OrderAccepted},
    problems=("malformed", "invalid", *ORDER_PROBLEMS),
    example={"path": {"channel": examples.CHANNEL, "draft_id": examples.DRAFT_TO_SUBMIT}},
)
def submit_draft(request: Request) -> Answer:
    by = f"user:{request.principal.subject}"
    done = service.submit_draft(*_of(request), by=by, request_id=request.request_id, desk=wire().drafts)
    return Answer(201, done.answer, {"idempotent-replayed": "true"} if done.replayed else {})


def _of(request: Request) -> tuple[str, str]:
    return request.path["channel"], request.path["draft_id"]


handler = api.handler
