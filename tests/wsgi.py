"""The API as a WSGI application: API Gateway's part (find the route, make the event), then our handlers in-process.

Whoever sends `TOKEN` may call the operation, and is one of some people in turn, so that nobody meets a rate limit.
"""

import base64
import importlib
import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from itertools import cycle
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote

from infra.local.paths import ROOT
from oms.entry.api import Route
from tests.lambda_events import api_event

TOKEN = "Bearer anybody"
PEOPLE = [f"person-{number:02}" for number in range(20)]
_FIRST = "operator"
Json = dict[str, Any]
Handler = Callable[[Json, Any], Json]


class Operation(NamedTuple):
    """A route, the pattern of its paths, and the handler that API Gateway would call."""

    route: Route
    path: re.Pattern[str]
    handler: Handler


def operations() -> list[Operation]:
    """Every operation of every handler file; fixed paths before those with parameters, as API Gateway does it."""
    found = []
    for file in sorted((ROOT / "functions").glob("*/api_*.py")):
        module = importlib.import_module(f"functions.{file.parent.name}.{file.stem}")
        for route in module.api.routes.values():
            pattern = re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", route.path)
            found.append(Operation(route, re.compile(f"^{pattern}$"), module.handler))
    return sorted(found, key=lambda each: (each.route.path.count("{"), each.route.path))


class Application:
    """What a WSGI client calls. `calls` counts the requests that reached a handler, by operation."""

    def __init__(self) -> None:
        self.operations = operations()
        self.calls: dict[str, int] = {}
        self._people = cycle(PEOPLE)

    def __call__(self, environ: Json, start_response: Callable[..., Any]) -> Iterable[bytes]:
        answer = self.answer(environ)
        status = HTTPStatus(answer["statusCode"])
        start_response(f"{status.value} {status.phrase}", list(answer["headers"].items()))
        body = answer.get("body") or ""
        return [base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode("utf-8", "surrogatepass")]

    def answer(self, environ: Json) -> Json:
        """What API Gateway would answer."""
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        for operation in self.operations:
            hit = operation.path.match(path)
            if hit and operation.route.method == environ["REQUEST_METHOD"]:
                self.calls[operation.route.key] = self.calls.get(operation.route.key, 0) + 1
                return operation.handler(_event(operation.route, hit.groupdict(), environ, next(self._people)), None)
        return {"statusCode": 404, "headers": {"content-type": "application/json"}, "body": '{"message":"Not Found"}'}


def _event(route: Route, path: dict[str, str], environ: Json, person: str) -> Json:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    headers = {
        name.removeprefix("HTTP_").lower().replace("_", "-"): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    known = headers.get("authorization") == TOKEN
    role = _FIRST if _FIRST in route.roles else min(route.roles)
    query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    return api_event(
        route.key,
        path={name: unquote(value) for name, value in path.items()},
        query=query,
        headers=headers,
        raw=environ["wsgi.input"].read(length) if length else None,
        roles=[role] if known else [],
        scope="" if known else None,
        client=person,
    )
