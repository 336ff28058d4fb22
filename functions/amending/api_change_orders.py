"""Change sets: propose a change of an order, look at what it would do, confirm or decline it."""

from oms.amending import service
from oms.amending.model import ChangeSetView, Confirmed, Declined, NewChangeSet
from oms.entry import examples
from oms.entry.api import Answer, Api, Request
from oms.entry.conditions import if_match
from oms.entry.problems import EDIT_PROBLEMS
from oms.orders.actions import MAY_DECIDE
from oms.wiring import wire

api = Api("orders")
_READ = ("not_found",)
_SEEN = ("malformed", "stale", "if_match_needed")
_WRITE = ("malformed_json", "not_found", "wrong_state", "conflict", "too_large", "invalid")


@api.route(
    "POST",
    "/v1/orders/{order_id}/changes",
    summary="Propose a change of an order; the answer says what it would do",
    scope="orders:write",
    roles=MAY_DECIDE,
    own="order",
    body=NewChangeSet,
    headers={"Idempotency-Key": "A request that comes again under it finds the change set that it made"},
    answers={201: ChangeSetView},
    problems=(
        *_WRITE,
        "missing_idempotency_key",
        "idempotency_key_reused",
        "unknown_sku",
        "destination_not_served",
        "totals_do_not_add_up",
        "unknown_account",
        "currency_not_accepted",
        *EDIT_PROBLEMS,
    ),
    example={
        "path": {"order_id": examples.order_id(examples.TO_CHANGE)},
        "headers": {"Idempotency-Key": "change-1"},
        "body": examples.CHANGE,
    },
)
def open_change(request: Request) -> Answer:
    shown = service.open_change(
        request.path["order_id"],
        request.body(NewChangeSet),
        key=request.idempotency_key(),
        by=f"user:{request.principal.subject}",
        desk=wire().amending,
    )
    return Answer(201, shown.view, {"etag": shown.tag})


@api.route(
    "GET",
    "/v1/orders/{order_id}/changes/{change_id}",
    summary="Read a change set, and what it would do to the order as it is now",
    scope="orders:read",
    roles=MAY_DECIDE | {"auditor"},
    own="order",
    answers={200: ChangeSetView},
    problems=_READ,
    example={"path": examples.changed(examples.TO_CONFIRM)},
)
def read_change(request: Request) -> Answer:
    shown = service.read_change(request.path["order_id"], request.path["change_id"], desk=wire().amending)
    return Answer(200, shown.view, {"etag": shown.tag})


@api.route(
    "POST",
    "/v1/orders/{order_id}/changes/{change_id}/confirm",
    summary="Make the change, all of it or nothing, if the order is as you have seen it",
    scope="orders:write",
    roles=MAY_DECIDE,
    own="order",
    body=Confirmed,
    headers={"If-Match": "The ETag of the change set as you have read it, or `*` for however it is now"},
    answers={200: ChangeSetView},
    problems=(
        *_WRITE,
        *_SEEN,
        "over_credit_limit",
        "totals_do_not_add_up",
        *EDIT_PROBLEMS,
    ),
    example={"path": examples.changed(examples.TO_CONFIRM), "headers": {"If-Match": "*"}, "body": {}},
)
def confirm_change(request: Request) -> Answer:
    decision = service.Decision(
        if_match=if_match(request),
        by=f"user:{request.principal.subject}",
        roles=request.principal.roles,
        over_limit=request.body(Confirmed).over_credit_limit,
    )
    shown = service.confirm_change(request.path["order_id"], request.path["change_id"], decision, desk=wire().amending)
    return Answer(200, shown.view, {"etag": shown.tag})


@api.route(
    "POST",
    "/v1/orders/{order_id}/changes/{change_id}/decline",
    summary="Do not make the change; the order stays as it is",
    scope="orders:write",
    roles=MAY_DECIDE,
    own="order",
    body=Declined,
    answers={200: ChangeSetView},
    problems=_WRITE,
    example={"path": examples.changed(examples.TO_DECLINE), "body": {"reason": "Customer changed their mind"}},
)
def decline_change(request: Request) -> Answer:
    shown = service.decline_change(
        request.path["order_id"],
        request.path["change_id"],
        reason=request.body(Declined).reason,
        by=f"user:{request.principal.subject}",
        desk=wire().amending,
    )
    return Answer(200, shown.view, {"etag": shown.tag})


handler = api.handler
