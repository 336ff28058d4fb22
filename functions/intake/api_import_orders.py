"""Import jobs: begin one, see how far it is, fetch its results, cancel it. The file itself goes to the bucket."""

from oms.entry import examples
from oms.entry.api import Answer, Api, Request, parse_query
from oms.intake.imports import service
from oms.intake.imports.model import ImportPage, ImportQuery, ImportStarted, ImportView, NewImport, ResultsLink
from oms.wiring import wire

api = Api("imports")
_MAY = frozenset({"operator", "sales", "channel"})
_MAY_SEE = _MAY | {"auditor"}


@api.route(
    "POST",
    "/v1/orders/import",
    summary="Begin an import of orders from a CSV or NDJSON file",
    scope="orders:write",
    roles=_MAY,
    own="channel",
    body=NewImport,
    answers={201: ImportStarted},
    headers={"Idempotency-Key": "Required. The same key of the same caller names the same import."},
    problems=(
        "malformed_json",
        "missing_idempotency_key",
        "unknown_channel",
        "too_large",
        "invalid",
        "idempotency_key_reused",
        "channel_not_canonical",
    ),
    example={
        "headers": {"Idempotency-Key": "example-import"},
        "body": {"channel": examples.CHANNEL, "format": "csv", "dry_run": True},
    },
)
def start_import(request: Request) -> Answer:
    new = request.body(NewImport)
    key = request.idempotency_key()
    return Answer(201, service.start_import(new, key=key, by=f"user:{request.principal.subject}", desk=wire().imports))


@api.route(
    "GET",
    "/v1/channels/{channel}/imports",
    summary="List the imports of a channel, the newest first",
    scope="orders:read",
    roles=_MAY_SEE,
    own="channel",
    query=ImportQuery,
    answers={200: ImportPage},
    problems=("malformed",),
    example={"path": {"channel": examples.CHANNEL}},
)
def list_imports(request: Request) -> Answer:
    query = parse_query(ImportQuery, request.query)
    return Answer(200, service.list_imports(request.path["channel"], query, desk=wire().imports))


@api.route(
    "GET",
    "/v1/imports/{import_id}",
    summary="See how far an import is",
    scope="orders:read",
    roles=_MAY_SEE,
    own="import",
    answers={200: ImportView},
    problems=("not_found",),
    example={"path": {"import_id": examples.IMPORT_ID}},
)
def read_import(request: Request) -> Answer:
    return Answer(200, service.read_import(request.path["import_id"], desk=wire().imports))


@api.route(
    "GET",
    "/v1/imports/{import_id}/results",
    summary="Get a link to the result of each order of an import",
    scope="orders:read",
    roles=_MAY_SEE,
    own="import",
    answers={200: ResultsLink},
    problems=("not_found", "wrong_state"),
    example={"path": {"import_id": examples.IMPORT_ID}},
)
def link_results(request: Request) -> Answer:
    return Answer(200, service.link_results(request.path["import_id"], desk=wire().imports))


@api.route(
    "POST",
    "/v1/imports/{import_id}/cancel",
    summary="Cancel an import; orders that were taken stay",
    scope="orders:write",
    roles=_MAY,
    own="import",
    answers={200: ImportView},
    problems=("not_found", "wrong_state"),
    example={"path": {"import_id": examples.IMPORT_TO_CANCEL_ID}},
)
def cancel_import(request: Request) -> Answer:
    by = f"user:{request.principal.subject}"
    return Answer(200, service.cancel_import(request.path["import_id"], by=by, desk=wire().imports))


handler = api.handler
