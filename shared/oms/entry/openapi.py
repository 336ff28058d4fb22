"""OpenAPI 3.1 from the declared operations: paths, models (JSON Schema 2020-12), every problem code per status."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from oms.entry.api import Route
from oms.entry.problems import BASE_URL, PROBLEMS

Json = dict[str, Any]
Mode = Literal["validation", "serialization"]
_REF = "#/components/schemas/{model}"
_PARAMETER = re.compile(r"{(\w+)}")
_RETRY_LATER = (409, 429, 503)

_LIMITS: Json = {
    "RateLimit": {"description": "Calls left (`r`), seconds to the next (`t`).", "schema": {"type": "string"}},
    "RateLimit-Policy": {
        "description": "Calls at once (`q`), and the seconds in which as many come back (`w`).",
        "schema": {"type": "string"},
    },
}

DESCRIPTION = """Orders from any channel, to the doorstep.

Every failure is an `application/problem+json` document (RFC 9457) with a stable `code` and, where the caller can mend \
it, `faults` naming each field. `retryable` says whether the same call may be sent again; `Retry-After` says when. \
Amounts are integers in minor units of the currency; instants are UTC.

What a caller may not see is answered like what does not exist. A caller with a token has a limit of its own: \
`RateLimit` says how many calls are left, `RateLimit-Policy` how many there are, and one too many is answered 429."""

PROBLEM: Json = {
    "type": "object",
    "description": "What went wrong (RFC 9457).",
    "required": ["type", "title", "status", "code", "detail", "instance", "retryable"],
    "properties": {
        "type": {"type": "string", "format": "uri", "examples": [BASE_URL + "not_found"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable; decide by this, not by the text."},
        "detail": {"type": "string"},
        "instance": {"type": "string", "description": "The id under which the request was logged."},
        "retryable": {"type": "boolean"},
        "advice": {"type": "string"},
        "faults": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
        "current": {
            "type": "object",
            "description": "What is true now, by name, where the request was about something older.",
            "additionalProperties": {"type": "integer"},
        },
        "why_not": {
            "type": "array",
            "description": "Why the state does not allow it, and what would make it possible.",
            "items": {
                "type": "object",
                "required": ["code", "message", "possible"],
                "properties": {
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                    "possible": {"type": "string"},
                },
            },
        },
    },
}


def document(routes: Iterable[Route], *, version: str) -> Json:
    """The OpenAPI document of the operations, in the order of their paths."""
    known = sorted(routes, key=lambda route: (route.path, route.method))
    refs, schemas = _schemas(known)
    paths: dict[str, Json] = defaultdict(dict)
    for route in known:
        paths[route.path][route.method.lower()] = _operation(route, refs)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Baton",
            "version": version,
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in sorted({route.tag for route in known})],
        "paths": dict(paths),
        "components": {
            "schemas": {**dict(sorted(schemas.items())), "Problem": PROBLEM},
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "An access token of the user pool. An operation names the roles that may call it "
                    "(`x-roles`), whose object it is about (`x-own`, see docs/access.md), and the scope that a "
                    "machine's token must carry.",
                }
            },
        },
    }


def problem_codes(route: Route) -> set[str]:
    """Every code that the operation may answer: what it declares, and what follows from its shape."""
    codes = {"internal", "unavailable", *route.problems}
    if route.body:
        codes |= {"malformed_json", "invalid", "card_number", "too_large"}
    if route.query:
        codes.add("malformed")
    if route.scope:
        codes |= {"unauthorized", "forbidden", "rate_limited"}
    if _PARAMETER.search(route.path):
        codes |= {"not_found"} if route.method == "GET" else {"not_found", "card_number"}
    if route.method != "GET":
        codes.add("conflict")
    return codes


def _schemas(routes: Iterable[Route]) -> tuple[dict[tuple[type[BaseModel], Mode], Json], dict[str, Json]]:
    """A reference per model and direction, and the components that they point to."""
    wanted: dict[tuple[type[BaseModel], Mode], None] = {}
    for route in routes:
        if route.body:
            wanted[route.body, "validation"] = None
        for answer in route.answers.values():
            if not isinstance(answer, str):
                wanted[answer, "serialization"] = None
    inputs = {key for key in wanted if key[1] == "validation"}
    found, definitions = models_json_schema(list(wanted), ref_template=_REF)
    schemas = definitions.get("$defs", {})
    kept = _reachable([found[key] for key in inputs], schemas)
    for name, schema in schemas.items():
        if name not in kept:
            _leave_out_nulls(schema)
    return {key: found[key] for key in wanted}, schemas


def _reachable(roots: Iterable[Json], schemas: Mapping[str, Json]) -> set[str]:
    """The names of all components that the roots lead to."""
    names: set[str] = set()
    waiting: list[Any] = list(roots)
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting += node
        elif isinstance(node, dict):
            name = str(node.get("$ref", "")).rpartition("/")[2]
            if name in schemas and name not in names:
                names.add(name)
                waiting.append(schemas[name])
            waiting += node.values()
    return names


def _leave_out_nulls(schema: Json) -> None:
    """Answers leave out what is null, so a property that may be null is not required."""
    properties = schema.get("properties", {})
    required = [name for name in schema.get("required", []) if not _nullable(properties[name])]
    if "required" in schema:
        schema["required"] = required


def _nullable(schema: Json) -> bool:
    return schema.get("type") == "null" or any(part.get("type") == "null" for part in schema.get("anyOf", []))


def _operation(route: Route, refs: Mapping[tuple[type[BaseModel], Mode], Json]) -> Json:
    operation: Json = {
        "operationId": route.run.__name__,
        "summary": route.summary,
        "tags": [route.tag],
        "security": [{"token": [route.scope]}] if route.scope else [],
        "x-roles": sorted(route.roles),
        "x-own": route.own,
    }
    if route.run.__doc__:
        operation["description"] = " ".join(route.run.__doc__.split())
    parameters = [*_path_parameters(route), *_query_parameters(route), *_headers(route)]
    if parameters:
        operation["parameters"] = parameters
    if route.body:
        content: Json = {"schema": refs[route.body, "validation"]}
        if "body" in route.example:
            content["example"] = route.example["body"]
        operation["requestBody"] = {"required": True, "content": {"application/json": content}}
    elif "body" in route.example:  # read raw by the handler, in the sender's own shape
        content = {"schema": {"type": "object"}, "example": route.example["body"]}
        operation["requestBody"] = {"required": True, "content": {"application/json": content}}
    operation["responses"] = {**_successes(route, refs), **_failures(route)}
    return operation


def _path_parameters(route: Route) -> list[Json]:
    examples = route.example.get("path", {})
    return [
        _parameter(name, "path", {"type": "string"}, examples, required=True) for name in _PARAMETER.findall(route.path)
    ]


def _query_parameters(route: Route) -> list[Json]:
    if not route.query:
        return []
    schema = route.query.model_json_schema()
    examples = route.example.get("query", {})
    required = schema.get("required", [])
    return [
        _parameter(name, "query", _without_null(each), examples, required=name in required)
        for name, each in schema["properties"].items()
    ]


def _without_null(schema: Json) -> Json:
    """A parameter is there or not; it is never null."""
    some = [part for part in schema.get("anyOf", []) if part.get("type") != "null"]
    rest = {key: value for key, value in schema.items() if key not in ("anyOf", "title")}
    if rest.get("default", 0) is None:
        del rest["default"]
    return {**(some[0] if len(some) == 1 else {}), **rest}


def _headers(route: Route) -> list[Json]:
    examples = {name.lower(): value for name, value in route.example.get("headers", {}).items()}
    return [
        {
            "name": name,
            "in": "header",
            "description": what,
            # The edge checks for itself and answers with a code; the schema says what a good call carries.
            # "Needed with ..." says when; the others are needed always, or never.
            "required": _is_key(name) and not what.startswith("Needed with"),
            "schema": {"type": "string", "minLength": 1, **({"maxLength": 255} if _is_key(name) else {})},
            **({"example": examples[name.lower()]} if name.lower() in examples else {}),
        }
        for name, what in route.headers.items()
    ]


def _is_key(header: str) -> bool:
    return header.lower() == "idempotency-key"


def _parameter(name: str, place: str, schema: Json, examples: Mapping[str, Any], *, required: bool) -> Json:
    example = {"example": _typed(examples[name], schema)} if name in examples else {}
    return {"name": name, "in": place, "required": required, "schema": schema, **example}


def _typed(value: Any, schema: Json) -> Any:
    return int(value) if schema.get("type") == "integer" else value


def _successes(route: Route, refs: Mapping[tuple[type[BaseModel], Mode], Json]) -> Json:
    answers: Json = {}
    for status, model in route.answers.items():
        content: Json = {}
        if status == HTTPStatus.NO_CONTENT:
            pass  # nothing comes, so it has no type
        elif isinstance(model, str):
            content = {model: {"schema": {"type": "object"} if model.endswith("json") else {"type": "string"}}}
        elif model is not None:
            content = {"application/json": {"schema": refs[model, "serialization"]}}
        answers[str(status)] = {"description": HTTPStatus(status).phrase, **({"content": content} if content else {})}
    return answers


def _failures(route: Route) -> Json:
    by_status: dict[int, list[str]] = defaultdict(list)
    for code in sorted(problem_codes(route)):
        by_status[PROBLEMS[code].status].append(code)
    return {str(status): _failure(status, codes, route) for status, codes in sorted(by_status.items())}


def _failure(status: int, codes: list[str], route: Route) -> Json:
    schema = {
        "allOf": [{"$ref": _REF.format(model="Problem")}, {"properties": {"code": {"enum": codes}}}],
    }
    content: Json = {"application/problem+json": {"schema": schema}}
    if status in (401, 403) and route.scope:
        # API Gateway's authorizer answers before us, in its own words.
        content["application/json"] = {"schema": {"type": "object", "properties": {"message": {"type": "string"}}}}
    answer: Json = {
        "description": "\n".join([HTTPStatus(status).phrase, "", *(f"- `{c}`: {PROBLEMS[c].advice}" for c in codes)]),
        "content": content,
    }
    if status in _RETRY_LATER:
        answer["headers"] = {
            "Retry-After": {"description": "Seconds to wait, when retryable.", "schema": {"type": "string"}},
            **(_LIMITS if status == HTTPStatus.TOO_MANY_REQUESTS else {}),
        }
    return answer
