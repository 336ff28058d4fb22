"""The HTTP edge: API Gateway has routed and (where there is a scope) checked the token; we parse, call, answer.

A handler file declares its operations and exports the handler:

    api = Api("orders")

    @api.route("GET", "/v1/orders/{order_id}", scope="orders:read", roles={"operator", "channel"}, own="order",
               summary="Read one", answers={200: OrderView})
    def read_order(request: Request) -> Answer: ...

    handler = api.handler

The same declarations make the API Gateway routes (infra) and the OpenAPI document, so the three cannot differ.
Dispatch is a dictionary look-up by API Gateway's own route key; see docs/adr/0005.
"""

import base64
import time
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from oms.entry.access import check_access, check_declared
from oms.entry.limits import admit
from oms.entry.log import logger
from oms.entry.principal import Principal, principal_of
from oms.entry.problems import BASE_URL, PROBLEMS
from oms.kernel.cards import redact
from oms.kernel.errors import (
    ConflictError,
    Fault,
    InFlightError,
    MalformedError,
    NotFoundError,
    RateLimitedError,
    RejectedError,
    TransientError,
    Why,
    fault_of,
)
from oms.kernel.identifiers import CARD_NUMBER, carries_card, code_of
from oms.kernel.json import read_json, write_json
from oms.wiring import wire

Body = TypeVar("Body", bound=BaseModel)
_RETRY_AFTER_S = "2"
_LONGEST_KEY = 255
_LONGEST_PARAMETER = 255  # characters; with four bytes each still a valid DynamoDB key
_REPLACEMENT = "\ufffd"
_MISSING_KEY = "missing_idempotency_key"
_RETRYABLE = (InFlightError.code, RateLimitedError.code, "conflict")


@dataclass(frozen=True)
class Request:
    """What arrived. `raw`, `raw_path` and `raw_query` are exactly as sent; header names are lower case.

    `gateway` is what API Gateway itself says of the request.
    """

    method: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    raw: bytes
    principal: Principal
    request_id: str
    raw_path: str = ""
    raw_query: str = ""
    own: str = "public"
    gateway: Mapping[str, Any] = field(default_factory=dict)

    def body(self, model: type[Body]) -> Body:
        """The body as `model`; of an operation on a channel, only with a channel that is the caller's.

        Raises:
            RejectedError: code `invalid` or `card_number`, one fault per field; or what `read_json` raises.
            NotFoundError: code `unknown_channel`.
        """
        body = parse(model, read_json(self.raw))
        if self.own == "channel" and "channel" in model.model_fields:
            self.principal.check_channel(str(vars(body)["channel"]))
        return body

    def asked(self, model: type[Body]) -> Body:
        """The query as `model`; of an operation on a channel, only with a channel that is the caller's.

        Raises:
            MalformedError: an unknown parameter or a value out of range.
            NotFoundError: code `unknown_channel`.
        """
        query = parse_query(model, self.query)
        if self.own == "channel" and "channel" in model.model_fields:
            self.principal.check_channel(str(vars(query)["channel"]))
        return query

    def idempotency_key(self) -> str:
        """The caller's `Idempotency-Key`.

        Raises:
            MalformedError: code `missing_idempotency_key`: absent, empty, longer than 255, or not printable ASCII.
            RejectedError: code `card_number`.
        """
        key = self.headers.get("idempotency-key", "")
        if not 0 < len(key) <= _LONGEST_KEY or not key.isascii() or not key.isprintable() or not key.strip():
            raise MalformedError("an Idempotency-Key of 1 to 255 printable characters is needed", code=_MISSING_KEY)
        _without_card({"Idempotency-Key": key})
        return key

    @property
    def base_url(self) -> str:
        """Where the API is, for links in answers: as it was deployed, whatever headers the caller sends."""
        return wire().address_of(self.gateway)


@dataclass(frozen=True)
class Answer:
    """What goes back. A `BaseModel` body is written as JSON; `str` and `bytes` need a `content_type`."""

    status: int
    body: BaseModel | str | bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"


@dataclass(frozen=True)
class Route:
    """One operation as declared: the source of the API Gateway route and of the OpenAPI operation."""

    method: str
    path: str
    run: Callable[[Request], Answer]
    summary: str
    tag: str
    scope: str | None
    roles: frozenset[str]
    own: str
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    headers: Mapping[str, str]
    answers: Mapping[int, type[BaseModel] | str]
    problems: tuple[str, ...]
    example: Mapping[str, Any]

    @property
    def key(self) -> str:
        return f"{self.method} {self.path}"


class Api:
    """The operations of one function."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.routes: dict[str, Route] = {}

    def route(
        self,
        method: str,
        path: str,
        *,
        summary: str,
        scope: str | None,
        roles: AbstractSet[str] = frozenset(),
        own: str = "",
        answers: Mapping[int, type[BaseModel] | str],
        problems: tuple[str, ...] = (),
        body: type[BaseModel] | None = None,
        query: type[BaseModel] | None = None,
        headers: Mapping[str, str] | None = None,
        example: Mapping[str, Any] | None = None,
    ) -> Callable[[Callable[[Request], Answer]], Callable[[Request], Answer]]:
        """Declare an operation.

        Args:
            method: HTTP method.
            path: as API Gateway writes it, parameters in braces.
            summary: one line, imperative.
            scope: what a machine's token must carry; None means the operation checks its caller itself.
            roles: who may call it. Must be said; an operation without it cannot be imported.
            own: whose object it is about, see oms.entry.access. Must be said as well.
            answers: model per success status; a text is a media type.
            problems: codes beyond those that every operation may answer.
            body: model of the JSON body.
            query: model of the query parameters.
            headers: documented request headers and what they are for.
            example: `path`, `query`, `headers`, `body` of a call that a freshly seeded local cloud accepts.
        """

        def declare(run: Callable[[Request], Answer]) -> Callable[[Request], Answer]:
            route = Route(
                method,
                path,
                run,
                summary,
                self.tag,
                scope,
                frozenset(roles),
                own,
                body,
                query,
                headers or {},
                answers,
                problems,
                example or {},
            )
            check_declared(route)
            self.routes[route.key] = route
            return run

        return declare

    def handler(self, event: dict[str, Any], _context: Any) -> dict[str, Any]:
        """The Lambda entry: never raises; every failure is a problem+json with a documented code."""
        request_id = event.get("requestContext", {}).get("requestId", "")
        try:
            answer = self._answer(event, request_id)
        except RejectedError as error:
            answer = _problem(
                error.code,
                error.status,
                str(error),
                error.faults,
                request_id,
                why=error.why,
                headers=error.headers,
                current=error.current,
            )
        except ConflictError as error:
            # The error names keys of ours, such as an account: for the log, not for the caller.
            logger.info("conflict", extra={"error": str(error), "request_id": request_id})
            answer = _problem("conflict", 409, "Somebody else changed it at the same time.", (), request_id)
        except TransientError as error:
            logger.warning("transient failure", extra={"error": str(error), "request_id": request_id})
            answer = _problem(
                "unavailable", 503, "Not ready; nothing was lost. Retry with the same key.", (), request_id
            )
        except Exception:  # noqa: BLE001  the edge: a bug answers 500 without its message, and is logged with it
            logger.exception("unexpected error", extra={"request_id": request_id})
            answer = _problem("internal", 500, "An unexpected error; it was logged.", (), request_id)
        return _to_gateway(answer)

    def _answer(self, event: dict[str, Any], request_id: str) -> Answer:
        route = self.routes.get(event.get("routeKey", ""))
        if route is None:
            raise NotFoundError("no such operation")
        principal = _caller(event) if route.scope else Principal.anonymous()
        quota = admit(principal) if route.scope else {}
        path = event.get("pathParameters") or {}
        if any(len(value) > _LONGEST_PARAMETER for value in path.values()):
            raise NotFoundError("nothing has so long a name")
        if route.scope:
            check_access(route, principal, path)
        if route.method != "GET":
            _without_card(path)
        headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
        request = Request(
            method=route.method,
            path=path,
            query=event.get("queryStringParameters") or {},
            headers=headers,
            raw=_sent(event, headers),
            principal=principal,
            request_id=request_id,
            raw_path=event.get("rawPath") or "",
            raw_query=event.get("rawQueryString") or "",
            own=route.own,
            gateway=event.get("requestContext") or {},
        )
        if "idempotency-key" in request.headers and any(name.lower() == "idempotency-key" for name in route.headers):
            request.idempotency_key()  # refused when it is no key, also where the operation could do without
        answer = route.run(request)
        return replace(answer, headers={**quota, **answer.headers})


def _sent(event: Mapping[str, Any], headers: Mapping[str, str]) -> bytes:
    """The body as it was sent.

    API Gateway hands a textual body over as text. What is no UTF-8 cannot be that: whoever made text of it put U+FFFD
    in its place, three bytes for each that was there, so that the length is not the one that the caller stated.

    Raises:
        MalformedError: code `malformed_json`: it was not UTF-8.
    """
    text = event.get("body") or ""
    if event.get("isBase64Encoded"):
        return base64.b64decode(text)
    try:
        raw = text.encode()
    except UnicodeEncodeError:
        raise MalformedError("the body is not UTF-8", code="malformed_json") from None
    stated = headers.get("content-length", "")
    if _REPLACEMENT in text and stated.isascii() and stated.isdigit() and int(stated[:12]) != len(raw):
        raise MalformedError("the body is not UTF-8", code="malformed_json")
    return raw


def _without_card(names: Mapping[str, str]) -> None:
    """Refuse names that carry a card number.

    Raises:
        RejectedError: code `card_number`.
    """
    faults = [Fault(field, "must not carry a card number") for field, name in names.items() if carries_card(name)]
    if faults:
        raise RejectedError("a name carries a card number", code=CARD_NUMBER, faults=faults)


def _caller(event: Mapping[str, Any]) -> Principal:
    return principal_of(event, now_s=time.time(), client_of=lambda client_id: wire().reference.clients().get(client_id))


def parse(model: type[Body], document: Any) -> Body:
    """`document` as `model`; all that is wrong at once, as faults with dotted field paths.

    Raises:
        RejectedError: code `invalid`, or `card_number` where an identifier carries one.
    """
    try:
        return model.model_validate(document)
    except ValidationError as error:
        rows = error.errors(include_url=False, include_input=False, include_context=False)
        faults = [fault_of(row["loc"], row["msg"]) for row in rows]
        raise RejectedError(f"{len(faults)} field(s) are not valid", code=code_of(rows), faults=faults) from None


def parse_query(model: type[Body], query: Mapping[str, str]) -> Body:
    """Query parameters as `model`.

    Raises:
        MalformedError: an unknown parameter or a value out of range.
    """
    try:
        return parse(model, dict(query))
    except RejectedError as error:
        raise MalformedError(str(error), faults=error.faults) from None


def _problem(
    code: str,
    status: int,
    detail: str,
    faults: tuple[Fault, ...],
    request_id: str,
    *,
    why: tuple[Why, ...] = (),
    headers: Mapping[str, str] | None = None,
    current: Mapping[str, int] | None = None,
) -> Answer:
    known = PROBLEMS.get(code)
    document: dict[str, Any] = {
        "type": BASE_URL + code,
        "title": code.replace("_", " "),
        "status": status,
        "code": code,
        "detail": redact(detail),
        "instance": request_id,
        "retryable": status == HTTPStatus.SERVICE_UNAVAILABLE or code in _RETRYABLE,
    }
    if known:
        document["advice"] = known.advice
    if faults:
        document["faults"] = [{"field": redact(fault.field), "message": redact(fault.message)} for fault in faults]
    if why:
        document["why_not"] = [each._asdict() for each in why]
    if current:
        document["current"] = dict(current)
    again = {"retry-after": _RETRY_AFTER_S} if document["retryable"] else {}
    return Answer(status, write_json(document), {**again, **(headers or {})}, "application/problem+json")


def _to_gateway(answer: Answer) -> dict[str, Any]:
    headers = {
        "content-type": answer.content_type,
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        **answer.headers,
    }
    if answer.status == HTTPStatus.NO_CONTENT:
        del headers["content-type"]
    body = answer.body
    if isinstance(body, BaseModel):
        body = body.model_dump_json(exclude_none=True)
    if isinstance(body, bytes):
        return {
            "statusCode": answer.status,
            "headers": headers,
            "body": base64.b64encode(body).decode(),
            "isBase64Encoded": True,
        }
    return {"statusCode": answer.status, "headers": headers, "body": body or ""}
